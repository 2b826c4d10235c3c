"""Archives of Reddit: lines of submissions and comments, plain and packed."""

from __future__ import annotations

import gzip
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from backports import zstd

from blift.connectors.files import InputFile
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.schemas.places import PROFILE
from tests.fuzz.kind import Check, Kind, require
from tests.fuzz.mutate import TOKENS, as_json, mutated, spoiled
from tests.fuzz.values import DECODER, differs, loads
from tests.reddit_server.made_up import base36

_SUBMISSIONS: list[dict[str, Any]] = [
    {"id": "abc1", "title": "A cat", "selftext": "", "author": "u", "subreddit": "pics", "created_utc": 1_600_000_000,
     "score": 5, "upvote_ratio": 0.9, "num_comments": 3, "url": "https://i.redd.it/abc1.jpg", "over_18": False,
     "is_self": False, "permalink": "/r/pics/comments/abc1/a_cat/", "retrieved_on": 1_600_090_000,
     "subreddit_subscribers": 25_000_000, "link_flair_text": "OC", "removed_by_category": None},
    {"id": "abc2", "title": "G", "selftext": "words", "created_utc": "1388534400", "score": "12", "is_gallery": True,
     "gallery_data": {"items": [{"media_id": "m1", "id": 1}, {"media_id": "m2", "id": 2}]},
     "media_metadata": {"m1": {"status": "valid", "e": "Image", "m": "image/jpg", "s": {"x": 640, "y": 480,
     "u": "https://preview.redd.it/m1.jpg?width=640&amp;s=1"}}, "m2": {"status": "failed"}}, "subreddit": "aww"},
    {"id": "abc3", "title": "V", "is_video": True, "url": "https://v.redd.it/xyz", "created_utc": 1.6e9, "score": 0,
     "media": {"reddit_video": {"fallback_url": "https://v.redd.it/xyz/DASH_720.mp4", "height": 720, "width": 1280,
     "duration": 17, "is_gif": False}}, "preview": {"images": [{"source": {"url": "https://preview.redd.it/x.png",
     "width": 1280, "height": 720}}]}, "crosspost_parent": "t3_abc1", "crosspost_parent_list": [{"id": "abc1"}],
     "poll_data": None, "_meta": {"retrieved_2nd_on": 1_600_100_000}, "_recorded_at": "2024-05-01T00:00:00Z"},
]  # fmt: skip
_COMMENTS: list[dict[str, Any]] = [
    {"id": "c1", "link_id": "t3_abc1", "parent_id": "t3_abc1", "body": "some nice words", "author": "v", "score": 3,
     "created_utc": 1_600_000_100, "retrieved_on": 1_600_090_000, "is_submitter": False, "score_hidden": False},
    {"id": "c2", "link_id": "t3_abc1", "parent_id": "t1_c1", "body": "[deleted]", "author": "[deleted]",
     "created_utc": "1388534400", "score": "-4", "removed": False, "banned_by": None, "parent": 17},
]  # fmt: skip

#: Fields that stand in a column as they are, for posts and comments.
_POST_COLUMNS = {
    "title": "title",
    "score": "score",
    "upvote_ratio": "upvote_ratio",
    "num_comments": "num_comments",
    "subreddit": "subreddit",
    "channel_subscribers": "subreddit_subscribers",
    "nsfw": "over_18",
    "author_name": "author",
    "native_id": "id",
}
_COMMENT_COLUMNS = {"score": "score", "author_name": "author", "native_id": "id", "by_poster": "is_submitter"}
_ROWS = Path("archive")


class Archive(NamedTuple):
    """An archive: whether it is of submissions, the end of its name, its content, and that before it was packed."""

    submissions: bool
    suffix: str
    content: bytes
    lines: bytes | None


def make(chance: random.Random) -> Archive:
    """An archive of one to a dozen lines."""
    submissions = chance.random() < 0.6
    lines = [_line(chance, _SUBMISSIONS if submissions else _COMMENTS) for _ in range(chance.choice((1, 1, 2, 4, 12)))]
    content = b"\n".join(lines) + chance.choice((b"", b"\n", b"\r\n", b"\n\n"))
    match chance.randrange(40):
        case 0:
            return Archive(submissions, ".zst", mutated(zstd.compress(content), chance), None)
        case 1:
            return Archive(submissions, ".gz", mutated(gzip.compress(content, mtime=0), chance), None)
        case 2:
            return Archive(submissions, ".zst", zstd.compress(content), content)
        case _:
            return Archive(submissions, ".ndjson", content, content)


def _line(chance: random.Random, records: list[dict[str, Any]]) -> bytes:
    record = chance.choice(records)
    match chance.randrange(5):
        case 0:
            return as_json(record).encode()
        case 1:
            return mutated(as_json(record).encode(), chance, TOKENS)
        case _:
            return as_json(spoiled(record, chance)).encode()


@contextmanager
def start(folder: Path) -> Iterator[Check]:
    """Reads each archive as a file of the folder."""

    def check(archive: Archive) -> str:
        path = folder / f"archive{archive.suffix}"
        path.write_bytes(archive.content)
        file = InputFile(str(path), len(archive.content), path.name)
        chunks = list(read_submissions(file) if archive.submissions else read_comments(file))
        rows = [row for chunk in chunks for row in chunk.table.to_pylist()]
        rejects = [row for chunk in chunks for row in chunk.rejects.to_pylist()]
        rows_in = sum(chunk.rows_in for chunk in chunks)
        rejected = len(rejects) + sum(sum(chunk.unlisted.values()) for chunk in chunks)
        require(rows_in == len(rows) + rejected, f"{rows_in} rows in, {len(rows)} out, {rejected} rejected")
        require(all(row["reason"] for row in rejects), "a reject has no reason")
        if archive.lines is not None:
            _each_line_once(archive, rows, rejects)
        return "rows" if rows else "rejects only" if rejects else "nothing"

    yield check


def _each_line_once(archive: Archive, rows: list[dict[str, Any]], rejects: list[dict[str, Any]]) -> None:
    assert archive.lines is not None
    columns = _POST_COLUMNS if archive.submissions else _COMMENT_COLUMNS
    lines = dict(enumerate(archive.lines.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1))
    given = Counter(number for number, line in lines.items() if line.strip())
    found = Counter(row["line"] for row in [*rows, *rejects])
    lost, made_up = given - found, found - given
    made_up = {at: more for at, more in made_up.items() if more >= max(1, len(_objects(lines.get(at, b""))))}
    # An object may take several lines: those of it that are no objects themselves.
    are_parts = not isinstance(loads(lines[1]), dict) and not any(isinstance(loads(lines[at]), dict) for at in lost)
    require(not made_up and (not lost or are_parts), f"lines {sorted(lost)} are lost, {sorted(made_up)} are made up")
    for row in rows:
        until = min((at for at in found if at > row["line"]), default=len(lines) + 1)
        records = _objects(b"\n".join(lines[at] for at in range(row["line"], until)))
        require(bool(records), f"line {row['line']} is read, and is no object of JSON")
        said = [list(_other_values(row, record, columns)) for record in records]
        require([] in said, f"line {row['line']} is read as it is not: {said[0][:1]!r:.200}")


def _objects(text: bytes) -> list[dict[str, Any]]:
    """The objects of a line, which may have several, one after the other, and NUL where a disk lost some."""
    left, found = text.decode(errors="replace").strip(" \t\r\n,[]\0"), []
    while left:
        try:
            value, end = DECODER.raw_decode(left)
        except (ValueError, RecursionError):
            return []
        if not isinstance(value, dict):
            return []
        found.append(value)
        left = left[end:].lstrip(" \t\r\n,\0")
    return found


def _other_values(row: dict[str, Any], record: dict[str, Any], columns: dict[str, str]) -> Iterator[str]:
    """Columns that hold something else than the record says."""
    for column, name in columns.items():
        said = record.get(name)
        if differs(row[column], said) and row[column] not in _READINGS.get(column, _as_text)(record):
            yield f"{column} is {row[column]!r}, and {name} is {said!r:.80}"


def _as_text(record: dict[str, Any]) -> set[str]:
    """Numbers that stand where texts should, and numbers with nothing behind their point."""
    whole = [value for value in record.values() if isinstance(value, int)]
    others = [value for value in record.values() if isinstance(value, float) and math.isfinite(value)]
    return {*map(str, whole), *map(str, others), *(str(int(number)) for number in others if number.is_integer())}


def _ids(record: dict[str, Any]) -> set[str]:
    """Ids without the kind before them, in lower case; numbers are to base 10 where ids are to base 36."""
    said = [record.get(name) for name in ("id", "name", "permalink")]
    texts = [part.lower() for value in said if isinstance(value, str) for part in re.split(r"[/_\s]+", value)]
    whole = [value for value in said if isinstance(value, int) and value > 0]
    whole += [int(value) for value in said if isinstance(value, float) and 0 < value < math.inf]
    return {*texts, *map(base36, whole)}


def _places(record: dict[str, Any]) -> set[str]:
    """Names of subreddits in addresses and paths, and what stands for those that are names of accounts."""
    said = [str(record.get(name)) for name in ("subreddit", "permalink")]
    return {PROFILE, *(part for value in said for part in re.split(r"[/?#\s]+", value)), *_as_text(record)}


#: What a column may hold beside the value itself: forms that archives have had.
_READINGS: dict[str, Callable[[dict[str, Any]], set[str]]] = {"native_id": _ids, "subreddit": _places}


KIND = Kind("archive lines", large=100_000, small=150, make=make, start=start)
