"""Reactions by the second of a video: moments that comments name, and messages written while it played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from blift.schemas.parts import MediaKind, ReactionSource
from blift.transforms.time_marks import addresses_in, may_have_marks, time_marks
from blift.transforms.timelines import one_length
from blift.transforms.urls import url_table

#: Seconds that a comment names.
MARKS = pl.List(pl.Int64)
_REACTION = ("source", "second", "count")


@dataclass(frozen=True)
class Lags:
    """Seconds by which people react later than what they react to.

    A constant for each source, by which its reactions are moved back, as in LIGHTOR (Jiang et al., "Towards Extracting
    Highlights From Recorded Live Videos", arXiv:1910.12201), which learns the constant from labelled videos.

    Attributes:
        comment: of moments that comments name.
        live_chat: of the chat of a live stream: the delay of the stream, and the time that people take to write.
        danmaku: of comments that are shown over the video where they were written: the time that people take to write.
    """

    comment: float = 0.0
    live_chat: float = 10.0
    danmaku: float = 5.0

    def by_source(self) -> Mapping[str, float]:
        """The lags by the name of the source."""
        return {source.value: getattr(self, source.value) for source in ReactionSource}


def with_marks(comments: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Comments with ``marks``: the seconds that each names, in order, each once; of a range its start.

    Args:
        comments: ``text`` and ``post_id``.
        posts: ``post_id``, and ``media_key`` of its own media, to which links may lead.
    """
    text = comments["text"].fill_null("")
    places = text.str.contains(may_have_marks()).arg_true()
    on = comments.select("post_id")[places].join(posts, on="post_id", how="left", maintain_order="left")
    texts, keys = text.gather(places).to_list(), on["media_key"].to_list()
    links = _links({address for each in texts for address in addresses_in(each)})
    found: list[list[int]] = [[] for _ in range(comments.height)]
    for place, each, key in zip(places.to_list(), texts, keys, strict=True):
        here = {address: _leads_to(links[address], key) for address in addresses_in(each)}
        found[place] = list(dict.fromkeys(mark.start_s for mark in time_marks(each, here)))
    marks = pl.Series(pa.array(found, pa.list_(pa.int64())))  # which takes Arrow no time, and Polars 7 us a row
    return comments.with_columns(marks.cast(MARKS).alias("marks"))


def _links(addresses: set[str]) -> dict[str, tuple[str | None, str | None]]:
    """Key and kind of the media to which each address leads."""
    listed = sorted(addresses)
    media = url_table(pl.Series("url", [address.replace("&amp;", "&") for address in listed], dtype=pl.String))
    return dict(zip(listed, media.select("media_key", "media_kind").iter_rows(), strict=True))


def _leads_to(link: tuple[str | None, str | None], key: str | None) -> bool | None:
    """Whether a link leads to the media of that key; None where it leads to no video."""
    own, kind = link
    if own is not None and own == key:
        return True
    return False if kind == MediaKind.VIDEO.value else None


def with_reactions(samples: pl.DataFrame, posts: pl.DataFrame, comments: pl.DataFrame, lags: Lags) -> pl.DataFrame:
    """Samples with ``reactions`` by source and second, moved back by the lag of each source, within the media.

    Args:
        samples: ``media_key``, ``duration_s``, ``replay``; ``reactions`` as their record has them, ``section_start_s``,
            and ``off_record``.
        posts: ``post_id`` and ``duration_s`` of the posts that comments are on. Comments on a post of media of another
            length than the sample's tell nothing.
        comments: ``media_key``, ``post_id`` and ``marks`` of all that rules keep.

    A media whose length nobody knows has none: nothing tells a moment of it from another number. What was written
    before the lag had passed reacts to nothing in the media. A comment counts once for each second that it names.
    """
    length = pl.coalesce("duration_s", pl.col("replay").list.last().struct.field("end_s"))
    timed = samples.select("media_key", "off_record", "reactions", length=length, first_s=pl.col("section_start_s"))
    marked = (
        comments.filter(pl.col("marks").list.len() > 0)
        .join(posts.select("post_id", stated_s="duration_s").unique("post_id"), on="post_id", how="left")
        .join(timed.drop("reactions"), on="media_key")
        .filter(one_length(pl.col("stated_s"), pl.col("length")).fill_null(value=True))
        .explode("marks")
        .select(
            "media_key",
            "off_record",
            "length",
            source=pl.lit(ReactionSource.COMMENT.value),
            second=pl.col("marks") - pl.col("first_s").fill_null(0.0),
            count=pl.lit(1, dtype=pl.Int64),
        )
    )
    written = (
        timed.filter(pl.col("reactions").list.len() > 0)
        .explode("reactions")
        .select(
            "media_key",
            "off_record",
            "length",
            *[pl.col("reactions").struct.field(name).cast(marked.schema[name]).alias(name) for name in _REACTION],
        )
    )
    lag = pl.col("source").replace_strict(lags.by_source(), return_dtype=pl.Float64)
    inside = ~pl.col("off_record") & (pl.col("second") >= 0) & (pl.col("second") <= pl.col("length"))
    counted = (
        pl.concat([marked, written])
        .with_columns(second=pl.col("second") - lag)
        .filter(inside)
        .group_by("media_key", "source", pl.col("second").floor().cast(pl.Int64))
        .agg(pl.col("count").sum())
        .sort("media_key", "source", "second")
    )
    lists = counted.group_by("media_key", maintain_order=True).agg(reactions=pl.struct(*_REACTION))
    joined = samples.drop("reactions").join(lists, on="media_key", how="left", maintain_order="left")
    return joined.with_columns(pl.col("reactions").fill_null([]))
