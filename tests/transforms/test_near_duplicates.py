"""Near-duplicate comments: what scikit-learn's TF-IDF says, post by post."""

from __future__ import annotations

import json
import re
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from backports import zstd
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from blift.transforms import near_duplicates as module
from blift.transforms.near_duplicates import TOLERANCE, near_duplicates

#: Words that are common and rare, shared or nobody's; letters whose classes and cases Python and Rust disagree on.
_WORDS = st.sampled_from([
    "a", "I", "lol", "LOL", "the", "The", "of", "it's", "don't", "can_not", "42", "007", "x2", "½½", "²³", "हिन्दी",
    "สวัสดี", "e\u0301te\u0301", "été", "ΣΑΣ", "ΑΣ,", "İstanbul", "\u017fs", "ﬁn", "ß", "日本語", "日", "🙂🙂", "...",
    "?", "\u200d\u200d", "a\u200db", "ⓐⓑ", "\ua7cb\ua7cbx", "\u1c89\u1c8a", "\U00010d50\U00010d70", "\x00",
    "picture", "thread", "comment", "duplicate", "water", "mother",
])  # fmt: skip
_TEXTS = st.one_of(st.lists(_WORDS, max_size=8).map(" ".join), st.text(max_size=12))
_THRESHOLDS = st.one_of(st.sampled_from([0.0, 1e-9, 0.5, 0.6, 0.7, 1.0]), st.floats(0, 1))


def by_scikit_learn(texts: list[str], groups: list[int], threshold: float) -> list[int]:
    """What `near_duplicates` promises, written down as plainly as can be."""
    repeats: list[int] = []
    bounds = [row for row in range(len(groups)) if row == 0 or groups[row] != groups[row - 1]]
    for start, stop in pairwise([*bounds, len(groups)]):
        similarity = _similarity(texts[start:stop])
        kept: list[int] = []
        for row in range(stop - start):
            found = [other for other in kept if similarity[row, other] >= threshold - TOLERANCE]
            repeats.append(start + found[0] if found else -1)
            kept += [] if found else [row]
    return repeats


def _similarity(texts: list[str]) -> np.ndarray:
    """Cosines of one post's comments; those without a word are like equal ones, and unlike all others."""
    if len(texts) == 1:
        return np.ones((1, 1))
    lowered = np.array([text.lower() for text in texts], dtype=object)
    equal = lowered[:, None] == lowered[None, :]
    try:
        vectors = TfidfVectorizer().fit_transform(texts)
    except ValueError:  # no comment has a word
        return np.where(equal, 1.0, -1.0)
    wordless = np.diff(vectors.indptr) == 0
    cosines = (vectors @ vectors.T).toarray()
    return np.where(equal, 1.0, np.where(wordless[:, None] | wordless[None, :], -1.0, cosines))


def found(texts: list[str], groups: list[int], threshold: float) -> list[int]:
    repeats = near_duplicates(pl.Series(texts, dtype=pl.String), np.array(groups, dtype=np.int64), threshold)
    return [int(repeat) for repeat in repeats]


@given(posts=st.lists(st.lists(_TEXTS, min_size=1, max_size=9), max_size=5), threshold=_THRESHOLDS)
@example(posts=[["?", "?", "!", ""]], threshold=0.0)
@example(posts=[["lol", "lol.", "LOL"], ["lol"]], threshold=1.0)
def test_drops_what_scikit_learn_finds_similar(posts: list[list[str]], threshold: float) -> None:
    texts = [text for post in posts for text in post]
    groups = [number for number, post in enumerate(posts) for _ in post]
    assert found(texts, groups, threshold) == by_scikit_learn(texts, groups, threshold)


@given(data=st.data(), threshold=st.floats(0.05, 1))
def test_cutting_the_work_into_small_pieces_changes_nothing(data: st.DataObject, threshold: float) -> None:
    words = st.sampled_from(
        ["to", "be", "or", "not", "that", "is", "the", "question", "whether", "tis", "nobler", "in", "mind", "suffer"]
    )
    posts = data.draw(
        st.lists(st.lists(st.lists(words, max_size=7).map(" ".join), min_size=1, max_size=25), max_size=4)
    )
    texts = [text for post in posts for text in post]
    groups = [number for number, post in enumerate(posts) for _ in post]
    with pytest.MonkeyPatch.context() as patch:
        for budget in ("_BATCH_BYTES", "_PAIRS", "_ENTRIES"):
            patch.setattr(module, budget, 40)
        pieces = found(texts, groups, threshold)
    assert pieces == by_scikit_learn(texts, groups, threshold)


@pytest.mark.shared
@pytest.mark.parametrize("threshold", [0.3, 0.6, 0.7])
def test_recorded_comments_as_scikit_learn(shared_data: Path, threshold: float) -> None:
    window: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 31}
    with zstd.open(shared_data / "reddit" / "RC_recorded.zst", options=window) as stream:
        comments = {row["id"]: row for row in map(json.loads, stream)}.values()
    ordered = sorted((row["link_id"], row["body"]) for row in comments if row.get("body") and row.get("link_id"))
    texts = [text for _, text in ordered]
    numbers = {link: number for number, link in enumerate(dict.fromkeys(link for link, _ in ordered))}
    groups = [numbers[link] for link, _ in ordered]
    repeats = found(texts, groups, threshold)
    assert len(texts) > 4000
    assert sum(repeat >= 0 for repeat in repeats) > 100
    assert repeats == by_scikit_learn(texts, groups, threshold)


def test_the_best_kept_comment_is_named() -> None:
    texts = ["first words here", "something else entirely", "First words here!", "first, words here", "else"]
    assert found(texts, [0] * 5, 0.7) == [-1, -1, 0, 0, -1]


def test_a_dropped_comment_drops_none() -> None:
    texts = ["red green blue cyan", "red green blue gold", "red green gold rust"]
    similarity = _similarity(texts)
    assert similarity[0, 1] > 0.4
    assert similarity[1, 2] > 0.4 > similarity[0, 2]
    assert found(texts, [0] * 3, 0.4) == [-1, 0, -1]


def test_posts_do_not_see_each_other() -> None:
    assert found(["same text", "other thing", "same text"], [7, 7, 9], 0.5) == [-1, -1, -1]


def test_equal_comments_repeat_at_threshold_one_whatever_the_rounding() -> None:
    random = np.random.default_rng(0)
    texts = [" ".join(f"w{word}" for word in random.integers(0, 50, 12)) for _ in range(60)]
    shuffled = [" ".join(random.permutation(text.split())) for text in texts]
    assert found(texts + shuffled, [0] * 120, 1.0) == [-1] * 60 + list(range(60))


@pytest.mark.parametrize("words", range(1, 7))
def test_a_similarity_of_exactly_the_threshold_counts(words: int) -> None:
    halves = [" ".join(f"{side}{word}" for word in range(words)) for side in ("left", "right", "other")]
    texts = [f"{halves[0]} {halves[1]}", f"{halves[1]} {halves[2]}", f"{halves[2]} {halves[0]}"]
    assert found(texts, [0] * 3, 0.5) == [-1, 0, 0]
    assert found(texts, [0] * 3, 0.5 + 2 * TOLERANCE) == [-1, -1, -1]


def test_comments_without_words_repeat_only_equal_ones() -> None:
    assert found(["?", "!", "", "?", "a", "A", "words too"], [0] * 7, 0.0) == [-1, -1, -1, 0, -1, 4, -1]


def test_null_counts_as_empty() -> None:
    texts = pl.Series([None, "some words", "", None], dtype=pl.String)
    assert near_duplicates(texts, np.zeros(4, dtype=np.int64), 0.5).tolist() == [-1, -1, 0, 0]


def test_nothing_in_nothing_out() -> None:
    repeats = near_duplicates(pl.Series([], dtype=pl.String), np.array([], dtype=np.int64), 0.5)
    assert repeats.dtype == np.int64
    assert repeats.tolist() == []


def test_words_and_case_are_those_of_python_where_polars_differs() -> None:
    characters = pl.Series([chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000])
    pythons_word = pl.Series([re.match(r"\w", character) is not None for character in characters])
    pythons_lower = pl.Series([character.lower() for character in characters])
    differs = (characters.str.contains(r"\w") != pythons_word) | (characters.str.to_lowercase() != pythons_lower)
    odd = characters.filter(differs)
    assert len(odd) > 1000
    # The second comment differs by what is in no word, so it repeats the first where the two letters are a word.
    texts = [text for letter in odd for text in (letter * 2, f"? {letter.lower() * 2}")]
    words = [re.search(r"\b\w\w+\b", (letter * 2).lower()) is not None for letter in odd]
    expected = [repeat for post, word in enumerate(words) for repeat in (-1, 2 * post if word else -1)]
    assert found(texts, [row // 2 for row in range(len(texts))], 1.0) == expected


def test_memory_of_a_big_post_is_bounded() -> None:
    random = np.random.default_rng(0)
    rank = np.minimum(random.zipf(1.3, (12_000, 15)), 30_000)
    texts = pl.Series([" ".join(f"w{word}" for word in row) for row in rank.tolist()])
    near_duplicates(texts[:10], np.zeros(10, dtype=np.int64), 0.7)
    tracemalloc.start()
    repeats = near_duplicates(texts, np.zeros(len(texts), dtype=np.int64), 0.7)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.count_nonzero(repeats < 0) > 1000
    assert peak < 150e6 < len(texts) ** 2 * 8, (
        f"{peak / 1e6:.0f} MB; all pairs would take {len(texts) ** 2 * 8 / 1e6:.0f}"
    )
