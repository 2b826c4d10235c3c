"""`blift template`: the templates of instruction pairs that come with blift."""

from __future__ import annotations

import argparse
from pathlib import Path

from blift.schemas.errors import RecipeError, did_you_mean
from blift.transforms.templates import load_template, shipped
from blift.transforms.templates.template import shipped_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `template`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="list the shipped templates").set_defaults(run=_list)
    show = actions.add_parser("show", help="print a template, to copy and edit")
    show.add_argument("template", metavar="NAME", help="the name of a shipped template")
    show.set_defaults(run=_show)
    check = actions.add_parser("check", help="check a template of your own")
    check.add_argument("template", metavar="FILE", type=Path, help="a template file")
    check.set_defaults(run=_check)


def _list(_: argparse.Namespace) -> int:
    for name in shipped():
        template = load_template(shipped_path(name))
        print(f"{name:<22} {template.version:<8} {template.description}")
    return 0


def _show(args: argparse.Namespace) -> int:
    if args.template not in shipped():
        hint = did_you_mean(args.template, shipped()) or "."
        raise RecipeError(f"There is no template {args.template!r}{hint} Shipped templates: {', '.join(shipped())}.")
    print(shipped_path(args.template).read_text(encoding="utf-8"), end="")
    return 0


def _check(args: argparse.Namespace) -> int:
    print(f"{args.template} is a valid template: {load_template(args.template).name}.")
    return 0
