"""Published datasets of strangers: columns of other types are cast without loss, or refused in a sentence."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blift.connectors.hub.client import Hub, Snapshot
from blift.connectors.hub.dataset import HubFile, find_files, published_rows, read_published
from blift.schemas.errors import InputError

ROW: dict[str, Any] = {
    "url": ["https://i.redd.it/abc.jpg"],
    "permalink": ["/r/pics/comments/abc/a_cat/"],
    "comments": [["what a cat"]],
    "num_comments": [1],
    "subreddit": ["pics"],
    "title": ["A cat"],
}


@pytest.mark.parametrize(
    "numbers",
    [pa.array([2], pa.int32()), pa.array([2.0]), pa.array([2], pa.uint64()), pa.array([None], pa.int64())],
)
def test_a_number_of_another_type_is_the_same_number(numbers: pa.Array) -> None:
    chunk = published_rows(pa.table({**ROW, "num_comments": numbers}), "owner/data.parquet")
    assert chunk.posts.table.column("num_comments").to_pylist() == [
        value and int(value) for value in numbers.to_pylist()
    ]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("num_comments", pa.array([float("nan")])),
        ("num_comments", pa.array([float("inf")])),
        ("num_comments", pa.array([1.5])),
        ("num_comments", pa.array([2**63], pa.uint64())),
        ("num_comments", pa.array([[1]])),
        ("title", pa.array([[1]])),
        ("title", pa.array([{"a": 1}])),
        ("comments", pa.array(["what a cat"])),
        ("comments", pa.array([[{"a": 1}]])),
        ("permalink", pa.array([b"\xff"])),
        ("audiences", pa.array([[{"a": 1}]])),
        ("audiences", pa.array([1])),
    ],
)
def test_what_no_column_can_hold_is_refused_in_a_sentence(name: str, values: pa.Array) -> None:
    with pytest.raises(InputError, match=r"^owner/data\.parquet is no published dataset of blift: "):
        published_rows(pa.table({**ROW, name: values}), "owner/data.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\xff" * 500, "cut", "text"])
def test_a_file_that_is_damaged_is_a_sentence(
    content: bytes | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = pa.BufferOutputStream()
    columns = {**ROW, "title": pa.array([b"\xff\xfe"]).cast(pa.string(), safe=False)} if content == "text" else ROW
    pq.write_table(pa.table(columns), sink)
    whole = sink.getvalue().to_pybytes()
    path = tmp_path / "data.parquet"
    path.write_bytes(content if isinstance(content, bytes) else whole[:-30] if content == "cut" else whole)
    monkeypatch.setattr(Hub, "download", lambda *_: str(path))
    with pytest.raises(InputError, match=r"^data\.parquet of owner/name is damaged .*Choose another `revision`\.$"):
        list(read_published(HubFile("owner/name", "abc", "data.parquet", "x")))


@pytest.mark.parametrize(
    "column",
    [pa.nulls(20_000_000, pa.int8()), pa.ListArray.from_arrays([0, 20_000_000], pa.nulls(20_000_000, pa.int8()))],
    ids=["rows", "list"],
)
def test_a_file_that_claims_more_than_it_can_hold_is_a_sentence(
    column: pa.Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"num_comments": column}), path, compression="zstd")
    monkeypatch.setattr(Hub, "download", lambda *_: str(path))
    with pytest.raises(
        InputError, match=r"^data\.parquet of owner/name claims 20,000,000 .*Choose another `revision`\.$"
    ):
        list(read_published(HubFile("owner/name", "abc", "data.parquet", "x")))


@pytest.mark.parametrize("manifest", [b"", b"{", b"5", b"[]", b'"release"', b"\xff", b"[" * 100_000])
def test_a_manifest_of_another_program_says_nothing(manifest: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"manifest.json": "a", "data/x.parquet": "b", "samples/y.parquet": "c"}
    monkeypatch.setattr(Hub, "snapshot", lambda *_: Snapshot("abc", files))
    monkeypatch.setattr(Hub, "read", lambda *_: manifest)
    assert [file.path for file in find_files("owner/name", None)] == ["data/x.parquet", "samples/y.parquet"]
