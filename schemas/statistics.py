"""Statistics of a dataset as JSON: what `blift stats --json` prints and a build writes. The schema is versioned."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from blift.schemas.count import Count
from blift.schemas.printable import printable_lines

#: Rises where a field is removed, renamed or changes its meaning; new fields leave it as it is.
FORMAT: Literal["blift.statistics/1"] = "blift.statistics/1"
Share = Annotated[float, Meta(ge=0, le=1)]


class Bucket(Struct, frozen=True):
    """Values from ``low`` to below ``high``; the last bucket of a histogram includes ``high``."""

    low: float
    high: float
    count: Count


class Numbers(Struct, frozen=True, omit_defaults=True):
    """A distribution of numbers: measured over the finite ones, of which there are ``count``.

    ``quantiles`` are observed values: the least one that at least this share of the values does not exceed. ``std`` is
    that of the population. ``not_finite`` counts NaN and infinities.
    """

    count: Count
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    std: float | None = None
    quantiles: dict[str, float] = {}
    histogram: list[Bucket] = []
    not_finite: Count = 0


class Word(Struct, frozen=True):
    """A value of a category, or a month, and how often it occurs."""

    value: str
    count: Count


class Words(Struct, frozen=True):
    """A distribution of categories: how many values, how many distinct ones, and the most frequent."""

    count: Count
    distinct: Count
    top: list[Word]


class ColumnStatistics(Struct, frozen=True, omit_defaults=True):
    """One column. A column in lists of structs is named as `list.member`, and its rows are the items of the lists.

    Attributes:
        kind: decides which distributions there are.
        rows: of the table, or items of the lists; of them ``missing`` are null.
        values: of numbers; ``characters`` and ``tokens`` are lengths of texts, ``lengths`` those of lists.
        words: of categories and booleans, and of the items of a list of categories.
        months: of times, in order.
    """

    column: str
    kind: Literal["number", "category", "text", "list", "time", "name"]
    rows: Count
    missing: Count
    missing_rate: Share
    values: Numbers | None = None
    characters: Numbers | None = None
    tokens: Numbers | None = None
    lengths: Numbers | None = None
    words: Words | None = None
    months: list[Word] | None = None


class TableStatistics(Struct, frozen=True):
    """One table of a dataset, by the name of its configuration."""

    name: str
    rows: Count
    columns: list[ColumnStatistics]


class ColumnDrift(Struct, frozen=True):
    """How a distribution of a column differs between two datasets; a measure is null where it is not defined.

    Attributes:
        measure: the distribution that is compared: `values`, `characters`, `tokens`, `lengths`, `words` or `months`.
        l_infinity: the largest difference of a value's share, of categories.
        jensen_shannon: divergence, base 2, of categories, or of the histograms of numbers.
        kolmogorov_smirnov: the largest difference of the cumulative shares, of numbers.
        missing: the difference of the missing rates.
    """

    table: str
    column: str
    measure: str
    l_infinity: Share | None
    jensen_shannon: Share | None
    kolmogorov_smirnov: Share | None
    missing: Share


class Dataset(Struct, frozen=True):
    """Which dataset: the name of its recipe or on the Hub, and the fingerprint, or the commit there."""

    name: str
    fingerprint: str


class TokenizerName(Struct, frozen=True):
    """The tokenizer that tokens are of: the name of its file, and the sha256 of it."""

    name: str
    sha256: str


class Drift(Struct, frozen=True):
    """The comparison with another dataset; ``left_out`` names tables that one of the two lacks."""

    against: Dataset
    columns: list[ColumnDrift]
    left_out: list[str]


class Statistics(Struct, frozen=True, kw_only=True):
    """Statistics of a dataset."""

    format: Literal["blift.statistics/1"] = FORMAT
    dataset: Dataset
    tokenizer: TokenizerName | None
    tables: list[TableStatistics]
    drift: Drift | None


def statistics_text(statistics: Statistics) -> bytes:
    """Statistics as JSON: the same bytes for the same statistics. What is not printable in values is escaped."""
    text = msgspec.json.format(msgspec.json.encode(statistics), indent=1).decode()
    return f"{printable_lines(text)}\n".encode()


def parse_statistics(content: bytes) -> Statistics:
    """Statistics out of JSON.

    Raises:
        ValueError: it is none, or of another format.
    """
    return msgspec.json.decode(content, type=Statistics)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of statistics."""
    return msgspec.json.schema(Statistics)
