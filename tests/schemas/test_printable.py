"""What a terminal would obey, and what a reader would not see, is shown as an escape."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.errors import BliftError, RecipeError
from blift.schemas.printable import printable, printable_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Ünïcödé 漢字 🎉", "plain, Ünïcödé 漢字 🎉"),
        ("v\x1b[31m\nblift: all fine", "v\\u001b[31m\\nblift: all fine"),
        ("\x00\x07\x7f\t\r", "\\u0000\\u0007\\u007f\\t\\r"),
        ("C1 \x9b31m \x85", "C1 \\u009b31m \\u0085"),
        ("\u202etxt.exe\u202c \u2066 \u200f", "\\u202etxt.exe\\u202c \\u2066 \\u200f"),
        ("\u2028\u2029\ufeff\u00ad\u200b", "\\u2028\\u2029\\ufeff\\u00ad\\u200b"),
        ("tag \U000e0041", "tag \\udb40\\udc41"),
        ("file \udcff\ud800", "file \\udcff\\ud800"),
        ("\xa0\u3000", "\\u00a0\\u3000"),
    ],
)
def test_what_is_not_printable_is_escaped_as_json_does(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(codec=None)))
def test_all_is_printable_and_stays_so(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert printable(shown) == shown


@given(st.text(st.characters(codec=None)))
def test_a_printable_text_stays_as_it_is(text: str) -> None:
    kept = "".join(filter(str.isprintable, text))
    assert printable(kept) == kept


@given(st.recursive(st.text(), st.lists, max_leaves=5))
def test_json_stays_the_same_json(value: object) -> None:
    shown = printable_lines(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(shown) == value
    assert all(line.isprintable() for line in shown.split("\n"))


def test_lines_stay_lines() -> None:
    assert printable_lines("a\x1b\nb\r\n") == "a\\u001b\nb\\r\n"


def test_an_error_quotes_what_it_likes_on_one_line_a_sentence() -> None:
    assert str(BliftError("There is no x\x1b[2J\nblift: all fine.")) == "There is no x\\u001b[2J\\nblift: all fine."
    assert str(RecipeError("First\u202e.", "Second.")) == "First\\u202e.\nSecond."


def test_an_error_that_quotes_what_is_very_long_leaves_the_middle_out() -> None:
    said = str(BliftError(f"There is no {'x' * 1_000_000}. Choose another."))
    assert len(said) < 6_000
    assert said.endswith("x. Choose another.")
    assert len(str(BliftError("\x1b" * 1_000_000))) < 50_000
