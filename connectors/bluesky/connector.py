"""The connector of Bluesky: views of posts and replies, one JSON object a line, as its API gives them.

A line is a post view (`uri`, `author`, `record`, `embed`, `likeCount`, ...), alone or as the `post` of a feed view.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
import polars as pl
import pyarrow as pa

from blift.connectors.connector import Archive, Connector, OfPosts, Records, Unit
from blift.connectors.files import Chunk, InputFile
from blift.connectors.lines import BadLine, Lines, read_lines
from blift.connectors.malformed import Malformed, RejectList, loads
from blift.schemas.platform import BLUESKY
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS

#: What stands between the account and the key of a post in its URI, and in its address.
_IN_URI, _IN_ADDRESS = "/app.bsky.feed.post/", "/post/"
_START, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_FLAGS = ("is_self", "is_gallery", "is_video", "has_poll")
_PROVENANCE = {"author_name": pa.string(), "source": pa.string(), "line": pa.int64()}
#: What posts and comments of this platform do not state, and what follows from addresses.
_UNSTATED = frozenset({"canonical_url", "media_key", "media_kind", "media_host", "bot", "author", "subreddit"})


class _Author(msgspec.Struct):
    did: str
    handle: str | None = None


class _Ref(msgspec.Struct):
    uri: str


class _Reply(msgspec.Struct):
    root: _Ref
    parent: _Ref


class _Label(msgspec.Struct):
    val: str


class _Record(msgspec.Struct, rename="camel"):
    text: str | None = None
    created_at: str | None = None
    langs: list[str] | None = None
    tags: list[str] | None = None
    reply: _Reply | None = None


_Pixels = Annotated[int, msgspec.Meta(gt=0, lt=2**31)]


class _Size(msgspec.Struct):
    width: _Pixels
    height: _Pixels


class _Image(msgspec.Struct, rename="camel"):
    fullsize: str
    aspect_ratio: _Size | None = None


class _External(msgspec.Struct):
    uri: str


class _Media(msgspec.Struct, rename="camel"):
    images: list[_Image] | None = None
    playlist: str | None = None
    external: _External | None = None
    aspect_ratio: _Size | None = None


class _Embed(_Media, rename="camel"):
    media: _Media | None = None


_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None


class _View(msgspec.Struct, rename="camel"):
    uri: str
    author: _Author
    record: _Record
    embed: _Embed | None = None
    indexed_at: str | None = None
    like_count: _Count = None
    reply_count: _Count = None
    labels: list[_Label] | None = None


class _FeedView(msgspec.Struct):
    post: _View


_VIEW, _FEED_VIEW = msgspec.json.Decoder(_View), msgspec.json.Decoder(_FeedView)
_ADULT = frozenset({"porn", "sexual", "nudity", "graphic-media"})


def _schema(table: str, flags: Sequence[str]) -> pa.Schema:
    columns = [column for column in SCHEMAS[table] if column.name not in _UNSTATED]
    more = [*_PROVENANCE.items(), *((name, pa.bool_()) for name in flags)]
    return pa.schema([*columns, *(pa.field(name, kind) for name, kind in more)])


_POSTS, _COMMENTS = _schema("post", _FLAGS), _schema("comment", ())


def read_posts(unit: Unit, _: Mapping[str, Any]) -> Iterator[Records]:
    """Files of posts; replies among them are comments, on posts of any file."""
    for file in unit.files:
        rejects = RejectList(file.size_bytes)
        for part in read_lines(file):
            yield _Part("post", file.name, rejects).read(part)


def read_replies(file: InputFile, of_posts: OfPosts | None) -> Iterator[Chunk]:
    """Files of replies alone; those on other posts than are wanted are only counted."""
    rejects = RejectList(file.size_bytes)
    for part in read_lines(file):
        chunk = _Part("comment", file.name, rejects).read(part).comments
        if chunk is None or of_posts is None:
            yield from [chunk] if chunk else []
            continue
        wanted = pl.Series(of_posts(pl.Series(chunk.table.column("post_id"), dtype=pl.String)))
        skipped = {Reason.ORPHAN_COMMENT: int((~wanted).sum())}
        yield replace(chunk, table=chunk.table.filter(wanted.to_arrow()), skipped=skipped)


class _Part:
    """What some lines of a file came to.

    Args:
        table: what a line is that cannot be read; in a file of comments, a post is one.
        source: the file's name.
        rejects: of the file.
    """

    def __init__(self, table: str, source: str, rejects: RejectList) -> None:
        self._table, self._source, self._rejects = table, source, rejects
        self._posts: list[dict[str, Any]] = []
        self._comments: list[dict[str, Any]] = []

    def read(self, part: Lines | BadLine) -> Records:
        """The lines as tables."""
        if isinstance(part, BadLine):
            self._rejects.add(part.problem, self._table, None, self._source, part.number, part.head)
        else:
            for number, line in enumerate(part.data.split(b"\n"), start=part.first):
                if line.strip():
                    self._add(number, line)
        posts, comments = _chunk(self._posts, _POSTS), _chunk(self._comments, _COMMENTS)
        if self._table == "post":
            return Records(_with_rejects(posts, self._rejects), comments)
        return Records(posts, _with_rejects(comments, self._rejects))

    def _add(self, number: int, line: bytes) -> None:
        record_id = None
        try:
            view = _decoded(line)
            record_id = _id_of(view.uri)
            stands = {"author_name": view.author.handle, "source": self._source, "line": number}
            if view.record.reply is not None:
                self._comments.append(_comment(view, record_id, view.record.reply) | stands)
            elif self._table == "post":
                self._posts.append(_post(view, record_id) | stands)
            else:
                raise Malformed(Reason.MISSING_FIELD, "it is no reply: `record` has no `reply`")
        except Malformed as problem:
            self._rejects.add(problem, self._table, record_id, self._source, number, line)


def _chunk(rows: list[dict[str, Any]], schema: pa.Schema) -> Chunk:
    absent: dict[str, Any] = {column.name: [] if pa.types.is_list(column.type) else None for column in schema}
    flags = {name: False for name in (*_FLAGS, "deleted", "removed", "live") if name in schema.names}
    table = pa.Table.from_pylist([absent | flags | row for row in rows], schema)
    return Chunk(len(rows), table, SCHEMAS["reject"].empty_table())


def _with_rejects(chunk: Chunk, found: RejectList) -> Chunk:
    rejects, unlisted = found.take()
    rows_in = chunk.rows_in + rejects.num_rows + sum(unlisted.values())
    return replace(chunk, rows_in=rows_in, rejects=rejects, unlisted=unlisted)


def _decoded(line: bytes) -> _View:
    """The post view in a line.

    Raises:
        Malformed: there is none.
    """
    try:
        return _FEED_VIEW.decode(line).post if line.lstrip().startswith(b'{"post"') else _VIEW.decode(line)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (ValueError, RecursionError):
        try:
            return msgspec.convert(loads(line), _View)
        except msgspec.ValidationError as error:
            raise _invalid(error) from error


def _invalid(error: msgspec.ValidationError) -> Malformed:
    said = str(error)
    if "missing required field" in said:
        return Malformed(Reason.MISSING_FIELD, said)
    is_whole = said.startswith("Expected `object`") and " - at " not in said
    return Malformed(Reason.NOT_AN_OBJECT if is_whole else Reason.WRONG_TYPE, said)


def _native_id(uri: str) -> str:
    """The id of a post out of its URI, in the form that its address has.

    Raises:
        Malformed: it is no URI of a post.
    """
    native = uri.removeprefix("at://").replace(_IN_URI, _IN_ADDRESS, 1)
    if not uri.startswith("at://") or not BLUESKY.is_id(native):
        raise Malformed(Reason.WRONG_TYPE, f"{uri[:80]!r} is no URI of a post")
    return native


def _id_of(uri: str) -> str:
    return f"{BLUESKY.name}:{_native_id(uri)}"


def _moment(text: str | None, name: str) -> int | None:
    """Microseconds since 1970, UTC, out of an ISO time.

    Raises:
        Malformed: it is none.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment.astimezone(UTC) - _START) // _MICROSECOND
    except (ValueError, OverflowError) as error:  # before the year 1 or after 9999, in UTC
        raise Malformed(Reason.WRONG_TYPE, f"{name} is {text[:40]!r}, no time") from error


def _common(view: _View, record_id: str) -> dict[str, Any]:
    return {
        "platform": BLUESKY.name,
        "native_id": record_id.partition(":")[2],
        "text": view.record.text if (view.record.text or "").strip() else None,
        "posted_at": _moment(view.record.created_at, "createdAt"),
        "retrieved_at": _moment(view.indexed_at, "indexedAt"),
    }


def _post(view: _View, record_id: str) -> dict[str, Any]:
    """The values of the post table. A post has no title: its text is what people read above the media."""
    common, media = _common(view, record_id), _media_of(view.embed)
    permalink = BLUESKY.address_of(common["native_id"])
    images = [image.fullsize for image in media.images or ()]
    url = images[0] if len(images) == 1 else media.playlist or (media.external.uri if media.external else permalink)
    size = media.aspect_ratio or (media.images[0].aspect_ratio if media.images and len(images) == 1 else None)
    labels = {label.val for label in view.labels or ()}
    return common | {
        "post_id": record_id,
        "permalink": permalink,
        "url": permalink if len(images) > 1 else url,
        "media_urls": images,
        "is_gallery": len(images) > 1,
        "is_video": media.playlist is not None,
        "is_self": not images and media.playlist is None and media.external is None,
        "width": size.width if size else None,
        "height": size.height if size else None,
        "title": common["text"],
        "text": None,
        "tags": view.record.tags or [],
        "language": view.record.langs[0] if view.record.langs else None,
        "nsfw": bool(labels & _ADULT),
        "likes": view.like_count,
        "num_comments": view.reply_count,
    }


def _media_of(embed: _Embed | None) -> _Media:
    """What a post shows; a quote may have media beside it."""
    if embed is None:
        return _Media()
    return embed.media or embed


def _comment(view: _View, record_id: str, reply: _Reply) -> dict[str, Any]:
    parent = _id_of(reply.parent.uri)
    post_id = _id_of(reply.root.uri)
    return _common(view, record_id) | {
        "comment_id": record_id,
        "post_id": post_id,
        "parent_id": None if parent == post_id else parent,
        "score": view.like_count,
        "by_poster": record_id.split("/", maxsplit=1)[0] == post_id.split("/")[0],
    }


CONNECTOR = Connector(
    platform=BLUESKY,
    about="Bluesky archives: post views as its API gives them, one JSON object a line, plain or packed.",
    archives=(
        Archive(
            key="posts",
            description="Files or globs of posts; replies among them are comments.",
            posts=read_posts,
            comments_of_any=True,
        ),
        Archive(key="replies", description="The same of replies alone.", comments=read_replies),
    ),
)
