"""Downloads in the media store: files by their content, each whole."""

import errno
import os
import posixpath
from pathlib import Path

import pytest

from blift.connectors.web.file_store import FileStore
from blift.schemas.errors import InputError

_PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 40


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


@pytest.mark.parametrize("name", ["../thesis.txt", "files/../../thesis.txt", "/etc/hostname", ""])
def test_a_file_elsewhere_is_not_deleted(tmp_path: Path, name: str) -> None:
    (tmp_path / "thesis.txt").write_text("thesis")
    (tmp_path / "store" / "files").mkdir(parents=True)
    with pytest.raises(InputError, match="blift did not write that"):
        FileStore(str(tmp_path / "store")).drop(name)
    assert (tmp_path / "thesis.txt").read_text() == "thesis"


def test_a_file_of_the_store_that_is_damaged_is_replaced_when_it_comes_again(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path / "store"))
    for _ in range(2):
        (tmp_path / "download").write_bytes(_PNG)
        kept = store.keep(str(tmp_path / "download"), "https://example.org/1.png")
        path = tmp_path / "store" / kept.name
        assert path.read_bytes() == _PNG
        path.write_bytes(_PNG[:20])
