"""What stands in archives, line by line, for comparison with what a dataset says of where its rows were read."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from backports import zstd

#: The public archives are compressed with a window of 2 GiB.
_LONG_WINDOW = {zstd.DecompressionParameter.window_log_max: 31}


@cache
def _unpacked(path: Path) -> bytes:
    content = path.read_bytes()
    if content[:4] == b"\x28\xb5\x2f\xfd":
        return b"".join(_pieces(path))
    # One of the demo breaks off.
    return zlib.decompressobj(31).decompress(content) if content[:2] == b"\x1f\x8b" else content


def _pieces(path: Path) -> Iterator[bytes]:
    """What can be unpacked of a file."""
    with zstd.open(path, options=_LONG_WINDOW) as stream, suppress(EOFError):
        while piece := stream.read1(1 << 16):
            yield piece


@cache
def _files(folder: Path) -> dict[str, Path]:
    """The files below a folder by name."""
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


@cache
def _lines(path: Path) -> list[bytes]:
    return _unpacked(path).split(b"\n")


def record_at(folder: Path, source: str, line: int | None) -> dict[str, Any]:
    """The record of a file below a folder: on a line, or all of it."""
    path = _files(folder)[Path(source).name]
    found: dict[str, Any] = json.loads(_unpacked(path) if line is None else _lines(path)[line - 1])
    return found


def is_that_record(record: dict[str, Any], record_id: str, row: dict[str, Any]) -> bool:
    """Whether a record of an archive is the post or comment with an id, with its score or its likes.

    Args:
        record: a line of an archive of Reddit, or a yt-dlp info.json, which holds a video and its comments.
        row: the row of the post or comment table that shows this observation.
    """
    native = record_id.partition(":")[2]
    if row["platform"] == "reddit":
        return str(record["id"]).removeprefix("t1_").removeprefix("t3_") == native and _score(record) == row["score"]
    if "comment_id" in row:
        listed = [comment for comment in record["comments"] if isinstance(comment, dict)]
        (found,) = [comment for comment in listed if comment.get("id") == native]
        return bool(found.get("like_count") == row["score"])
    return bool(record["id"] == native and record.get("view_count") == row["views"])


def _score(record: dict[str, Any]) -> int | None:
    score = record.get("score")
    return None if score is None or record.get("score_hidden") else int(score)
