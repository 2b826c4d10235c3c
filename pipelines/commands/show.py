"""Run folders for people: the funnel as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from blift.pipelines.engine.funnel import HEADINGS, figures, funnel_rows
from blift.pipelines.engine.run_folder import Manifest
from blift.schemas.printable import printable

#: Help of the option that is the same for all commands that read a recipe.
ALLOW_PYTHON = "run the Python file of rules that the recipe names; read it first"
_NUMBERS = ("in", "out", "merged", "rejected")


def shown(text: str) -> Text:
    """A text from outside for `rich`, which takes what is in brackets in a string for markup."""
    return Text(printable(text))


def show_notes(notes: Iterable[str]) -> None:
    """Print what somebody should know, to standard error."""
    for note in notes:
        print(f"note: {printable(note)}", file=sys.stderr)


def show_funnel(manifest: Manifest, stream: TextIO) -> None:
    """Print the funnel: for every stage, table and step, what came in, went out, was merged or rejected."""
    table = Table(title=shown(f"Funnel of {manifest.recipe}"), title_justify="left", header_style="bold")
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left", no_wrap=heading != "reason")
    before: tuple[str, str] | None = None
    for row in funnel_rows(manifest):
        group = (row.stage, row.table)
        if before is not None and group != before:
            table.add_section()
        first = group != before
        named = (row.stage if first else "", row.table if first else "", row.step)
        table.add_row(*(shown(text) for text in (*named, *figures(row))))
        before = group
    Console(file=stream, width=None if stream.isatty() else 120, highlight=False).print(table)
