"""Perceptual hashes of other kinds, by ``imagehash``, for whoever compares pictures with hashes of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blift.schemas.media import HashKind

#: Below this many pixels a side, wavelets have no 8 x 8 coefficients.
_LEAST_SIDE = {HashKind.WHASH: 8}
_HASHES: dict[HashKind, Callable[[Image.Image], object]] = {
    HashKind.AHASH: imagehash.average_hash,
    HashKind.DHASH: imagehash.dhash,
    HashKind.WHASH: imagehash.whash,
    HashKind.COLORHASH: imagehash.colorhash,
    HashKind.CROP_RESISTANT: imagehash.crop_resistant_hash,
}


def picture_hashes(picture: NDArray[np.uint8], kinds: Sequence[HashKind], time_s: float = 0.0) -> list[dict[str, Any]]:
    """Hashes of a picture, as rows of ``PictureHash``; a kind for which the picture is too small gives none.

    Args:
        picture: RGB, (height, width, 3), as shown.
        kinds: which hashes.
        time_s: when it is shown, seconds.
    """
    if not kinds:
        return []
    image, least = Image.fromarray(picture), min(picture.shape[:2])
    fitting = [kind for kind in kinds if least >= _LEAST_SIDE.get(kind, 1)]
    return [{"time_s": time_s, "kind": kind.value, "value": str(_HASHES[kind](image))} for kind in fitting]
