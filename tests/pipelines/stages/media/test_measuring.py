"""Files that are measured at a time give what they give one after the other, in the same order."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from apache_beam.pvalue import TaggedOutput
from PIL import Image

from blift.connectors.media.settings import MeasureConfig
from blift.pipelines.stages.media import measuring
from blift.pipelines.stages.media.measuring import FilesWithUses, MeasureFiles, MeasureOptions, files_at_once
from blift.transforms.accounting import REJECTS, TALLY, TallyKey
from blift.transforms.media.files import FOUND

_NUMBER = 5


def found(folder: Path) -> pa.Table:
    """The uses of some pictures, one of which is none."""
    rows = []
    for number in range(_NUMBER):
        path = folder / f"{number}.png"
        Image.effect_mandelbrot((64, 48), (-2 + number * 0.3, -1.5, 1, 1.5), 20).convert("RGB").save(path)
        if number == 2:
            path.write_text("words")
        use = dict.fromkeys(FOUND.names) | {
            "path": str(path), "file": path.name, "size_bytes": path.stat().st_size, "media_key": f"url:{number}",
            "place": 0, "single": True, "spoken": False,
        }  # fmt: skip
        rows.append(use)
    return pa.Table.from_pylist(rows, FOUND)


def made(folder: Path, store: Path, at_once: int) -> Iterator[pa.Table | TaggedOutput]:
    """All that the two steps give."""
    options = MeasureOptions(MeasureConfig(), str(store), None, at_once)
    step = MeasureFiles(options)
    step.setup()
    for uses in FilesWithUses(options).process((0, [found(folder)])):
        yield from step.process(uses)
    step.teardown()


def test_at_a_time_as_one_after_the_other(tmp_path: Path) -> None:
    one, three = (list(made(tmp_path, tmp_path / f"store{at_once}", at_once)) for at_once in (1, 3))
    assert len(one) == len(three)
    for left, right in zip(one, three, strict=True):
        assert type(left) is type(right)
        if isinstance(left, TaggedOutput):
            assert (left.tag, left.value) == (right.tag, right.value)
        else:
            assert left.equals(right)
    rejects = [each.value for each in one if isinstance(each, TaggedOutput) and each.tag == REJECTS]
    assert [table.column("reason").to_pylist() for table in rejects] == [["not_media"]]
    assert sum(isinstance(each, pa.Table) for each in one) == _NUMBER - 1


def test_workers_share_out_files_and_the_only_one_takes_them_together(tmp_path: Path) -> None:
    for together, tables in ((1, _NUMBER), (2, -(-_NUMBER // 2)), (None, 1)):
        options = MeasureOptions(MeasureConfig(), str(tmp_path), None, 1, together)
        shared = list(FilesWithUses(options).process((0, [found(tmp_path)])))
        assert len(shared) == tables
        assert sum(table.num_rows for table in shared) == _NUMBER


@pytest.mark.parametrize(("cores", "memory_gib", "files"), [(1, 64, 1), (8, 64, 8), (8, 8, 2), (8, 2, 1)])
def test_as_many_as_there_are_cores_and_memory_for(
    monkeypatch: pytest.MonkeyPatch, cores: int, memory_gib: int, files: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr("os.sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": (memory_gib << 30) // 4096}.__getitem__)
    assert files_at_once(4 << 30) == files


def test_files_that_are_known_come_together_as_they_came_one_by_one(tmp_path: Path) -> None:
    store = tmp_path / "store"
    measured = list(made(tmp_path, store, 2))
    known = list(made(tmp_path, store, 2))
    (together,) = [each for each in known if isinstance(each, pa.Table)]
    alone = [each for each in measured if isinstance(each, pa.Table)]
    assert len(alone) == _NUMBER - 1
    assert together.equals(pa.concat_tables(alone).combine_chunks())
    assert together.column("file").to_pylist() == [f"{number}.png" for number in range(_NUMBER) if number != 2]
    tallies = [sum((Counter(dict([each.value])) for each in those if _is_tally(each)), Counter[TallyKey]())
               for those in (measured, known)]  # fmt: skip
    assert tallies[0] == tallies[1]


def test_uses_of_known_files_that_are_of_other_media_are_rejected(tmp_path: Path) -> None:
    rows = found(tmp_path).to_pylist()
    rows = [{**row, "film": row["media_key"] == "url:1", "surety": 1} for row in rows if row["media_key"] != "url:2"]
    rows.append({**rows[0], "media_key": "url:a", "place": 1, "single": False, "title": "again"})
    uses = pa.Table.from_pylist(rows, FOUND)
    options = MeasureOptions(MeasureConfig(), str(tmp_path / "store"), None, 2)
    step = MeasureFiles(options)
    step.setup()
    first, again = list(step.process(uses)), list(step.process(uses))
    step.teardown()
    for elements in (first, again):
        (reject,) = [each.value for each in elements if isinstance(each, TaggedOutput) and each.tag == REJECTS]
        assert reject.column("record_id").to_pylist() == ["url:1"]
    (together,) = [each for each in again if isinstance(each, pa.Table)]
    assert together.equals(pa.concat_tables([each for each in first if isinstance(each, pa.Table)]).combine_chunks())
    by_file = {row["file"]: row for row in together.to_pylist()}
    assert set(by_file) == {f"{number}.png" for number in range(_NUMBER) if number not in (1, 2)}
    assert [use["media_key"] for use in by_file["0.png"]["uses"]] == ["url:0", "url:a"]
    assert (by_file["0.png"]["media_key"], by_file["0.png"]["titles"]) == ("url:0", ["again"])


@pytest.mark.parametrize("later_ns", [0, 1])
def test_a_noted_digest_is_used_while_the_file_is_as_it_was_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later_ns: int
) -> None:
    rows = [row for row in found(tmp_path).to_pylist() if row["media_key"] == "url:0"]
    content = Path(rows[0]["path"]).read_bytes()
    noted = {"sha256": hashlib.sha256(content).hexdigest(), "changed_ns": Path(rows[0]["path"]).stat().st_mtime_ns}
    read: list[str] = []
    monkeypatch.setattr(measuring, "file_sha256", lambda path: read.append(path) or noted["sha256"])
    step = MeasureFiles(MeasureOptions(MeasureConfig(), str(tmp_path / "store"), None, 2))
    step.setup()
    noted["changed_ns"] -= later_ns
    (row,) = [
        each for each in step.process(pa.Table.from_pylist([rows[0] | noted], FOUND)) if isinstance(each, pa.Table)
    ]
    step.teardown()
    assert row.column("sha256").to_pylist() == [noted["sha256"]]
    assert read == [rows[0]["path"]][:later_ns]


def _is_tally(element: pa.Table | TaggedOutput) -> bool:
    return isinstance(element, TaggedOutput) and element.tag == TALLY
