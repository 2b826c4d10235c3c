"""Images are shown as their EXIF data say, within limits, and keep what can be decoded of a broken file."""

from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageOps

from blift.connectors.media.images import Animation, is_animated, read_image
from blift.connectors.media.limits import Limits, Refused
from blift.schemas.reasons import Reason

_LIMITS = Limits()


def noise(size: tuple[int, int] = (640, 480)) -> Image.Image:
    coarse = np.random.default_rng(3).integers(0, 256, (size[1] // 40, size[0] // 40, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def saved(path: Path, image: Image.Image | None = None, **options: object) -> Path:
    (image or noise()).save(path, **options)  # type: ignore[arg-type]
    return path


def read(path: Path, limits: Limits = _LIMITS):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return read_image(str(path), path.stat().st_size, limits)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_its_orientation_says(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "turned.png", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(path))
    still = read(path)
    assert np.array_equal(still.rgb, np.asarray(upright.convert("RGB")))
    assert np.array_equal(np.asarray(still.luma), np.asarray(upright.convert("L")))
    assert still.facts.shown == upright.size


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_format_is_known_by_its_bytes_whatever_the_name(tmp_path: Path, format_: str) -> None:
    path = saved(tmp_path / "picture.xyz", format=format_)
    assert read(path).facts.container == format_.lower()


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    path = saved(tmp_path / "clear.png", Image.new("RGBA", (8, 8), (255, 0, 0, 0)))
    assert (read(path).rgb == 255).all()


def test_sixteen_bits_are_brought_to_eight(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    still = read(saved(tmp_path / "deep.png", Image.fromarray(ramp)))
    assert (int(still.rgb.min()), int(still.rgb.max())) == (0, 255)


def test_a_torn_image_keeps_what_can_be_decoded_and_says_so(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.jpg", noise((800, 800)), quality=90).read_bytes()
    path = tmp_path / "torn.jpg"
    path.write_bytes(whole[: len(whole) // 2])
    still = read(path)
    assert "truncated" in (still.damage or "")
    assert still.rgb[:40].std() > 10


def test_an_image_of_which_nothing_can_be_decoded_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "torn.png"
    path.write_bytes(saved(tmp_path / "whole.png").read_bytes()[:60])
    with pytest.raises(Refused) as refused:
        read(path)
    assert refused.value.reason is Reason.DAMAGED


def test_a_bomb_and_a_giant_are_refused_by_what_they_claim(tmp_path: Path) -> None:
    path = saved(tmp_path / "flat.png", Image.new("L", (6000, 6000)))
    for limits, reason in (
        (Limits(max_pixels=1_000_000), Reason.TOO_MANY_PIXELS),
        (Limits(max_ratio=500), Reason.BOMB),
    ):
        with pytest.raises(Refused) as refused:
            read(path, limits)
        assert refused.value.reason is reason


@pytest.mark.parametrize("content", [b"<html>gone</html>", b"\x00" * 100, b"%PDF-1.4", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_what_is_no_image_is_no_media(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        is_animated(str(path))
    assert refused.value.reason is Reason.NOT_MEDIA


def test_an_animation_has_frames_with_their_times(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (32, 24), colour) for colour in ("red", "green", "blue")]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[100, 300, 200])
    assert is_animated(str(path))
    animation = Animation(str(path), path.stat().st_size, _LIMITS, 128)
    found = list(animation.every_frame())
    animation.close()
    assert [(round(frame.time_s, 3), round(frame.end_s, 3)) for frame in found] == [(0, 0.1), (0.1, 0.4), (0.4, 0.6)]
    assert [int(frame.rgb[5, 5].argmax()) for frame in found] == [0, 1, 2]


@pytest.mark.shared
def test_real_images_are_upright_and_their_hashes_are_imagehashs(shared_data: Path) -> None:
    seen = 0
    for path in sorted((shared_data / "media").rglob("*")):
        if path.suffix.lower() not in (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tiff") or "corrupt" in path.name:
            continue
        upright = ImageOps.exif_transpose(Image.open(path))
        still = read(path)
        assert still.facts.shown == upright.size
        assert str(imagehash.phash(still.luma)) == str(imagehash.phash(upright)), path
        if upright.mode == "RGB":
            assert np.array_equal(still.rgb, np.asarray(upright)), path
        seen += 1
    assert seen > 45
