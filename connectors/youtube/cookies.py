"""Cookies of a signed-in person, in memory: their file is only read, and no line of it is ever shown."""

from __future__ import annotations

import io

from blift.schemas.errors import FetchError

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
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
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
