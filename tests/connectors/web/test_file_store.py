"""Downloads in the media store: files by their content, each whole."""

import errno
import os
import posixpath
from pathlib import Path

import pyarrow as pa
import pytest

from blift.connectors.web.file_store import FileStore

_PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 40
_ROW = pa.table({"sha256": ["ab"], "frames": [3]})


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
