"""Titles and comments for the demo corpus: plain sentences, put together by a seeded random generator."""

from __future__ import annotations

import random

_SUBJECTS = (
    "the old lighthouse", "my neighbour's garden", "a heron at the lake", "the night train", "our first snowman",
    "the harbour after the storm", "a paper kite", "grandmother's kitchen", "the empty stadium", "a street musician",
    "the new footbridge", "two foxes", "the balloon festival", "a frozen waterfall", "the market at dawn",
)  # fmt: skip
_PLACES = (
    "in Lisbon", "near the border", "from my window", "on a Sunday morning", "after the rain", "in black and white",
    "from above", "with my first camera", "at the end of winter", "on the way to work", "just before midnight",
)  # fmt: skip
_OPENINGS = (
    "I never thought that", "You can clearly see how", "It surprised me that", "My father always said that",
    "Somebody should explain why", "The best part is when", "For a second it looked as if", "Nobody mentions that",
    "What a calm picture,", "The colours tell you that",
)  # fmt: skip
_MIDDLES = (
    "the light comes from the left", "the water is that still", "people stopped to look", "the sky has two layers",
    "a shutter speed like this works", "the reflection is sharper than the thing", "the crowd kept so quiet",
    "this corner of town has changed", "the shadow gives the size away", "the sound carries so far",
    "the whole scene lasts a minute", "the dog notices it first", "the roof still holds", "the bridge sways a little",
)  # fmt: skip
_ENDINGS = (
    "and I would have missed it.", "which makes it worth a second look.", "so thank you for posting.",
    "even on a small screen.", "and that is rare around here.", "though the title undersells it.",
    "and now I want to go there.", "or maybe it is just the lens.", "as far as I can remember.",
    "and the last seconds prove it.",
)  # fmt: skip

SPANISH = "Una fotografía muy bonita de la plaza mayor tomada ayer por la tarde con mis amigos"


def title(rng: random.Random) -> str:
    """A title in English."""
    return f"{rng.choice(_SUBJECTS).capitalize()} {rng.choice(_PLACES)}"


def comment(rng: random.Random) -> str:
    """A comment in English, 10 to 40 words."""
    sentences = [
        f"{rng.choice(_OPENINGS)} {rng.choice(_MIDDLES)} {rng.choice(_ENDINGS)}" for _ in range(rng.randint(1, 2))
    ]
    return " ".join(sentences)
