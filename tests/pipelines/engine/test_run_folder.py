"""The run folder: a manifest comes back as it was written, a damaged one is told, and one build writes at a time."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.parquet import Shard
from blift.pipelines.engine.run_folder import MANIFEST, Manifest, RunFolder, StageRecord
from blift.schemas.errors import InputError, OutputError
from blift.transforms.accounting import FunnelRow

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
_COUNTS = st.integers(0, 2**63 - 1)
_DIGESTS = st.from_regex(r"\A[0-9a-f]{64}\Z")
_PATHS = st.from_regex(r"\A[a-z]{1,8}/[a-z]{1,8}-[0-9]{5}-of-[0-9]{5}\.parquet\Z")
_SHARDS = st.builds(Shard, path=_PATHS, rows=_COUNTS, size_bytes=_COUNTS, sha256=_DIGESTS)
_FUNNELS = st.builds(
    FunnelRow,
    stage=_TEXTS, table=_TEXTS, place=_COUNTS, step=_TEXTS, rows_in=_COUNTS, rows_out=_COUNTS, merged=_COUNTS,
    rejected=st.dictionaries(_TEXTS, _COUNTS, max_size=3),
)  # fmt: skip
_RECORDS = st.builds(
    StageRecord,
    fingerprint=_DIGESTS,
    inputs=st.dictionaries(_TEXTS, st.none() | _COUNTS | _TEXTS | st.lists(_TEXTS, max_size=2), max_size=3),
    shards=st.lists(_SHARDS, max_size=2),
    funnel=st.lists(_FUNNELS, max_size=2),
    seconds=st.floats(0, 1e6),
    versions=st.dictionaries(_TEXTS, _TEXTS, max_size=2),
    notes=st.lists(_TEXTS, max_size=2),
)


def _names_each_file_once(manifest: Manifest) -> bool:
    paths = [shard.path for record in manifest.stages.values() for shard in record.shards]
    return len(set(paths)) == len(paths)


_MANIFESTS = st.builds(
    Manifest,
    recipe=_TEXTS,
    blift=_TEXTS,
    stages=st.dictionaries(_TEXTS, _RECORDS, max_size=2),
    fingerprint=_DIGESTS,
).filter(_names_each_file_once)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(str(tmp_path_factory.mktemp("run")))


@given(manifest=_MANIFESTS)
def test_a_manifest_comes_back_as_it_was_written(folder: RunFolder, manifest: Manifest) -> None:
    folder.write_manifest(manifest)
    assert folder.read_manifest() == manifest


def test_the_manifest_of_a_build_comes_back_and_is_written_the_same(
    built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    out, manifest = built
    read = RunFolder(str(out)).read_manifest()
    assert read == manifest
    RunFolder(str(tmp_path)).write_manifest(manifest)
    assert (tmp_path / MANIFEST).read_bytes() == (out / MANIFEST).read_bytes()


def test_a_folder_without_manifest_has_none(tmp_path: Path) -> None:
    assert RunFolder(str(tmp_path)).read_manifest() is None
    assert RunFolder(str(tmp_path / "absent")).read_manifest() is None


def _without(content: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != key}


@pytest.mark.parametrize("damage", ["cut", "empty", "no object", "no stages", "unknown field", "not UTF-8"])
def test_a_damaged_manifest_is_told_and_what_to_do(built: tuple[Path, Manifest], tmp_path: Path, damage: str) -> None:
    text = (built[0] / MANIFEST).read_bytes()
    content = json.loads(text)
    (tmp_path / MANIFEST).write_bytes(
        {
            "cut": text[: len(text) // 2],
            "empty": b"",
            "no object": b"[1]",
            "no stages": json.dumps(_without(content, "stages")).encode(),
            "unknown field": text.replace(b'"rows":', b'"lines":', 1),
            "not UTF-8": text.replace(b"demo", b"d\xffmo", 1),
        }[damage]
    )
    with pytest.raises(InputError, match=r"manifest\.json is damaged \(.*\)\. Delete it and build again\."):
        RunFolder(str(tmp_path)).read_manifest()


def test_a_manifest_of_another_format_is_not_called_damaged(built: tuple[Path, Manifest], tmp_path: Path) -> None:
    content = json.loads((built[0] / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps({**content, "format": 2}))
    with pytest.raises(InputError, match=r"manifest\.json has format 2, and this blift reads 1\."):
        RunFolder(str(tmp_path)).read_manifest()


def test_a_manifest_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path))
    folder.write_manifest(Manifest("small", "0.1.0"))
    with pytest.raises(TypeError):
        folder.write_manifest(Manifest("small", "0.1.0", fingerprint=object()))  # type: ignore[arg-type]
    assert folder.read_manifest() == Manifest("small", "0.1.0")
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


def test_one_build_holds_a_folder_at_a_time_and_lets_it_go(tmp_path: Path) -> None:
    first, second = RunFolder(str(tmp_path)), RunFolder(f"{tmp_path}/")
    with first.locked(), pytest.raises(OutputError, match="Another build is writing to"), second.locked():
        pass
    with second.locked():
        pass


def test_a_build_that_fails_lets_the_folder_go(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path))
    with pytest.raises(ValueError, match="a fault"), folder.locked():
        raise ValueError("a fault")
    with folder.locked():
        pass


def test_a_lock_holds_against_another_process_and_ends_with_it(tmp_path: Path) -> None:
    hold = (
        "import fcntl, sys; lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX); "
        "print('held', flush=True); input()"
    )
    command = [sys.executable, "-c", hold, str(tmp_path / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match="Another build is writing to"), RunFolder(str(tmp_path)).locked():
            pass
        other.kill()
        other.wait()
    with RunFolder(str(tmp_path)).locked():
        pass


def test_a_folder_of_ours_or_an_empty_one_is_taken_and_any_other_refused(tmp_path: Path) -> None:
    for name in (None, ".lock", "manifest.json", "recipe.yaml"):
        out = tmp_path / f"with {name}"
        out.mkdir()
        if name:
            (out / name).write_text("")
        RunFolder(str(out)).create()
    (tmp_path / "b.txt").write_text("")
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(OutputError, match=r"holds files that blift did not write, such as 'a\.txt'"):
        RunFolder(str(tmp_path)).create()
    for below in ("a.txt", "a.txt/out"):
        with pytest.raises(OutputError, match=r"is no folder, or lies below a file\. Choose another --out\."):
            RunFolder(str(tmp_path / below)).create()


_PART = f".{'0a' * 16}.partial"


def test_clear_deletes_what_a_stage_wrote_and_nothing_else(tmp_path: Path) -> None:
    written = [
        "posts/posts-00000-of-00002.parquet",
        f"posts/posts-00001-of-00002.parquet{_PART}",
        "rejects/ingest-00000-of-00001.parquet",
        "release/embedded/images/images-00000-000.parquet",
        "release/digests/samples.parquet",
        f"release/images/ab/{'ab' * 32}.jpg",
    ]
    others = [
        "manifest.json",
        "rejects/curate-00000-of-00001.parquet",
        "posts/holiday.jpg",
        "posts/posts-00000-of-00002.parquet.bak",
        "posts/posts-1.parquet",
        "posts/of-mine/posts-00000-of-00002.parquet",
        "release/images/ab/cat.jpg",
        "release/digests/samples-00000-of-00001.parquet.gz",
    ]
    for name in (*written, *others):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    prefixes = ["posts/posts-", "rejects/ingest-", "samples/samples-"]
    prefixes += ["release/embedded/images/images-", "release/digests/samples", "release/images/*/"]
    RunFolder(str(tmp_path)).clear(prefixes)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == sorted(others)


def test_the_folder_of_a_month_goes_with_its_last_file(tmp_path: Path) -> None:
    names = [f"samples/month=2024-0{month}/samples-0000{part}-of-00002.parquet" for month in (2, 3) for part in (0, 1)]
    mine = "samples/month=2024-04/notes.txt"
    for name in (*names, mine):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    RunFolder(str(tmp_path)).clear(["samples/month=*/samples-"], keep={names[-1]})
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "samples",
        "samples/month=2024-03",
        names[-1],
        "samples/month=2024-04",
        mine,
    ]


def test_sweep_deletes_what_a_killed_worker_left_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    kept = ["posts-00000-of-00001.parquet", "posts-thesis.partial", f"mine{_PART}"]
    for name in (*kept, f"posts-00000-of-00001.parquet{_PART}"):
        (tmp_path / "posts" / name).write_text("")
    RunFolder(str(tmp_path)).sweep(["posts/posts-"])
    assert sorted(path.name for path in (tmp_path / "posts").iterdir()) == sorted(kept)


def test_who_holds_the_folder_deletes_what_a_killed_process_left_half_written_at_its_top(tmp_path: Path) -> None:
    kept = ["README.md", "README.md.mine.partial", f"mine{_PART}", ".lock"]
    for name in (*kept, *(f"{name}{_PART}" for name in ("README.md", "recipe.yaml", "manifest.json"))):
        (tmp_path / name).write_text("")
    with RunFolder(str(tmp_path)).locked():
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_an_address_is_no_local_folder() -> None:
    folder = RunFolder("gs://bucket/run/")
    assert not folder.is_local
    assert folder.file("samples/a.parquet") == "gs://bucket/run/samples/a.parquet"
    assert RunFolder("/").file("a") == "/a"


@pytest.mark.parametrize("path", ["gs:/bucket/run", "s3:/bucket", "hdfs://", "azfs:///", "gs:"])
def test_a_mistyped_address_is_no_folder_of_this_machine(path: str) -> None:
    with pytest.raises(InputError, match=f"^'{path}' is no address of a store; docs/runners.md has the form of each"):
        RunFolder(path)


@pytest.mark.parametrize("path", ["./gs:/run", "gs:run", "gs://bucket/run", "hdfs:///run", "/data/s3:/run"])
def test_addresses_and_folders_with_a_colon_are_taken_as_they_are(path: str) -> None:
    assert RunFolder(path).path == path
