"""yt-dlp as a library: at the pace that all workers share, without a shell, plugins, caches or files of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from yt_dlp import YoutubeDL
from yt_dlp.networking import Request, Response
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import ExtractorError, GeoRestrictedError, YoutubeDLError

from connectors.media.ffmpeg import program
from connectors.web.manners import BudgetSpent, Manners, Pace, Stopped
from connectors.web.refusals import retry_after_s
from connectors.youtube.config import YoutubeConfig
from schemas.errors import CollectError

_TOO_MANY = 429
#: Wait after a 429 that does not say how long.
_BUSY_S = 300.0
_TIMEOUT_S = 30.0
#: Hosts whose requests a base address takes.
_HOSTS = ("youtube.com", "googlevideo.com", "googleapis.com", "ytimg.com", "youtu.be", "youtube-nocookie.com")


class NotExtracted(Exception):
    """yt-dlp gave up. ``message`` is what it said, without its prefixes."""

    def __init__(self, message: str, *, is_region: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_region = is_region


class Extractor:
    """Asks YouTube by yt-dlp. One object serves one thread.

    Args:
        config: what the recipe says.
        manners: of the run.
    """

    def __init__(self, config: YoutubeConfig, manners: Manners) -> None:
        per_s = None if config.requests_per_minute is None else config.requests_per_minute / 60
        self._config = config
        self._manners = manners
        self._pace = manners.pace("youtube", per_s)

    def video(self, video_id: str) -> tuple[dict[str, Any], list[str]]:
        """The record of a video as yt-dlp writes it, and what it warned of.

        Raises:
            NotExtracted: there is none.
        """
        config = self._config
        wanted = {
            "ignore_no_formats_error": True,
            "getcomments": config.comments > 0,
            "skip_download": True,
            "extractor_args": {
                "youtube": {
                    "max_comments": [str(config.comments), "all", "0"],
                    "comment_sort": [config.comment_sort],
                    # Formats need YouTube's own script to be run; a record does not.
                    "player_skip": ["js", "configs"],
                }
            },
        }
        return self._extracted(f"https://www.youtube.com/watch?v={video_id}", wanted, download=False)

    def videos_of(self, address: str, limit: int | None) -> Iterator[dict[str, Any]]:
        """Entries of a channel, playlist or search, in its order.

        Raises:
            NotExtracted: there is no such list.
        """
        info, _ = self._extracted(
            address,
            {"extract_flat": "in_playlist", "playlistend": limit, "lazy_playlist": False, "skip_download": True},
            download=False,
        )
        yield from _entries(info)

    def footage(self, video_id: str, folder: str) -> tuple[dict[str, Any], list[str]]:
        """Download the file of a video into a folder; the record says which.

        Raises:
            NotExtracted: there is none.
        """
        wanted = self._config.footage
        if wanted is None:
            raise ValueError("no footage is wanted")
        lines = f"[height<={wanted.max_height}]"
        options = {
            "format": f"bv*{lines}[ext=mp4]+ba[ext=m4a]/b{lines}/bv*{lines}+ba/w",
            "paths": {"home": folder, "temp": folder},
            "outtmpl": {"default": "%(id)s.%(ext)s"},
            "max_filesize": wanted.max_bytes,
            "continuedl": True,
            "updatetime": False,
            "fixup": "never",
            # What would be written beside the streams (times, versions) would make equal streams unequal files.
            "postprocessor_args": {"merger": ["-fflags", "+bitexact", "-map_metadata", "-1"]},
            "ffmpeg_location": program(),
            "progress_hooks": [lambda _: self._manners.check()],
        }
        return self._extracted(f"https://www.youtube.com/watch?v={video_id}", options, download=True)

    def fetch(self, address: str, max_bytes: int) -> bytes:
        """A small file that a record names, such as subtitles.

        Raises:
            NotExtracted: it cannot be had, or is larger.
        """
        with self._client({}) as client:
            try:
                data: bytes = client.urlopen(Request(address)).read(max_bytes + 1)
            except YoutubeDLError as error:
                raise _not_extracted(error) from error
        if len(data) > max_bytes:
            raise NotExtracted(f"it has more than {max_bytes:,} bytes")
        self._pace.receive(len(data))
        return data

    def _extracted(
        self, address: str, options: Mapping[str, Any], *, download: bool
    ) -> tuple[dict[str, Any], list[str]]:
        with self._client(options) as client:
            try:
                info = client.extract_info(address, download=download)
            except YoutubeDLError as error:
                client.raise_interruption()
                raise _not_extracted(error) from error
            client.raise_interruption()
            found: dict[str, Any] = client.sanitize_info(info, remove_private_keys=False) or {}
            return found, client.said.warnings

    @contextmanager
    def _client(self, options: Mapping[str, Any]) -> Iterator[_Client]:
        config = self._config
        with _copied(config.cookies_file) as cookies:
            said = _Said()
            with _Client(
                {
                    "quiet": True,
                    "noprogress": True,
                    "logger": said,
                    "cachedir": False,
                    "proxy": config.proxy,
                    "cookiefile": cookies,
                    "socket_timeout": _TIMEOUT_S,
                    "extractor_retries": 0,
                    "retries": 2,
                    "fragment_retries": 2,
                    "noplaylist": False,
                    "check_formats": False,
                    "allowed_extractors": ["youtube.*"],
                    **options,
                },
                self._pace,
                config.base_address,
                said,
            ) as client:
                yield client


class _Said:
    """What yt-dlp says, kept."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        """Of no interest."""

    info = debug

    def warning(self, message: str) -> None:
        """Kept: a reason why there are no formats comes so."""
        self.warnings.append(message)

    def error(self, message: str) -> None:
        """Raised as well."""


class _Client(YoutubeDL):
    """yt-dlp whose every request waits for its turn."""

    def __init__(self, options: Mapping[str, Any], pace: Pace, base: str | None, said: _Said) -> None:
        self._pace = pace
        self._base = urlsplit(base) if base else None
        self._interruption: BudgetSpent | Stopped | None = None
        self.said = said
        super().__init__(dict(options), auto_init=True)

    def urlopen(self, req: Request | str) -> Response:
        """A request, at its turn."""
        request = Request(req) if isinstance(req, str) else req
        try:
            self._pace.turn()
        except (BudgetSpent, Stopped) as interruption:
            # yt-dlp takes what it does not know for a fault of the page, and may try on.
            self._interruption = interruption
            raise
        if self._base:
            request = self._sent_to_base(request)
        try:
            response = super().urlopen(request)
        except HTTPError as error:
            if error.status == _TOO_MANY:
                self._pace.pause(retry_after_s(error.response.headers.get("Retry-After")) or _BUSY_S)
            raise
        self._pace.receive(int(response.headers.get("Content-Length") or 0))
        return response

    def raise_interruption(self) -> None:
        """Raise again what ended a request, whatever was made of it since.

        Raises:
            BudgetSpent: of the run.
            Stopped: of the run.
        """
        if self._interruption:
            raise self._interruption

    def _sent_to_base(self, request: Request) -> Request:
        address = urlsplit(request.url)
        host = address.hostname or ""
        if self._base is None or not any(host == known or host.endswith(f".{known}") for known in _HOSTS):
            return request
        sent = request.copy()
        sent.url = urlunsplit((self._base.scheme, self._base.netloc, address.path, address.query, ""))
        sent.headers["X-Forwarded-Host"] = host
        return sent


def _entries(info: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Entries of videos; a channel's are in lists for its tabs."""
    for entry in info.get("entries") or ():
        if entry and entry.get("entries") is not None:
            yield from _entries(entry)
        elif entry:
            yield entry


def _not_extracted(error: YoutubeDLError) -> NotExtracted:
    cause = error.exc_info[1] if getattr(error, "exc_info", None) else error
    message = cause.orig_msg if isinstance(cause, ExtractorError) else str(cause)
    return NotExtracted(str(message), is_region=isinstance(cause, GeoRestrictedError))


@contextmanager
def _copied(path: str | None) -> Iterator[str | None]:
    """A copy of the cookies, since yt-dlp writes back what servers set."""
    if path is None:
        yield None
        return
    with tempfile.NamedTemporaryFile(prefix="blift-cookies-") as copy:
        try:
            shutil.copyfile(path, copy.name)
        except OSError as error:
            raise CollectError(
                f"Cannot read the cookies in {path}: {error.strerror}. Check `collect.youtube.cookies_file`."
            ) from error
        yield copy.name
