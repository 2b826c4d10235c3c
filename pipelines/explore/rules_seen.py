"""The rules of a dataset as they ran, and what each of them saw of one record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.recipe.rules import only_with_media, only_with_text
from blift.schemas.errors import BliftError, cut
from blift.schemas.platform import Platform
from blift.transforms.rules.options import BUILTIN
from blift.transforms.rules.registry import Check, RecordKind, Rule, rules_for
from blift.transforms.rules.trace import Trace, trace

#: Characters of an option that is shown.
_LONGEST = 200
#: Stages with rules, in their order.
INGEST, CURATE = "ingest", "curate"
#: Steps without an option that come after the rules of their stage; others come before.
_AFTER_RULES = frozenset({"withdrawn"})
#: What became of a record at a rule.
KEPT, REJECTED, NOT_REACHED = "kept", "rejected", "not reached"


@dataclass(frozen=True)
class RuleSeen:
    """What a rule saw of a record.

    Attributes:
        option: of the recipe: the threshold, the list, or `true`.
        value: what it was judged by; None where nobody knows any more.
        verdict: `kept`, `rejected`, or `not reached`, behind the rule that rejected it.
        reason: of the reject.
    """

    stage: str
    rule: str
    option: str | None
    value: str | None
    verdict: str
    reason: str | None = None


def post_options(manifest: Manifest, stage: str, platform: Platform) -> dict[str, Any]:
    """Options of the rules for posts by name, as the manifest says that they ran."""
    if stage == INGEST:
        return dict(_section(manifest, INGEST, "scope", platform.name))
    options = _section(manifest, CURATE, "curate", platform.name, "posts")
    return only_with_media(options) if options else {}


def comment_options(manifest: Manifest, platform: Platform) -> dict[str, Any]:
    """Options of the rules for comments."""
    options = _section(manifest, CURATE, "curate", platform.name, "comments")
    return only_with_text(options) if options else {}


def choice_options(manifest: Manifest, platform: Platform) -> dict[str, Any]:
    """How comments were chosen: `near_duplicates` and `top`."""
    return dict(_section(manifest, CURATE, "curate", platform.name, "choose"))


def sample_options(manifest: Manifest) -> dict[str, Any]:
    """Options of the rules for samples, and how many were drawn."""
    options = dict(_section(manifest, CURATE, "curate", "samples"))
    drawn = _section(manifest, CURATE, "curate", "sample")
    return {**options, "sample": drawn["n"]} if drawn else options


def _section(manifest: Manifest, stage: str, *keys: str) -> Mapping[str, Any]:
    """A part of what decided a stage; empty where it has not run, or did not note it."""
    found: Any = manifest.stages[stage].inputs if stage in manifest.stages else {}
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def rules_seen(
    kind: RecordKind,
    platform: Platform | None,
    stage: str,
    options: Mapping[str, Any],
    row: pl.DataFrame | None,
    reject: Mapping[str, Any] | None,
) -> Iterator[RuleSeen]:
    """What the rules of a stage saw, in the order in which they ran.

    The verdict is that of the dataset: its rejects say which rule rejected the record. Values are computed again, where
    the row is there and the rule needs no file.

    Args:
        row: the record, as one row; None where only its reject is left.
        reject: of this stage; None where it rejected nothing.
    """
    on = {name: option for name, option in options.items() if option is not None and option is not False}
    known = [rule for rule in rules_for(kind, platform, stage) if rule.name in on]
    traced = _traced(row, known, on)
    own = [name for name in on if name not in {rule.name for rule in known}]  # rules of a Python file, steps after them
    names = [*(rule.name for rule in known), *own]
    if reject is not None and reject["rule"] not in names:  # a step that has no option
        names = [*names, reject["rule"]] if reject["rule"] in _AFTER_RULES else [reject["rule"], *names]
    verdict = KEPT
    for name in names:
        option = shown_option(on[name]) if name in on else None
        value = traced[name].value if name in traced else None
        if reject is not None and reject["rule"] == name:
            yield RuleSeen(stage, name, option, reject["detail"] or value, REJECTED, reject["reason"])
            verdict = NOT_REACHED
        else:
            yield RuleSeen(stage, name, option, None if verdict == NOT_REACHED else value, verdict)


def _traced(row: pl.DataFrame | None, rules: Sequence[Rule], options: Mapping[str, Any]) -> dict[str, Trace]:
    if row is None:
        return {}
    checks = [(rule, check) for rule in rules if (check := _check(rule, options[rule.name])) is not None]
    return {seen.rule.name: seen for seen in trace(row, checks)}


def _check(rule: Rule, option: Any) -> Check | None:
    """The check of a rule as it ran; None where it needs a list of which the manifest has the digest alone."""
    if isinstance(option, Mapping) and option.keys() == {"name", "sha256"}:
        if option["name"] != BUILTIN:
            return None
        option = BUILTIN
    try:
        return rule.check(option)
    except BliftError:  # an option of another version of blift
        return None


def shown_option(option: Any) -> str:
    """An option of a rule as text."""
    match option:
        case {"name": str(name)}:
            return cut(name, _LONGEST)
        case {"codes": list(codes), "confidence": confidence}:
            return cut(f"{', '.join(map(str, codes))} at {confidence}", _LONGEST)
        case bool() | dict():
            return cut(json.dumps(option, default=str), _LONGEST)
        case list() | tuple():
            return cut(", ".join(map(str, option)), _LONGEST)
        case _:
            return cut(str(option), _LONGEST)
