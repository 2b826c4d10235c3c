"""What every connector must do, as checks that a test can run: for the platforms of blift, and for those of packages.

A test gives the connector and an example of each of its archives::

    from blift.connectors.conformance import Example, problems_of

    def test_connector() -> None:
        assert problems_of(CONNECTOR, [Example("posts", [b'{"id": 1}', b'{"id": 2}'])], folder) == []
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from blift.connectors.connector import Archive, Connector, Unit
from blift.connectors.fetch.archives import file_of_post
from blift.connectors.fetch.kinds import Lines, RecordKind
from blift.connectors.files import Chunk, InputFile
from blift.connectors.registry import fetching as platforms_fetched
from blift.connectors.registry import kinds_of
from blift.schemas.errors import InputError
from blift.schemas.platform import platform_of
from blift.schemas.registry import SCHEMAS

#: What files of strangers hold in place of a record.
HOSTILE: Mapping[str, bytes] = {
    "broken JSON": b'{"id": "cut in ha',
    "no object": b"[1, 2, 3]",
    "null": b"null",
    "an empty object": b"{}",
    "no UTF-8": b'{"id": "\xff\xfe"}',
    "deep nesting": b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a number beyond 64 bits": b'{"id": 123456789012345678901234567890}',
    "NUL": b"\0\0\0\0",
    "a web page": b"<!DOCTYPE html><html><body>Too many requests</body></html>",
}
#: Values that no field of an archive is asked to have.
_WRONG: tuple[Any, ...] = (None, -1, 1e300, "", [], {}, True, "\ud800", 10**30)
_PROVENANCE = ("source", "line")


@dataclass(frozen=True)
class Example:
    """Records of an archive: JSON objects, two at least, which can all be read.

    Attributes:
        archive: its key.
        records: a line each; where each file holds one post, a file each.
        name: of the files, up to their numbers.
        ending: of their names.
    """

    archive: str
    records: Sequence[bytes]
    name: str = "example"
    ending: str = ".ndjson"


@dataclass(frozen=True)
class _Read:
    """What came of reading some files: rows of posts and comments, how many came in, and how many were rejected."""

    posts: list[dict[str, Any]]
    comments: list[dict[str, Any]]
    rejects: int
    lost: int

    @property
    def content(self) -> list[str]:
        """Rows without what says where they stood, in an order of their own."""
        rows = [("post", row) for row in self.posts] + [("comment", row) for row in self.comments]
        bare = [(table, {key: row[key] for key in sorted(row) if key not in _PROVENANCE}) for table, row in rows]
        return sorted(json.dumps(one, default=str) for one in bare)


def problems_of(connector: Connector, examples: Sequence[Example], folder: Path) -> list[str]:
    """A sentence on each thing that a connector does wrong; none where it does what every connector must do.

    Args:
        connector: of the platform.
        examples: one for each of its archives.
        folder: an empty one, for files.
    """
    missing = {archive.key for archive in connector.archives} - {example.archive for example in examples}
    found = [f"there is no example of {key}" for key in sorted(missing)]
    found += _of_row(connector)
    found += _of_fetching(connector)
    for example in examples:
        bench = _Bench(connector, example, folder)
        for check in _CHECKS:
            try:
                found += [f"{example.archive}: {problem}" for problem in check(bench)]
            except Exception as error:  # noqa: BLE001 - whatever a reader raises is what is looked for
                found.append(f"{example.archive}: {check.__name__.strip('_')} raises {type(error).__name__}: {error}")
    return found


def _of_row(connector: Connector) -> Iterator[str]:
    row = connector.platform
    unknown = row.states - set(SCHEMAS["post"].names)
    if unknown:
        yield f"its row states columns that the post table has not: {', '.join(sorted(unknown))}"
    if row.post_address and "{post}" not in row.post_address:
        yield "its address of posts has no {post}"
    if row.comment_address and "{comment}" not in row.comment_address:
        yield "its address of comments has no {comment}"
    for archive in connector.archives:
        if (archive.posts is None) == (archive.comments is None):
            yield f"{archive.key}: one of `posts` and `comments` reads it"


def _of_fetching(connector: Connector) -> Iterator[str]:
    """What blift relies on where it fetches: kinds, sections, and archives that the connector itself reads."""
    fetching = connector.fetching
    if fetching is None:
        return
    try:
        kinds_of({**platforms_fetched(), connector.name: fetching})
    except InputError as error:
        yield str(error)
    if connector.name not in {section.key for section in fetching.sections}:
        yield f"none of its sections of `fetch` is called {connector.name!r}"
    for section in fetching.sections:
        told = [section.model.__doc__, *(field.description for field in section.model.model_fields.values())]
        if not all(told):
            yield f"the section {section.key!r} of `fetch` has no documentation, or a key of it has none"
    globs = [archive.fetched for archive in connector.archives if archive.fetched]
    for record in fetching.records:
        file = _file_of(connector, record)
        if record.plural and not any(fnmatch(file, glob) for glob in globs):
            yield f"no archive reads the records {str(record.name)!r}: {file} matches none of {globs}"
    if not any(record.posted_at for record in fetching.records):
        yield "none of its records is that of a post: no `posted_at`"


def _file_of(connector: Connector, record: RecordKind) -> str:
    """The name of a file that a fetch writes."""
    if isinstance(record.archive, Lines):
        return f"{connector.name}/{record.archive.stem}-00000-of-00001.ndjson.zst"
    return file_of_post(connector.name, "1", 0.0, record.archive.ending or "json")


class _Bench:
    """Reads an example, changed in one way or another."""

    def __init__(self, connector: Connector, example: Example, folder: Path) -> None:
        self.connector, self.example, self._folder = connector, example, folder
        self.archive: Archive = connector.archive(example.archive)
        self._number = 0

    def read(self, records: Iterable[bytes]) -> _Read:
        """What comes of some records."""
        files = self._files(list(records))
        chunks = list(self._chunks(files))
        posts = [row for posts, _ in chunks for row in posts.table.to_pylist()]
        comments = [row for _, comments in chunks if comments for row in comments.table.to_pylist()]
        read = [chunk for pair in chunks for chunk in pair if chunk is not None]
        rejects = sum(chunk.rejected().total() for chunk in read)
        out = sum(chunk.table.num_rows + sum(chunk.skipped.values()) for chunk in read)
        return _Read(posts, comments, rejects, sum(chunk.rows_in for chunk in read) - rejects - out)

    def _chunks(self, files: Sequence[InputFile]) -> Iterator[tuple[Chunk, Chunk | None]]:
        empty = Chunk(0, pa.table({}), SCHEMAS["reject"].empty_table())
        if self.archive.posts is not None:
            for part in self.archive.posts(Unit(files), {}):
                yield part.posts, part.comments
        if self.archive.comments is not None:
            for file in files:
                for chunk in self.archive.comments(file, None):
                    yield empty, chunk

    def _files(self, records: list[bytes]) -> list[InputFile]:
        contents = records if self.archive.is_one_post else [b"\n".join(records) + b"\n"]
        self._number += 1
        files = []
        for place, content in enumerate(contents):
            path = self._folder / f"{self.example.name}-{self._number}-{place}{self.example.ending}"
            path.write_bytes(content)
            files.append(InputFile(str(path), len(content), path.name))
        return files

    def objects(self) -> list[dict[str, Any]]:
        """The records as objects."""
        return [json.loads(record) for record in self.example.records]


def _whole(bench: _Bench) -> Iterator[str]:
    read = bench.read(bench.example.records)
    rows = read.posts if bench.archive.posts else read.comments
    if read.rejects or len(rows) < len(bench.example.records):
        yield f"of {len(bench.example.records)} records, {len(rows)} became rows and {read.rejects} rejects"
    if read.lost:
        yield f"{read.lost} records are neither rows nor rejects"
    for table, found in (("post", read.posts), ("comment", read.comments)):
        for row in found:
            yield from _of_values(bench.connector, table, row)


def _of_values(connector: Connector, table: str, row: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a row."""
    if row[f"{table}_id"] != f"{row['platform']}:{row['native_id']}":
        yield f"the {table} {row[f'{table}_id']!r} is not named after its platform and native id"
    own = platform_of(row["platform"])
    if own is not connector.platform and not connector.platform.covers_others:
        yield f"a {table} is of {row['platform']!r}, which is another platform"
    if table == "post" and not str(row.get("permalink")).startswith(("https://", "http://")):
        yield f"the post {row['post_id']} has no address"
    if table == "comment" and not str(row["post_id"]).startswith(f"{row['platform']}:"):
        yield f"the comment {row['comment_id']} is on a post of another platform"
    for column in SCHEMAS[table]:
        if column.name in row and row[column.name] is None and not column.nullable:
            yield f"the column {column.name} of a {table} is null"
    if row.get("retrieved_at") is None:
        yield f"the {table} {row[f'{table}_id']} does not say when its numbers were read"


def _same_again(bench: _Bench) -> Iterator[str]:
    if bench.read(bench.example.records).content != bench.read(bench.example.records).content:
        yield "the same files give other rows when they are read again"


def _any_order(bench: _Bench) -> Iterator[str]:
    records = list(bench.example.records)
    if bench.read(records).content != bench.read(reversed(records)).content:
        yield "records in another order give other rows"


def _repeats(bench: _Bench) -> Iterator[str]:
    once, twice = bench.read(bench.example.records), bench.read([*bench.example.records, *bench.example.records])
    if twice.content != sorted(once.content * 2) or twice.lost:
        yield "records that are there twice are not read twice"


def _hostile(bench: _Bench) -> Iterator[str]:
    once = bench.read(bench.example.records)
    for what, content in HOSTILE.items():
        read = bench.read([*bench.example.records[:1], content, *bench.example.records[1:]])
        if read.content != once.content:
            yield f"{what} among the records changes what is read of the others"
        if read.lost or read.rejects != 1:
            yield f"{what} becomes {read.rejects} rejects, not one"


def _absent(bench: _Bench) -> Iterator[str]:
    for changed, what in _changes(bench.objects()[0], (), lambda holder, key: holder.pop(key)):
        yield from _conserves(bench, changed, f"a record without {what}")


def _wrong_types(bench: _Bench) -> Iterator[str]:
    for value in _WRONG:
        for changed, what in _changes(bench.objects()[0], (), partial(_put, value=value)):
            yield from _conserves(bench, changed, f"a record whose {what} is {value!r}")


def _put(holder: dict[str, Any], key: str, value: object) -> None:
    holder[key] = value


def _changes(
    record: dict[str, Any], path: tuple[str, ...], change: Callable[[dict[str, Any], str], object]
) -> Iterator[tuple[dict[str, Any], str]]:
    """The record with one field changed, for every field of every object in it, and the field's name."""
    holder: Any = record
    for key in path:
        holder = holder[key]
    for key, value in list(holder.items()):
        changed = json.loads(json.dumps(record))
        inner = changed
        for step in path:
            inner = inner[step]
        change(inner, key)
        yield changed, ".".join((*path, key))
        if isinstance(value, dict):
            yield from _changes(record, (*path, key), change)


def _conserves(bench: _Bench, record: dict[str, Any], what: str) -> Iterator[str]:
    """A record that may be a row or a reject, and leaves the others as they are."""
    others = list(bench.example.records[1:])
    read, alone = bench.read([json.dumps(record).encode(), *others]), bench.read(others)
    if read.lost or not set(alone.content) <= set(read.content):
        yield f"{what} loses a record"


_CHECKS: tuple[Callable[[_Bench], Iterator[str]], ...] = (
    *(_whole, _same_again, _any_order, _repeats),
    *(_hostile, _absent, _wrong_types),
)
