"""Small archives that are made to fill memory: a build ends with a sentence or with counts, in bounded memory."""

import gzip
import re
from pathlib import Path

import pytest
from backports import zstd

from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.reasons import Reason
from tests.measured_child import Ended, run_measured

#: A build alone takes some 300 MB.
PEAK_MB = 1_000


def build(folder: Path, content: bytes, *, max_malformed: float) -> Ended:
    (folder / "RS_2020-01").write_bytes(content)
    recipe = folder / "recipe.yaml"
    recipe.write_text(
        "name: hostile\nsources: {reddit: {submissions: [RS_2020-01], comments: []}}\n"
        f"rejects: {{max_malformed: {max_malformed}}}\n"
    )
    return run_measured("-m", "blift.pipelines.cli", "build", str(recipe), "--out", str(folder / "run"), folder=folder)


def test_millions_of_short_lines_in_a_small_file_stop_the_reading(tmp_path: Path) -> None:
    packed = gzip.compress(b"{}\n" * 6_000_000)
    assert len(packed) < 20_000
    ended = build(tmp_path, packed, max_malformed=0.05)
    assert ended.returncode == 2
    assert re.search(
        r"blift: [0-9]{2},[0-9]{3} of the first [0-9]{2},[0-9]{3} records of \S+RS_2020-01 could not be read "
        r"\([0-9]{2},[0-9]{3} missing_field\), and the recipe allows 5\.0%; the rest of the file was not read\.",
        ended.output,
    )
    assert "Traceback" not in ended.output
    assert ended.peak_mb < PEAK_MB


@pytest.mark.long
def test_millions_of_sound_records_in_a_small_file_are_read_as_far_as_its_size_allows(tmp_path: Path) -> None:
    packed = zstd.compress(b'{"id":"ab"}\n' * 3_000_000)
    assert len(packed) < 20_000
    ended = build(tmp_path, packed, max_malformed=1.0)
    assert ended.returncode == 0, ended.output
    assert "1 archive file of reddit posts broke off or could not be unpacked (unreadable_file)" in ended.output
    assert ended.peak_mb < PEAK_MB
    manifest = RunFolder(str(tmp_path / "run")).require_manifest()
    read = next(row for row in funnel_rows(manifest) if row.step == "read")
    assert read.balanced
    assert read.rejected == {Reason.UNREADABLE_FILE: 1}


@pytest.mark.long
def test_hundreds_of_millions_of_lines_in_a_small_file_stop_the_reading(tmp_path: Path) -> None:
    packed = zstd.compress(b"{}\n" * 6_000_000) * 100
    assert len(packed) < 300_000
    ended = build(tmp_path, packed, max_malformed=0.05)
    assert ended.returncode == 2
    assert re.search(r"records of \S+RS_2020-01 could not be read .* the rest of the file was not read\.", ended.output)
    assert ended.peak_mb < PEAK_MB


@pytest.mark.parametrize("line", [b" ", b'{"id":"', b"[", b"\0"])
def test_a_line_without_end_in_a_small_file_is_one_reject(tmp_path: Path, line: bytes) -> None:
    packed = zstd.compress(line * (64_000_000 // len(line))) * 30
    assert len(packed) < 300_000
    ended = build(tmp_path, packed, max_malformed=1.0)
    assert ended.returncode in (0, 2), ended.output
    assert "Traceback" not in ended.output
    assert ended.peak_mb < PEAK_MB


@pytest.mark.long
@pytest.mark.shared
@pytest.mark.parametrize("name", ["RS_s.gz", "RS_lines.zst"])
@pytest.mark.parametrize("max_malformed", [0.05, 1.0])
def test_files_that_once_filled_memory(name: str, max_malformed: float, shared_data: Path, tmp_path: Path) -> None:
    packed = (shared_data / "cases/faults/07-many-short-lines" / name).read_bytes()
    ended = build(tmp_path, packed, max_malformed=max_malformed)
    assert ended.returncode in (0, 2), ended.output
    assert "Traceback" not in ended.output
    assert ended.peak_mb < PEAK_MB
