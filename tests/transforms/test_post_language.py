"""The language of a post: its title first, then what the platform states, the description, the comments."""

from typing import Any

import polars as pl
import pytest

from blift.schemas.registry import SCHEMAS
from blift.transforms.post_language import with_comments, with_language

_POSTS = pl.DataFrame(SCHEMAS["post"].empty_table()).schema
_COMMENTS = pl.DataFrame(SCHEMAS["comment"].empty_table()).schema
_ENGLISH, _GERMAN = "This is the best day of my whole life", "Das ist der sch\u00f6nste Tag in meinem ganzen Leben"


def posts(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{"post_id": str(place), **row} for place, row in enumerate(rows)], schema=_POSTS)


def comments(*rows: dict[str, Any]) -> pl.DataFrame:
    said = [{"comment_id": str(place), "deleted": False, "removed": False, **row} for place, row in enumerate(rows)]
    return pl.DataFrame(said, schema=_COMMENTS)


def found(rows: pl.DataFrame, *codes: str) -> list[tuple[str | None, bool, bool]]:
    """The language, whether there is a confidence in it, and whether it is none of the codes."""
    known = with_language(rows, codes).select(
        "identified_language",
        pl.col("language_confidence").is_not_null(),
        (pl.col("outside_languages") >= 0.9).fill_null(value=False),
    )
    return known.rows()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"title": _ENGLISH, "language": "de", "text": _GERMAN}, ("en", True, False)),
        ({"title": "Sunset", "language": "de", "text": _ENGLISH}, ("de", False, True)),
        ({"title": "Sunset", "language": "en-GB", "text": _GERMAN}, ("en", False, False)),
        ({"title": "Sunset", "language": "nb", "text": _ENGLISH}, ("no", False, True)),
        ({"title": "Sunset", "language": "xx", "text": _GERMAN}, ("de", True, True)),
        ({"title": "Sunset", "text": _ENGLISH}, ("en", True, False)),
        ({"title": None, "text": _GERMAN}, ("de", True, True)),
        ({"title": "Sunset", "text": "in 4k"}, (None, False, False)),
        ({"title": None}, (None, False, False)),
    ],
)
def test_the_first_that_tells_decides(row: dict[str, Any], expected: tuple[str | None, bool, bool]) -> None:
    assert found(posts(row), "en") == [expected]


def test_comments_tell_where_nothing_else_does() -> None:
    rows = posts({"title": "Sunset"}, {"title": "Sunset"}, {"title": _ENGLISH}, {"title": "Sunset"})
    said = comments(
        {"post_id": "0", "text": _GERMAN},
        {"post_id": "1", "text": _ENGLISH},
        {"post_id": "1", "text": _GERMAN, "deleted": True},
        {"post_id": "1", "text": _GERMAN, "removed": True},
        {"post_id": "2", "text": _GERMAN},
        {"post_id": "3", "text": None},
    )
    assert found(with_comments(rows, said), "en") == [
        ("de", True, True),
        ("en", True, False),
        ("en", True, False),
        (None, False, False),
    ]


def test_the_order_of_comments_and_of_posts_changes_nothing() -> None:
    rows = posts({"title": "Sunset"}, {"title": "Dog"}, {"title": _GERMAN})
    said = comments(*({"post_id": str(place % 2), "text": f"{_GERMAN} {place}"} for place in range(30)))
    once = with_language(with_comments(rows, said), ["en"])
    again = with_language(with_comments(rows.reverse(), said.reverse()), ["en"]).reverse()
    assert once.equals(again)


def test_without_wanted_languages_none_is_outside() -> None:
    known = with_language(posts({"title": _GERMAN}, {"title": "Sunset", "language": "fr"}))
    assert known["identified_language"].to_list() == ["de", "fr"]
    assert known["outside_languages"].to_list() == [None, None]


def test_no_posts_have_the_columns_too() -> None:
    assert with_language(posts(), ["en"]).columns[-3:] == [
        "identified_language",
        "language_confidence",
        "outside_languages",
    ]
