"""Digests of input files are taken where size or time of change differ from those noted, and only there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import xxhash

from blift.pipelines.engine.contents import contents
from blift.pipelines.engine.run_folder import StageRecord
from blift.transforms.media.files import ListedFile


def listed(path: Path) -> ListedFile:
    return ListedFile(str(path), path.name, path.stat().st_size, beside=False)


def record(path: Path, digest: str) -> StageRecord:
    """What a stage noted of a file as it is now."""
    inputs = {"files": [[path.name, path.stat().st_size, digest]], "times": [path.stat().st_mtime_ns]}
    return StageRecord("", inputs, [], [], 0.0, {}, [])


def test_a_noted_digest_is_used_until_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "1.jpg"
    path.write_bytes(b"one")
    known = record(path, "0" * 64)
    assert contents([listed(path)], known, hashlib.sha256)["files"] == [["1.jpg", 3, "0" * 64]]
    path.write_bytes(b"two")
    os.utime(path, ns=(0, known.inputs["times"][0] + 1))
    digest = hashlib.sha256(b"two").hexdigest()
    assert contents([listed(path)], known, hashlib.sha256)["files"] == [["1.jpg", 3, digest]]


def test_a_noted_digest_of_another_kind_is_none(tmp_path: Path) -> None:
    path = tmp_path / "1.jpg"
    path.write_bytes(b"one")
    shorter = xxhash.xxh3_128_hexdigest(b"one")
    assert contents([listed(path)], None)["files"] == [["1.jpg", 3, shorter]]
    found = contents([listed(path)], record(path, shorter), hashlib.sha256)
    assert found == {
        "files": [["1.jpg", 3, hashlib.sha256(b"one").hexdigest()]],
        "times": [path.stat().st_mtime_ns],
    }
