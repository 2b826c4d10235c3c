"""`blift schema`: the tables, their schemas in several forms, their baselines, and the gate for changes of them."""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

from blift.schemas.baseline import BASELINES
from blift.schemas.printable import printable, printable_lines
from blift.schemas.records import RECORDS, record_of

_FORMATS = ("text", "json", "github", "sarif", "junit")
_FORMS = ("arrow", "json-schema", "markdown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `schema`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="list the tables and their versions").set_defaults(run=_list)
    show = actions.add_parser("show", help="print the schema of a table")
    show.add_argument("table", metavar="TABLE", help=f"one of {', '.join(RECORDS)}")
    show.add_argument("--format", choices=_FORMS, default="arrow", help="form to print (default: arrow)")
    show.set_defaults(run=_show)
    baseline = actions.add_parser("baseline", help="write the baseline of every new version")
    _add_folder(baseline)
    baseline.set_defaults(run=_baseline)
    check = actions.add_parser("check", help="compare definitions with what they were")
    check.add_argument(
        "--against",
        default="baselines",
        metavar="WHAT",
        help="a git ref, a folder, a run folder, OWNER/NAME@REVISION, or baselines (default: baselines)",
    )
    _add_folder(check)
    _add_policy(check)
    check.set_defaults(run=_check)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--baselines", type=Path, default=BASELINES, metavar="FOLDER", help="the baselines (default: those of blift)"
    )


def _add_policy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=_FORMATS, default="text", help="form of the findings (default: text)")
    parser.add_argument(
        "--config",
        type=Path,
        default=Path("pyproject.toml"),
        metavar="FILE",
        help="file with modes and exceptions in [tool.blift.schema] (default: pyproject.toml)",
    )
    parser.add_argument(
        "--on", type=date.fromisoformat, metavar="DAY", help="day for which exceptions count (default: today)"
    )


def _list(_: argparse.Namespace) -> int:
    for table, record in RECORDS.items():
        print(f"{table:<12} {record.version:<8} {(record.__doc__ or '').partition(chr(10))[0]}")
    return 0


def _show(args: argparse.Namespace) -> int:
    from blift.schemas.export import arrow_text, json_schema, markdown  # noqa: PLC0415 - what `check` needs none of

    record = record_of(args.table)
    if args.format == "json-schema":
        print(printable_lines(json.dumps(json_schema(record), indent=2, ensure_ascii=False)))
    else:
        print(printable_lines((arrow_text if args.format == "arrow" else markdown)(record).rstrip("\n")))
    return 0


def _baseline(args: argparse.Namespace) -> int:
    """Write the baseline of every table, or none where a version is too low."""
    from blift.pipelines.schema.gate import write_baselines  # noqa: PLC0415 - as above

    for line in write_baselines(args.baselines):
        print(printable(line))
    return 0


def _check(args: argparse.Namespace) -> int:
    from blift.pipelines.schema.formats import FORMATS  # noqa: PLC0415 - as above
    from blift.pipelines.schema.gate import check_own  # noqa: PLC0415
    from blift.pipelines.schema.settings import read_policy  # noqa: PLC0415
    from blift.pipelines.schema.sides import resolve  # noqa: PLC0415

    side = resolve(args.against, args.baselines)
    today = args.on or date.today()  # noqa: DTZ011 - the day of whoever asks
    findings = check_own(side, args.baselines, read_policy(args.config), today)
    print(printable_lines(FORMATS[args.format](findings)), end="")
    if findings:
        return 1
    if args.format == "text":
        print(f"{len(RECORDS)} tables: no findings against {printable(side.name)}.")
    return 0
