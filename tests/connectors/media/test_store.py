"""The media store: files by their content, each whole, and rows that were measured before."""

import errno
import hashlib
import os
import posixpath
from pathlib import Path

import pyarrow as pa
import pytest

from blift.connectors.media.store import FileStore, MediaStore
from blift.schemas.errors import OutputError

_PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 40
_ROW = pa.table({"sha256": ["ab"], "frames": [3]})


def test_a_keyframe_is_named_after_its_content_and_kept_once(tmp_path: Path) -> None:
    store, digest = MediaStore(str(tmp_path), "s"), hashlib.sha256(b"jpeg").hexdigest()
    assert store.put_keyframe(b"jpeg") == store.put_keyframe(b"jpeg") == f"keyframes/{digest[:2]}/{digest}.jpg"
    assert [path.read_bytes() for path in tmp_path.rglob("*.*")] == [b"jpeg"]


def test_a_row_comes_back_for_the_same_settings_only(tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path), "one")
    assert store.measured("ab" * 32) is None
    store.put_measured("ab" * 32, _ROW)
    assert store.measured("ab" * 32) == _ROW
    assert MediaStore(str(tmp_path), "two").measured("ab" * 32) is None


@pytest.mark.parametrize("damage", [b"", b"no arrow", None])
def test_a_row_that_cannot_be_read_is_none(tmp_path: Path, damage: bytes | None) -> None:
    store = MediaStore(str(tmp_path), "one")
    store.put_measured("ab" * 32, _ROW)
    (path,) = tmp_path.rglob("*.arrow")
    path.write_bytes(path.read_bytes()[:40] if damage is None else damage)
    assert store.measured("ab" * 32) is None
    store.put_measured("ab" * 32, _ROW)
    assert store.measured("ab" * 32) == _ROW


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "keyframes").write_text("in the way")
    with pytest.raises(OutputError, match="in the media store"):
        MediaStore(str(tmp_path), "s").put_keyframe(b"jpeg")


def test_a_file_is_renamed_into_the_store_and_from_another_disk_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.replace

    def across(source: str, target: str) -> None:
        if "download" in source:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    names = []
    for disk in ("same", "other"):
        download = tmp_path / f"download-{disk}"
        download.write_bytes(_PNG)
        with monkeypatch.context() as patched:
            if disk == "other":
                patched.setattr(os, "replace", across)
            stored = FileStore(str(tmp_path / disk)).keep(str(download), "https://example.org/1.png")
        assert (tmp_path / disk / stored.name).read_bytes() == _PNG
        assert not download.exists()
        names.append([path.name for path in (tmp_path / disk).rglob("*") if path.is_file()])
    assert names == [[posixpath.basename(stored.name)]] * 2
