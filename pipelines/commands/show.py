"""Run folders for people: the funnel, and texts of strangers, in lines that fit the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from blift.pipelines.engine.funnel import figures, funnel_rows
from blift.pipelines.engine.log import say
from blift.pipelines.engine.run_folder import Manifest
from blift.schemas.errors import cut
from blift.schemas.printable import printable
from blift.transforms.accounting import FunnelRow

#: Help of the option that is the same for all commands that read a recipe.
ALLOW_PYTHON = "run the Python file of rules that the recipe names; read it first"
_NUMBERS = ("in", "out", "merged", "rejected")
#: Columns of a terminal where none is known, and the most that lines of text are good to read in.
PLAIN_WIDTH, _MOST_WIDTH = 80, 120
#: Cells of a name before the numbers; a longer one is on a line of its own.
_MOST_NAME = 30
#: Characters of a name or a reason; a manifest of strangers may hold any.
_LONGEST = 400


def width_of(stream: TextIO) -> int:
    """The columns to print in: those of the terminal, up to 120, and 80 in a pipe or a file."""
    if not stream.isatty():
        return PLAIN_WIDTH
    return min(shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns, _MOST_WIDTH)


def shown(text: str) -> Text:
    """A text from outside for `rich`, which takes what is in brackets in a string for markup."""
    return Text(printable(text))


def wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """A text in lines that fit, between words where that is possible; what is not printable is escaped.

    Args:
        width: cells of a line.
        indent: cells that are left free before each line but the first.
    """
    inner = max(width - indent, 8)
    lines = shown(text).wrap(Console(width=inner), inner, overflow="fold")
    return [(" " * indent if place else "") + line.plain.rstrip() for place, line in enumerate(lines)] or [""]


def show_notes(notes: Iterable[str]) -> None:
    """Print what somebody should know, to standard error."""
    for note in notes:
        say("note", printable(note))


def show_funnel(manifest: Manifest, stream: TextIO) -> None:
    """Print the funnel: for every stage, table and step, what came in, went out, was merged or rejected."""
    for line in funnel_lines(list(funnel_rows(manifest)), manifest.recipe, width_of(stream)):
        print(line, file=stream)


def funnel_lines(rows: Sequence[FunnelRow], recipe: str, width: int) -> Iterator[str]:
    """The lines of a funnel: a heading for each stage and record, its steps with their numbers, and the reasons.

    A column without numbers is left out. Reasons that do not fit beside the numbers are on lines of their own below.
    """
    yield from wrapped(f"Funnel of {cut(recipe, _LONGEST)}", width)
    cells = [figures(row) for row in rows]
    columns = _columns(rows, [found[:4] for found in cells], width)
    before: tuple[str, str] | None = None
    for row, (*numbers, reasons) in zip(rows, cells, strict=True):
        group = (row.stage, row.table)
        if group != before:
            yield ""
            yield from columns.lines(f"{row.stage}: {row.table}", _NUMBERS)
        before = group
        yield from columns.lines(f"  {row.step}", numbers, reasons)


def summary_lines(rows: Sequence[FunnelRow], width: int) -> Iterator[str]:
    """The lines of a funnel that has one row for each stage and record."""
    cells = [figures(row) for row in rows]
    columns = _columns(rows, [found[:4] for found in cells], width)
    yield from columns.lines("funnel", _NUMBERS)
    for row, (*numbers, reasons) in zip(rows, cells, strict=True):
        yield from columns.lines(f"{row.stage}: {row.table}", numbers, reasons)


@dataclass(frozen=True)
class _Columns:
    """The columns of a funnel.

    Attributes:
        width: cells of a line.
        first: cells of the first column, which names what the numbers are of.
        sizes: cells of each column of numbers that is shown, by its place.
    """

    width: int
    first: int
    sizes: Mapping[int, int]

    def lines(self, name: str, numbers: Sequence[str], reasons: str = "") -> Iterator[str]:
        """A step or a heading, with its numbers: on one line, or on several where it does not fit."""
        if cell_len(printable(name)) > self.first:
            yield from wrapped(cut(name, _LONGEST), self.width, indent=2)
            name = ""
        cells = "".join(f"  {numbers[place]:>{size}}" for place, size in self.sizes.items())
        line = printable(name) + " " * (self.first - cell_len(printable(name))) + cells
        if not reasons or cell_len(line) + 2 + cell_len(printable(reasons)) <= self.width:
            yield f"{line}  {printable(reasons)}".rstrip()
            return
        yield line.rstrip()
        yield from (f"      {part}" for part in _listed(reasons.split(", "), self.width - 6))


def _columns(rows: Sequence[FunnelRow], cells: Sequence[Sequence[str]], width: int) -> _Columns:
    there = [place for place, _ in enumerate(_NUMBERS) if any(numbers[place] for numbers in cells)]
    sizes = {place: max(len(_NUMBERS[place]), *(len(numbers[place]) for numbers in cells)) for place in there}
    most = min(_MOST_NAME, width - sum(size + 2 for size in sizes.values()))
    names = [name for row in rows for name in (f"{row.stage}: {row.table}", f"  {row.step}")]
    return _Columns(
        width, max((size for name in names if (size := cell_len(printable(name))) <= most), default=0), sizes
    )


def _listed(items: Sequence[str], width: int) -> Iterator[str]:
    """Items with commas between them in lines that fit; none is parted unless it is longer than a line."""
    line = ""
    for item in (cut(item, _LONGEST) for item in items):
        longer = f"{line}, {printable(item)}" if line else printable(item)
        if cell_len(longer) < width or not line:
            line = longer
            continue
        yield from wrapped(f"{line},", width)
        line = printable(item)
    yield from wrapped(line, width)
