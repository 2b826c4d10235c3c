"""`blift recipe`: the shipped recipes, the check of one, and the recipe's own documentation."""

from __future__ import annotations

import argparse
import json

import yaml

from blift.pipelines.commands.show import ALLOW_PYTHON, show_notes
from blift.pipelines.recipe.docs import recipe_markdown
from blift.pipelines.recipe.file import SHIPPED, load_recipe, recipe_text
from blift.pipelines.recipe.model import Recipe
from blift.schemas.printable import printable, printable_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `recipe`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="list the shipped recipes").set_defaults(run=_list)
    for name, text, run in (("show", "print a recipe", _show), ("check", "check a recipe", _check)):
        action = actions.add_parser(name, help=text)
        action.add_argument("recipe", metavar="RECIPE", help="a recipe file, or the name of a shipped one")
        action.set_defaults(run=run)
        if name == "check":
            action.add_argument("--allow-python", action="store_true", help=ALLOW_PYTHON)
    actions.add_parser("json-schema", help="print the JSON Schema of recipes, for editors").set_defaults(run=_schema)
    actions.add_parser("docs", help="print the documentation of every key, as Markdown").set_defaults(run=_docs)


def _list(_: argparse.Namespace) -> int:
    for path in sorted(SHIPPED.glob("*.yaml")):
        print(f"{path.stem:<16} {yaml.safe_load(recipe_text(str(path)))['description']}")
    return 0


def _show(args: argparse.Namespace) -> int:
    print(printable_lines(recipe_text(args.recipe)), end="")
    return 0


def _check(args: argparse.Namespace) -> int:
    source = load_recipe(args.recipe, allow_python=args.allow_python)
    show_notes(source.notes)
    print(printable(f"{args.recipe} is a valid recipe: {source.recipe.name}."))
    return 0


def _schema(_: argparse.Namespace) -> int:
    print(json.dumps(Recipe.model_json_schema(), indent=2))
    return 0


def _docs(_: argparse.Namespace) -> int:
    print(recipe_markdown(), end="")
    return 0
