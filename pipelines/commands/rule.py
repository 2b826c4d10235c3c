"""`blift rule`: the rules that a recipe can turn on."""

from __future__ import annotations

import argparse
from pathlib import Path

from blift.schemas.platform import platforms
from blift.schemas.printable import printable
from blift.transforms.rules.python_file import read_rule_file
from blift.transforms.rules.registry import RecordKind, all_rules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `rule`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="list the rules in the order in which they run")
    listed.add_argument(
        "--for", dest="record", choices=[record.value for record in RecordKind], help="of one record alone"
    )
    listed.add_argument("--python", metavar="FILE.py", type=Path, help="list also the rules in this file, which is run")
    listed.set_defaults(run=_list)


def _list(args: argparse.Namespace) -> int:
    own = read_rule_file(args.python).rules if args.python else ()
    for rule in (*all_rules(), *own):
        if args.record in (None, rule.record.value):
            names = (
                "all"
                if rule.of is None
                else ", ".join(name for name, row in platforms().items() if rule.applies_to(row))
            )
            about = " ".join(rule.doc.split())
            line = f"{rule.record.value:<8} {rule.name:<22} {rule.reason:<20} {names:<26} {about}"
            print(printable(line))
    return 0
