"""The half of a package that reads: posts and comments of Lemmy, one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

import msgspec
import pyarrow as pa
from blift_lemmy.fetching import FETCHING  # type: ignore[import-not-found]  # made by the test

from blift.connectors.connector import Archive, Connector, OfPosts, Records, Unit
from blift.connectors.files import Chunk, InputFile
from blift.connectors.lines import BadLine, read_lines
from blift.connectors.malformed import Malformed, RejectList
from blift.schemas.platform import Platform
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS

ROW = Platform(
    name="lemmy",
    title="Lemmy",
    states=frozenset({"score", "media_host"}),
    native_id=r"[0-9]+",
    post_address="https://lemmy.example/post/{post}",
    terms="the terms of each server of Lemmy",
)
_FLAGS = ("is_self", "is_gallery", "is_video", "has_poll")
_UNSTATED = frozenset({"canonical_url", "media_key", "media_kind", "media_host", "bot", "author", "subreddit"})


_Seconds = Annotated[int, msgspec.Meta(ge=0, lt=253_402_300_800)]


class _Said(msgspec.Struct):
    id: int
    creator: str
    created: _Seconds
    fetched_at: _Seconds
    score: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Post(_Said):
    title: str
    url: str


class _Comment(_Said):
    post: int
    text: str


def _schema(table: str, flags: tuple[str, ...]) -> pa.Schema:
    columns = [column for column in SCHEMAS[table] if column.name not in _UNSTATED]
    more = [("author_name", pa.string()), ("source", pa.string()), ("line", pa.int64())]
    return pa.schema([*columns, *(pa.field(*one) for one in more), *(pa.field(flag, pa.bool_()) for flag in flags)])


def _common(said: _Said) -> dict[str, Any]:
    return {
        "platform": ROW.name,
        "native_id": str(said.id),
        "author_name": said.creator,
        "posted_at": said.created * 1_000_000,
        "retrieved_at": said.fetched_at * 1_000_000,
        "score": said.score,
    }


def _post(post: _Post) -> dict[str, Any]:
    address = ROW.address_of(str(post.id))
    own = {"post_id": f"lemmy:{post.id}", "permalink": address, "url": post.url, "media_urls": [post.url]}
    return _common(post) | own | {"title": post.title}


def _comment(comment: _Comment) -> dict[str, Any]:
    return _common(comment) | {
        "comment_id": f"lemmy:{comment.id}",
        "post_id": f"lemmy:{comment.post}",
        "text": comment.text,
    }


def _read(file: InputFile, table: str) -> Iterator[Chunk]:
    rejects = RejectList(file.size_bytes)
    flags = _FLAGS if table == "post" else ()
    form, row = (_Post, _post) if table == "post" else (_Comment, _comment)
    schema = _schema(table, flags)
    absent = {column.name: [] if pa.types.is_list(column.type) else None for column in schema}
    absent |= {name: False for name in (*flags, "deleted", "removed", "live") if name in schema.names}  # type: ignore[misc]
    for part in read_lines(file):
        if isinstance(part, BadLine):
            rejects.add(part.problem, table, None, file.name, part.number, part.head)
            continue
        rows = []
        for number, line in enumerate(part.data.split(b"\n"), start=part.first):
            try:
                if line.strip():
                    said = row(msgspec.json.decode(line, type=form))  # type: ignore[operator]
                    rows.append(absent | said | {"source": file.name, "line": number})
            except (ValueError, RecursionError) as error:
                rejects.add(Malformed(Reason.WRONG_TYPE, str(error)), table, None, file.name, number, line)
        found, unlisted = rejects.take()
        chunk = Chunk(len(rows), pa.Table.from_pylist(rows, schema), found, unlisted=unlisted)
        yield replace(chunk, rows_in=len(rows) + found.num_rows + sum(unlisted.values()))


def _posts(unit: Unit, _: Mapping[str, Any]) -> Iterator[Records]:
    for file in unit.files:
        yield from (Records(chunk) for chunk in _read(file, "post"))


def _comments(file: InputFile, _: OfPosts | None) -> Iterator[Chunk]:
    return _read(file, "comment")


CONNECTOR = Connector(
    platform=ROW,
    about="Lemmy archives: one JSON object a line; and fetch folders.",
    archives=(
        Archive(key="posts", description="Files.", posts=_posts, fetched="lemmy/posts-*.ndjson.zst"),
        Archive(key="comments", description="Files.", comments=_comments, fetched="lemmy/comments-*.ndjson.zst"),
    ),
    fetching=FETCHING,
)
