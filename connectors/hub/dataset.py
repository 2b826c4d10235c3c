"""A published dataset as a source: the BLIFT of the paper with its six columns, or what blift itself published."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from blift.connectors.claims import check_claims
from blift.connectors.files import Chunk
from blift.connectors.malformed import Malformed, reject, reject_table
from blift.connectors.parquet import batches_of
from blift.schemas.arrow import TABLE_KEY, VERSION_KEY, conform
from blift.schemas.errors import InputError, SchemaError, cut
from blift.schemas.migration import to_present
from blift.schemas.platform import platforms
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS, check_readable

#: Rows of a chunk.
CHUNK_ROWS = 10_000
_SIX = tuple(SCHEMAS["blift"].names)
_CONVERTED = "refs/convert/parquet"
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class HubFile:
    """A Parquet file of a published dataset, at one commit."""

    repo: str
    commit: str
    path: str
    digest: str


@dataclass(frozen=True)
class PublishedChunk:
    """Rows of a published dataset as posts and comments, each with what could not be read."""

    posts: Chunk
    comments: Chunk


def find_files(repo: str, revision: str | None) -> list[HubFile]:
    """The files of a published dataset that hold its samples, at the commit that the revision names now.

    Of a dataset of blift, the configuration `samples`; of any other, all Parquet files, or the Hub's own conversion to
    Parquet where there are none.

    Raises:
        PublishError: the dataset is not there, or may not be read.
        InputError: it holds no Parquet.
    """
    from blift.connectors.hub.client import Hub  # noqa: PLC0415 - an extra, needed by who reads from the Hub alone

    hub = Hub(repo)
    snapshot = hub.snapshot(revision or "main")
    if _MANIFEST in snapshot.files and _is_release(hub.read(_MANIFEST, snapshot.commit)):
        chosen = {path: digest for path, digest in snapshot.files.items() if path.startswith("samples/")}
    else:
        chosen = _parquet(snapshot.files)
        if not chosen and revision is None:
            snapshot = hub.snapshot(_CONVERTED)
            chosen = _parquet(snapshot.files)
    if not chosen:
        raise InputError(f"{repo} holds no Parquet files. Name another `revision` under `sources.hub`.")
    return [HubFile(repo, snapshot.commit, path, digest) for path, digest in sorted(chosen.items())]


def _is_release(manifest: bytes) -> bool:
    """Whether the manifest of a dataset is that of a publication; any other program may call a file so."""
    try:
        content = json.loads(manifest)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "release" in content


def _parquet(files: dict[str, str]) -> dict[str, str]:
    return {path: digest for path, digest in files.items() if path.endswith(".parquet")}


def read_published(file: HubFile, limit: int | None = None) -> Iterator[PublishedChunk]:
    """Read one file; ``limit`` rows of it where that is set.

    Raises:
        PublishError: the file may not be read.
        InputError: it is damaged, or has other columns than a published dataset.
    """
    from blift.connectors.hub.client import Hub  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory() as scratch:
        local = Hub(file.repo).download(file.path, file.commit, scratch)
        with _opened(local, f"{file.path} of {file.repo}") as parquet:
            present = _to_present(parquet.schema_arrow, f"{file.path} of {file.repo}")
            names = present(parquet.schema_arrow.empty_table()).column_names
            missing = [name for name in _SIX if name not in names]
            if missing:
                raise InputError(f"{file.path} of {file.repo} has no column {missing[0]!r}: it is no published BLIFT.")
            first = 0
            for batch in parquet.iter_batches(CHUNK_ROWS):
                batch.validate(full=True)
                rows = present(pa.Table.from_batches([batch]))
                rows = rows if limit is None else rows.slice(0, max(0, limit - first))
                if rows.num_rows:
                    yield published_rows(rows, f"{file.repo}/{file.path}", first)
                first += rows.num_rows


def read_column(repo: str, revision: str | None, names: Sequence[str]) -> Iterator[str]:
    """The values of a column of a published dataset: of ``names``, the first that it has. Nulls are left out.

    Of samples that blift published, the ids of all their posts, unless one column alone is named.

    Raises:
        PublishError: the dataset is not there, or may not be read.
        InputError: it holds no Parquet, is damaged, or has no such column.
    """
    from blift.connectors.hub.client import Hub  # noqa: PLC0415 - as above

    for file in find_files(repo, revision):
        with tempfile.TemporaryDirectory() as scratch:
            local = Hub(repo).download(file.path, file.commit, scratch)
            with _opened(local, f"{file.path} of {repo}") as parquet:
                schema = parquet.schema_arrow
                is_sample = (schema.metadata or {}).get(TABLE_KEY) == b"sample" and len(names) > 1
                column = "audiences" if is_sample else next((name for name in names if name in schema.names), None)
                if column is None:
                    raise InputError(
                        f"{file.path} of {repo} has no column {' or '.join(map(repr, names))}. Columns: "
                        f"{cut(', '.join(schema.names), 400)}."
                    )
                for batch in parquet.iter_batches(CHUNK_ROWS, columns=[column]):
                    values = pl.Series(batch.column(0))
                    if is_sample:
                        values = values.explode().struct.field("post_id")
                    yield from values.drop_nulls().cast(pl.String).to_list()


def read_table(file: HubFile, table: str) -> Iterator[pa.Table]:
    """The rows of a file of a dataset that blift published, in the present version of their table.

    Raises:
        PublishError: the file may not be read.
        InputError: it is damaged.
        SchemaError: it holds another table, or a version that no migration carries to the present one.
    """
    from blift.connectors.hub.client import Hub  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory() as scratch:
        local = Hub(file.repo).download(file.path, file.commit, scratch)
        where = f"{file.path} of {file.repo}"
        with _opened(local, where) as parquet:
            yield from batches_of(parquet, table, where, CHUNK_ROWS)


@contextmanager
def _opened(path: str, where: str) -> Iterator[pq.ParquetFile]:
    """A file of a dataset; what goes wrong while it is open is told as its fault.

    Raises:
        InputError: it is damaged, or claims far more than a file of its size holds.
    """
    try:
        # First, so that what is damaged is told in the sentence that all damaged files have.
        with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
            check_claims(path, os.path.getsize(path), where, "Choose another `revision`.")
            yield parquet
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise InputError(f"{where} is damaged ({str(error).rstrip('.')}). Choose another `revision`.") from error


def _to_present(schema: pa.Schema, where: str) -> Callable[[pa.Table], pa.Table]:
    """What makes rows of an earlier version of the sample table rows of the present one; others stay as they are.

    Raises:
        SchemaError: no migration carries them there.
    """
    metadata = schema.metadata or {}
    if metadata.get(TABLE_KEY) != b"sample":
        return lambda rows: rows
    check_readable(schema, "sample", where)
    version = metadata[VERSION_KEY].decode()
    return lambda rows: to_present(rows, "sample", version)


def published_rows(rows: pa.Table, source: str, first: int = 0) -> PublishedChunk:
    """Rows of a published dataset as what the ingest stage reads: posts, and their comments.

    Args:
        rows: the six columns, or the sample table.
        source: where they are from; ``first`` is the place of the first row there.

    Raises:
        InputError: a column is missing, or holds what its type in a published dataset cannot.
    """
    name = "sample" if "audiences" in rows.column_names else "blift"
    try:
        rows = conform(rows, SCHEMAS[name])
    except SchemaError as error:
        raise InputError(f"{source} is no published dataset of blift: {error}") from error
    table = pl.DataFrame(pl.from_arrow(rows)).with_row_index("line", offset=first + 1)
    table = table.with_columns(line=pl.col("line").cast(pl.Int64), source=pl.lit(source))
    whole = name == "sample"
    posts = _posts_of_samples(table) if whole else _posts_of_six(table)
    named = posts.filter(pl.col("post_id").is_not_null())
    comments = _comments_of_samples(table) if whole else _comments_of_six(named)
    return PublishedChunk(
        Chunk(posts.height, _arrow(named), _unnamed(posts.filter(pl.col("post_id").is_null()))),
        Chunk(comments.height, _arrow(comments), SCHEMAS["reject"].empty_table()),
    )


def _posts_of_six(table: pl.DataFrame) -> pl.DataFrame:
    """A post a row. Its id is in the permalink, or in the address of a post that is the media itself.

    A permalink without its host is one of the platform whose addresses have that form.
    """
    native, platform, site = (pl.lit(None, dtype=pl.String) for _ in range(3))
    for row in reversed(list(platforms().values())):
        if row.id_in_address is None:
            continue
        address = pl.coalesce("permalink", "url") if row.is_media else pl.col("permalink")
        found = address.str.extract(row.id_in_address)
        native = pl.coalesce(found, native)
        platform = pl.when(found.is_not_null()).then(pl.lit(row.name)).otherwise(platform)
        site = pl.when(found.is_not_null()).then(pl.lit("/".join(row.post_address.split("/")[:3]))).otherwise(site)
    is_path = pl.col("permalink").str.starts_with("/")
    return table.with_columns(
        native_id=native,
        platform=platform,
        permalink=pl.when(is_path).then(site + pl.col("permalink")).otherwise("permalink"),
        num_comments=pl.col("num_comments").cast(pl.Int64),
    ).with_columns(post_id=pl.col("platform") + ":" + pl.col("native_id"))


def _comments_of_six(posts: pl.DataFrame) -> pl.DataFrame:
    """The comments, in their order; they have no ids, so their place in the list makes one."""
    rows = posts.select("post_id", "platform", "native_id", "source", "line", text="comments").with_columns(
        rank=pl.int_ranges(pl.col("text").list.len())
    )
    rows = rows.explode("text", "rank").filter(pl.col("text").is_not_null())
    return rows.with_columns(
        native_id=pl.col("native_id") + "-" + pl.col("rank").cast(pl.String).str.zfill(4)
    ).with_columns(comment_id=pl.col("platform") + ":" + pl.col("native_id"))


#: Of an audience, what a post has.
_OF_AUDIENCE = (
    *("post_id", "platform", "permalink", "subreddit", "title", "posted_at", "retrieved_at"),
    *("score", "upvote_ratio", "likes", "views", "num_comments"),
)

#: Of a sample, what is so of its media, and of its first post alone.
_OF_MEDIA = ("media_urls", "media_kind", "width", "height", "duration_s", "replay", "speech")
_OF_POST = ("text", "channel_id", "channel_name", "channel_subscribers")


def _posts_of_samples(table: pl.DataFrame) -> pl.DataFrame:
    """A post for every audience of a sample."""
    rows = table.select(
        "line", "source", "url", *_OF_MEDIA, *_OF_POST, "audiences", speaker=pl.col("permalink")
    ).explode("audiences")
    rows = rows.with_columns(pl.col("audiences").struct.field(*_OF_AUDIENCE)).drop("audiences")
    speaks = pl.col("permalink").eq_missing(pl.col("speaker"))
    return rows.with_columns(
        *[pl.when(speaks).then(name).alias(name) for name in _OF_POST],
        native_id=pl.col("post_id").str.splitn(":", 2).struct.field("field_1"),
    ).drop("speaker")


def _comments_of_samples(table: pl.DataFrame) -> pl.DataFrame:
    """Comments of samples, on the first post of their platform: a sample does not say on which they were written."""
    first = (
        table.select("line", "audiences")
        .explode("audiences")
        .with_columns(pl.col("audiences").struct.field("platform", "post_id"))
        .unique(["line", "platform"], keep="first", maintain_order=True)
        .select("line", "platform", "post_id")
    )
    rows = (
        table.select("line", "source", "comments", rank=pl.int_ranges(pl.col("comments").list.len()))
        .explode("comments", "rank")
        .filter(pl.col("comments").is_not_null())
        .with_columns(pl.col("comments").struct.field("comment_id", "platform", "text", "score"))
        .drop("comments")
    )
    return rows.join(first, on=["line", "platform"], how="left", maintain_order="left").with_columns(
        native_id=pl.col("comment_id").str.splitn(":", 2).struct.field("field_1")
    )


def _arrow(rows: pl.DataFrame) -> pa.Table:
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def _unnamed(rows: pl.DataFrame) -> pa.Table:
    """Rejects of rows whose address holds no id."""
    problem = Malformed(Reason.MISSING_FIELD, "no id in `permalink` or `url`")
    places = rows.select("source", "line").iter_rows()
    return reject_table(reject(problem, "post", None, source, line, b"") for source, line in places)
