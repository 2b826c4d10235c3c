"""The funnel on the terminal: whole numbers, visible reasons, lines that fit."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from blift.pipelines.commands.show import funnel_lines, show_funnel, summary_lines, width_of
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.explore.overview import summary
from blift.transforms.accounting import FunnelRow

_BILLIONS = 12_345_678_901


def row(step: str, into: int, out: int, merged: int = 0, table: str = "post", **rejected: int) -> FunnelRow:
    return FunnelRow("ingest", table, 0, step, into, out, merged, rejected)


def test_the_funnel_of_the_demo_fits_80_columns_in_a_pipe(built: tuple[Path, Manifest]) -> None:
    _, manifest = built
    stream = io.StringIO()
    show_funnel(manifest, stream)
    printed = stream.getvalue()
    assert max(map(cell_len, printed.splitlines())) <= 80
    assert re.search(r"^  read +155 +146 +9$", printed, flags=re.MULTILINE)
    assert "      line_too_long 1, missing_field 1, not_an_object 1, not_json 2, not_utf8 1,\n" in printed
    assert re.search(r"^  near_duplicates +724 +684 +40  near_duplicate$", printed, flags=re.MULTILINE)
    for step in funnel_rows(manifest):
        assert all(reason in printed for reason in step.rejected)


def test_columns_of_zeros_are_left_out() -> None:
    lines = list(funnel_lines([row("read", 5, 5), row("deleted", 5, 4, deleted=1)], "mine", 80))
    assert lines == [
        "Funnel of mine",
        "",
        "ingest: post  in  out  rejected",
        "  read         5    5",
        "  deleted      5    4         1  deleted",
    ]
    assert "rejected" not in "\n".join(funnel_lines([row("read", 5, 5)], "mine", 80))


def test_billions_are_whole_and_reasons_go_below_them() -> None:
    lines = list(
        funnel_lines([row("subreddit_posted_from", _BILLIONS, 1, 7, other_subreddit=_BILLIONS - 9, z=1)], "m", 80)
    )
    assert "12,345,678,901" in lines[-2]
    assert lines[-1] == "      other_subreddit 12,345,678,892, z 1"
    assert max(map(len, lines)) <= 80


@given(
    st.text(min_size=1, max_size=60),
    st.text(min_size=1, max_size=200),
    st.dictionaries(st.text(min_size=1, max_size=90), st.integers(1, 10**12), max_size=6),
    st.integers(80, 200),
)
def test_whatever_names_are_lines_fit_and_are_printable(
    recipe: str, step: str, rejected: dict[str, int], width: int
) -> None:
    rows = [FunnelRow("curate", step, 0, step, 10**12, 10**12, 10**11, rejected)]
    for lines in (funnel_lines(rows, recipe, width), summary_lines(summary(rows), width)):
        for line in lines:
            assert line.isprintable()
            assert cell_len(line) <= width


def test_a_summary_has_a_row_for_each_record_and_loses_nothing() -> None:
    rows = [
        row("read", 10, 8, bad=2),
        row("merge", 8, 5, 3),
        row("rule", 5, 3, bad=1, ugly=1),
        row("read", 4, 4, table="comment"),
    ]
    assert summary(rows) == [
        FunnelRow("ingest", "post", 0, "3 steps", 10, 3, 3, {"bad": 3, "ugly": 1}),
        FunnelRow("ingest", "comment", 0, "read", 4, 4, 0, {}),
    ]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("columns", "width"), [(72, 72), (300, 120)])
def test_a_terminal_says_how_wide_it_is(columns: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert width_of(_Terminal()) == width
    assert width_of(io.StringIO()) == 80


def test_a_stage_of_many_steps_has_one_heading() -> None:
    printed = "\n".join(funnel_lines([row(f"step{n}", 3, 3) for n in range(4)], "m", 80))
    assert len(re.findall("ingest: post", printed)) == 1
