"""Made-up media, each by its seed: pictures of several kinds, what people make of them, and strangers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Variant = Callable[[Image.Image], Image.Image]

_WORDS = (
    "the of and to in is you that it he was for on are as with his they at be this from have or by one had not "
    "but what all were when we there can an your which their said if do will each about how up out them then she "
    "many some so these would other into has more her two like him see time could no make than first been its who "
    "now people my made over did down only way find use may water long little very after words called just where "
    "most know get through back much before go good new write our used me man too any day same right look think "
    "also around another came come work three word must because does part even place well such here take why "
    "things help"
)
#: Paper and ink. The letters are those of Pillow's own font, which is on every machine.
_LIGHT, _DARK, _SEPIA = ("white", "#111111"), ("#15202b", "#f0f0f0"), ("#f4ecd8", "#40362a")


def picture(seed: int) -> Image.Image:
    """A made-up scene: blobs of several sizes, and shapes, that no other seed has."""
    rng = np.random.default_rng(seed)
    size = (480, 360)
    mixed = np.zeros((size[1], size[0], 3))
    for side, weight in ((3, 5), (6, 4), (12, 3), (24, 2), (48, 1)):
        coarse = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
        mixed += np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=float) * weight
    image = Image.fromarray((mixed / 15).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        left, top, side = (int(number) for number in rng.integers((0, 0, 20), (400, 300, 120)))
        colour = tuple(int(number) for number in rng.integers(0, 256, 3))
        draw.ellipse((left, top, left + side, top + side), fill=colour)
    return image


def smooth_picture(seed: int) -> Image.Image:
    """Soft blobs of one size: a picture with few corners."""
    rng = np.random.default_rng(seed)
    cells = Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
    return cells.resize((640, 480), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))


def sentence(rng: np.random.Generator, words: int) -> str:
    """A text of this many random words."""
    return " ".join(str(word) for word in rng.choice(_WORDS.split(), words))


def text_screenshot(seed: int) -> Image.Image:
    """A post of a social network as text, light or dark, of one to forty lines."""
    rng = np.random.default_rng(seed)
    paper, ink = (_LIGHT, _DARK, _SEPIA)[int(rng.integers(3))]
    width, font_size = int(rng.choice((600, 720, 1080))), int(rng.integers(22, 40))
    lines = int(rng.choice((1, 2, 3, 5, 8, 12, 20, 30)))
    height = max(200, int((lines + 5) * font_size * 1.4))
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 20, 20 + 2 * font_size, 20 + 2 * font_size), fill=ink)
    draw.text((40 + 2 * font_size, 24), sentence(rng, 2), fill=ink, font_size=font_size)
    for line in range(lines):
        words = int(rng.integers(3, max(4, int(width / font_size / 3))))
        top = 40 + 2.5 * font_size + line * font_size * 1.4
        draw.text((20, top), sentence(rng, words), fill=ink, font_size=font_size)
    return image


def meme(template: int, seed: int) -> Image.Image:
    """A template's picture with words of its own over its upper and its lower part."""
    rng = np.random.default_rng(seed)
    image = picture(900_000 + template)
    draw = ImageDraw.Draw(image)
    for top in (8, image.height - 48):
        words = sentence(rng, int(rng.integers(2, 5))).upper()
        draw.text((20, top), words, fill="white", stroke_fill="black", stroke_width=3, font_size=34)
    return image


def chart(layout: int, seed: int) -> Image.Image:
    """A chart of one of some layouts, with values of its own: lines or bars over the same axes."""
    rng = np.random.default_rng(seed)
    frame = np.random.default_rng(layout)
    image = Image.new("RGB", (800, 500), "white")
    draw = ImageDraw.Draw(image)
    draw.text((250, 12), sentence(frame, 3), fill="black", font_size=24)
    for line in range(6):
        top = 60 + 70 * line
        draw.line((70, top, 770, top), fill="#d0d0d0", width=2)
        draw.text((20, top - 10), str(int(frame.integers(10, 99))), fill="black", font_size=18)
    colour = tuple(int(number) for number in frame.integers(0, 200, 3))
    if layout % 2:
        for place, height in enumerate(rng.uniform(20, 340, 12)):
            draw.rectangle((90 + 56 * place, 410 - height, 126 + 56 * place, 410), fill=colour)
    else:
        walk = np.clip(200 + np.cumsum(rng.normal(0, 30, 40)), 20, 340)
        points = [(80 + 17.0 * place, 410.0 - float(height)) for place, height in enumerate(walk)]
        draw.line(points, fill=colour, width=4)
    return image


def plain_picture(seed: int) -> Image.Image:
    """A picture that is plain but for an edge: a banner, a page, a sky."""
    rng = np.random.default_rng(seed)
    width, height = (int(number) for number in rng.integers(300, 1000, 2))
    level = int(rng.choice((20, 128, 250, 255)))
    image = Image.new("RGB", (width, height), (level, level, level))
    cells = rng.integers(0, 255, (int(rng.integers(4, 12)), int(rng.integers(4, 12)), 3), dtype=np.uint8)
    patch = Image.fromarray(cells).resize((width, max(20, height // 5)), Image.Resampling.NEAREST)
    image.paste(patch, (0, int(rng.choice((0, height - patch.height)))))
    return image


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Without a share of its width and of its height, half of it at each side."""
    left, top = round(image.width * share / 2), round(image.height * share / 2)
    return image.crop((left, top, image.width - left, image.height - top))


def captioned(image: Image.Image) -> Image.Image:
    """Under a white bar with words."""
    bar = round(image.height * 0.2)
    framed = ImageOps.expand(image.convert("RGB"), (0, bar, 0, 0), "white").crop(
        (0, 0, image.width, image.height + bar)
    )
    size = max(10, bar // 3)
    ImageDraw.Draw(framed).text(
        (10, bar // 4), "me when the meeting could have been an email", fill="black", font_size=size
    )
    return framed


def turned_inside(image: Image.Image, degrees: float) -> Image.Image:
    """Turned, and cut to the largest part of its own shape that has no corners."""
    angle = math.radians(degrees)
    width, height = image.size
    scale = 1 / (math.cos(angle) + math.sin(angle) * max(width / height, height / width))
    across, down = int(width * scale), int(height * scale)
    turned = image.rotate(degrees, Image.Resampling.BICUBIC)
    left, top = (width - across) // 2, (height - down) // 2
    return turned.crop((left, top, left + across, top + down))


def turned_same(image: Image.Image, degrees: float) -> Image.Image:
    """Turned on a canvas of its own size."""
    return image.rotate(degrees, Image.Resampling.BICUBIC)


def turned_larger(image: Image.Image, degrees: float) -> Image.Image:
    """Turned on a canvas that holds all of it."""
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True)


def phone_screenshot(image: Image.Image) -> Image.Image:
    """A screenshot of a phone that shows the picture in a post: bars, names, and buttons above and below."""
    width = 540
    inner = image.convert("RGB").resize((width, round(width * image.height / image.width)))
    screen = Image.new("RGB", (width, max(960, inner.height + 380)), "white")
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, width, 40), fill="#202020")
    draw.text((16, 8), "12:41", fill="white", font_size=20)
    draw.rectangle((width - 60, 12, width - 20, 28), fill="white")
    draw.ellipse((16, 60, 76, 120), fill="#4070c0")
    draw.text((90, 64), "some_user", fill="black", font_size=24)
    draw.text((90, 94), "3 hours ago", fill="grey", font_size=18)
    draw.text((16, 140), "look what I have found today", fill="black", font_size=26)
    screen.paste(inner, (0, 190))
    below = 190 + inner.height + 20
    for place in range(4):
        draw.ellipse((30 + 130 * place, below, 66 + 130 * place, below + 36), outline="black", width=4)
    draw.text((16, below + 60), "1,204 likes   87 comments", fill="black", font_size=22)
    return screen


IMAGE_VARIANTS: dict[str, Variant] = {
    "recompressed, quality 30": lambda image: image,
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "grey": lambda image: image.convert("L"),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.25),
    "letterbox": lambda image: ImageOps.expand(image, (0, image.height // 7), "black"),
    "mirrored": ImageOps.mirror,
    "quarter turn": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "5 % cropped": partial(cropped, share=0.05),
    "10 % cropped": partial(cropped, share=0.1),
    "caption bar": captioned,
    **{f"{degrees}°, same canvas": partial(turned_same, degrees=degrees) for degrees in (5, 15, 45)},
    **{f"{degrees}°, larger canvas": partial(turned_larger, degrees=degrees) for degrees in (5, 15, 45)},
    **{f"{degrees}°, cut inside": partial(turned_inside, degrees=degrees) for degrees in (5, 15, 45)},
    "screenshot frame": phone_screenshot,
}
