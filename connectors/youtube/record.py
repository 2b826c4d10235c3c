"""From yt-dlp's record of a video to what is kept of it, and the subtitles that it names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from blift.connectors.yt_dlp.info import COMMENT_ORDER
from blift.connectors.yt_dlp.subtitles import FORMATS

#: What is left out: addresses of files, which expire and name who asked, and lists of formats, which are most of it.
_LEFT_OUT = frozenset(
    {"formats", "requested_formats", "requested_downloads", "requested_subtitles", "thumbnails", "url", "fragments"}
    | {"http_headers", "cookies", "manifest_url", "downloader_options", "_format_sort_fields", "filepath", "_filename"}
)
_TRACKS = ("subtitles", "automatic_captions")
_ORIGINAL = "-orig"
_MADE_UP_TITLE = "youtube video #"  # yt-dlp's, where there is none


class TrackAddress(NamedTuple):
    """Where subtitles are: language code, format and address."""

    code: str
    format: str
    address: str


def archived(info: Mapping[str, Any], comment_sort: str | None = None) -> bytes:
    """A record as one line of JSON: what yt-dlp writes, less what expires and what describes formats.

    The order in which comments were asked for is added, for yt-dlp's record does not say it. Of tracks, language and
    formats are kept; those that YouTube would translate on demand are not the video's.
    """
    kept = {name: value for name, value in info.items() if name not in _LEFT_OUT and not name.startswith("__")}
    if comment_sort is not None and kept.get("comments"):
        kept[COMMENT_ORDER] = comment_sort
    for name in _TRACKS:
        if isinstance(kept.get(name), dict):
            named = {code: [{"ext": one.get("ext")} for one in _spoken(tracks)] for code, tracks in kept[name].items()}
            kept[name] = {code: tracks for code, tracks in named.items() if tracks}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "surrogatepass")


def says_something(info: Mapping[str, Any]) -> bool:
    """Whether YouTube told anything of the video: where it does not, yt-dlp makes up a title."""
    title = info.get("title")
    stated = isinstance(title, str) and title and not title.startswith(_MADE_UP_TITLE)
    return bool(stated and (info.get("channel_id") or info.get("uploader") or info.get("view_count") is not None))


def track(info: Mapping[str, Any], language: str) -> TrackAddress | None:
    """The best track of a language: manual before automatic, and the format that says most. No translations."""
    for name in _TRACKS:
        tracks = info.get(name) or {}
        for code in sorted(tracks, key=lambda code: (code != language, not code.endswith(_ORIGINAL), code)):
            if code.partition("-")[0].lower() != language.partition("-")[0].lower():
                continue
            by_format = {one.get("ext"): one["url"] for one in _spoken(tracks[code]) if one.get("url")}
            found = next((format_ for format_ in FORMATS if format_ in by_format), None)
            if found:
                return TrackAddress(code, found, by_format[found])
    return None


def _spoken(tracks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The formats of a track, unless YouTube would translate it by machine."""
    return [one for one in tracks if "tlang" not in parse_qs(urlsplit(str(one.get("url") or "")).query)]
