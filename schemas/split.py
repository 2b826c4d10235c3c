"""The splits of a dataset."""

from __future__ import annotations

from enum import StrEnum


class Split(StrEnum):
    """Parts of a dataset that share no channel and no near-duplicate media."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
