"""Files of media by their address: resumed where they broke off, checked by their bytes, kept by their content."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin

import msgspec
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from blift.connectors.fetch.items import Done, Failed, Item, NotThere, Outcome, StoredFile
from blift.connectors.filesystem import open_to_read
from blift.connectors.inside import open_own, private_folder
from blift.connectors.media.ffmpeg import join
from blift.connectors.media.limits import Refused as NotDecoded
from blift.connectors.web.addresses import Gate
from blift.connectors.web.client import Answer, Web, WebConfig
from blift.connectors.web.content import HEAD_BYTES, content_type, is_page
from blift.connectors.web.file_store import FileStore
from blift.connectors.web.manners import Manners
from blift.connectors.web.placeholders import is_placeholder_address
from blift.connectors.web.refusals import NotNow, Refused
from blift.connectors.web.robots import Robots, check_headers
from blift.schemas.reasons import Absent

_V_REDDIT = re.compile(r"https?://v\.redd\.it(?::\d+)?/([A-Za-z0-9]+)/?")
_MANIFEST = "DASHPlaylist.mpd"
_MANIFEST_BYTES = 1 << 20
_NOTE_BYTES = 64 << 10
_DASH = "{urn:mpeg:dash:schema:mpd:2011}"
_JOIN_S = 300.0


@dataclass(frozen=True)
class FilesConfig:
    """Which files are downloaded, and where they go.

    Attributes:
        store: path or address of the store.
        partial: folder, on this machine, of downloads that are under way.
        web: how servers are asked.
        max_height: lines of a video that comes in several sizes, at most.
        robots: honour robots.txt.
        no_ai: honour `X-Robots-Tag: noai`.
    """

    store: str
    partial: str
    web: WebConfig
    max_height: int = 720
    robots: bool = True
    no_ai: bool = True


class FilesFetcher:
    """Asks for items of the kind ``FILE``, whose keys are URLs.

    Some sixteen threads keep a worker process busy at a latency of 50 ms. Each has connections of its own.
    """

    def __init__(self, config: FilesConfig, manners: Manners, gate: Gate | None = None) -> None:
        self._config = config
        self._manners = manners
        self._web = Web(manners, config.web, gate)
        self._robots = Robots(self._web) if config.robots else None
        self._store = FileStore(config.store)
        private_folder(config.partial)

    def fetch(self, items: Sequence[Item]) -> Iterator[tuple[Item, Outcome]]:
        """Outcomes of items, each as soon as it is known."""
        for item in items:
            yield item, self._outcome(item.key)

    def close(self) -> None:
        """Close the connections."""
        self._web.close()

    def _outcome(self, address: str) -> Outcome:
        try:
            hosted = _V_REDDIT.fullmatch(address)
            file = self._hosted_video(address, hosted[1]) if hosted else self._plain(address)
        except Refused as refused:
            return NotThere(refused.reason, refused.detail)
        except NotNow as error:
            return Failed(str(error), error.wait_s, error.counts)
        return Done(files=[file])

    def _plain(self, address: str) -> StoredFile:
        partial = self._download(address)
        try:
            return self._store.keep(partial.path, address)
        finally:
            partial.forget()

    def _hosted_video(self, address: str, name: str) -> StoredFile:
        """A video of Reddit's own: pictures and sound come apart, and are joined."""
        base = f"https://v.redd.it/{name}/"
        self._check_robots(base + _MANIFEST)
        with self._web.get(base + _MANIFEST) as answer:
            self._check_headers(answer)
            video, audio = best_streams(answer.text(_MANIFEST_BYTES), self._config.max_height)
        pictures = self._download(urljoin(base, video))
        if audio is None:
            try:
                return self._store.keep(pictures.path, address)
            finally:
                pictures.forget()
        sound = self._download(urljoin(base, audio), media=False)
        joined = os.path.join(self._config.partial, f"{_digest(address)}.joined")
        try:
            join(pictures.path, sound.path, joined, _JOIN_S)
            return self._store.keep(joined, address)
        except NotDecoded as error:
            raise Refused(Absent.NOT_MEDIA, f"its streams cannot be joined: {error}") from error
        finally:
            pictures.forget()
            sound.forget()

    def _download(self, address: str, *, media: bool = True) -> Partial:
        """The whole file, in the folder of those that are under way."""
        self._check_robots(address)
        partial = Partial(self._config.partial, address)
        for attempt in (1, 2):
            with self._web.get(address, partial.range_headers()) as answer:
                self._check_headers(answer)
                if is_placeholder_address(answer.url):
                    raise Refused(Absent.REMOVED, "its host shows a placeholder")
                if answer.status == 416 or not partial.begin(answer):  # noqa: PLR2004 - range not satisfiable
                    partial.forget()
                    if attempt == 1:
                        continue
                    raise NotNow("the server sends another part than was asked for")
                try:
                    partial.receive(answer, media=media)
                except Refused:
                    partial.forget()
                    raise
                return partial
        raise NotNow("the server does not send the file from its beginning")

    def _check_robots(self, address: str) -> None:
        if self._robots:
            self._robots.check(address)

    def _check_headers(self, answer: Answer) -> None:
        if self._config.no_ai:
            check_headers(answer)


class Partial:
    """A download under way: what came of it, and which version of the file that is.

    Neither file is a link, or has a second name: what a server sends is appended to no file of anybody else's.

    Args:
        folder: where it lies; its name there is a digest of the address.
        address: what is downloaded.
    """

    def __init__(self, folder: str, address: str) -> None:
        self.path = os.path.join(folder, f"{_digest(address)}.part")
        self._note = os.path.join(folder, f"{_digest(address)}.version")

    def range_headers(self) -> dict[str, str]:
        """What asks for the rest only, where it is known which version the beginning is of."""
        version, size = self._version(), self._size()
        return {"Range": f"bytes={size}-", "If-Range": version} if version and size else {}

    def begin(self, answer: Answer) -> bool:
        """Take note of what comes; false where it does not go on where the beginning ends."""
        if answer.status == 206:  # noqa: PLR2004 - partial content
            return answer.headers.get("content-range", "").startswith(f"bytes {self._size()}-")
        self.forget()  # a link that lay there, too
        etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
        version = etag if etag and not etag.startswith("W/") else modified
        if version:
            with open(open_own(self._note, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as stream:
                json.dump({"version": version}, stream)
        return True

    def receive(self, answer: Answer, *, media: bool) -> None:
        """Write what comes.

        Raises:
            Refused: it is no media, or too large.
            NotNow: it breaks off; what came is kept.
            OutputError: a link lies where the file is to be.
        """
        head, told = b"", not media or self._size() > 0
        with open(open_own(self.path, os.O_WRONLY | os.O_APPEND), "ab") as stream:
            for piece in answer.pieces():
                if not told:
                    head += piece[:HEAD_BYTES]
                    told = len(head) >= HEAD_BYTES
                    if told:
                        _check_content(head)
                stream.write(piece)
        if not told:
            _check_content(head)

    def forget(self) -> None:
        """Delete what is left of it."""
        for path in (self.path, self._note):
            with suppress(FileNotFoundError):
                os.unlink(path)

    def _size(self) -> int:
        """Bytes that came; none where what lies there is no file of a download."""
        try:
            facts = os.lstat(self.path)
        except FileNotFoundError:
            return 0
        return facts.st_size if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1 else 0

    def _version(self) -> str | None:
        try:
            with open_to_read(self._note) as stream:
                version = msgspec.json.decode(stream.read(_NOTE_BYTES), type=_Note).version
        except (OSError, ValueError, msgspec.DecodeError):
            return None
        return version if version.isprintable() else None


class _Note(msgspec.Struct):
    """What is noted of a download: the version of the file, as its server names it."""

    version: str


def _check_content(head: bytes) -> None:
    if content_type(head) is None:
        what = "a web page" if is_page(head) else "no image or video"
        raise Refused(Absent.NOT_MEDIA, f"what came is {what}")


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


def best_streams(manifest: str, max_height: int) -> tuple[str, str | None]:
    """Addresses, relative to the manifest's, of the best pictures within the height, and of the best sound.

    Args:
        manifest: of MPEG-DASH, as Reddit writes it.
        max_height: lines; where all have more, the smallest are taken.

    Raises:
        Refused: it names no video.
    """
    try:
        root = ElementTree.fromstring(manifest)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise Refused(Absent.NOT_MEDIA, f"the list of its streams cannot be read: {error}") from error
    videos: list[tuple[int, int, str]] = []
    sounds: list[tuple[int, str]] = []
    for group in root.iter(f"{_DASH}AdaptationSet"):
        for stream in group.iter(f"{_DASH}Representation"):
            place = stream.findtext(f"{_DASH}BaseURL")
            kind = stream.get("mimeType") or group.get("mimeType") or group.get("contentType") or ""
            bandwidth = _number(stream.get("bandwidth"))
            if place and kind.startswith("video"):
                videos.append((_number(stream.get("height") or group.get("maxHeight")), bandwidth, place.strip()))
            elif place and kind.startswith("audio"):
                sounds.append((bandwidth, place.strip()))
    if not videos:
        raise Refused(Absent.NO_MEDIA, "the list of its streams names no video")
    within = [video for video in videos if video[0] <= max_height]
    video = max(within) if within else min(videos)
    return video[2], max(sounds)[1] if sounds else None


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
