"""Answers that are kept: what is read again is what was written, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blift.connectors.models.cache import AnswerCache, Kept
from blift.connectors.models.prompt import Description

KEPT = Kept(Description("A cat on a sofa.", ("cat", "sofa"), None), 100, 120)
PICTURE, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def cache(tmp_path: Path) -> AnswerCache:
    """A cache with one answer."""
    made = AnswerCache(str(tmp_path), {"model": "some-vl", "prompt": "What is this?"})
    made.put(PICTURE, KEPT)
    return made


def test_an_answer_is_kept(cache: AnswerCache) -> None:
    assert cache.get(PICTURE) == KEPT
    assert cache.get(OTHER) is None


def test_no_bit_can_change_an_answer(cache: AnswerCache) -> None:
    path = Path(cache.path(PICTURE))
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            assert cache.get(PICTURE) in (None, KEPT)
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert cache.get(PICTURE) is None


def test_an_answer_that_was_moved_is_none(cache: AnswerCache) -> None:
    moved = Path(cache.path(OTHER))
    moved.parent.mkdir(exist_ok=True)
    Path(cache.path(PICTURE)).rename(moved)
    assert cache.get(OTHER) is None


@pytest.mark.parametrize("tokens", [-1, True, 2**63, 1.5, "5", None])
def test_counts_are_counts(cache: AnswerCache, tokens: object) -> None:
    path = Path(cache.path(PICTURE))
    entry = json.loads(path.read_text())
    entry["answer"]["tokens"] = tokens
    path.write_text(json.dumps(entry))
    assert cache.get(PICTURE) is None
