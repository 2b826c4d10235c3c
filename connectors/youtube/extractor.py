"""Questions to YouTube, and what its answers come to, through yt-dlp as a library."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from yt_dlp.extractor.youtube import YoutubeIE
from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import YoutubeDLError

from blift.connectors.media.ffmpeg import program
from blift.connectors.web.manners import Manners
from blift.connectors.web.refusals import NotNow, Refused
from blift.connectors.youtube.client import Client
from blift.connectors.youtube.config import FootageWanted, YoutubeConfig
from blift.connectors.youtube.cookies import read_cookies
from blift.connectors.youtube.gated import Halted
from blift.schemas.reasons import Absent

_TIMEOUT_S = 30.0
_DETAIL = 300
#: Programs that can run YouTube's player, which hides the addresses of some formats; both run it cut off from all else.
_RUNTIMES = ("deno", "node")
_NO_FORMATS, _NOT_THIS_FORMAT = "no video formats found", "requested format is not available"


class NotSaid(Exception):
    """YouTube says, in its own words, why it does not answer with what was asked for."""


class Extractor:
    """Asks YouTube by yt-dlp. One object serves one thread, and keeps its connections open.

    Args:
        config: what the recipe says.
        manners: of the run.

    Raises:
        FetchError: the cookies cannot be read.
    """

    def __init__(self, config: YoutubeConfig, manners: Manners) -> None:
        per_s = None if config.requests_per_minute is None else config.requests_per_minute / 60
        self._config = config
        self.pace = manners.pace("youtube", per_s)
        self._records = self._client(
            {
                "extract_flat": True,
                "compat_opts": ["no-youtube-unavailable-videos"],  # lists need not name what is not there
                "ignore_no_formats_error": True,
                "extractor_args": {
                    # Formats need YouTube's own script to be run; a record does not.
                    "youtube": {"player_skip": ["js", "configs"], "comment_sort": [config.comment_sort]},
                    "youtubetab": {"approximate_date": ["true"]},
                },
            }
        )
        self._files: Client | None = None

    def video(self, video_id: str, comments: int) -> tuple[dict[str, Any], str | None]:
        """The record of a video as yt-dlp writes it, and why YouTube does not play it; None where it does.

        Args:
            video_id: 11 characters.
            comments: on the video itself, at most.

        Raises:
            NotSaid: YouTube says why there is no record.
            NotNow: an answer is missing, or cannot be read.
        """
        self._records.params["getcomments"] = comments > 0
        most = str(comments)
        self._records.params["extractor_args"]["youtube"]["max_comments"] = [most, most, "0", "0", "1"]
        with _asked(self._records):
            info = self._records.extract_info(address_of(video_id), download=False, ie_key=YoutubeIE.ie_key())
        found: dict[str, Any] = self._records.sanitize_info(info, remove_private_keys=False) or {}
        if found.get("id") != video_id:
            raise NotNow(f"YouTube answers with something else than {video_id}.")
        return found, self._records.refusal

    def videos_of(self, address: str) -> Iterator[dict[str, Any]]:
        """Entries of a channel, playlist or search, in its order; a page is asked for when it is come to.

        Raises:
            NotSaid: YouTube says why there is no such list.
            Refused: it is no list of YouTube's.
            NotNow: an answer is missing, or cannot be read.
        """
        if not self._records.knows(address):
            raise Refused(Absent.NOT_FOUND, f"{address} is no channel, playlist or search of YouTube")
        yield from self._walk({"url": address}, set())

    def _walk(self, found: Mapping[str, Any], seen: set[str]) -> Iterator[dict[str, Any]]:
        address, key = found.get("url"), found.get("ie_key")
        if found.get("entries") is not None:
            entries = iter(found["entries"])
            while (entry := self._next(entries)) is not None:
                yield from self._walk(entry, seen)
        elif key == YoutubeIE.ie_key():
            yield dict(found)
        elif isinstance(address, str) and YoutubeIE.suitable(address):
            yield {"id": YoutubeIE.get_temp_id(address)}
        elif isinstance(address, str) and address not in seen and self._records.knows(address):  # a list in a list
            seen.add(address)
            with _asked(self._records, whole=True):
                inner = self._records.extract_info(address, download=False, process=False, ie_key=key)
            yield from self._walk(inner or {}, seen)

    def _next(self, entries: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        with _asked(self._records, whole=True):
            return next(entries, None)

    def fetch(self, address: str, max_bytes: int) -> bytes:
        """A small file that a record names, such as subtitles.

        Raises:
            Refused: it is not served, or is larger.
            NotNow: it may be served another time.
        """
        with _asked(self._records):
            try:
                with self._records.urlopen(Request(address)) as response:
                    data: bytes = response.read(max_bytes + 1)
            except HTTPError as error:
                if self._records.unanswered:
                    raise
                raise Refused(Absent.UNAVAILABLE, f"HTTP {error.status}") from None
        if len(data) > max_bytes:
            raise Refused(Absent.TOO_MANY_BYTES, f"it has more than {max_bytes:,} bytes")
        return data

    def footage(self, video_id: str, folder: str) -> dict[str, Any]:
        """Download the file of a video into a folder; the record says which.

        Raises:
            NotSaid: YouTube says why it does not play the video.
            Refused: none of its formats is within the limits.
            NotNow: it may come another time.
        """
        wanted = self._config.footage
        if wanted is None:
            raise ValueError("no footage is wanted")
        if self._files is None:
            self._files = self._client(_download_options(wanted))
        client = self._files
        client.params["paths"] = {"home": folder, "temp": folder}
        with _asked(client):
            try:
                info: dict[str, Any] = client.extract_info(address_of(video_id), ie_key=YoutubeIE.ie_key())
            except YoutubeDLError as error:
                if client.refusal:
                    raise NotSaid(client.refusal) from error
                if _NOT_THIS_FORMAT in str(error).lower():
                    raise Refused(Absent.NO_MEDIA, "no format within the limits of the recipe") from None
                if _NO_FORMATS in str(error).lower():
                    raise NotNow(f"YouTube gives no formats to us. {_how_to_play()}") from None
                raise
        return info

    def close(self) -> None:
        """Close the connections."""
        for client in (self._records, self._files):
            if client is not None:
                client.close()

    def _client(self, options: Mapping[str, Any]) -> Client:
        config = self._config
        settings = {
            "proxy": config.proxy_address()
            or "",  # else one of the environment, which would look names up in our place
            "cookiefile": read_cookies(config.cookies_file) if config.cookies_file else None,
            "socket_timeout": _TIMEOUT_S,
        }
        return Client({**settings, **options}, self.pace, config.base_address, config.allowed)


def address_of(video_id: str) -> str:
    """The page of a video."""
    return f"https://www.youtube.com/watch?v={video_id}"


def runtimes() -> list[str]:
    """The programs here that can run YouTube's player; none without the package ``yt-dlp-ejs``."""
    if importlib.util.find_spec("yt_dlp_ejs") is None:
        return []
    return [name for name in _RUNTIMES if shutil.which(name)]


def _how_to_play() -> str:
    return "" if runtimes() else "Install deno and the package yt-dlp-ejs, which can run its player."


def _download_options(wanted: FootageWanted) -> dict[str, Any]:
    lines, most = f"[height<=?{wanted.max_height}]", f"[filesize<?{wanted.max_bytes}]"
    picture, sound, both = f"bv*{lines}{most}", f"ba{most}", f"b{lines}{most}"
    return {
        "format": "/".join(
            [
                *(f"{picture}[ext=mp4]+{sound}[ext=m4a]", f"{both}[ext=mp4]", f"{picture}+{sound}", both),
                *(f"b{lines}", f"bv*{lines}+ba"),  # known to be too large: that is then the reason
            ]
        ),
        "merge_output_format": "mp4/mkv",
        "outtmpl": {"default": "%(id)s.%(ext)s"},
        "max_filesize": wanted.max_bytes,
        "continuedl": True,
        "updatetime": False,
        "fixup": "never",
        "js_runtimes": {name: {} for name in runtimes()},
        # What would be written beside the streams (times, versions) would make equal streams unequal files.
        "postprocessor_args": {"merger": ["-fflags", "+bitexact", "-map_metadata", "-1"]},
        "ffmpeg_location": program(),
        # What yt-dlp cannot join by itself it would have ffmpeg ask for, at any address.
        "external_downloader_args": {"ffmpeg_i": ["-protocol_whitelist", "file"]},
        "progress_hooks": [lambda progress: _check_size(progress, wanted.max_bytes)],
    }


def _check_size(progress: Mapping[str, Any], max_bytes: int) -> None:
    """Servers need not say how much is to come."""
    if (progress.get("downloaded_bytes") or 0) > max_bytes:
        raise Halted(Refused(Absent.TOO_MANY_BYTES, f"it has more than {max_bytes:,} bytes"))


@contextmanager
def _asked(client: Client, *, whole: bool = False) -> Iterator[None]:
    """A question: what yt-dlp raises becomes ours, and so do answers that it does without.

    Args:
        client: that is asked.
        whole: an answer that breaks off is none; else a list would end there.
    """
    client.begin()
    client.params.setdefault("extractor_args", {}).setdefault("youtube", {})["raise_incomplete_data"] = [""] * whole
    try:
        yield
        if client.unanswered:
            raise NotNow(f"{next(iter(client.unanswered.values()))}.")
    except Halted as halted:
        raise halted.reason from None
    except YoutubeDLError as error:
        _explain(client, error)


def _explain(client: Client, error: YoutubeDLError) -> NoReturn:
    cause = (getattr(error, "exc_info", None) or (None, None))[1] or error
    said = " ".join(str(getattr(cause, "orig_msg", None) or cause).split())[:_DETAIL]
    if client.params.get("proxy"):
        said = said.replace(client.params["proxy"], "the proxy")
    if client.unanswered:
        raise NotNow(f"{next(iter(client.unanswered.values()))}.") from error
    if any(isinstance(one, HTTPError) for one in (cause, getattr(cause, "cause", None))) or getattr(
        cause, "expected", False
    ):
        raise NotSaid(said) from error
    raise NotNow(said) from error
