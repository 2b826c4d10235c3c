"""A path that a folder names is opened only where it leads to a plain file of that folder."""

import os
import socket
import stat
from pathlib import Path

import pytest

from blift.connectors.inside import (
    check_file,
    check_folder,
    check_paths,
    fault_of_path,
    open_lock,
    open_own,
    private_folder,
)
from blift.schemas.errors import InputError, OutputError


@pytest.mark.parametrize(
    "path",
    [
        "posts/posts-00000-of-00001.parquet",
        "release/images/ab/ab12.jpg",
        "youtube/0f/-abc_DEF123.20210101T000000Z.info.json",
        "posts/not-there.parquet",
    ],
)
def test_a_path_of_ours_is_none_to_refuse(tmp_path: Path, path: str) -> None:
    check_paths(str(tmp_path), [path])


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "is empty"),
        ("/etc/shadow", "is absolute"),
        ("file:///etc/shadow", "is absolute"),
        ("gs://bucket/posts.parquet", "is absolute"),
        ("..", "leads out of the folder"),
        ("samples/../../../Documents/x.parquet", "leads out of the folder"),
        ("samples/..", "leads out of the folder"),
        ("samples/./x.parquet", "is not normalised"),
        ("samples//x.parquet", "is not normalised"),
        ("samples/", "is not normalised"),
        ("C:\\Windows\\x.parquet", "is no name that blift gives"),
        ("samples\\..\\..\\x.parquet", "is no name that blift gives"),
        ("samples/x\n.parquet", "is no name that blift gives"),
        ("samples/x.parquet\n", "is no name that blift gives"),
        ("samples/x\0.parquet", "is no name that blift gives"),
        ("samples/\x1b[2J.parquet", "is no name that blift gives"),
        ("samples/*.parquet", "is no name that blift gives"),
        ("samples/[ab].parquet", "is no name that blift gives"),
        ("~/x.parquet", "is no name that blift gives"),
        (".lock", "is no name that blift gives"),
        ("samples/.hidden/x.parquet", "is no name that blift gives"),
        ("samples/\u202exfdp.parquet", "is no name that blift gives"),
        ("samples/\ud800.parquet", "is no name that blift gives"),
        (f"samples/{'x' * 256}", "is no name that blift gives"),
        ("a/" * 600 + "a", "is no name that blift gives"),
    ],
)
def test_any_other_path_is_refused_by_name_and_the_reason_said(tmp_path: Path, path: str, why: str) -> None:
    assert fault_of_path(path) == why
    for folder in (str(tmp_path), "gs://bucket/run"):
        with pytest.raises(InputError) as refused:
            check_paths(folder, ["posts/fine.parquet", path])
        assert f"{folder} names the file {path!r}, which {why}. blift did not write that" in str(refused.value)
        assert str(refused.value).isprintable()


def _strange(folder: Path, kind: str) -> None:
    """A file `x` that is none, in a folder."""
    match kind:
        case "link":
            (folder / "x").symlink_to("/etc/hostname")
        case "link to nothing":
            (folder / "x").symlink_to("nothing")
        case "link to a file of the folder":
            (folder / "y").write_text("")
            (folder / "x").symlink_to("y")
        case "pipe":
            os.mkfifo(folder / "x")
        case "socket":
            here = os.getcwd()
            os.chdir(folder)  # a socket's path is short
            try:
                with socket.socket(socket.AF_UNIX) as end:
                    end.bind("x")
            finally:
                os.chdir(here)
        case "folder":
            (folder / "x").mkdir()


_STRANGE = {
    "link": "a symbolic link",
    "link to nothing": "a symbolic link",
    "link to a file of the folder": "a symbolic link",
    "pipe": "a named pipe",
    "socket": "a socket",
    "folder": "a folder",
}


@pytest.mark.parametrize("kind", _STRANGE)
def test_what_is_no_plain_file_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    (tmp_path / "posts").mkdir()
    _strange(tmp_path / "posts", kind)
    with pytest.raises(InputError, match=f"names the file 'posts/x', which is {_STRANGE[kind]}"):
        check_paths(str(tmp_path), ["posts/x"])
    with pytest.raises(InputError, match=rf"posts/x is {_STRANGE[kind]}\. blift did not write that: remove it"):
        check_file(str(tmp_path), "posts/x")
    with pytest.raises(OutputError, match=rf"posts/x is {_STRANGE[kind]}, and no file that blift can lock"):
        open_lock(str(tmp_path / "posts" / "x"))
    with pytest.raises(OutputError, match=rf"posts/x is {_STRANGE[kind]}, and no file that blift writes to"):
        open_own(str(tmp_path / "posts" / "x"), os.O_WRONLY | os.O_TRUNC)


def test_a_device_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="names the file 'null', which is a device"):
        check_paths("/dev", ["null"])
    with pytest.raises(OutputError, match="/dev/null is a device, and no file that blift can lock"):
        open_lock("/dev/null")


@pytest.mark.parametrize("what", ["a symbolic link", "a file"])
def test_nothing_behind_a_link_or_a_file_is_the_folder_s_own(tmp_path: Path, what: str) -> None:
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    (tmp_path / "photos" / "deep" / "x").write_text("")
    (tmp_path / "run").mkdir()
    if what == "a file":
        (tmp_path / "run" / "posts").write_text("")
    else:
        (tmp_path / "run" / "posts").symlink_to("../photos")
    with pytest.raises(InputError, match=f"which lies behind 'posts', which is {what}"):
        check_paths(str(tmp_path / "run"), ["posts/deep/x"])
    for folder in ("posts", "posts/deep", "posts/deep/new"):
        with pytest.raises(OutputError, match=f"posts is {what}, and blift neither writes nor deletes behind it"):
            check_folder(str(tmp_path / "run"), folder)


def test_a_run_folder_may_be_a_link_itself_and_files_of_it_have_other_names(tmp_path: Path) -> None:
    (tmp_path / "run" / "posts").mkdir(parents=True)
    (tmp_path / "run" / "posts" / "x").write_text("")
    os.link(tmp_path / "run" / "posts" / "x", tmp_path / "run" / "posts" / "y")
    (tmp_path / "link").symlink_to("run")
    check_paths(str(tmp_path / "link"), ["posts/x", "posts/y"])
    check_folder(str(tmp_path / "link"), "posts")
    os.close(open_lock(str(tmp_path / "link" / ".lock")))


def test_a_lock_leaves_alone_what_is_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("thesis")
    os.link(tmp_path / "victim", tmp_path / ".lock")
    os.close(open_lock(str(tmp_path / ".lock")))
    assert (tmp_path / "victim").read_text() == "thesis"


def test_a_file_with_a_second_name_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("thesis")
    os.link(tmp_path / "victim", tmp_path / "x")
    with pytest.raises(OutputError, match=r"x has a second name, under which its content would change too"):
        open_own(str(tmp_path / "x"), os.O_WRONLY | os.O_TRUNC)
    assert (tmp_path / "victim").read_text() == "thesis"


def test_a_private_folder_is_its_user_s_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "new" / "partial")
    for _ in range(2):
        assert private_folder(path) == path
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
        os.chmod(path, 0o755)  # noqa: S103 - what is to be set right
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(OutputError, match=r"partial belongs to another user, who could put files there\. Set TMPDIR"):
        private_folder(path)


@pytest.mark.parametrize("kind", ["a symbolic link", "a file"])
def test_a_private_folder_is_no_link(tmp_path: Path, kind: str) -> None:
    if kind == "a file":
        (tmp_path / "x").write_text("")
    else:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "x").symlink_to("elsewhere")
    with pytest.raises(OutputError, match=f"x is {kind}, and no folder of blift's"):
        private_folder(str(tmp_path / "x"))
