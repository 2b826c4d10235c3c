"""How much a change asks of a version."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """The part of a version that a change raises."""

    PATCH = 0  # words only
    MINOR = 1  # compatible: all that was there is there still and means the same
    MAJOR = 2  # breaking
