"""`blift explain`: where a row came from, what each rule saw, what it was merged with, and where it ended."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.cells import cell_len

from blift.pipelines.commands.inspect import opened
from blift.pipelines.commands.show import width_of, wrapped
from blift.pipelines.engine.versions import run_folder
from blift.pipelines.explore.explain import Explainer
from blift.pipelines.explore.explanation import Explanation, MergedInto, ReadFrom
from blift.pipelines.explore.rules_seen import RuleSeen
from blift.pipelines.explore.tables import require_tables
from blift.schemas.counted import counted
from blift.schemas.errors import cut
from blift.schemas.printable import printable, printable_lines

#: Rows of a list that are shown to people; `--json` has all.
_SHOWN = 10
#: Characters of an option of a rule, of what it saw, and of its verdict.
_OPTION, _VALUE, _VERDICT = 40, 60, 11


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `explain`."""
    parser.description = (
        "Explain a row: the archive and line that it came from, what each rule saw, what it was merged with, and where "
        "it ended; for kept and rejected rows alike. Needs the extra `explore`."
    )
    parser.add_argument("folder", metavar="DIR", help="a run folder, or DIR@previous for the dataset before")
    parser.add_argument(
        "ids",
        metavar="ID",
        nargs="+",
        help="of a post, comment, sample or pair; with its platform or without it, or the address of a post",
    )
    parser.add_argument("--json", action="store_true", help="print each explanation as JSON, on one line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift explain`."""
    folder = run_folder(args.folder)
    manifest = folder.require_manifest()
    with opened(require_tables(folder, manifest), folder) as database:
        explainer = Explainer(database, manifest)
        found = [one for wanted in args.ids for one in explainer.explain(wanted)]
    for place, one in enumerate(found):
        if args.json:
            print(printable_lines(json.dumps(asdict(one), ensure_ascii=False)))
            continue
        if place:
            print()
        for line in lines(one, width_of(sys.stdout)):
            print(line)
    return 0


def lines(told: Explanation, width: int) -> Iterator[str]:
    """An explanation for people, in lines of a width."""
    yield from wrapped(cut(f"{told.record} {told.id}", 400), width)
    if told.title:
        yield from _indented(" ".join(told.title.split()), width)
    yield from _indented(told.ended, width)
    if told.read_from:
        yield from _list("Read from", [_place(place, told) for place in told.read_from], width)
    if told.rules:
        yield ""
        yield "Rules"
        yield from _rules(told.rules, width)
    if told.merged:
        yield from _merged(told.merged, width)
    if told.pairs and told.record != "pair":
        counts = Counter((pair.table, pair.split) for pair in told.pairs)
        pairs = [f"{table}, split {split}: {counted(count, 'pair')}" for (table, split), count in counts.items()]
        yield from _list("Pairs", pairs, width)
    others = [row for row in told.rejects if row.record_id != told.id or row.rule not in told.ended]
    if others:
        rejects = [
            f"{row.stage}, {row.record_table} {row.record_id}: {row.rule}, {row.reason}"
            + (f" ({row.detail})" if row.detail else "")
            for row in others
        ]
        yield from _list("Rejects of its sample", rejects, width)


def _indented(text: str, width: int, indent: int = 2, hanging: int = 0) -> Iterator[str]:
    """A text with blanks before it; lines after the first have more of them, where they hang."""
    yield from (f"{' ' * indent}{line}" for line in wrapped(text, width - indent, hanging))


def _list(title: str, items: Sequence[str], width: int) -> Iterator[str]:
    """A heading and its items."""
    yield ""
    yield title
    yield from _items(items, width, 2)


def _items(items: Sequence[str], width: int, indent: int) -> Iterator[str]:
    """The first of many items, each on lines of its own."""
    for item in items[:_SHOWN]:
        yield from _indented(item, width, indent, 2)
    if len(items) > _SHOWN:
        yield f"{' ' * indent}... {len(items) - _SHOWN:,} more (--json prints all)"


def _place(place: ReadFrom, told: Explanation) -> str:
    where = place.source or "unknown"
    if place.line is not None:
        where += f", line {place.line:,}"
    facts = [] if place.record_id == told.id else [place.record_id]
    facts += [f"numbers of {place.retrieved_at[:19].replace('T', ' ')}"] if place.retrieved_at else []
    several = sum(other.record_id == place.record_id for other in told.read_from) > 1
    facts += ["shown in the row"] if place.shown and several else []
    return f"{where} ({'; '.join(facts)})" if facts else where


def _rules(rules: Sequence[RuleSeen], width: int) -> Iterator[str]:
    """A line for each rule: what it is, its option, what it saw, its verdict."""
    names = max(cell_len(printable(rule.rule)) for rule in rules)
    for rule in rules:
        facts = [f"saw {cut(rule.value, _VALUE)}"] if rule.value is not None else []
        facts += [f"recipe: {cut(rule.option, _OPTION)}"] if rule.option not in (None, "true") else []
        facts += [f"reason: {rule.reason}"] if rule.reason else []
        text = f"{printable(rule.rule):<{names}}  {rule.verdict:<{_VERDICT}}  {'; '.join(facts)}".rstrip()
        yield from _indented(text, width, hanging=4)


def _merged(merged: MergedInto, width: int) -> Iterator[str]:
    yield ""
    yield "Merged into"
    yield from _indented(f"sample {merged.sample_id}, media {merged.media_key}", width)
    if merged.representative:
        yield from _indented(f"cluster of near-duplicates, represented by the file {merged.representative}", width)
    members = [
        f"{member.post_id}: {member.joined_by}" + (f" ({member.file})" if member.file else "")
        for member in merged.members
    ]
    yield from _items(members, width, 4)
