"""Files of annotations: forms that are read, and hostile ones that are refused in a sentence."""

import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blift.connectors.annotations import read_annotations
from blift.connectors.files import InputFile
from blift.schemas.errors import InputError

STRUCTS = pa.list_(pa.struct([("name", pa.string()), ("value", pa.float32())]))


def written(path: Path, table: pa.Table) -> InputFile:
    pq.write_table(table, path)
    return InputFile(str(path), path.stat().st_size, path.name)


def rows(file: InputFile) -> list[dict[str, Any]]:
    return [row for table in read_annotations(file) for row in table.to_pylist()]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (pa.map_(pa.string(), pa.float64()), [("dog", 0.5), ("cat", 1.0)]),
        (STRUCTS, [{"name": "dog", "value": 0.5}, {"name": "cat", "value": 1}]),
        (pa.large_list(STRUCTS.value_type), [{"name": "dog", "value": 0.5}, {"name": "cat", "value": 1}]),
    ],
    ids=["map", "structs", "large list"],
)
def test_each_form_of_a_map_is_read(kind: pa.DataType, given: list[Any], tmp_path: Path) -> None:
    table = pa.table(
        {
            "post_id": pa.array(["reddit:a", None, "reddit:b"]).dictionary_encode(), "kind": ["saliency_objects"] * 3,
            "map": pa.array([given, None, []], kind), "annotators": pa.array([3, None, 4], pa.uint8()),
            "something": [b"else"] * 3,
        }
    )  # fmt: skip
    found = rows(written(tmp_path / "a.parquet", table))
    parts = [{"name": "dog", "value": 0.5}, {"name": "cat", "value": 1.0}]
    assert [row["map"] for row in found] == [parts, None, []]
    assert [(row["source"], row["line"], row["post_id"], row["annotators"]) for row in found] == [
        ("a.parquet", 1, "reddit:a", 3), ("a.parquet", 2, None, None), ("a.parquet", 3, "reddit:b", 4),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float64(), 9), pa.list_(pa.int16())])
def test_a_list_of_numbers_is_a_map_without_names(kind: pa.DataType, tmp_path: Path) -> None:
    table = pa.table({"url": ["u"], "kind": ["saliency_regions"], "map": pa.array([list(range(9))], kind)})
    ((row,),) = [rows(written(tmp_path / "a.parquet", table))]
    assert row["map"] == [{"name": None, "value": float(place)} for place in range(9)]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"kind": ["a"], "value": [1.0]}, "has none of the columns sha256, post_id, url"),
        ({"url": ["u"], "value": [1.0]}, "has no column `kind`. Columns: url, value"),
        ({"url": ["u"], "kind": ["a"]}, "has no column `value` and no column `map`"),
        ({"url": ["u"], "kind": ["a"], "value": ["1"]}, "the column `value` holds string, and no numbers"),
        ({"url": [b"u"], "kind": ["a"], "value": [1]}, "the column `url` holds binary, and no strings"),
        ({"url": ["u"], "kind": [1], "value": [1]}, "the column `kind` holds int64, and no strings"),
        ({"url": ["u"], "kind": ["a"], "map": [["x"]]}, "the column `map` holds list<element: string>, and no map of"),
        ({"url": ["u"], "kind": ["a"], "map": [[[1.0]]]}, "the column `map` holds list<element: list<element: double"),
        (
            {"url": ["u"], "kind": ["a"], "value": [1], "annotators": [1.5]},
            "`annotators` holds double, and no integers",
        ),
    ],
)
def test_wrong_columns_are_told(columns: dict[str, list[Any]], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as told:
        rows(written(tmp_path / "a.parquet", pa.table(columns)))
    assert said in str(told.value)
    assert str(told.value).endswith("Correct the file, or take it out of `sources.annotations`.")


def test_a_column_that_stands_there_twice_is_told(tmp_path: Path) -> None:
    table = pa.Table.from_arrays(
        [pa.array([text]) for text in "uab"] + [pa.array([1])], ["url", "kind", "kind", "value"]
    )
    with pytest.raises(InputError, match="has the column `kind` 2 times"):
        rows(written(tmp_path / "a.parquet", table))


ONE = pa.table({"url": ["https://i.redd.it/a.jpg"], "kind": ["memorability"], "value": [0.5]})


@pytest.mark.parametrize("content", [b"", b"PAR1", pickle.dumps(ONE.to_pylist()), b"PAR1" + b"\xff" * 100 + b"PAR1"])
def test_what_is_no_parquet_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read: "):
        rows(InputFile(str(tmp_path / "a.parquet"), len(content), "a.parquet"))


@pytest.mark.long
def test_a_file_that_is_cut_or_changed_anywhere_is_told_or_read_as_it_is(tmp_path: Path) -> None:
    whole = Path(written(tmp_path / "a.parquet", ONE).path).read_bytes()
    path = tmp_path / "b.parquet"
    for place in range(0, len(whole), 83):
        for content in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]):
            path.write_bytes(content)
            try:
                found = rows(InputFile(str(path), len(content), path.name))
            except InputError as error:
                assert str(error).startswith(f"The file of annotations {path}")  # noqa: PT017
            else:
                assert len(found) <= 1


def bomb_of_rows() -> pa.Table:
    """Twenty million rows in a few kilobytes."""
    nothing = pa.nulls(20_000_000, pa.int8())
    return pa.table({"url": nothing.cast(pa.string()), "kind": nothing.cast(pa.string()), "value": nothing})


def bomb_of_a_list() -> pa.Table:
    """One row whose map has twenty million numbers."""
    numbers = pa.ListArray.from_arrays([0, 20_000_000], _zeros())
    return pa.table({"url": ["u"], "kind": ["saliency_regions"], "map": numbers})


def _zeros() -> pa.Array:
    return pa.Array.from_buffers(pa.int8(), 20_000_000, [None, pa.py_buffer(bytes(20_000_000))])


def bomb_of_a_text() -> pa.Table:
    """A text of a megabyte that a hundred thousand rows share: 100 GB, were each to have its own."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * (1 << 20)])
    return pa.table({"url": text, "kind": ["memorability"] * 100_000, "value": [0.5] * 100_000})


def bomb_of_a_name() -> pa.Table:
    """The same within a map."""
    names = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * (1 << 20)])
    parts = pa.StructArray.from_arrays([names, pa.array([0.5] * 100_000)], ["name", "value"])
    lists = pa.ListArray.from_arrays(list(range(0, 100_001, 1000)), parts)
    return pa.table({"url": ["u"] * 100, "kind": ["saliency_objects"] * 100, "map": lists})


@pytest.mark.parametrize(
    ("bomb", "said"),
    [
        (bomb_of_rows, "claims 20,000,000 rows in "),
        (bomb_of_a_list, "claims 20,000,000 values and "),
        (bomb_of_a_text, "has a text of 1,048,576 bytes in the column `url`, and at most 8,192 are read."),
        (bomb_of_a_name, "has a text of 1,048,576 bytes in the column `map`, and at most 8,192 are read."),
    ],
    ids=["rows", "list", "text", "name"],
)
def test_a_bomb_is_told_before_it_goes_off(bomb: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(bomb(), path, compression="zstd", store_schema=False)
    before = pa.total_allocated_bytes()
    with pytest.raises(InputError) as told:
        rows(InputFile(str(path), path.stat().st_size, path.name))
    assert said in str(told.value)
    assert pa.total_allocated_bytes() - before < 64 << 20
