"""`blift rule`: the rules that a recipe can turn on."""

from __future__ import annotations

import argparse

from blift.schemas.platform import platforms
from blift.transforms.rules.registry import Record, all_rules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `rule`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="list the rules in the order in which they run")
    listed.add_argument("--for", dest="record", choices=[record.value for record in Record], help="of one record alone")
    listed.set_defaults(run=_list)


def _list(args: argparse.Namespace) -> int:
    for rule in all_rules():
        if args.record in (None, rule.record.value):
            names = (
                "all"
                if rule.of is None
                else ", ".join(name for name, row in platforms().items() if rule.applies_to(row))
            )
            about = " ".join(rule.doc.split())
            print(f"{rule.record.value:<8} {rule.name:<22} {rule.reason.value:<20} {names:<26} {about}")
    return 0
