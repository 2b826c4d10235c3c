"""Channels, playlists and searches, a page at a time: what was found so far is safe, whatever happens next."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from blift.connectors.fetch.items import Done, GoesOn, Item, Outcome, progress_of
from blift.connectors.web.refusals import NotNow
from blift.connectors.youtube.config import YoutubeConfig
from blift.connectors.youtube.extractor import Extractor, NotSaid
from blift.connectors.youtube.kinds import YoutubeItem
from blift.schemas.count import Count

#: Videos that are handed over together.
PAGE = 100

_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_NAMES = (
    (re.compile(r"@[\w.\-·]{3,30}"), "https://www.youtube.com/{}/videos"),
    (re.compile(r"UC[A-Za-z0-9_-]{22}"), "https://www.youtube.com/channel/{}/videos"),
    (re.compile(r"(?:PL|UU|OLAK5uy_)[A-Za-z0-9_-]{10,}"), "https://www.youtube.com/playlist?list={}"),
)
_DAY_S = 86_400.0
#: Lists say "2 weeks ago" of anything from two weeks to nearly three. Under an age in days: how many more it may be.
_ROUNDED = ((0.9, 1 / 24), (6.5, 1), (27.5, 7), (360, 31))
_ROUNDED_YEARS = 366


def list_address(key: str) -> str:
    """The address of a list: a handle, the id of a channel or playlist, or an address or search as yt-dlp takes it."""
    key = key.strip()
    return next((form.format(key) for pattern, form in _NAMES if pattern.fullmatch(key)), key)


class _Place(msgspec.Struct):
    """How far a list is: how many of its entries were seen, and how many were wanted."""

    seen: Count = 0
    found: Count = 0


@dataclass
class _Open:
    """A list that is being read: how many of its entries were seen, how many are wanted, and the rest."""

    seen: int
    found: int
    rest: Iterator[dict[str, Any]] = field(repr=False)


class Lists:
    """Reads lists. One that this object has begun goes on where it was; any other is read again up to there."""

    def __init__(self, extractor: Extractor, config: YoutubeConfig) -> None:
        self._extractor = extractor
        self._config = config
        self._open: dict[str, _Open] = {}

    def page(self, item: Item) -> Outcome:
        """The next videos of a list.

        Raises:
            NotSaid: and NotNow: as ``Extractor.videos_of``, where nothing was found before it.
        """
        place = progress_of(item, _Place)
        seen, found = place.seen, place.found
        reading = self._open.pop(item.key, None)
        if reading is None or (reading.seen, reading.found) != (seen, found):
            reading = _Open(0, found, self._extractor.videos_of(list_address(item.key)))
        ids: dict[str, None] = {}
        try:
            is_over = self._read(reading, seen, ids)
        except (NotNow, NotSaid):
            if not ids:
                raise
            is_over = False  # asked again, it says so again
        else:
            self._open[item.key] = reading
        videos = [Item(YoutubeItem.VIDEO, video_id) for video_id in ids]
        if is_over:
            self._open.pop(item.key, None)
            return Done(found=videos)
        return GoesOn(json.dumps({"seen": reading.seen, "found": reading.found}), found=videos)

    def _read(self, reading: _Open, skipped: int, ids: dict[str, None]) -> bool:
        """Read on until a page is full; whether that was all."""
        most = self._config.per_list
        while len(ids) < PAGE:
            if most is not None and reading.found >= most:
                return True
            entry = next(reading.rest, None)
            if entry is None:
                return True
            reading.seen += 1
            video_id = str(entry.get("id"))
            if reading.seen > skipped and _VIDEO_ID.fullmatch(video_id) and self._is_wanted(entry):
                reading.found += video_id not in ids
                ids[video_id] = None
        return False

    def _is_wanted(self, entry: Mapping[str, Any]) -> bool:
        """Whether a video may be of the wanted time; what the list does not say, or not exactly, is let in."""
        at = entry.get("timestamp")
        if not isinstance(at, int | float):
            return True
        days = (time.time() - at) / _DAY_S
        more = next((more for most, more in _ROUNDED if days < most), _ROUNDED_YEARS)
        begin, end = self._config.posted_from, self._config.posted_before
        return (begin is None or at >= begin) and (end is None or at - more * _DAY_S < end)
