"""`blift stats`: distributions of the columns of a dataset, and how far they are from those of another one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from blift.pipelines.commands.show import show_notes, shown
from blift.pipelines.engine.statistics import by_drift, drift_figures, figures_of
from blift.schemas.configs import CONFIGS
from blift.schemas.printable import printable
from blift.schemas.statistics import (
    ColumnDrift,
    Statistics,
    TableStatistics,
    TokenizerName,
    json_schema,
    statistics_text,
)

#: Columns of a terminal that is none.
_WIDTH = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `stats`."""
    names = [name for name, _, _ in CONFIGS]
    parser.description = (
        "Describe the columns of a dataset: missing values, distributions of numbers, categories, times, and of the "
        "lengths of texts and lists; and how far they are from those of another dataset. A dataset is a run folder "
        "(RUN@previous is the one before its last update), or one on the Hub, as OWNER/NAME@v1.0.0."
    )
    parser.add_argument("dataset", metavar="RUN", nargs="?", help="the dataset")
    parser.add_argument("--against", metavar="RUN2", help="the dataset to compare with")
    parser.add_argument(
        "--table",
        action="append",
        choices=names,
        metavar="NAME",
        help=f"describe this table only (can be repeated): {', '.join(names)}",
    )
    parser.add_argument(
        "--tokenizer",
        metavar="FILE",
        help="count texts in tokens too, by this tokenizer.json of Hugging Face's tokenizers (or a folder with one)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--json-schema", action="store_true", help="print the JSON Schema of --json, and nothing else")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift stats`."""
    import msgspec  # noqa: PLC0415 - for one option

    if args.json_schema:
        print(msgspec.json.format(msgspec.json.encode(json_schema()), indent=1).decode())
        return 0
    found = _statistics(args)
    if args.json:
        sys.stdout.write(statistics_text(found).decode())
        return 0
    show(found, sys.stdout)
    return 0


def _statistics(args: argparse.Namespace) -> Statistics:
    from blift.connectors.tokenizer import tokenizer_file  # noqa: PLC0415 - slow: tables
    from blift.pipelines.stages.stats.sides import side_of, statistics_of  # noqa: PLC0415 - the same
    from blift.schemas.errors import BliftError  # noqa: PLC0415 - the same

    if not args.dataset:
        raise BliftError("Name a run folder or a dataset: `blift stats RUN`.")
    tokenizer = tokenizer_file(args.tokenizer, args.tokenizer) if args.tokenizer else None
    tokens = tokenizer.lengths if tokenizer else None
    now = side_of(args.dataset, args.table)
    then = side_of(args.against, args.table) if args.against else None
    if not now.files:
        raise BliftError(f"{args.dataset} has none of the tables to describe. Name another one with --table.")
    progress = _progress()
    counts = now.counts(tokens, progress)
    against = (then, then.counts(tokens, progress)) if then else None
    name = TokenizerName(tokenizer.name, tokenizer.sha256) if tokenizer else None
    return statistics_of(now, counts, name, against)


def _progress() -> Callable[[str], None]:
    """Says which table is counted, to a person alone."""
    return (lambda name: show_notes([f"counting {name}"])) if sys.stderr.isatty() else (lambda _: None)


def show(statistics: Statistics, stream: TextIO) -> None:
    """Print statistics as tables of 80 columns, or of the terminal's."""
    console = Console(file=stream, width=None if stream.isatty() else _WIDTH, highlight=False)
    for described in statistics.tables:
        console.print(_table(described))
    if statistics.drift:
        differs = by_drift(statistics.drift.columns)
        against = shown(statistics.drift.against.name)
        console.print(
            _drift_table(against, differs) if differs else Text.assemble("No column differs from ", against, ".")
        )
        for table in statistics.drift.left_out:
            console.print(shown(f"{table} is in one of the two alone."))


def _table(statistics: TableStatistics) -> Table:
    table = Table(title=shown(f"{statistics.name}: {statistics.rows:,} rows"), title_justify="left", box=None)
    table.add_column("column", overflow="fold", max_width=26)
    table.add_column("missing", justify="right", no_wrap=True)
    table.add_column("values", overflow="fold")
    for column in statistics.columns:
        if column.kind == "name" and not column.missing:
            continue
        missing = f"{column.missing_rate:.1%}" if column.missing else ""
        table.add_row(shown(column.column), missing, Text("\n".join(map(printable, figures_of(column)))))
    return table


def _drift_table(name: Text, differs: Sequence[ColumnDrift]) -> Table:
    table = Table(title=Text.assemble("Drift from ", name), title_justify="left", box=None)
    table.add_column("column", overflow="fold")
    table.add_column("of", no_wrap=True)
    for heading in ("L-inf", "JS", "KS", "missing"):
        table.add_column(heading, justify="right", no_wrap=True)
    for column in differs:
        table.add_row(shown(f"{column.table}.{column.column}"), column.measure, *drift_figures(column))
    return table
