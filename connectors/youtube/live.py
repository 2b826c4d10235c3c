"""The fetcher of YouTube: records of videos with comments and subtitles, lists of videos, and their files."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.collection.items import Done, Failed, Item, Kind, NotThere, Outcome, RawRecord, RecordKind
from connectors.media.store import FileStore
from connectors.web.manners import Manners
from connectors.web.refusals import Refused
from connectors.youtube.absence import absence_of, is_busy
from connectors.youtube.archive import MAX_SUBTITLE_BYTES
from connectors.youtube.config import FootageWanted, YoutubeConfig
from connectors.youtube.extractor import Extractor, NotExtracted
from connectors.youtube.subtitles import FORMATS
from schemas.reasons import Absent

#: Wait where YouTube takes us for a program.
_BUSY_S = 600.0
#: What is left of a record: no addresses of files, which expire, and no lists of formats, which are most of it.
_LEFT_OUT = frozenset(
    {"formats", "requested_formats", "requested_downloads", "thumbnails", "url", "fragments", "http_headers"}
    | {"requested_subtitles", "manifest_url", "downloader_options", "_format_sort_fields", "filepath", "_filename"}
)
_TRACKS = ("subtitles", "automatic_captions")
_VIDEO_ID_LENGTH = 11
_NO_PAGE = "HTTP Error 404"
#: No formats for want of a way to run YouTube's script, or because none were asked for: the record is whole.
_ABOUT_US = (
    "javascript",
    "js runtime",
    "po token",
    "signature",
    "n challenge",
    "no video formats",
    "sabr",
    "missing a url",
)


class YoutubeFetcher:
    """Asks YouTube for items of the kinds ``VIDEO``, ``PLAYLIST`` and ``FOOTAGE``."""

    def __init__(self, config: YoutubeConfig, manners: Manners) -> None:
        self._config = config
        self._extractor = Extractor(config, manners)

    def fetch(self, items: Sequence[Item]) -> Iterator[tuple[Item, Outcome]]:
        """Outcomes of items of one kind, each as soon as it is known."""
        for item in items:
            try:
                yield item, self._outcome(item)
            except NotExtracted as error:
                yield item, outcome_of(error, item.kind)

    def close(self) -> None:
        """Nothing is held."""

    def _outcome(self, item: Item) -> Outcome:
        if item.kind is Kind.PLAYLIST:
            return self._list(item.key)
        if item.kind is Kind.FOOTAGE and self._config.footage:
            return self._footage(item.key, self._config.footage)
        return self._video(item.key)

    def _list(self, address: str) -> Outcome:
        entries = self._extractor.videos_of(address, self._config.per_list)
        ids = dict.fromkeys(str(entry.get("id")) for entry in entries if _is_video(entry))
        return Done(found=[Item(Kind.VIDEO, video_id) for video_id in ids])

    def _video(self, video_id: str) -> Outcome:
        retrieved_at = time.time()
        info, warnings = self._extractor.video(video_id)
        unplayable = why_unplayable(info, warnings)
        if unplayable:
            return unplayable
        if not info.get("title") and not info.get("formats"):
            return outcome_of(NotExtracted(_first(warnings) or "YouTube gave no record of the video"), Kind.VIDEO)
        records = [RawRecord(RecordKind.VIDEO, video_id, video_id, retrieved_at, archived(info))]
        records += self._subtitles(video_id, info, retrieved_at)
        duration_s, wanted = info.get("duration"), self._config.footage
        is_short = wanted is not None and isinstance(duration_s, int | float) and duration_s <= wanted.max_duration_s
        return Done(records, (), [Item(Kind.FOOTAGE, video_id)] if is_short else ())

    def _subtitles(self, video_id: str, info: Mapping[str, Any], retrieved_at: float) -> Iterator[RawRecord]:
        """The best track of each language: manual before automatic, the format that says most."""
        for language in self._config.subtitles:
            found = _track(info, language)
            if found is None:
                continue
            code, format_, address = found
            try:
                data = self._extractor.fetch(address, MAX_SUBTITLE_BYTES)
            except NotExtracted as error:
                if is_busy(error.message):
                    raise
                continue  # a track that the record names and nobody serves: the record still says that it is there
            name = f"{video_id}.{code}.{format_}"
            yield RawRecord(RecordKind.SUBTITLES, name, video_id, retrieved_at, data)

    def _footage(self, video_id: str, wanted: FootageWanted) -> Outcome:
        folder = os.path.join(wanted.partial, f"youtube-{video_id}")
        os.makedirs(folder, exist_ok=True)
        info, _ = self._extractor.footage(video_id, folder)
        paths = [done.get("filepath") for done in info.get("requested_downloads") or ()]
        path = next((path for path in paths if path and os.path.exists(path)), None)
        if path is None:
            shutil.rmtree(folder, ignore_errors=True)
            return NotThere(Absent.TOO_MANY_BYTES, f"no file within {wanted.max_bytes:,} bytes")
        try:
            if os.path.getsize(path) > wanted.max_bytes:
                return NotThere(Absent.TOO_MANY_BYTES, f"it has more than {wanted.max_bytes:,} bytes")
            file = FileStore(wanted.store).keep(path, f"youtube:{video_id}")
        except Refused as refused:
            return NotThere(refused.reason, refused.detail)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return Done(files=[file])


def outcome_of(error: NotExtracted, kind: Kind) -> Outcome:
    """What it means that yt-dlp gave up."""
    if kind is Kind.PLAYLIST and _NO_PAGE in error.message:  # a video has a page whatever became of it
        return NotThere(Absent.NOT_FOUND, error.message[:300])
    if is_busy(error.message):
        return Failed(
            f"YouTube takes us for a program or is asked too often ({error.message[:200]}). Name a `cookies_file`, or "
            "lower `requests_per_minute`.",
            _BUSY_S,
            counts=False,
        )
    reason = Absent.REGION_BLOCKED if error.is_region else absence_of(error.message)
    return NotThere(reason, error.message[:300]) if reason else Failed(error.message[:300])


def why_unplayable(info: Mapping[str, Any], warnings: Sequence[str]) -> Outcome | None:
    """Why there is a record without anything to play; None where that says nothing of the video."""
    if info.get("live_status") in ("is_live", "is_upcoming"):
        return None  # the record says so itself
    if info.get("formats"):
        return None
    busy = next((text for text in warnings if is_busy(text)), None)
    if busy:
        return outcome_of(NotExtracted(busy), Kind.VIDEO)
    told = [text for text in warnings if not any(word in text.lower() for word in _ABOUT_US)]
    return next((NotThere(reason, text[:300]) for text in told if (reason := absence_of(text))), None)


def archived(info: Mapping[str, Any]) -> bytes:
    """A record as one line of JSON: what yt-dlp writes, less what expires and what describes formats."""
    kept = {name: value for name, value in info.items() if name not in _LEFT_OUT and not name.startswith("__")}
    for name in _TRACKS:
        if isinstance(kept.get(name), dict):
            kept[name] = {code: [{"ext": track.get("ext")} for track in tracks] for code, tracks in kept[name].items()}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "surrogatepass")


def _track(info: Mapping[str, Any], language: str) -> tuple[str, str, str] | None:
    """Code, format and address of the best track in a language."""
    for name in _TRACKS:
        tracks = info.get(name) or {}
        codes = sorted(tracks, key=lambda code: (code != language, not code.endswith("-orig"), code))
        for code in codes:
            if code.partition("-")[0].lower() != language.lower():
                continue
            by_format = {track.get("ext"): track.get("url") for track in tracks[code] if track.get("url")}
            found = next((format_ for format_ in FORMATS if format_ in by_format), None)
            if found:
                return code, found, by_format[found]
    return None


def _is_video(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("id"), str) and len(entry["id"]) == _VIDEO_ID_LENGTH


def _first(warnings: Sequence[str]) -> str:
    return warnings[0][:300] if warnings else ""
