"""Two files compared by what was measured of them: rows and sketches out of the media store, a few kept at hand.

What came of it is kept in the store: an update compares only pairs of which one file is new.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from blift.connectors.media.frames import Plane
from blift.connectors.media.store import MediaStore
from blift.pipelines.engine.source import source_digest
from blift.pipelines.stages.media.keyframes import Drawing, read_drawing
from blift.schemas.errors import InputError
from blift.transforms.media.looks import DuplicateOptions
from blift.transforms.media.same import Evidence, evidence_of, same_media

#: Files kept at hand: pairs come sorted by their first file.
_AT_HAND = 64
#: What decides what comes of a comparison.
_COMPARING = ("blift.transforms.media", "blift.pipelines.stages.media")
_LIBRARIES = ("opencv-python-headless", "numpy", "scipy", "pillow")


class SameMedia:
    """Says whether two files, named by their digests, are one media; what it said once is kept in the store.

    Args:
        root: path or address of the media store.
        settings: under which rows may lie there.
        options: when two files show the same.
    """

    def __init__(self, root: str, settings: tuple[str, ...], options: DuplicateOptions) -> None:
        self._root, self._settings, self._options = root, settings, options
        self._at_hand: OrderedDict[str, Evidence] = OrderedDict()
        self._compared = MediaStore(root, _revision(settings, options))
        self._known: tuple[str, dict[str, bool]] = ("", {})

    def __call__(self, one: str, other: str) -> bool:
        """Compare two files.

        Raises:
            InputError: the row of one is not in the store.
        """
        if self._known[0] != one:
            self._known = one, self._compared.compared(one)
        known = self._known[1]
        if other not in known:
            known[other] = same_media(self._evidence(one), self._evidence(other), self._options)
            self._compared.put_compared(one, known)
        return known[other]

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


def _revision(settings: tuple[str, ...], options: DuplicateOptions) -> str:
    """Names all that decides what comes of a comparison; 16 hex digits."""
    libraries = {name: version(name) for name in _LIBRARIES}
    chosen = {name: value for name, value in asdict(options).items() if name != "groups"}
    decides = [settings, chosen, libraries, source_digest(*_COMPARING)]
    return hashlib.sha256(json.dumps(decides, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _pictures(drawings: Sequence[Mapping[str, Any]]) -> list[tuple[float, Plane]]:
    """The sketches of a row; none where one is not as it was written."""
    try:
        return [(one.time_s, read_drawing(one)) for one in (Drawing(**drawing) for drawing in drawings)]
    except ValueError:
        return []
