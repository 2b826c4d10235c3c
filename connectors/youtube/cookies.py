"""Cookies of a signed-in person, in memory: their file is only read, and no line of it is ever shown."""

from __future__ import annotations

import io
from pathlib import Path

from blift.schemas.errors import FetchError
from blift.schemas.regular_files import Unreadable, read_regular_file

_MAX_BYTES = 16 << 20
_FIELDS = 7  # of a line in Netscape's format
_HTTP_ONLY = "#HttpOnly_"
_WHERE = "Check `fetch.youtube.cookies_file`."
_NO_COOKIE = "is no cookie in Netscape's format. Export the cookies in that format"


def read_cookies(path: str) -> io.StringIO:
    """The cookies of a file in Netscape's format.

    They are checked here, since yt-dlp prints lines that it cannot read, and writes back into the file that it is
    given.

    Raises:
        FetchError: the file cannot be read, or is of another format.
    """
    try:
        lines = read_regular_file(Path(path), _MAX_BYTES).decode("utf-8").splitlines(keepends=True)
    except (Unreadable, UnicodeDecodeError) as error:
        why = str(error) if isinstance(error, Unreadable) else "it is no text"
        raise FetchError(f"Cannot read the cookies in {path}: {why}. {_WHERE}") from None
    for number, line in enumerate(lines, 1):
        content = line.removeprefix(_HTTP_ONLY)
        if content.strip() and not content.startswith("#") and not _is_cookie(content):
            raise FetchError(f"Line {number} of {path} {_NO_COOKIE}. {_WHERE}")
    return io.StringIO("".join(lines))


def _is_cookie(line: str) -> bool:
    fields = line.rstrip("\r\n").split("\t")
    expires = fields[4] if len(fields) == _FIELDS else "?"
    return not expires or (expires.isascii() and expires.replace(".", "", 1).isdigit())
