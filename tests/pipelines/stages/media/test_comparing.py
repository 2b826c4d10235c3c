"""Files compared by what the media store keeps of them."""

import copy
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.media_variants import IMAGE_VARIANTS, picture
from blift.connectors.media.settings import MeasureConfig
from blift.connectors.media.store import KEPT, MediaStore
from blift.pipelines.stages.media.comparing import SameMedia
from blift.pipelines.stages.media.keyframes import Drawing, drawn, read_drawing
from blift.pipelines.stages.media.measure import measure
from blift.schemas.arrow import from_rows
from blift.schemas.errors import InputError
from blift.transforms.media.looks import DuplicateOptions


def kept(folder: Path, sha256: str, image: Image.Image, settings: str = "s", **changes: object) -> None:
    """Put what is measured of an image into a store."""
    image.convert("RGB").save(folder / "image.jpg")
    measured = measure(str(folder / "image.jpg"), MeasureConfig())
    row = {**measured.row, "sha256": sha256, "size_bytes": 1, "uses": [], "file": "", "unite_as": ""}
    row |= measured.traits.columns() | changes
    MediaStore(str(folder / "store"), settings).put_measured(sha256, from_rows([row], KEPT))


def test_files_are_compared_by_their_rows_wherever_the_worker_is(tmp_path: Path) -> None:
    kept(tmp_path, "a", picture(1))
    kept(tmp_path, "b", IMAGE_VARIANTS["10 % cropped"](picture(1)), "s-heard")
    kept(tmp_path, "c", picture(2))
    same = copy.deepcopy(SameMedia(str(tmp_path / "store"), ("s", "s-heard"), DuplicateOptions()))
    assert (same("a", "b"), same("a", "c"), same("a", "a")) == (True, False, True)


def test_what_came_of_a_comparison_is_kept_and_damage_lets_files_be_compared_again(tmp_path: Path) -> None:
    kept(tmp_path, "a", picture(1))
    kept(tmp_path, "b", IMAGE_VARIANTS["10 % cropped"](picture(1)))
    store, options = str(tmp_path / "store"), DuplicateOptions()
    assert SameMedia(store, ("s",), options)("a", "b")
    shutil.rmtree(tmp_path / "store" / "measured")
    assert SameMedia(store, ("s",), options)("a", "b")
    assert SameMedia(store, ("s",), replace(options, groups=8))("a", "b")  # it divides the search alone
    other = SameMedia(store, ("s",), replace(options, min_matches=4))
    [compared] = (tmp_path / "store" / "compared").glob("*/*/a.json")
    with pytest.raises(InputError, match="has lost what was measured"):
        other("a", "b")
    content = bytearray(compared.read_bytes())
    content[-2] ^= 1
    compared.write_bytes(content)
    with pytest.raises(InputError, match="has lost what was measured"):
        SameMedia(store, ("s",), options)("a", "b")


@pytest.mark.parametrize("drawings", [[], None, [{"time_s": 0.0, "jpeg": b"no picture"}]])
def test_a_row_that_is_lost_or_damaged_is_told(tmp_path: Path, drawings: object) -> None:
    kept(tmp_path, "a", picture(1))
    kept(tmp_path, "b", picture(1), drawings=drawings)
    same = SameMedia(str(tmp_path / "store"), ("s",), DuplicateOptions())
    for lost in ("b", "c"):
        with pytest.raises(InputError, match=f"has lost what was measured of the file {lost}, or"):
            same("a", lost)


def test_a_sketch_comes_back_as_it_looked_and_nothing_large_is_one() -> None:
    luma = np.asarray(picture(3).convert("L"))
    back = read_drawing(drawn(luma))
    assert back.shape == (212, 283)
    assert abs(back.astype(float).mean() - luma.mean()) < 1
    large = drawn(luma).jpeg.replace(b"\x00\xd4\x01\x1b", b"\xff\xd4\xff\x1b")
    with pytest.raises(ValueError, match="65307"):
        read_drawing(Drawing(0.0, large))
