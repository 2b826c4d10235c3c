"""The funnel of a run: its rows, what they say, and the same as Markdown for the cards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blift.pipelines.engine.run_folder import Manifest
from blift.schemas.printable import printable
from blift.transforms.accounting import FunnelRow

HEADINGS = ("stage", "records", "step", "in", "out", "merged", "rejected", "reason")


def funnel_rows(manifest: Manifest) -> Iterator[FunnelRow]:
    """The rows of the funnel, stage by stage."""
    for record in manifest.stages.values():
        yield from record.funnel


def figures(row: FunnelRow) -> tuple[str, str, str, str, str]:
    """What came in, went out, was merged, was rejected, and why, as text."""
    lost = sum(row.rejected.values())
    reasons = ", ".join(
        reason if len(row.rejected) == 1 else f"{reason} {rows:,}" for reason, rows in row.rejected.items()
    )
    return f"{row.rows_in:,}", f"{row.rows_out:,}", _blank(row.merged), _blank(lost), reasons


def _blank(count: int) -> str:
    return f"{count:,}" if count else ""


def markdown_funnel(rows: Iterable[FunnelRow]) -> str:
    """The funnel as a Markdown table."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|---|---|--:|--:|--:|--:|---|"]
    lines += ["| " + " | ".join(map(cell, (row.stage, row.table, row.step, *figures(row)))) + " |" for row in rows]
    return "\n".join(lines)


def cell(text: str) -> str:
    """A text from outside as a cell of a Markdown table."""
    return printable(text).replace("|", "\\|").replace("<", "&lt;")
