"""The fetcher of YouTube: records of videos with comments and subtitles, lists of videos, and their files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from blift.connectors.fetch.items import Done, Failed, GoesOn, Item, NotThere, Outcome, RawRecord, progress_of
from blift.connectors.inside import private_folder
from blift.connectors.web.file_store import FileStore
from blift.connectors.web.manners import Manners
from blift.connectors.web.refusals import NotNow, Refused
from blift.connectors.youtube.absence import ADVICE, Blocked, meaning
from blift.connectors.youtube.config import FootageWanted, YoutubeConfig
from blift.connectors.youtube.extractor import Extractor, NotSaid
from blift.connectors.youtube.kinds import YoutubeItem, YoutubeRecord
from blift.connectors.youtube.lists import Lists
from blift.connectors.youtube.record import archived, says_something, track
from blift.connectors.yt_dlp.archive import MAX_SUBTITLE_BYTES
from blift.schemas.errors import FetchError
from blift.schemas.reasons import Absent

_LIVE = frozenset({"is_live", "is_upcoming"})
#: After this many answers in a row that treat requests as automated, no more are sent.
_BLOCKS = 3


class _Progress(msgspec.Struct):
    """How far a video is: when its record was read, in seconds since 1970; None where it was not."""

    recorded_at: Annotated[float, msgspec.Meta(ge=0, le=253_402_300_799)] | None = None


class YoutubeFetcher:
    """Asks YouTube for items of the kinds ``VIDEO``, ``PLAYLIST`` and ``FOOTAGE``.

    Raises:
        FetchError: YouTube cannot be asked: cookies that cannot be read, or it treats requests as automated.
    """

    def __init__(self, config: YoutubeConfig, manners: Manners) -> None:
        self._config = config
        self._extractor = Extractor(config, manners)
        self._lists = Lists(self._extractor, config)
        self._blocks = 0

    def fetch(self, items: Sequence[Item]) -> Iterator[tuple[Item, Outcome]]:
        """Outcomes of items of one kind, each as soon as it is known."""
        for item in items:
            try:
                outcome = self._outcome(item)
            except NotSaid as error:
                outcome = self._refused(item.kind, str(error))
            except NotNow as error:
                outcome = Failed(str(error), error.wait_s, error.counts)
            except Refused as refused:
                outcome = NotThere(refused.reason, refused.detail)
            if not isinstance(outcome, Failed):
                self._blocks = 0
            yield item, outcome

    def close(self) -> None:
        """Close the connections."""
        self._extractor.close()

    def _outcome(self, item: Item) -> Outcome:
        if item.kind == YoutubeItem.PLAYLIST:
            return self._lists.page(item)
        if item.kind == YoutubeItem.FOOTAGE and self._config.footage:
            return self._footage(item.key, self._config.footage)
        return self._video(item)

    def _video(self, item: Item) -> Outcome:
        recorded_at = progress_of(item, _Progress).recorded_at
        retrieved_at = time.time() if recorded_at is None else recorded_at
        info, refusal = self._extractor.video(item.key, self._config.comments if recorded_at is None else 0)
        record = RawRecord(
            YoutubeRecord.VIDEO, item.key, item.key, retrieved_at, archived(info, self._config.comment_sort)
        )
        known = [record] if says_something(info) and recorded_at is None else []
        if refusal and meaning(refusal) is not Absent.NO_MEDIA:
            return self._refused(item.kind, refusal, known)
        if info.get("live_status") in _LIVE:
            return NotThere(Absent.LIVE, str(info["live_status"]), known)
        if not says_something(info):
            return Failed(f"YouTube's answer says nothing of {item.key}: {refusal or 'it has no title'}.")
        subtitles, problem = self._subtitles(item.key, info, retrieved_at)
        if problem and recorded_at is None:  # the record is safe; the rest is asked for again
            return GoesOn(json.dumps({"recorded_at": retrieved_at}), [*known, *subtitles])
        if problem:
            return Failed(f"Subtitles: {problem}", problem.wait_s)
        return Done([*known, *subtitles], (), self._file_of(item.key, info))

    def _file_of(self, video_id: str, info: Mapping[str, Any]) -> Sequence[Item]:
        duration_s, wanted = info.get("duration"), self._config.footage
        is_short = wanted is not None and isinstance(duration_s, int | float) and duration_s <= wanted.max_duration_s
        return [Item(YoutubeItem.FOOTAGE, video_id)] if is_short else ()

    def _subtitles(
        self, video_id: str, info: Mapping[str, Any], retrieved_at: float
    ) -> tuple[list[RawRecord], NotNow | None]:
        """The best track of each language, and what kept others from coming, which may pass.

        A track that the record names and nobody serves is left out: the record still says that there is one.
        """
        records: list[RawRecord] = []
        for language in self._config.subtitles:
            found = track(info, language)
            if found is None:
                continue
            try:
                data = self._extractor.fetch(found.address, MAX_SUBTITLE_BYTES)
            except Refused:
                continue
            except NotNow as problem:
                return records, problem
            name = f"{video_id}.{found.code}.{found.format}"
            if data:
                records.append(RawRecord(YoutubeRecord.SUBTITLES, name, video_id, retrieved_at, data))
        return records, None

    def _footage(self, video_id: str, wanted: FootageWanted) -> Outcome:
        name = hashlib.sha256(video_id.encode()).hexdigest()  # whatever a state names as an id, it is no path
        folder = private_folder(os.path.join(private_folder(wanted.partial), f"youtube-{name}"))
        try:
            info = self._extractor.footage(video_id, folder)
            paths = [done.get("filepath") for done in info.get("requested_downloads") or ()]
            path = next((path for path in paths if path and os.path.exists(path)), None)
            if path is None or os.path.getsize(path) > wanted.max_bytes:
                raise Refused(Absent.TOO_MANY_BYTES, f"no file within {wanted.max_bytes:,} bytes")
            file = FileStore(wanted.store).keep(path, f"youtube:{video_id}")
        except (Refused, NotSaid):
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)  # what broke off stays, to be gone on with
        return Done(files=[file])

    def _refused(self, kind: str, said: str, records: Sequence[RawRecord] = ()) -> Outcome:
        """What it means that YouTube says so.

        Raises:
            FetchError: it treats requests as automated, again and again.
        """
        match meaning(said):
            case Blocked(wait_s):
                self._blocks += 1
                if self._blocks >= _BLOCKS:
                    raise FetchError(f"{ADVICE} ({said})")
                self._extractor.pace.pause(wait_s)
                return Failed(f"{ADVICE} ({said})", wait_s, counts=False)
            case Absent.NOT_FOUND if kind != YoutubeItem.PLAYLIST and "HTTP Error" in said:
                return Failed(said)  # of some address; a video has a page whatever became of it
            case Absent() as reason:
                return NotThere(reason, said, records)
        return Failed(said)
