"""What is done to rows: tables and their schemas, rules, languages, addresses, near-duplicate comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from blift.schemas.errors import InputError, did_you_mean
from blift.schemas.platform import platform_of
from blift.schemas.registry import SCHEMAS
from blift.transforms.language import identify
from blift.transforms.near_duplicates import near_duplicates
from blift.transforms.rules.python_file import read_rule_file
from blift.transforms.rules.registry import RecordKind, checks, rules_for
from blift.transforms.rules.registry import apply_rules as judge
from blift.transforms.tables import frame
from blift.transforms.urls import canonical_url, media_key


class Judged(NamedTuple):
    """Rows that passed every rule, and the others with ``rule``, ``reason`` and ``detail``."""

    kept: pa.Table
    rejected: pa.Table


def table_names() -> list[str]:
    """The names of the tables."""
    return sorted(SCHEMAS)


def schema(table: str) -> pa.Schema:
    """The Arrow schema of a table, with the description of each column in its metadata.

    Raises:
        InputError: there is no such table.
    """
    if table not in SCHEMAS:
        raise InputError(f"There is no table {table!r}{did_you_mean(table, list(SCHEMAS)) or '.'}")
    return SCHEMAS[table]


def rule_names(record: str, platform: str | None = None, python: str | Path | None = None) -> list[str]:
    """The names of the rules for a kind of record, in the order in which they run.

    Args:
        record: `post`, `comment` or `sample`.
        platform: whose records; None for samples.
        python: a Python file with rules of your own, which is run.

    Raises:
        InputError: there is no such kind of record.
        RecipeError: the Python file cannot be used.
    """
    own = read_rule_file(Path(python)).rules if python else ()
    row = platform_of(platform) if platform else None
    return [entry.name for entry in rules_for(_record(record), row, own=own)]


def apply_rules(
    rows: pa.Table,
    record: str,
    options: Mapping[str, Any],
    platform: str | None = None,
    python: str | Path | None = None,
) -> Judged:
    """Apply rules to the rows of a table; the first rule that a row breaks rejects it.

    Args:
        rows: of the table `post`, `comment` or `sample`.
        record: which of these.
        options: by name of the rule, as in a recipe: ``{"deleted": True, "min_words": 3}``.
        platform: whose rows they are; None for samples.
        python: a Python file with rules of your own, which is run.

    Raises:
        InputError: there is no such kind of record, or no such rule for it.
        RecipeError: the Python file cannot be used, or a rule of it fails.
    """
    known = rule_names(record, platform, python)
    if unknown := [name for name in options if name not in known]:
        hint = did_you_mean(unknown[0], known) or "."
        raise InputError(f"There is no rule {unknown[0]!r} for a {record}{hint} Rules: {', '.join(known)}.")
    row = platform_of(platform) if platform else None
    own = read_rule_file(Path(python)).rules if python else ()
    verdict = judge(frame(rows), checks(_record(record), row, options, own=own))
    return Judged(_arrow(verdict.kept), _arrow(verdict.rejected))


def identify_languages(texts: Sequence[str | None]) -> pa.Table:
    """The language of each text: ``language`` (ISO 639-1 or -3, or null), ``confidence`` (0 to 1), ``decided_by``."""
    return _arrow(identify(pl.Series(texts, dtype=pl.String)).drop("outside"))


def canonical_urls(urls: Sequence[str | None]) -> list[str | None]:
    """One canonical form for each address; null for what is no address."""
    return _of_urls(urls, canonical_url)


def media_keys(urls: Sequence[str | None]) -> list[str | None]:
    """The identity of the media behind each address, equal for all addresses of one media; null for a page."""
    return _of_urls(urls, media_key)


def near_duplicate_comments(comments: pa.Table, threshold: float) -> list[int | None]:
    """For each comment, the row of the better comment on the same post that it repeats, or None.

    Args:
        comments: rows with ``post_id``, ``score`` and ``text``.
        threshold: cosine similarity of TF-IDF vectors, 0 to 1, from which two comments count as one (the paper: 0.6).

    Raises:
        InputError: the threshold is not between 0 and 1.
    """
    if not 0 <= threshold <= 1:
        raise InputError(f"The threshold is {threshold}; it must be between 0 and 1.")
    rows = frame(comments.select(["post_id", "score", "text"])).with_row_index("row")
    best_first = rows.sort("post_id", "score", "row", descending=[False, True, False], nulls_last=True)
    groups = best_first["post_id"].rank("dense").cast(pl.Int64).to_numpy()
    repeats = near_duplicates(best_first["text"], groups, threshold)
    places = best_first["row"].to_numpy()
    found = np.full(rows.height, -1, dtype=np.int64)
    found[places[repeats >= 0]] = places[repeats[repeats >= 0]]
    return [None if row < 0 else int(row) for row in found]


def _of_urls(urls: Sequence[str | None], expression: Any) -> list[str | None]:
    frame_of_urls = pl.DataFrame({"url": pl.Series(urls, dtype=pl.String)})
    found: list[str | None] = frame_of_urls.select(expression(pl.col("url"))).to_series().to_list()
    return found


def _record(name: str) -> RecordKind:
    try:
        return RecordKind(name)
    except ValueError as error:
        raise InputError(f"There are no rules for {name!r}; there are for {', '.join(RecordKind)}.") from error


def _arrow(rows: pl.DataFrame) -> pa.Table:
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())
