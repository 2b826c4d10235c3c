"""Temporary folders of processes: each is locked by its process while that lives, and swept by a later one if not."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import tempfile

_PREFIX = "blift-run-"
#: What `tempfile` makes of the prefix.
_OURS = re.compile(rf"{_PREFIX}[a-z0-9_]{{8}}")


def new_folder() -> str:
    """A new temporary folder, locked until this process, and those that it forks, have ended."""
    while True:
        folder = tempfile.mkdtemp(prefix=_PREFIX)
        try:
            number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # stays open, and with it the lock
        except FileNotFoundError:  # a sweep came in between
            continue
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # a sweep is about to remove it
            os.close(number)
            continue
        except OSError:  # a filesystem without locks: nobody can sweep there either
            return folder
        if _is_at(folder, number):
            return folder
        os.close(number)


def sweep() -> None:
    """Remove the folders of this user's processes that were killed before they could do it themselves."""
    folder = tempfile.gettempdir()
    try:
        names = [name for name in os.listdir(folder) if _OURS.fullmatch(name)]
    except OSError:  # it may not be listed
        return
    for name in names:
        _remove_if_left(os.path.join(folder, name))


def _remove_if_left(folder: str) -> None:
    try:
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # somebody else's, or gone
        return
    try:
        if os.fstat(number).st_uid == os.geteuid():
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(folder, number):
                shutil.rmtree(folder, ignore_errors=True)
    except OSError:  # its process lives, or there are no locks
        return
    finally:
        os.close(number)


def _is_at(folder: str, number: int) -> bool:
    """Whether an open folder is still the one of that path."""
    try:
        found = os.stat(folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    opened = os.fstat(number)
    return stat.S_ISDIR(found.st_mode) and (found.st_dev, found.st_ino) == (opened.st_dev, opened.st_ino)
