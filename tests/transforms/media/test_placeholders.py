"""Bytes that media with unrelated titles share are none of these media."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.media.placeholders import is_shared_by_strangers, unrelated

_BREAD = ["My first sourdough bread", "Storm over the bay", "Grandfather in 1943", "New desk setup", "Lost cat"]


@pytest.mark.parametrize(
    ("titles", "groups"),
    [
        (_BREAD, 5),
        (["Storm over the bay", "STORM over a bay!", "The storm"], 1),
        (["me_irl"] * 9, 1),
        (["", " ", "..."], 0),
        (["猫が好き", "犬が好き"], 2),
        ([], 0),
    ],
)
def test_titles_are_unrelated_where_they_share_less_than_half_of_their_words(titles: list[str], groups: int) -> None:
    assert unrelated(titles) == groups


@pytest.mark.parametrize(
    ("titles", "size", "is_placeholder"),
    [
        (_BREAD[:3], (161, 81), True),
        (_BREAD[:2], (161, 81), False),  # a small picture that two people posted
        (_BREAD[:4], (800, 600), False),
        (_BREAD, (800, 600), True),
        (["Storm over the bay"] * 30, (161, 81), False),  # one author, many subreddits
    ],
)
def test_a_small_picture_is_a_placeholder_sooner(
    titles: list[str], size: tuple[int, int], *, is_placeholder: bool
) -> None:
    assert is_shared_by_strangers(titles, *size) is is_placeholder


@given(st.lists(st.text(alphabet="abcdefgh ", max_size=30), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_titles_does_not_matter(titles: list[str], rng: random.Random) -> None:
    shuffled = list(titles)
    rng.shuffle(shuffled)
    assert unrelated(shuffled) == unrelated(titles)


def test_a_viral_picture_is_counted_up_to_a_bound() -> None:
    assert unrelated(f"{number:04}word" for number in range(500)) == 20
