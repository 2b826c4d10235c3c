"""`blift schema`: the tables, their schemas in several forms, and their frozen versions."""

from __future__ import annotations

import argparse
import json

from blift.schemas.compatibility import check, strays, too_low
from blift.schemas.errors import SchemaError
from blift.schemas.export import arrow_text, json_schema, markdown
from blift.schemas.freeze import freeze, frozen_path
from blift.schemas.record import Record
from blift.schemas.registry import RECORDS, record_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `schema`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="list the tables and their versions").set_defaults(run=_list)
    show = actions.add_parser("show", help="print the schema of a table")
    show.add_argument("table", metavar="TABLE", help=f"one of {', '.join(RECORDS)}")
    show.add_argument("--format", choices=tuple(_FORMATS), default="arrow", help="form to print (default: arrow)")
    show.set_defaults(run=_show)
    actions.add_parser("freeze", help="write the frozen file of every new version").set_defaults(run=_freeze)
    actions.add_parser("check", help="compare definitions with their frozen versions").set_defaults(run=_check)


def _json_text(record: type[Record]) -> str:
    return json.dumps(json_schema(record), indent=2, ensure_ascii=False)


_FORMATS = {"arrow": arrow_text, "json-schema": _json_text, "markdown": markdown}


def _list(_: argparse.Namespace) -> int:
    for table, record in RECORDS.items():
        print(f"{table:<12} {record.version:<8} {(record.__doc__ or '').partition(chr(10))[0]}")
    return 0


def _show(args: argparse.Namespace) -> int:
    print(_FORMATS[args.format](record_of(args.table)).rstrip("\n"))
    return 0


def _freeze(_: argparse.Namespace) -> int:
    """Freeze every table, or none where a version is too low."""
    problems = [problem for record in RECORDS.values() for problem in too_low(record)]
    if problems:
        raise SchemaError(" ".join(problems))
    for record in RECORDS.values():
        state = "already frozen" if frozen_path(record).exists() else "frozen"
        print(f"{record.table} {record.version} is {state}: {freeze(record)}")
    return 0


def _check(_: argparse.Namespace) -> int:
    problems = [problem for record in RECORDS.values() for problem in check(record)] + strays(RECORDS.values())
    for problem in problems:
        print(problem)
    if problems:
        return 1
    print(f"{len(RECORDS)} tables are as they were frozen.")
    return 0
