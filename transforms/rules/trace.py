"""What rules see of one row: the values that decide, and whether the row passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from blift.schemas.errors import cut
from blift.transforms.rules.registry import Check, Rule

#: Characters of a value that is shown.
_LONGEST = 200


@dataclass(frozen=True)
class Trace:
    """What one rule saw of a row.

    Attributes:
        broken: whether the row breaks the rule.
        value: what it was judged by, as text: what a reject would say, else the columns that the rule reads; None
            where the row does not have these.
    """

    rule: Rule
    broken: bool
    value: str | None


def trace(row: pl.DataFrame, rules: Sequence[tuple[Rule, Check]]) -> Iterator[Trace]:
    """What each rule sees of a row, in their order, up to the first that it breaks.

    Args:
        row: one row, with the columns that the rules read. A rule that reads others is passed over.
    """
    for rule, check in rules:
        with rule.blamed():
            seen = check.seen(row)
            columns = list(dict.fromkeys(check.broken.meta.root_names()))
            if not set(columns) <= set(seen.columns):
                yield Trace(rule, broken=False, value=None)
                continue
            broken = bool(check.breaks(seen)[0])
            yield Trace(rule, broken, _value(seen, check, columns))
        if broken:
            return
        row = seen


def _value(seen: pl.DataFrame, check: Check, columns: Sequence[str]) -> str | None:
    found = None if check.detail is None else seen.select(check.detail.cast(pl.String)).item(0, 0)
    if found is not None:
        return cut(str(found), _LONGEST)
    values = {name: _shown(seen[name][0]) for name in columns}
    if len(values) == 1:
        return next(iter(values.values()))
    return cut(", ".join(f"{name} {value}" for name, value in values.items()), _LONGEST) or None


def _shown(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case pl.Series():
            return cut(", ".join(_shown(item) for item in value) or "none", _LONGEST)
        case _:
            return cut(str(value), _LONGEST)
