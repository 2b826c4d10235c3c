"""What a rule is, the list of all of them, and how a list of rules is applied to a table."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, get_type_hints

import polars as pl

from blift.schemas.platform import Platform
from blift.schemas.reasons import Reason

#: Modules of rules, in the order in which rules run.
RULE_MODULES = ("scope", "posts", "comments", "chosen", "chosen_comments", "samples")


class Record(StrEnum):
    """What a rule judges."""

    POST = "post"
    COMMENT = "comment"
    SAMPLE = "sample"


@dataclass(frozen=True)
class Check:
    """A rule with its knob set.

    Attributes:
        broken: true where a row breaks the rule; null counts as not broken, since absent is not bad.
        detail: what was found there, for the reject; null where the reason says it all.
        derive: adds the columns that ``broken`` needs and that cost too much to compute for every row; called
            with the rows that earlier rules left.
    """

    broken: pl.Expr
    detail: pl.Expr | None = None
    derive: Callable[[pl.DataFrame], pl.DataFrame] | None = None


@dataclass(frozen=True)
class Rule:
    """One entry of the list: how a knob of the recipe becomes a check.

    Attributes:
        of: the column that it judges, where only some platforms state it (``Platform.states``).
    """

    name: str
    record: Record
    stage: str
    of: str | None
    reason: Reason
    knob: Any
    doc: str
    build: Callable[..., Check]

    def applies_to(self, platform: Platform) -> bool:
        """Whether records of the platform have what the rule judges."""
        return self.of is None or self.of in platform.states

    def check(self, knob: Any) -> Check:
        """The check for a knob that is on."""
        return self.build() if self.knob is bool else self.build(knob)


_RULES: list[Rule] = []


def rule(
    record: Record,
    reason: Reason,
    *,
    of: str | None = None,
    stage: str = "curate",
) -> Callable[[Callable[..., Check]], Callable[..., Check]]:
    """Enter a function into the list of rules; it takes the knob and returns the check.

    A function without a parameter is a rule that is on or off: its knob is a boolean.

    Args:
        record: what it judges.
        reason: what a reject says.
        of: the column that it judges, where only some platforms state it: it is for these alone.
        stage: where it runs.
    """

    def enter(build: Callable[..., Check]) -> Callable[..., Check]:
        parameters = list(inspect.signature(build).parameters)
        hints = get_type_hints(build, include_extras=True)
        _RULES.append(
            Rule(
                name=build.__name__,
                record=record,
                stage=stage,
                of=of,
                reason=reason,
                knob=hints[parameters[0]] if parameters else bool,
                doc=inspect.cleandoc(build.__doc__ or ""),
                build=build,
            )
        )
        return build

    return enter


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order in which they run."""
    for module in RULE_MODULES:
        importlib.import_module(f"blift.transforms.rules.{module}")
    return tuple(_RULES)


def rules_for(record: Record, platform: Platform | None, stage: str = "curate") -> list[Rule]:
    """The rules that can judge such a record, in order."""
    return [
        entry
        for entry in all_rules()
        if entry.record is record and entry.stage == stage and (platform is None or entry.applies_to(platform))
    ]


def checks(
    record: Record, platform: Platform | None, knobs: Mapping[str, Any], stage: str = "curate"
) -> list[tuple[Rule, Check]]:
    """The rules that ``knobs`` turn on, each with its check. A knob that is null or false is off; 0 is a limit."""
    return [
        (entry, entry.check(knob))
        for entry in rules_for(record, platform, stage)
        if (knob := knobs.get(entry.name)) is not None and knob is not False
    ]


@dataclass(frozen=True)
class Verdict:
    """What a list of rules said of a table.

    Attributes:
        kept: the rows that broke no rule, with derived columns, in their order.
        rejected: the others, with ``rule``, ``reason`` and ``detail``.
        steps: for every rule, in order: (rule, rows in, rows rejected).
    """

    kept: pl.DataFrame
    rejected: pl.DataFrame
    steps: list[tuple[Rule, int, int]]


def apply_rules(data: pl.DataFrame, rules: Sequence[tuple[Rule, Check]]) -> Verdict:
    """Judge every row; the first rule that it breaks rejects it."""
    kept = data
    losses: list[pl.DataFrame] = []
    steps: list[tuple[Rule, int, int]] = []
    for entry, check in rules:
        if check.derive is not None:
            kept = check.derive(kept)
        broken = kept.select(check.broken.fill_null(value=False).alias("broken")).to_series()
        lost = int(broken.sum())
        steps.append((entry, kept.height, lost))
        if lost:
            detail = check.detail if check.detail is not None else pl.lit(None)
            losses.append(
                kept.filter(broken).with_columns(
                    rule=pl.lit(entry.name), reason=pl.lit(entry.reason.value), detail=detail.cast(pl.String)
                )
            )
            kept = kept.filter(~broken)
    rejected = pl.concat(losses, how="diagonal") if losses else kept.clear().with_columns(NO_VERDICT)
    return Verdict(kept, rejected, steps)


#: Empty columns for a table of rejected rows that has none.
NO_VERDICT = [pl.lit(None, dtype=pl.String).alias(name) for name in ("rule", "reason", "detail")]
