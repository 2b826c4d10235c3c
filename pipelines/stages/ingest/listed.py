"""Posts that a recipe lists and that no archive has: counted, and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from apache_beam.pvalue import TaggedOutput

from blift.schemas.errors import cut
from blift.schemas.reasons import Reason
from blift.transforms.accounting import REJECTS, Tally
from blift.transforms.rejects import reject_rows
from blift.transforms.rules.post_lists import PostList

_SHOWN = 5


@dataclass(frozen=True)
class Listed:
    """A list of posts, and the platforms whose scope names it."""

    posts: PostList
    platforms: tuple[str, ...]


def lists_of(scopes: Mapping[str, Mapping[str, Any]]) -> list[Listed]:
    """The lists that scopes name, each once, by the options of the scopes of platforms."""
    by_list: dict[PostList, list[str]] = {}
    for platform, options in scopes.items():
        if (listed := options.get("ids")) is not None:
            by_list.setdefault(listed, []).append(platform)
    return [Listed(posts, tuple(names)) for posts, names in by_list.items()]


def missing(
    listed: Listed, is_known: Callable[[pl.Series], np.ndarray], stage: str, notes: str
) -> Iterator[TaggedOutput]:
    """Rejects, counts and a sentence on the entries of a list of which no post was ingested.

    Args:
        is_known: says of ids of posts which were ingested.
        stage: its name. ``notes``: tag of sentences.
    """
    entries = pl.DataFrame(
        {"entry": listed.posts.entries, "post_id": [list(ids) for ids in listed.posts.candidates]},
        schema={"entry": pl.String, "post_id": pl.List(pl.String)},
    ).with_row_index("place")
    asked = entries.explode("post_id").filter(pl.col("post_id").str.split(":").list.first().is_in(listed.platforms))
    found = asked.filter(pl.Series(is_known(asked["post_id"]), dtype=pl.Boolean))["place"]
    lost = entries.filter(~pl.col("place").is_in(found.implode()))
    tally = Tally(stage)
    tally.step(0, "found", "listed post", entries.height, {Reason.NOT_FOUND: lost.height})
    yield from tally.emit()
    if not lost.height:
        return
    rows = lost.select(
        post_id=pl.col("post_id").list.first(),
        rule=pl.lit("ids"),
        reason=pl.lit(Reason.NOT_FOUND.value),
        detail=pl.col("entry"),
        source=pl.lit(listed.posts.name),
        line=pl.lit(None, dtype=pl.Int64),
    )
    yield TaggedOutput(REJECTS, reject_rows(rows, stage, "post", "post_id", payload=False, out_of_scope=True))
    shown = ", ".join(cut(entry, 100) for entry in lost["entry"].head(_SHOWN))
    more = f" and {lost.height - _SHOWN:,} more, which the rejects name" if lost.height > _SHOWN else ""
    yield TaggedOutput(
        notes,
        f"`scope.ids`: {lost.height:,} of the {entries.height:,} posts of {listed.posts.name} are in no archive, or "
        f"outside the rest of the scope: {shown}{more}.",
    )
