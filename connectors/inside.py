"""Paths within a folder that strangers may have written: where each leads is checked before anything is opened.

A run folder is passed from hand to hand. Its manifest, its run reports and its lists name files, and a name may be made
to lead elsewhere: by `..`, as an absolute path, or through a symbolic link that lies in the folder. The folder itself
may be a link: who names it on the command line knows where it leads.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterable, Sequence

from blift.connectors.filesystem import is_here
from blift.schemas.errors import InputError, OutputError

#: A part of a path, as blift writes it: no file of a dataset begins with a dot.
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._=-]{0,254}")
_LONGEST = 1_024
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


def check_paths(folder: str, paths: Iterable[str]) -> None:
    """Check paths that a file of a folder names: relative, normalised, within the folder, and of plain files.

    A file that is not there is no fault here.

    Args:
        folder: path, or address on any filesystem that Beam knows.
        paths: relative to it.

    Raises:
        InputError: names the first path that is none of these, and says why.
    """
    plain: set[str] = set()
    for path in paths:
        _refuse(folder, path, fault_of_path(path) or _fault_on_disk(folder, path, plain))


def check_inside(folder: str, path: str) -> None:
    """Check one path as ``check_paths`` does, of a file or folder to which a person gave its name.

    Raises:
        InputError: as ``check_paths``.
    """
    _refuse(folder, path, _way_out(path) or _fault_on_disk(folder, path, set(), ("a file", "a folder")))


def _refuse(folder: str, path: str, fault: str | None) -> None:
    if fault:
        raise InputError(
            f"{folder} names the file {path!r}, which {fault}. blift did not write that: "
            "get the folder anew, or build it again."
        )


def fault_of_path(path: str) -> str | None:
    """What is wrong with the text of a relative path; None where nothing is."""
    named = len(path) <= _LONGEST and all(map(_PART.fullmatch, path.split("/")))
    return _way_out(path) or (None if named else "is no name that blift gives")


def _way_out(path: str) -> str | None:
    """What lets a path lead elsewhere than down; None where nothing does."""
    parts = path.split("/")
    if not path:
        return "is empty"
    if path.startswith("/") or "://" in path:
        return "is absolute"
    if ".." in parts:
        return "leads out of the folder"
    if "" in parts or "." in parts:
        return "is not normalised"
    return None


def check_file(folder: str, name: str) -> None:
    """Check that a file of a folder is a plain one, and lies in it; one that is not there is no fault.

    Raises:
        InputError: it is a symbolic link, a named pipe, a device or a folder, or lies behind one.
    """
    fault = _fault_on_disk(folder, name, set())
    if fault:
        raise InputError(f"{posixpath.join(folder, name)} {fault}. blift did not write that: remove it.")


def check_folder(root: str, name: str) -> None:
    """Check that a folder below another one, where it is there, is no link: what is written or deleted is in it.

    Raises:
        OutputError: it is a symbolic link or no folder, or lies behind one.
    """
    if not is_here(root):
        return
    path = root
    for part in name.strip("/").split("/"):
        path = posixpath.join(path, part)
        kind = _kind(path)
        if kind not in (None, "a folder"):
            raise OutputError(
                f"{path} is {kind}, and blift neither writes nor deletes behind it. Remove it, and run again."
            )


def _fault_on_disk(folder: str, path: str, plain: set[str], kinds: Sequence[str] = ("a file",)) -> str | None:
    """What is wrong with what lies on this machine at a path; ``plain`` are folders that are known to be real ones."""
    if not is_here(folder):
        return None
    parent = posixpath.dirname(path)
    if parent and parent not in plain:
        parts = parent.split("/")
        for end in range(1, len(parts) + 1):
            above = "/".join(parts[:end])
            kind = _kind(posixpath.join(folder, above))
            if kind is None:
                return None
            if kind != "a folder":
                return f"lies behind {above!r}, which is {kind}"
        plain.add(parent)
    kind = _kind(posixpath.join(folder, path))
    return None if kind is None or kind in kinds else f"is {kind}"


def _kind(path: str) -> str | None:
    """What lies at a path, links not followed; None where nothing does."""
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(mode):
        return "a folder"
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "a file")


def open_lock(path: str) -> int:
    """Open a file that processes lock, made where it is not there; its content is left alone. Gives its descriptor.

    Raises:
        OutputError: it is a link, a folder, a pipe or a device.
        OSError: it cannot be opened.
    """
    return _open_plain(path, os.O_RDWR, "no file that blift can lock")


def open_own(path: str, flags: int) -> int:
    """Open a file whose content blift changes in place, made where it is not there. Gives its descriptor.

    Args:
        flags: such as ``os.O_RDWR``; with ``os.O_TRUNC``, the content goes once the file is found to be no other's.

    Raises:
        OutputError: it is a link, a folder, a pipe or a device, or has a second name: its content is another file's.
        OSError: it cannot be opened.
    """
    found = _open_plain(path, flags & ~os.O_TRUNC, "no file that blift writes to")
    if os.fstat(found).st_nlink > 1:
        os.close(found)
        raise OutputError(f"{path} has a second name, under which its content would change too. Remove it.")
    if flags & os.O_TRUNC:
        os.ftruncate(found, 0)
    return found


def _open_plain(path: str, flags: int, otherwise: str) -> int:
    kind = _kind(path)
    if kind in (None, "a file"):
        found = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        if stat.S_ISREG(os.fstat(found).st_mode):
            return found
        os.close(found)
        kind = "no plain file"
    raise OutputError(f"{path} is {kind}, and {otherwise}. Remove it, and run again.")


def private_folder(path: str) -> str:
    """A folder on this machine that its user alone reads and writes, made where it is not there; its path.

    Among the temporary files of a machine, anybody may have made a folder of that name, with links in it.

    Raises:
        OutputError: it is a link, no folder, or somebody else's.
        OSError: it cannot be made.
    """
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        found = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if (kind := _kind(path)) in (None, "a folder"):
            raise
        raise OutputError(f"{path} is {kind}, and no folder of blift's. Remove it, and run again.") from error
    try:
        facts = os.fstat(found)
        if facts.st_uid != os.geteuid():
            raise OutputError(
                f"{path} belongs to another user, who could put files there. Set TMPDIR to a folder of your own, and "
                "run again."
            )
        if stat.S_IMODE(facts.st_mode) != stat.S_IRWXU:
            os.fchmod(found, stat.S_IRWXU)
    finally:
        os.close(found)
    return path
