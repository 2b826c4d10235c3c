"""Run folders for people: the funnel as a table, sample rows, and the same as Markdown for the card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from rich.console import Console
from rich.table import Table

from pipelines.run_folder import Manifest
from transforms.accounting import FunnelRow

_HEADINGS = ("stage", "records", "step", "in", "out", "merged", "rejected", "reason")
_NUMBERS = ("in", "out", "merged", "rejected")


def show_funnel(manifest: Manifest, stream: TextIO) -> None:
    """Print the funnel: for every stage, table and step, what came in, went out, was merged or rejected."""
    table = Table(title=f"Funnel of {manifest.recipe}", title_justify="left", header_style="bold")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left", no_wrap=heading != "reason")
    before: tuple[str, str] | None = None
    for row in funnel_rows(manifest):
        group = (row.stage, row.table)
        if before is not None and group != before:
            table.add_section()
        first = group != before
        table.add_row(row.stage if first else "", row.table if first else "", row.step, *_figures(row))
        before = group
    Console(file=stream, width=None if stream.isatty() else 120, highlight=False).print(table)


def funnel_rows(manifest: Manifest) -> Iterator[FunnelRow]:
    """The rows of the funnel, stage by stage."""
    for record in manifest.stages.values():
        yield from record.funnel


def _figures(row: FunnelRow) -> tuple[str, str, str, str, str]:
    lost = sum(row.rejected.values())
    reasons = ", ".join(
        reason if len(row.rejected) == 1 else f"{reason} {rows:,}" for reason, rows in row.rejected.items()
    )
    return f"{row.rows_in:,}", f"{row.rows_out:,}", _blank(row.merged), _blank(lost), reasons


def _blank(count: int) -> str:
    return f"{count:,}" if count else ""


def markdown_funnel(rows: Iterable[FunnelRow]) -> str:
    """The funnel as a Markdown table."""
    lines = ["| " + " | ".join(_HEADINGS) + " |", "|---|---|---|--:|--:|--:|--:|---|"]
    lines += ["| " + " | ".join((row.stage, row.table, row.step, *_figures(row))) + " |" for row in rows]
    return "\n".join(lines)
