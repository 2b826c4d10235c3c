"""`blift inspect`: what a run folder holds, and rows of it."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict

from blift.pipelines.commands.rows import json_line, row_lines
from blift.pipelines.commands.show import show_funnel, summary_lines, width_of, wrapped
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.versions import run_folder
from blift.pipelines.explore.choice import Choice, Found
from blift.pipelines.explore.connection import require_duckdb
from blift.pipelines.explore.ids import POSTS, hint_of_id, rows_with_id
from blift.pipelines.explore.overview import Overview, overview_of, summary
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.tables import QueryTable, check_digests, copied, named_table, require_tables, tables_of
from blift.schemas.counted import counted
from blift.schemas.errors import InputError, cut
from blift.schemas.printable import printable, printable_lines

#: Rows that are shown where no number is given, and of each table those with an id.
_ROWS, _ROWS_OF_ID = 3, 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `inspect`."""
    parser.add_argument("folder", metavar="DIR", help="a run folder, or DIR@previous for the dataset before")
    parser.add_argument("--funnel", action="store_true", help="print every step of the funnel, with its reasons")
    rows = parser.add_argument_group("rows (needs the extra `explore`)")
    rows.add_argument("--rows", type=int, metavar="N", help=f"print N rows, drawn at random (default: {_ROWS})")
    rows.add_argument(
        "--where",
        metavar="SQL",
        help="print rows that meet a condition, such as \"score > 100 AND title ILIKE '%%cat%%'\"",
    )
    rows.add_argument("--id", metavar="ID", help="print the rows with an id, of all tables unless --table names one")
    rows.add_argument(
        "--table", "--dataset", metavar="NAME",
        help="print rows of this table: samples (default), comments, rejects, pairs, ...",
    )  # fmt: skip
    rows.add_argument("--seed", type=int, metavar="N", help="draw other rows (default: 0)")
    parser.add_argument(
        "--json", action="store_true", help="print JSON: the overview as one object, each row as one line"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift inspect`."""
    _check(args)
    folder = run_folder(args.folder)
    manifest = folder.require_manifest()
    if not _wants_rows(args):
        _show_overview(args, folder, manifest)
    elif args.id is not None:
        _show_id(args, folder, manifest)
    else:
        _show_rows(args, folder, manifest)
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.rows is not None and args.rows < 0:
        raise InputError(f"--rows is {args.rows}; it must be 0 or more.")
    if args.where is not None and not args.where.strip():
        raise InputError('--where is empty; it takes a condition, such as "score > 100".')
    if args.id is not None and (args.where is not None or args.rows is not None):
        raise InputError("--id prints the rows with that id; leave out --rows and --where.")
    if args.id is not None and not args.id.strip():
        raise InputError("--id is empty; it takes the id or the address of a post, or another id of a row.")
    if args.funnel and _wants_rows(args):
        raise InputError("--funnel prints the funnel, and the other options print rows; name one of them.")
    if args.seed is not None and (not _wants_rows(args) or args.id is not None):
        raise InputError("--seed draws rows; add --rows, --where or --table.")


def _wants_rows(args: argparse.Namespace) -> bool:
    return any(value is not None for value in (args.rows, args.where, args.id, args.table))


def _show_overview(args: argparse.Namespace, folder: RunFolder, manifest: Manifest) -> None:
    overview = overview_of(folder, manifest)
    if args.json:
        content = {**asdict(overview), "funnel": [asdict(row) for row in funnel_rows(manifest)]}
        print(printable_lines(json.dumps(content, ensure_ascii=False, indent=1)))
    elif args.funnel:
        show_funnel(manifest, sys.stdout)
    else:
        for line in overview_lines(overview, manifest, width_of(sys.stdout)):
            print(line)
        again = f"blift inspect {printable(shlex.quote(args.folder))}"
        print(f"\nEvery step of the funnel:  {again} --funnel")
        print(f"Rows:                      {again} --rows 3 --table rejects")


def overview_lines(overview: Overview, manifest: Manifest, width: int) -> Iterator[str]:
    """The lines of an overview: what it is, its tables, its media, its size on disk, and the funnel in short."""
    fingerprint = f", fingerprint {overview.fingerprint[:16]}" if overview.fingerprint else ""
    yield from wrapped(f"{cut(overview.name, 400)}, built by blift {cut(overview.blift)}{fingerprint}", width)
    stages = cut(", ".join(overview.stages), 400) or "none"
    yield from wrapped(f"Stages that have run: {stages}.", width)
    yield ""
    yield f"{'table':28}  {'rows':>13}  {'files':>7}  {'size':>9}"
    for name, size in overview.tables.items():
        yield f"{name:28}  {size.rows:>13,}  {size.files:>7,}  {_size(size.size_bytes):>9}"
    yield ""
    if media := overview.media:
        have = f"{media.found:,} of {media.wanted:,} have a file"
        yield from wrapped(f"Media: {have}; {media.measured:,} different files were measured.", width)
    kept = f", {_size(overview.store_bytes)} of media in {overview.store_files:,} files" if overview.store_files else ""
    yield from wrapped(f"On disk: {_size(overview.data_bytes)} of tables{kept}.", width)
    yield ""
    yield from summary_lines(summary(funnel_rows(manifest)), width)


def _size(size_bytes: int) -> str:
    """A size for people, in units of 1,000."""
    size, units = float(size_bytes), ["B", "kB", "MB", "GB", "TB"]
    while size >= 1_000 and len(units) > 1:  # noqa: PLR2004 - of a unit
        size, units = size / 1_000, units[1:]
    return f"{size:,.0f} {units[0]}" if units[0] == "B" or size >= 100 else f"{size:.1f} {units[0]}"  # noqa: PLR2004


def _show_rows(args: argparse.Namespace, folder: RunFolder, manifest: Manifest) -> None:
    tables = require_tables(folder, manifest)
    table = named_table(tables, args.table) if args.table else next(iter(tables.values()))
    seed = args.seed or 0
    choice = Choice(args.where or "", limit=_ROWS if args.rows is None else args.rows, seed=seed)
    with opened(_needed(tables, table, choice.where), folder) as database:
        found = database.find(table.name, choice)
        if not args.json:
            meet = (
                f"{found.total:,} of {database.count(table.name):,} rows meet the condition"
                if args.where
                else f"{found.total:,} rows"
            )
            print(f"{table.name}: {meet}; {len(found.places):,} drawn at random (--seed {seed})")
        _print_rows(database, table, found, as_json=args.json)


def _needed(tables: Mapping[str, QueryTable], table: QueryTable, where: str) -> dict[str, QueryTable]:
    """The table whose rows are looked for, and those that the condition names."""
    return {
        name: each
        for name, each in tables.items()
        if each is table or re.search(rf"\b{re.escape(name)}\b", where, flags=re.IGNORECASE)
    }


def _show_id(args: argparse.Namespace, folder: RunFolder, manifest: Manifest) -> None:
    tables = tables_of(folder, manifest)
    names = [named_table(tables, args.table).name] if args.table else list(tables)
    needed = {name: table for name, table in tables.items() if name in (*names, POSTS)}
    with opened(needed, folder) as database:
        there = rows_with_id(database, args.id, names, _ROWS_OF_ID)
        if not there:
            raise InputError(f"No row of {', '.join(names)} has the id {args.id!r}{hint_of_id(database, args.id)}")
        for name, found in there.items():
            if not args.json:
                print(f"{name}: {counted(found.total, 'row')}")
            _print_rows(database, tables[name], found, as_json=args.json)


def _print_rows(database: Database, table: QueryTable, found: Found, *, as_json: bool) -> None:
    width = width_of(sys.stdout)
    for row in database.rows(table.name, found.places):
        if as_json:
            print(json_line({"table": table.name, **row}))
            continue
        print()
        for line in row_lines(row, width):
            print(line)
    if not as_json:
        print()


@contextmanager
def opened(tables: Mapping[str, QueryTable], folder: RunFolder) -> Iterator[Database]:
    """The tables as a database, once their files are found to be what was written."""
    with tempfile.TemporaryDirectory() as scratch:
        require_duckdb()
        here = tables if folder.is_local else copied(tables, scratch)
        check_digests(here.values())
        database = Database(here)
        try:
            yield database
        finally:
            database.close()
