"""Files that people hand over are read whole, or not at all and with a reason: no device, no pipe, nothing endless."""

import os
from pathlib import Path

import pytest

from blift.schemas.regular_files import Unreadable, read_regular_file


def why(path: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        read_regular_file(path, 10)
    return str(caught.value)


def test_a_file_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    assert read_regular_file(path, 10) == b"0123456789"
    (tmp_path / "link").symlink_to(path)
    assert read_regular_file(tmp_path / "link", 10) == b"0123456789"
    path.write_bytes(b"0123456789+")
    assert why(path) == "it has more than 10 bytes"


def test_a_file_whose_size_the_system_does_not_tell() -> None:
    path = Path("/proc/self/status")
    assert path.stat().st_size == 0
    assert b"Name:" in read_regular_file(path, 1 << 20)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "pipe", "linked"])
def test_what_is_no_regular_file(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "linked").symlink_to("/dev/zero")
    assert why(tmp_path / name) == "it is a device, a pipe or a socket, not a regular file"


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    assert why(tmp_path) == "it is a folder"
    assert why(tmp_path / "absent") == "No such file or directory"
    assert why(tmp_path / ("a" * 300)) == "File name too long"
    assert why(tmp_path / "round") == "Too many levels of symbolic links"
    assert why(tmp_path / "a\0b") == "its name is not valid"
    assert why(tmp_path / "\ud800") == "its name is not valid"
