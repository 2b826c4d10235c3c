"""CPU time of a perceptual hash, out of 32 x 32 pixels of luma, against imagehash's: `python -m benchmarks.hashes`."""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable

import cv2
import imagehash
import numpy as np
from PIL import Image

from blift.transforms.media.hashes import look_at, phash, phash_turned


def main(pictures: int = 200) -> None:
    """Print the time of a picture's hash alone, of one of its eight turns, and of imagehash's."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    lumas = [Image.fromarray(rng.integers(0, 256, (32, 32), dtype=np.uint8)) for _ in range(pictures)]
    seen = [look_at(luma) for luma in lumas]
    ways: dict[str, Callable[[], object]] = {
        "a picture's hash": lambda: [phash(look) for look in seen],
        "one of a picture's eight turns": lambda: [phash_turned(look) for look in seen[::8]],
        "imagehash": lambda: [str(imagehash.phash(luma)) for luma in lumas],
    }
    for name, way in ways.items():
        best_s = min(timeit.repeat(way, number=1, repeat=15, timer=time.process_time))
        print(f"{name:<32}{best_s / pictures * 1e6:6.0f} us")


if __name__ == "__main__":
    main()
