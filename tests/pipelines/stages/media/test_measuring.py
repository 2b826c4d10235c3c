"""Files that are measured at a time give what they give one after the other, in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from apache_beam.pvalue import TaggedOutput
from PIL import Image

from blift.connectors.media.settings import MeasureConfig
from blift.pipelines.stages.media.measuring import FilesWithUses, MeasureFiles, MeasureOptions, files_at_once
from blift.transforms.accounting import REJECTS
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
    for at_once, tables in ((1, _NUMBER), (2, 1)):
        options = MeasureOptions(MeasureConfig(), str(tmp_path), None, at_once)
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
