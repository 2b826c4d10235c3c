"""From what a connector read to rows of the post and comment tables: texts, addresses, authors."""

from __future__ import annotations

import hashlib
import hmac

import polars as pl
import pyarrow as pa

from blift.schemas.parts import MediaKind
from blift.schemas.platform import Platform
from blift.schemas.reasons import Reason, ReplayAbsent
from blift.schemas.registry import SCHEMAS
from blift.transforms.bots import bot_name, known_bot
from blift.transforms.platforms import state
from blift.transforms.tables import arrow, frame
from blift.transforms.urls import media_url, url_table

#: What platforms that escape `&`, `<` and `>` leave in titles, texts and comments (`&amp;#x200B;` and `&amp;nbsp;` are
#: what an editor leaves for blanks). One pass, longest first, so nothing is unescaped twice.
_ENTITIES = {
    "&amp;#x200B;": "",
    "&amp;nbsp;": " ",
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#39;": "'",
    "&#x27;": "'",
    "&nbsp;": " ",
    "&#x200B;": "",
}

#: Columns that a connector adds to a table, and that stay until a row can no longer be rejected. They decide nothing.
PROVENANCE = {"source": pa.string(), "line": pa.int64()}


def with_provenance(schema: pa.Schema) -> pa.Schema:
    """The schema, with the columns that say where a row came from."""
    for name, kind in PROVENANCE.items():
        schema = schema.append(pa.field(name, kind))
    return schema


POSTS = with_provenance(SCHEMAS["post"])
COMMENTS = with_provenance(SCHEMAS["comment"])


def unescape(text: pl.Expr) -> pl.Expr:
    """Undo the escaping of `&`, `<` and `>`; trim; what is empty then is null."""
    plain = text.str.replace_many(list(_ENTITIES), list(_ENTITIES.values()), leftmost=True).str.strip_chars()
    return pl.when(plain != "").then(plain)


def _trimmed(text: pl.Expr) -> pl.Expr:
    plain = text.str.strip_chars()
    return pl.when(plain != "").then(plain)


def author_hash(names: pl.Series, key: bytes | None) -> pl.Series:
    """Keyed BLAKE2b of every author's name, 16 hex digits; null without a key, and for null.

    Without the key nobody can test whether a name is in the dataset; with it, equal authors stay equal.
    """
    if not key:
        return pl.Series(names.name, [None] * len(names), dtype=pl.String)
    uniques = names.drop_nulls().unique(maintain_order=True)
    digests = [hmac.digest(key, name.encode(), hashlib.blake2b).hex()[:16] for name in uniques.to_list()]
    return names.replace_strict(uniques, pl.Series(digests, dtype=pl.String), default=None, return_dtype=pl.String)


def bot_reason(author: pl.Expr) -> pl.Expr:
    """``known_bot`` or ``bot_name`` where the author's name says so, else null."""
    return (
        pl.when(known_bot(author))
        .then(pl.lit(Reason.KNOWN_BOT.value))
        .when(bot_name(author))
        .then(pl.lit(Reason.BOT_NAME.value))
    )


def posts(read: pa.Table, platform: Platform) -> pa.Table:
    """Rows of the post table, with provenance, out of what the reader of a platform gives."""
    rows = frame(read)
    if "is_gif" not in rows.columns:
        rows = rows.with_columns(is_gif=pl.lit(value=False))
    if platform.escapes:
        rows = rows.with_columns(
            title=unescape(pl.col("title")),
            text=unescape(pl.col("text")),
            tags=pl.col("tags").list.eval(unescape(pl.element())),
            url=unescape(pl.col("url")),
        )
    rows = _with_media(rows.with_columns(bot=_bot(platform)))
    if "replay" not in platform.states:
        rows = rows.with_columns(replay_absent=pl.lit(ReplayAbsent.NOT_OFFERED.value))
    return _conform(rows, POSTS)


def _bot(platform: Platform) -> pl.Expr:
    return bot_reason(pl.col("author_name")) if "bot" in platform.states else pl.lit(None, dtype=pl.String)


def published_posts(read: pa.Table) -> pa.Table:
    """Rows of the post table, with provenance, out of a published dataset, whose texts are plain already."""
    posts = frame(read)
    known = pl.col("media_kind") if "media_kind" in posts.columns else pl.lit(None, dtype=pl.String)
    if "media_urls" not in posts.columns:
        posts = posts.with_columns(media_urls=pl.lit([], dtype=pl.List(pl.String)))
    posts = posts.with_columns(
        known_kind=known,
        **dict.fromkeys(("is_gallery", "is_video", "is_gif", "is_self", "has_poll"), pl.lit(value=False)),
    )
    absent = (
        pl.when(state("replay"))
        .then(pl.lit(ReplayAbsent.NOT_IN_RECORD.value))
        .otherwise(pl.lit(ReplayAbsent.NOT_OFFERED.value))
    )
    has_replay = (pl.col("replay").list.len() > 0) if "replay" in posts.columns else pl.lit(value=False)
    return _conform(
        _with_media(posts).with_columns(
            media_kind=pl.coalesce("known_kind", "media_kind"), replay_absent=pl.when(~has_replay).then(absent)
        ),
        POSTS,
    )


def published_comments(read: pa.Table) -> pa.Table:
    """Rows of the comment table, with provenance, out of a published dataset."""
    return _conform(frame(read), COMMENTS)


def comments(read: pa.Table, platform: Platform, author_key: bytes | None) -> pa.Table:
    """Rows of the comment table, with provenance, out of what the reader of a platform gives."""
    rows = frame(read)
    rows = rows.with_columns(
        text=unescape(pl.col("text")) if platform.escapes else _trimmed(pl.col("text")),
        bot=_bot(platform),
        author=author_hash(rows["author_name"], author_key),
    )
    return _conform(rows, COMMENTS)


def _with_media(posts: pl.DataFrame) -> pl.DataFrame:
    """Add what the address tells of the media: its canonical form, identity, kind and host."""
    address = url_table(posts["url"]).rename({"media_kind": "kind_by_url"})
    posts = posts.with_columns(address)
    kind = (
        pl.when(pl.col("is_gallery"))
        .then(pl.lit(MediaKind.GALLERY.value))
        .when(pl.col("is_gif"))
        .then(pl.lit(MediaKind.GIF.value))
        .when(pl.col("is_video"))
        .then(pl.lit(MediaKind.VIDEO.value))
        .when(pl.col("is_self") | pl.col("has_poll"))
        .then(pl.lit(MediaKind.TEXT.value))
        .otherwise(pl.col("kind_by_url"))
    )
    posts = posts.with_columns(media_kind=kind)
    is_media = ~pl.col("media_kind").is_in([MediaKind.TEXT.value, MediaKind.PAGE.value]).fill_null(value=True)
    # A gallery of which no picture is known is a page of the platform, and no media.
    is_media &= ~(pl.col("is_gallery").fill_null(value=False) & (pl.col("media_urls").list.len() == 0))
    return posts.with_columns(
        media_key=pl.when(is_media).then("media_key"),
        media_host=pl.when(is_media).then("media_host"),
        media_urls=pl.when(is_media & (pl.col("media_urls").list.len() == 0))
        .then(pl.concat_list(media_url(pl.col("canonical_url"), pl.col("media_kind"))).list.drop_nulls())
        .otherwise(pl.col("media_urls")),
    )


def _conform(rows: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    """Exactly the columns of ``schema``; absent lists are empty, absent booleans of required columns false."""
    absent = []
    for field in schema:
        if field.name in rows.columns:
            continue
        if pa.types.is_list(field.type):
            empty = pl.from_arrow(pa.array([[]], type=field.type))
            absent.append(pl.lit(empty).first().alias(field.name))
        else:
            absent.append(pl.lit(value=None if field.nullable else False).alias(field.name))
    return arrow(rows.with_columns(absent), schema)
