"""Files of this machine and of another filesystem are opened, found, renamed and deleted in the same way."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from apache_beam.io.filesystem import FileMetadata
from apache_beam.io.localfilesystem import LocalFileSystem

from blift.connectors.filesystem import (
    delete,
    exists,
    is_here,
    make_folder,
    matching,
    open_to_read,
    open_to_write,
    read_bytes,
    rename,
    within,
)


class FarFileSystem(LocalFileSystem):
    """A filesystem that Beam finds by its scheme: addresses `far://...`, kept in a folder of the test."""

    root: ClassVar[str] = ""

    @classmethod
    def scheme(cls) -> str:
        return "far"

    def _here(self, path: str) -> str:
        return path.replace("far:/", self.root, 1)

    def join(self, basepath: str, *paths: str) -> str:
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path: str) -> tuple[str, str]:
        head, _, tail = path.rpartition("/")
        return head, tail

    def mkdirs(self, path: str) -> None:
        os.makedirs(self._here(path))

    def has_dirs(self) -> bool:
        return False

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        for found in super()._list(self.root):
            address = found.path.replace(self.root, "far:/", 1)
            if address.startswith(dir_or_prefix):
                yield FileMetadata(address, found.size_in_bytes, found.last_updated_in_seconds)

    def create(self, path: str, *rest: Any, **options: Any) -> Any:
        return super().create(self._here(path), *rest, **options)

    def open(self, path: str, *rest: Any, **options: Any) -> Any:
        return super().open(self._here(path), *rest, **options)

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        super().rename([*map(self._here, source_file_names)], [*map(self._here, destination_file_names)])

    def exists(self, path: str) -> bool:
        return bool(os.path.exists(self._here(path)))

    def size(self, path: str) -> int:
        return os.path.getsize(self._here(path))

    def last_updated(self, path: str) -> float:
        return os.path.getmtime(self._here(path))

    def checksum(self, path: str) -> str:
        return str(super().checksum(self._here(path)))

    def delete(self, paths: list[str]) -> None:
        for path in paths:
            os.remove(self._here(path))


@pytest.fixture(params=["here", "far"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A folder with a name that is a pattern as well, here and elsewhere; beside it one that it would match."""
    for name in ("run [ab]", "run a"):
        (tmp_path / name).mkdir()
    FarFileSystem.root = str(tmp_path)
    yield f"{tmp_path}/run [ab]" if request.param == "here" else "far://run [ab]"
    shutil.rmtree(tmp_path)


def write(path: str, content: bytes) -> None:
    with open_to_write(path) as stream:
        stream.write(content)


def test_what_is_written_is_read(folder: str) -> None:
    write(f"{folder}/new/file.gz", b"as it is")
    assert read_bytes(f"{folder}/new/file.gz") == b"as it is"
    with open_to_read(f"{folder}/new/file.gz") as stream:
        stream.seek(3)
        assert stream.read() == b"it is"
    assert exists(f"{folder}/new/file.gz")
    assert not exists(f"{folder}/new/other")


def test_a_file_that_is_not_there_is_an_oserror(folder: str) -> None:
    for call in (read_bytes, delete):
        with pytest.raises(OSError, match="nothing"):
            call(f"{folder}/nothing")


def test_files_are_found_in_the_folder_that_is_named_and_not_deeper(folder: str, tmp_path: Path) -> None:
    for name in ("b-2", "b-10", "b/deeper", "a"):
        write(f"{folder}/{name}", b"123")
    (tmp_path / "run a" / "b-3").write_bytes(b"of another folder")
    found = matching(folder, "b*")
    assert [(entry.path, entry.size_bytes) for entry in found] == [(f"{folder}/b-10", 3), (f"{folder}/b-2", 3)]
    assert all(entry.changed_s > 0 for entry in found)
    assert [entry.path for entry in matching(folder, "*/deeper")] == [f"{folder}/b/deeper"]
    assert matching(f"{folder}/none", "*") == []


def test_a_file_is_renamed_over_one_that_is_there_and_deleted(folder: str) -> None:
    write(f"{folder}/part", b"new")
    write(f"{folder}/file", b"old")
    rename(f"{folder}/part", f"{folder}/file")
    assert [entry.path for entry in matching(folder, "*")] == [f"{folder}/file"]
    assert read_bytes(f"{folder}/file") == b"new"
    delete(f"{folder}/file")
    assert matching(folder, "*") == []


def test_a_folder_may_be_made_twice(folder: str) -> None:
    for _ in range(2):
        make_folder(f"{folder}/one/two")
    assert exists(f"{folder}/one/two")


def test_an_address_is_not_here() -> None:
    assert is_here("/data/run")
    assert is_here("run")
    assert not is_here("gs://bucket/run")


def test_a_relative_path_is_below_its_folder_and_an_address_is_not() -> None:
    assert within("/data/run", "store/a.jpg") == "/data/run/store/a.jpg"
    assert within("s3://bucket/run", "store/a.jpg") == "s3://bucket/run/store/a.jpg"
    assert within("s3://bucket/run", "/data/a.jpg") == "/data/a.jpg"
    for folder in ("/data/run", "s3://bucket/run"):
        assert within(folder, "s3://bucket/pictures/a.jpg") == "s3://bucket/pictures/a.jpg"
