"""The files that posts show, as items: found by the transforms that the build uses, so that it finds them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from blift.connectors.fetch.items import FILE, Done, GoesOn, Item, Outcome, RawRecord
from blift.connectors.fetch.kinds import Kinds
from blift.connectors.fetching import ShownFiles
from blift.schemas.parts import MediaKind
from blift.schemas.platform import platforms
from blift.transforms.normalise import posts as posts_of
from blift.transforms.tables import frame

_MEDIA = [kind.value for kind in (MediaKind.IMAGE, MediaKind.GIF, MediaKind.GALLERY, MediaKind.VIDEO)]


class Shown(NamedTuple):
    """Which post shows what address, and items for the addresses."""

    pairs: list[tuple[str, str]]
    items: list[Item]


def shown_files(outcomes: Iterable[tuple[Item, Outcome]], wanted: Mapping[str, ShownFiles], kinds: Kinds) -> Shown:
    """The files that newly fetched posts show, and that are wanted.

    Args:
        outcomes: what was fetched.
        wanted: by kind of records, which files of their posts are.
        kinds: of items and records.
    """
    by_kind: dict[str, list[RawRecord]] = {}
    for _, outcome in outcomes:
        for record in outcome.records if isinstance(outcome, Done | GoesOn) else ():
            by_kind.setdefault(record.kind, []).append(record)
    found = [files_of(by_kind[kind], wanted[kind], kinds) for kind in wanted if kind in by_kind]
    return Shown([pair for one in found for pair in one.pairs], [item for one in found for item in one.items])


def files_of(records: Sequence[RawRecord], wanted: ShownFiles, kinds: Kinds) -> Shown:
    """The files that posts show, and that are wanted; records are of one kind. One that cannot be read shows none."""
    kind = records[0].kind
    read = kinds.record(kind).posts
    if read is None:
        return Shown([], [])
    rows = platforms()
    posts = frame(posts_of(read([record.data for record in records]), rows[kinds.platform_of(kind)]))
    standing = posts.filter(~pl.col("deleted") & ~pl.col("removed") & pl.col("media_kind").is_in(_MEDIA))
    # Media that are posts of a platform that can be asked are no files to download: their platform gives them.
    asked_by = {f"{name}:": item for name, row in rows.items() if row.is_media and (item := kinds.asked_by(name))}
    is_post = pl.any_horizontal(pl.lit(False), *(pl.col("media_key").str.starts_with(prefix) for prefix in asked_by))
    files = (
        standing.filter(pl.col("media_host").is_in(sorted(wanted.hosts)) & ~is_post)
        .select("post_id", address="media_urls")
        .explode("address")
        .drop_nulls()
        .unique(maintain_order=True)
    )
    found = [Item(FILE, address) for address in files["address"].unique(maintain_order=True)]
    for prefix, item in asked_by.items():
        if prefix.removesuffix(":") in wanted.platforms:
            keys = standing.filter(pl.col("media_key").str.starts_with(prefix))["media_key"]
            found += [Item(item, key.removeprefix(prefix)) for key in keys.unique(maintain_order=True)]
    return Shown(list(files.iter_rows()), found)
