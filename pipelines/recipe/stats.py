"""The section `stats` of a recipe: statistics of the dataset that a build writes, and the limits that it must keep."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from blift.schemas.configs import CONFIGS
from blift.schemas.errors import did_you_mean
from blift.schemas.section import Section, Share
from blift.transforms.statistics.counts import Kind, known_columns

_Bound = Annotated[float, Field(allow_inf_nan=False)]
#: Limits that compare with another dataset.
OF_DRIFT = ("max_l_infinity", "max_jensen_shannon", "max_kolmogorov_smirnov")
_OF_NUMBERS: tuple[Kind, ...] = ("number", "text", "list")
_OF_WORDS: tuple[Kind, ...] = ("category", "list")
_OF_BOTH: tuple[Kind, ...] = ("number", "text", "list", "category", "time")
#: The kinds of columns on which there is each bound.
_KINDS: dict[str, tuple[Kind, ...]] = {
    "max_missing": (*_OF_BOTH, "name"),
    "min_distinct": _OF_WORDS,
    "min_mean": _OF_NUMBERS,
    "max_mean": _OF_NUMBERS,
    "max_l_infinity": (*_OF_WORDS, "time"),
    "max_jensen_shannon": _OF_BOTH,
    "max_kolmogorov_smirnov": _OF_NUMBERS,
}


class Limit(Section):
    """What one column must keep. A build whose dataset does not keep it fails with exit code 3."""

    table: str = Field(default="samples", description="The configuration of the dataset: `samples`, `instructions`.")
    column: str = Field(description="The column; one in lists of structs as `list.member`: `comments.score`.")
    max_missing: Share | None = Field(default=None, description="Ratio of null values, at most.")
    min_distinct: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Distinct values of a category, at least."
    )
    min_mean: _Bound | None = Field(
        default=None, description="Mean of numbers, of the characters of texts, or of the lengths of lists, at least."
    )
    max_mean: _Bound | None = Field(default=None, description="The same, at most.")
    max_l_infinity: Share | None = Field(
        default=None, description="L-infinity distance from `against`, of categories and months, at most."
    )
    max_jensen_shannon: Share | None = Field(
        default=None, description="Jensen-Shannon divergence from `against`, base 2, at most."
    )
    max_kolmogorov_smirnov: Share | None = Field(
        default=None, description="Kolmogorov-Smirnov statistic of numbers against `against`, at most."
    )

    @model_validator(mode="after")
    def _limit_something(self) -> Limit:
        if not self.bounds():
            raise ValueError(f"the limit on `{self.column}` sets no bound; add one, such as `max_missing: 0.1`")
        if self.min_mean is not None and self.max_mean is not None and self.min_mean > self.max_mean:
            raise ValueError(f"`min_mean` is {self.min_mean} and `max_mean` {self.max_mean}: no mean lies between them")
        return self

    def bounds(self) -> dict[str, float]:
        """The bounds that are set, by name."""
        found = self.model_dump(exclude={"table", "column"})
        return {name: bound for name, bound in found.items() if bound is not None}


class Stats(Section):
    """The stats stage: distributions of the columns, written with the dataset and shown in its card."""

    tables: list[str] | None = Field(
        default=None,
        min_length=1,
        description="Configurations to describe. Null: all but `rejects`, `chat` and `chat_without_media`.",
    )
    tokenizer: str | None = Field(
        default=None,
        description="A `tokenizer.json` of Hugging Face's tokenizers, or a folder with one: texts are counted in its "
        "tokens, too. Needs the extra `stats`. Null: in characters alone.",
    )
    against: str | None = Field(
        default=None,
        min_length=1,
        description="A run folder, or a dataset on the Hub (`OWNER/NAME@v1.0.0`): how far the columns are from its.",
    )
    limits: list[Limit] = Field(
        default=[], description="What columns must keep; else the build fails, and the dataset before stays."
    )

    @field_validator("tables")
    @classmethod
    def _know_tables(cls, names: list[str] | None) -> list[str] | None:
        for name in names or []:
            _check_table(name)
        return names

    @model_validator(mode="after")
    def _have_what_limits_need(self) -> Stats:
        for limit in self.limits:
            _check_table(limit.table)
            if self.tables is not None and limit.table not in self.tables:
                raise ValueError(f"a limit is on {limit.table!r}, which `tables` leaves out; add it there")
            _check_column(limit)
            needs = [name for name in OF_DRIFT if getattr(limit, name) is not None]
            if needs and self.against is None:
                raise ValueError(f"`{needs[0]}` of {limit.column!r} compares with another dataset; set `against`")
        return self


def _check_table(name: str) -> None:
    names = [config for config, _, _ in CONFIGS]
    if name not in names:
        near = did_you_mean(name, names) or "."
        raise ValueError(f"there is no configuration {name!r}{near} Configurations: {', '.join(names)}")


def _check_column(limit: Limit) -> None:
    columns = known_columns({config: table for config, _, table in CONFIGS}[limit.table])
    kind = columns.get(limit.column)
    if kind is None:
        near = did_you_mean(limit.column, columns) or ""
        raise ValueError(f"{limit.table!r} has no column {limit.column!r}{near}")
    for name in limit.bounds():
        if kind not in _KINDS[name]:
            raise ValueError(
                f"`{name}` is no limit of {limit.column!r}, which is a {kind}; it is one of columns of the kinds "
                f"{', '.join(_KINDS[name])}"
            )
