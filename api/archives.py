"""Reading archives of platforms into the tables of posts and comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from blift.connectors.connector import Archive, Connector, Records
from blift.connectors.files import InputFile, match
from blift.connectors.registry import connectors
from blift.schemas.errors import InputError, did_you_mean
from blift.schemas.registry import SCHEMAS
from blift.transforms.normalise import comments as comment_rows
from blift.transforms.normalise import posts as post_rows
from blift.transforms.observations import latest_comments, latest_posts
from blift.transforms.rejects import SCHEMA as REJECT

__all__ = ["ArchiveTables", "latest_comments", "latest_posts", "platform_names", "read_archive"]


@dataclass(frozen=True)
class ArchiveTables:
    """What an archive held.

    Attributes:
        posts: rows of the post table, one per observation; `latest_posts` merges the observations of an id.
        comments: rows of the comment table, one per observation.
        rejects: rows of the reject table: records that could not be read, with reason, file and line.
    """

    posts: pa.Table
    comments: pa.Table
    rejects: pa.Table


def platform_names() -> list[str]:
    """The names of the platforms that can be read, those of other packages included."""
    return list(connectors())


def read_archive(
    platform: str, kind: str, *patterns: str, author_key: bytes | None = None, scope: Mapping[str, Any] | None = None
) -> ArchiveTables:
    """Read the records of archive files into tables, in memory.

    Args:
        platform: a name of `platform_names`.
        kind: the kind of archive, as a recipe names it: `submissions` or `comments` of Reddit, `info` of YouTube.
        patterns: paths or globs.
        author_key: secret under which the names of authors are hashed; without it the column is null.
        scope: options by which a reader may skip records before it builds them, such as `subreddits`.

    Raises:
        InputError: there is no such platform or kind, a pattern matches nothing, or a file cannot be opened.
    """
    if platform not in connectors():
        hint = did_you_mean(platform, list(connectors())) or "."
        raise InputError(f"There is no platform {platform!r}{hint} Platforms: {', '.join(connectors())}.")
    connector = connectors()[platform]
    kinds = {archive.key: archive for archive in connector.archives}
    if kind not in kinds:
        hint = did_you_mean(kind, list(kinds)) or "."
        raise InputError(f"{platform} has no archives {kind!r}{hint} Kinds: {', '.join(kinds)}.")
    read = list(_records(connector, kinds[kind], match(patterns), scope or {}))
    key = author_key or None
    only_comments = kinds[kind].posts is None
    posts = [] if only_comments else [post_rows(part.posts.table, connector.platform) for part in read]
    replies = [part.posts if only_comments else part.comments for part in read]
    comments = [comment_rows(chunk.table, connector.platform, key) for chunk in replies if chunk is not None]
    chunks = [chunk for part in read for chunk in (part.posts, part.comments) if chunk is not None]
    return ArchiveTables(
        _table(posts, SCHEMAS["post"]),
        _table(comments, SCHEMAS["comment"]),
        _table([chunk.rejects for chunk in chunks], REJECT),
    )


def _records(
    connector: Connector, archive: Archive, files: list[InputFile], scope: Mapping[str, Any]
) -> Iterator[Records]:
    from blift.pipelines.stages.ingest.inputs import with_beside  # noqa: PLC0415 - imports Apache Beam

    for asked in with_beside(connector, archive, files).units():
        if archive.posts is not None:
            yield from archive.posts(asked.unit, scope)
        elif archive.comments is not None:
            yield from (Records(chunk) for file in asked.unit.files for chunk in archive.comments(file, None))


def _table(parts: list[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([schema.empty_table(), *(part.select(schema.names).cast(schema) for part in parts)])
