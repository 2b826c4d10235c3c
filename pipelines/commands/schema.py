"""`blift schema`: the tables, their schemas in several forms, their baselines, and the gate for changes of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from blift.schemas.baseline import BASELINES
from blift.schemas.compatibility import Finding
from blift.schemas.errors import InputError
from blift.schemas.printable import printable, printable_lines
from blift.schemas.records import RECORDS, record_of
from blift.schemas.rule_list import RULES, Rule

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
    _add_schema(baseline)
    _add_folder(baseline)
    baseline.set_defaults(run=_baseline)
    check = actions.add_parser("check", help="compare definitions with what they were")
    check.add_argument(
        "--against",
        default="baselines",
        metavar="WHAT",
        help="a git ref, a folder, a run folder, OWNER/NAME@REVISION, or baselines (default: baselines)",
    )
    _add_schema(check)
    _add_folder(check)
    _add_format(check)
    _add_policy(check)
    check.set_defaults(run=_check)
    validate = actions.add_parser("validate", help="check Parquet files against the version of their table")
    validate.add_argument("path", metavar="PATH", help="a Parquet file, a folder of them, or a run folder")
    validate.add_argument(
        "--schema",
        metavar="TABLE",
        help="a table of yours, as for `check` (default: the one that each file says it is)",
    )
    _add_format(validate)
    validate.set_defaults(run=_validate)
    actions.add_parser("rules", help="print the page of all rules").set_defaults(run=_rules)
    actions.add_parser("lineage", help="print where each column comes from, measured on the demo").set_defaults(
        run=_lineage
    )
    diff = actions.add_parser("diff", help="say what differs between two versions of tables")
    diff.add_argument("old", metavar="A", help="what --against of `check` takes, my.models:Table, or a file")
    diff.add_argument("new", metavar="B", nargs="?", default="code", help="the same (default: code, as it is now)")
    diff.add_argument("--format", choices=("text", "json"), default="text", help="form of the result (default: text)")
    _add_folder(diff)
    diff.set_defaults(run=_diff)


def _add_schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--schema",
        action="append",
        metavar="TABLE",
        help="a table of yours in place of those of blift: my.models:Table, or a .parquet, .arrow or baseline file; "
        "may be repeated",
    )


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--baselines", type=Path, metavar="FOLDER", help="the baselines (default: those of blift)")


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=_FORMATS, default="text", help="form of the findings (default: text)")


def _add_policy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="file with modes and exceptions in [tool.blift.schema] (default: pyproject.toml, if there is one)",
    )
    parser.add_argument("--on", type=_day, metavar="DAY", help="day for which exceptions count (default: today)")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2027-01-31") from None


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
    from blift.pipelines.schema.gate import own_subjects, write_baselines  # noqa: PLC0415 - as above

    subjects = own_subjects()
    if args.schema:
        from blift.pipelines.schema.given import subject_of  # noqa: PLC0415 - as above

        if args.baselines is None:
            raise InputError("Say where the baselines of these tables lie: --baselines FOLDER.")
        subjects = [subject_of(spec, Path.cwd()) for spec in args.schema]
    for line in write_baselines(subjects, args.baselines or BASELINES):
        print(printable(line))
    return 0


def _check(args: argparse.Namespace) -> int:
    from blift.pipelines.schema.gate import check_own  # noqa: PLC0415 - as above
    from blift.pipelines.schema.settings import read_policy  # noqa: PLC0415
    from blift.pipelines.schema.sides import read_side, target_of_blift  # noqa: PLC0415

    policy, today = read_policy(args.config), args.on or date.today()  # noqa: DTZ011 - the day of whoever asks
    if args.schema:
        from blift.pipelines.schema.gate_of_given import check_given  # noqa: PLC0415 - as above

        checked = check_given(args.schema, args.against, args.baselines, policy, today)
        count = f"{len(args.schema)} table{'s' * (len(args.schema) > 1)}"
        new = f" Not there before, so not compared: {', '.join(checked.new)}." if checked.new else ""
        return _tell(checked.findings, RULES, args.format, f"{count}: no findings against {args.against}.{new}")
    folder = args.baselines or BASELINES
    target = target_of_blift(args.against, folder, named=args.baselines is not None)
    findings = check_own(read_side(target, folder), folder, policy, today)
    return _tell(findings, RULES, args.format, f"{len(RECORDS)} tables of blift: no findings against {args.against}.")


def _tell(findings: Sequence[Finding], rules: Sequence[Rule], form: str, otherwise: str) -> int:
    """Print findings, or in text what to say where there are none; the exit code."""
    from blift.pipelines.schema.formats import FORMATS  # noqa: PLC0415 - as above

    print(printable_lines(FORMATS[form](findings, rules)), end="")
    if form == "text" and not findings:
        print(printable(otherwise))
    return 1 if findings else 0


def _validate(args: argparse.Namespace) -> int:
    from blift.pipelines.engine.validate import DATA_RULES, validate_path  # noqa: PLC0415 - as above

    given = None
    if args.schema:
        from blift.pipelines.schema.given import subject_of  # noqa: PLC0415 - as above

        given = subject_of(args.schema, Path.cwd()).definition
    from blift.pipelines.schema.places import shown  # noqa: PLC0415

    found, files = validate_path(args.path, given)
    findings = [replace(finding, file=shown(finding.file)) for finding in found]
    return _tell(findings, DATA_RULES, args.format, f"{files} file{'s' * (files > 1)}: no findings.")


def _rules(_: argparse.Namespace) -> int:
    from blift.pipelines.schema.rules_page import page  # noqa: PLC0415 - as above

    print(page(), end="")
    return 0


def _lineage(_: argparse.Namespace) -> int:
    from blift.pipelines.schema.lineage import page_of_demo  # noqa: PLC0415 - as above

    print(page_of_demo(), end="")
    return 0


def _diff(args: argparse.Namespace) -> int:
    from blift.pipelines.schema.compare import as_json, as_text, compared  # noqa: PLC0415 - as above

    changed = compared(args.old, args.new, args.baselines or BASELINES)
    print(printable_lines((as_json if args.format == "json" else as_text)(changed)), end="")
    return 1 if any(one.differs for one in changed) else 0
