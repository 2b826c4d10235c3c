"""How much of a file was read is told while it is read, packed or not, and of announced files alone."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from blift.connectors.bytes_read import bytes_read
from blift.connectors.files import open_bytes


@pytest.fixture(autouse=True)
def _from_nothing() -> None:
    bytes_read.clear()


def test_the_position_in_the_stored_file_counts(tmp_path: Path) -> None:
    plain, packed = tmp_path / "RS.ndjson", tmp_path / "RS.ndjson.gz"
    plain.write_bytes(random.Random(7).randbytes(3 << 20))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path in (plain, packed):
        before, _ = bytes_read.figures()
        bytes_read.begin(str(path))
        with open_bytes(str(path)) as stream:
            stream.read(1 << 20)
            done = bytes_read.figures()[0] - before
            assert 1 << 20 <= done < 2 << 20
        assert bytes_read.figures()[0] - before == done, "a file that is closed counts as far as it was read"
        with open_bytes(str(path)) as stream:
            stream.read(1 << 10)
            assert bytes_read.figures()[0] - before == done, "its beginning is read again"
        bytes_read.finish(str(path), path.stat().st_size)
        assert bytes_read.figures() == (before + path.stat().st_size, 0)


def test_files_that_nobody_announced_do_not_count(tmp_path: Path) -> None:
    beside = tmp_path / "subtitles.vtt"
    beside.write_bytes(b"WEBVTT" * 1_000)
    with open_bytes(str(beside)) as stream:
        stream.read(100)
        assert bytes_read.figures() == (0, 0)
    assert bytes_read.figures() == (0, 0)


def test_a_file_that_must_be_read_again_adds_to_what_is_to_be_read() -> None:
    bytes_read.add(500)
    bytes_read.finish("RC.ndjson", 500)
    assert bytes_read.figures() == (500, 500)
