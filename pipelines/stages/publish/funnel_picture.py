"""The funnel as a picture: a bar for every step of every kind of record, as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from blift.schemas.printable import printable
from blift.transforms.accounting import FunnelRow

_WIDTH, _LABELS, _NUMBERS, _BAR, _GAP, _HEAD = 860, 300, 170, 14, 6, 30
_KEPT, _LOST, _MERGED = "#3b6ea5", "#d98c5f", "#b9c4cf"


def funnel_picture(rows: Iterable[FunnelRow]) -> str:
    """The funnel as SVG: what every step kept, merged and rejected, each kind of record on a scale of its own."""
    lines: list[str] = []
    y = 10
    for (stage, table), group in groupby(rows, key=_whose):
        steps = list(group)
        lines.append(_text(10, y + 14, f"{stage}: {table}", "font-weight='bold'"))
        y += _HEAD
        most = max(1, *(step.rows_in for step in steps))
        for step in steps:
            lines += _bar(step, y, most)
            y += _BAR + _GAP
        y += _GAP * 2
    lines += _legend(y)
    size = f"width='{_WIDTH}' height='{y + 30}' viewBox='0 0 {_WIDTH} {y + 30}'"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' {size} font-family='sans-serif' font-size='12'>"
    ground = f"<rect width='{_WIDTH}' height='{y + 30}' fill='white'/>"
    return "\n".join([head, "<title>What every step kept and left out</title>", ground, *lines, "</svg>"]) + "\n"


def _whose(row: FunnelRow) -> tuple[str, str]:
    return row.stage, row.table


def _bar(step: FunnelRow, y: int, most: int) -> list[str]:
    room = _WIDTH - _LABELS - _NUMBERS
    x = float(_LABELS)
    drawn = [_text(20, y + 11, step.step)]
    for rows, colour in _parts(step):
        width = room * rows / most
        drawn.append(f"<rect x='{x:.1f}' y='{y}' width='{width:.1f}' height='{_BAR}' fill='{colour}'/>")
        x += width
    lost = sum(step.rejected.values())
    said = f"{step.rows_out:,}" + (f"  -{lost:,}" if lost else "")
    return [*drawn, _text(_WIDTH - _NUMBERS + 10, y + 11, said)]


def _parts(step: FunnelRow) -> Sequence[tuple[int, str]]:
    parts = ((step.rows_out, _KEPT), (step.merged, _MERGED), (sum(step.rejected.values()), _LOST))
    return [(rows, colour) for rows, colour in parts if rows]


def _legend(y: int) -> list[str]:
    drawn = []
    for place, (colour, word) in enumerate(((_KEPT, "kept"), (_MERGED, "made one"), (_LOST, "rejected"))):
        x = _LABELS + 110 * place
        drawn += [f"<rect x='{x}' y='{y}' width='12' height='12' fill='{colour}'/>", _text(x + 18, y + 11, word)]
    return drawn


def _text(x: int, y: int, words: str, more: str = "") -> str:
    return f"<text x='{x}' y='{y}' fill='#222' {more}>{escape(printable(words))}</text>"
