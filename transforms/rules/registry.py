"""What a rule is, the list of all of them, and how a list of rules is applied to a table."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, get_type_hints

import polars as pl
from pydantic import TypeAdapter, ValidationError

from blift.schemas.checked import mistake
from blift.schemas.errors import RecipeError, cut
from blift.schemas.platform import Platform

#: Modules of rules, in the order in which rules run.
RULE_MODULES = ("scope", "posts", "comments", "chosen", "chosen_comments", "samples")
#: Where a module keeps its rules, in the order in which they are written.
RULES = "__blift_rules__"
_REASON = re.compile(r"[a-z][a-z0-9_]{1,39}")


class RecordKind(StrEnum):
    """What a rule judges."""

    POST = "post"
    COMMENT = "comment"
    SAMPLE = "sample"


@dataclass(frozen=True)
class Check:
    """A rule with its option set.

    Attributes:
        broken: true where a row breaks the rule; null counts as not broken, since absent is not bad.
        detail: what was found there, for the reject; null where the reason says it all.
        derive: adds the columns that ``broken`` needs and that cost too much to compute for every row; called
            with the rows that earlier rules left.
    """

    broken: pl.Expr
    detail: pl.Expr | None = None
    derive: Callable[[pl.DataFrame], pl.DataFrame] | None = None

    def seen(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows as they are, with the columns that are derived."""
        if self.derive is None:
            return rows
        derived = self.derive(rows)
        return rows.hstack(derived.select(name for name in derived.columns if name not in rows.columns))

    def breaks(self, seen: pl.DataFrame) -> pl.Series:
        """Which of the rows that ``seen`` gives break the rule.

        Raises:
            RecipeError: ``broken`` says anything but true or false.
        """
        broken = seen.with_columns(broken=self.broken)["broken"]  # of every row, where it is one value for all
        if broken.dtype not in (pl.Boolean, pl.Null):
            raise RecipeError(f"`broken` gives {broken.dtype} where it must give true or false")
        return broken.cast(pl.Boolean).fill_null(value=False)


@dataclass(frozen=True)
class Rule:
    """One entry of the list: how an option of the recipe becomes a check.

    Attributes:
        of: the column that it judges, where only some platforms state it (``Platform.states``).
        reason: a value of ``blift.schemas.reasons.Reason``, or one that only this rule has.
        option: type of the option; ``bool`` where the rule is on or off.
        file: the Python file of a recipe that it comes from; None for the rules of blift.
    """

    name: str
    record: RecordKind
    stage: str
    of: str | None
    reason: str
    option: Any
    doc: str
    build: Callable[..., Check]
    file: str | None = None

    def applies_to(self, platform: Platform) -> bool:
        """Whether records of the platform have what the rule judges."""
        return self.of is None or self.of in platform.states

    def check(self, option: Any) -> Check:
        """The check for an option that is on: as a recipe has it, or read already.

        Raises:
            RecipeError: the rule does not take such an option.
        """
        try:
            value = TypeAdapter(self.option).validate_python(option)
        except ValidationError as error:
            said = mistake(error.errors()[0])
            raise RecipeError(f"The option of the rule `{self.name}` is {cut(repr(option))}: {said}.") from error
        with self.blamed():
            return self.build() if self.option is bool else self.build(value)

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Where the code of a rule runs: whatever one of a user's file raises becomes a sentence on it.

        Raises:
            RecipeError: names the rule and its file.
        """
        try:
            yield
        except Exception as error:
            if self.file is None:
                raise
            kind = "" if isinstance(error, RecipeError) else f"{type(error).__name__}: "
            # Polars goes on with its own form of the expression.
            words = str(error).partition("\n\nThis error occurred in")[0]
            said = cut(" ".join(words.split()).removesuffix("."), 400)
            raise RecipeError(
                f"The rule `{self.name}` of {self.file} failed: {kind}{said}. See docs/rules.md."
            ) from error


def rule(
    record: RecordKind | str,
    reason: str,
    *,
    of: str | None = None,
    stage: str = "curate",
) -> Callable[[Callable[..., Check]], Callable[..., Check]]:
    """Enter a function into the list of rules; it takes the option and returns the check.

    The name of the function is the key in a recipe, and its docstring the documentation of the key. A function without
    a parameter is a rule that is on or off: its option is a boolean. The type of a parameter is the type of the option.

    Args:
        record: what it judges: `post`, `comment` or `sample`.
        reason: what a reject says: a value of ``blift.schemas.reasons.Reason``, or a new one (a-z, 0-9, `_`).
        of: the column that it judges, where only some platforms state it: it is for these alone.
        stage: where it runs: `curate`, or `ingest` for the rules on the scope of the sources.

    Raises:
        RecipeError: record, reason or parameters are none that a rule can have.
    """

    def enter(build: Callable[..., Check]) -> Callable[..., Check]:
        if record not in list(RecordKind):
            raise RecipeError(f"The rule `{build.__name__}` judges {record!r}; rules judge {', '.join(RecordKind)}.")
        if not _REASON.fullmatch(reason):
            raise RecipeError(
                f"The rule `{build.__name__}` has the reason {reason!r}; a reason is 2 to 40 characters of a-z, 0-9 "
                "and `_`, such as `few_words`."
            )
        entry = Rule(
            name=build.__name__,
            record=RecordKind(record),
            stage=stage,
            of=of,
            reason=reason,
            option=_option_of(build),
            doc=inspect.cleandoc(build.__doc__ or ""),
            build=build,
        )
        build.__globals__.setdefault(RULES, []).append(entry)
        return build

    return enter


def _option_of(build: Callable[..., Check]) -> Any:
    """The type of a rule's option."""
    parameters = list(inspect.signature(build).parameters)
    if not parameters:
        return bool
    first, *others = parameters
    hints = get_type_hints(build, include_extras=True)
    if others or first not in hints:
        raise RecipeError(
            f"The rule `{build.__name__}` takes ({', '.join(parameters)}); a rule takes no parameter, or one with a "
            "type, such as `words: int`."
        )
    return hints[first]


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of blift, in the order in which they run."""
    modules = [importlib.import_module(f"blift.transforms.rules.{name}") for name in RULE_MODULES]
    return tuple(entry for module in modules for entry in vars(module)[RULES])


def rules_for(
    record: RecordKind, platform: Platform | None, stage: str = "curate", own: Sequence[Rule] = ()
) -> list[Rule]:
    """The rules that can judge such a record, in order; ``own``, those of a Python file, come last."""
    return [
        entry
        for entry in (*all_rules(), *own)
        if entry.record is record and entry.stage == stage and (platform is None or entry.applies_to(platform))
    ]


def checks(
    record: RecordKind,
    platform: Platform | None,
    options: Mapping[str, Any],
    stage: str = "curate",
    own: Sequence[Rule] = (),
) -> list[tuple[Rule, Check]]:
    """The rules that ``options`` turn on, each with its check. An option that is null or false is off; 0 is a limit."""
    return [
        (entry, entry.check(option))
        for entry in rules_for(record, platform, stage, own)
        if (option := options.get(entry.name)) is not None and option is not False
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
        with entry.blamed():
            seen = check.seen(kept)
            broken = check.breaks(seen)
            lost = int(broken.sum())
            steps.append((entry, kept.height, lost))
            if lost:
                losses.append(_rejected(seen.filter(broken), entry, check))
        # What rules of a user's file derive is for themselves: later steps know the columns of blift.
        kept = (seen if entry.file is None else kept).filter(~broken)
    rejected = pl.concat(losses, how="diagonal") if losses else kept.clear().with_columns(NO_VERDICT)
    return Verdict(kept, rejected, steps)


def _rejected(rows: pl.DataFrame, entry: Rule, check: Check) -> pl.DataFrame:
    detail = check.detail if check.detail is not None else pl.lit(None)
    return rows.with_columns(rule=pl.lit(entry.name), reason=pl.lit(str(entry.reason)), detail=detail.cast(pl.String))


#: Empty columns for a table of rejected rows that has none.
NO_VERDICT = [pl.lit(None, dtype=pl.String).alias(name) for name in ("rule", "reason", "detail")]
