"""The files that posts show, as items: found by the transforms that the build uses, so that it finds them again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from blift.connectors.fetch.items import Done, FetchedKind, GoesOn, Item, Kind, Outcome, RawRecord
from blift.connectors.reddit.archive import submissions_in
from blift.pipelines.stages.fetch.plan import ShownFiles
from blift.schemas.parts import MediaKind
from blift.schemas.platform import REDDIT
from blift.transforms.normalise import posts as posts_of
from blift.transforms.tables import frame

_YOUTUBE = "youtube:"
_MEDIA = [kind.value for kind in (MediaKind.IMAGE, MediaKind.GIF, MediaKind.GALLERY, MediaKind.VIDEO)]


class Shown(NamedTuple):
    """Which post shows what address, and items for the addresses."""

    pairs: list[tuple[str, str]]
    items: list[Item]


def shown_files(outcomes: Iterable[tuple[Item, Outcome]], wanted: ShownFiles | None) -> Shown:
    """The files that newly collected submissions show, and that are wanted."""
    records = [
        record
        for _, outcome in outcomes
        if isinstance(outcome, Done | GoesOn)
        for record in outcome.records
        if record.kind is FetchedKind.SUBMISSION
    ]
    return files_of(records, wanted) if records and wanted else Shown([], [])


def files_of(records: list[RawRecord], wanted: ShownFiles) -> Shown:
    """The files that submissions show, and that are wanted. One that cannot be read shows none."""
    posts = frame(posts_of(submissions_in([record.data for record in records], "fetch").table, REDDIT))
    standing = posts.filter(~pl.col("deleted") & ~pl.col("removed") & pl.col("media_kind").is_in(_MEDIA))
    videos = standing.filter(pl.col("media_key").str.starts_with(_YOUTUBE))
    files = (
        standing.filter(
            pl.col("media_host").is_in(sorted(wanted.hosts)) & ~pl.col("media_key").str.starts_with(_YOUTUBE)
        )
        .select("post_id", address="media_urls")
        .explode("address")
        .drop_nulls()
        .unique(maintain_order=True)
    )
    found = [Item(Kind.FILE, address) for address in files["address"].unique(maintain_order=True)]
    if wanted.videos:
        found += [
            Item(Kind.VIDEO, key.removeprefix(_YOUTUBE)) for key in videos["media_key"].unique(maintain_order=True)
        ]
    return Shown(list(files.iter_rows()), found)
