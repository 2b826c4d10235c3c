"""Hashes of other kinds are imagehash's own, of any picture."""

from __future__ import annotations

from collections.abc import Callable

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from blift.schemas.media import HashKind
from blift.transforms.media.picture_hashes import picture_hashes

_BY_IMAGEHASH: dict[HashKind, Callable[[Image.Image], object]] = {
    HashKind.AHASH: imagehash.average_hash,
    HashKind.DHASH: imagehash.dhash,
    HashKind.WHASH: imagehash.whash,
    HashKind.COLORHASH: imagehash.colorhash,
    HashKind.CROP_RESISTANT: imagehash.crop_resistant_hash,
}


def _picture(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", HashKind)
def test_the_value_is_what_imagehash_prints(kind: HashKind) -> None:
    picture = _picture(1, 90, 120)
    expected = str(_BY_IMAGEHASH[kind](Image.fromarray(picture)))
    assert picture_hashes(picture, [kind], 2.5) == [{"time_s": 2.5, "kind": kind.value, "value": expected}]


@settings(max_examples=40)
@given(seed=st.integers(0, 99), height=st.integers(1, 40), width=st.integers(1, 40))
def test_pictures_of_any_size_have_the_kinds_for_which_they_are_large_enough(
    seed: int, height: int, width: int
) -> None:
    quick = [kind for kind in HashKind if kind is not HashKind.CROP_RESISTANT]
    found = {row["kind"] for row in picture_hashes(_picture(seed, height, width), quick)}
    assert set(quick) - found == (set() if min(height, width) >= 8 else {HashKind.WHASH.value})


def test_no_kind_no_hash() -> None:
    assert picture_hashes(_picture(0, 8, 8), []) == []
