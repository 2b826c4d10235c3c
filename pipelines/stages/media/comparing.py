"""Two files compared by what was measured of them: rows and sketches out of the media store, a few kept at hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from blift.connectors.media.frames import Plane
from blift.connectors.media.store import MediaStore
from blift.pipelines.stages.media.keyframes import Drawing, read_drawing
from blift.schemas.errors import InputError
from blift.transforms.media.looks import DuplicateOptions
from blift.transforms.media.same import Evidence, evidence_of, same_media

#: Files kept at hand: pairs come sorted by their first file.
_AT_HAND = 64


class SameMedia:
    """Says whether two files, named by their digests, are one media.

    Args:
        root: path or address of the media store.
        settings: under which rows may lie there.
        options: when two files show the same.
    """

    def __init__(self, root: str, settings: tuple[str, ...], options: DuplicateOptions) -> None:
        self._root, self._settings, self._options = root, settings, options
        self._at_hand: OrderedDict[str, Evidence] = OrderedDict()

    def __call__(self, one: str, other: str) -> bool:
        """Compare two files.

        Raises:
            InputError: the row of one is not in the store.
        """
        return same_media(self._evidence(one), self._evidence(other), self._options)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._root, self._settings, self._options)

    def _evidence(self, sha256: str) -> Evidence:
        found = self._at_hand.pop(sha256, None) or self._read(sha256)
        self._at_hand[sha256] = found
        if len(self._at_hand) > _AT_HAND:
            self._at_hand.popitem(last=False)
        return found

    def _read(self, sha256: str) -> Evidence:
        for settings in self._settings:
            table = MediaStore(self._root, settings).measured(sha256)
            if table is not None:
                row = table.to_pylist()[0]
                pictures = _pictures(row["drawings"] or [])
                if pictures:
                    return evidence_of(row, pictures, self._options)
        raise InputError(
            f"The media store {self._root} has lost what was measured of the file {sha256}, or it is damaged. Delete "
            "the store's folder `measured`, and run this again."
        )


def _pictures(drawings: Sequence[Mapping[str, Any]]) -> list[tuple[float, Plane]]:
    """The sketches of a row; none where one is not as it was written."""
    try:
        return [(one.time_s, read_drawing(one)) for one in (Drawing(**drawing) for drawing in drawings)]
    except ValueError:
        return []
