"""yt-dlp tamed: every request at our pace, no plugins, no configuration, no extractors but YouTube's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from yt_dlp import YoutubeDL
from yt_dlp import globals as yt_dlp_globals
from yt_dlp.extractor.youtube import (
    YoutubeIE,
    YoutubePlaylistIE,
    YoutubeSearchIE,
    YoutubeSearchURLIE,
    YoutubeTabIE,
    YoutubeYtBeIE,
)
from yt_dlp.networking import Request, RequestDirector, Response
from yt_dlp.networking.exceptions import HTTPError, TransportError
from yt_dlp.utils import ExtractorError, sanitize_url

from blift.connectors.web.addresses import Gate, checked_url
from blift.connectors.web.flow import Flow
from blift.connectors.web.manners import Pace
from blift.connectors.web.refusals import NotNow, Refused, retry_after_s
from blift.connectors.youtube.absence import meaning
from blift.connectors.youtube.gated import GatedRH, Halted
from blift.schemas.reasons import Absent

# yt-dlp reads this when its first object is made: it would run Python files out of a user's folders.
yt_dlp_globals.plugin_dirs.value = []

_LISTS = (YoutubeTabIE, YoutubePlaylistIE, YoutubeYtBeIE, YoutubeSearchIE, YoutubeSearchURLIE)
_TOO_MANY, _UNAVAILABLE, _SERVER_ERROR = 429, 503, 500
#: Wait after a 429 that does not say how long.
_BUSY_S = 300.0
#: Of a page or an answer in JSON, unpacked; theirs have some 2 MB at most.
_MAX_ANSWER, _PIECE = 64 << 20, 1 << 20
#: A video has a page whatever became of it.
_VIDEO_PAGE = "/watch"
#: Hosts whose requests a base address takes.
_HOSTS = ("youtube.com", "googlevideo.com", "googleapis.com", "ytimg.com", "youtu.be", "youtube-nocookie.com")

#: Reads so many bytes of an answer at most; all where no number is given.
_Read: TypeAlias = Callable[..., bytes]


class Client(YoutubeDL):
    """yt-dlp whose every request waits for its turn.

    Args:
        options: yt-dlp's own, in its names.
        pace: of all who ask YouTube.
        base: address that is asked in place of YouTube's hosts; None for those.
        allowed: `host:port` of servers that may be asked although they are not on the open net; the base may.

    Attributes:
        refusal: why YouTube does not play the video that was asked for last, in its own words; None where it does.
        unanswered: what became of requests that failed, by request, but for those that went well when repeated.
    """

    def __init__(self, options: Mapping[str, Any], pace: Pace, base: str | None, allowed: Sequence[str] = ()) -> None:
        self._pace = pace
        self._base = checked_url(base) if base else None
        self._gate = Gate([*allowed, f"{self._base.host}:{self._base.port}"] if self._base else allowed)
        self._answers: list[Response] = []
        self.begin()
        super().__init__({**_PLAIN, **options}, auto_init=False)
        for extractor in _LISTS:
            self.add_info_extractor(extractor())
        self.add_info_extractor(_VideoExtractor())

    def begin(self) -> None:
        """Another question."""
        while self._answers:  # yt-dlp leaves open what it does not read to its end
            self._answers.pop().close()
        self.refusal: str | None = None
        self.unanswered: dict[tuple[str, object], str] = {}

    def knows(self, address: str) -> bool:
        """Whether it is an address, or a search, of YouTube's."""
        return any(extractor.suitable(address) for extractor in (*_LISTS, YoutubeIE))

    def urlopen(self, req: Request | str) -> Response:
        """A request, at its turn.

        Raises:
            Halted: the run ends, or YouTube wants to be left alone; yt-dlp must not go on.
        """
        request = Request(req) if isinstance(req, str) else req
        address, key = urlsplit(request.url), (request.url, request.data)
        name = f"{address.hostname}{address.path[:80]}"  # a query may hold tokens
        try:
            checked_url(sanitize_url(request.url))
            response = super().urlopen(self._directed(request))
        except Refused as refused:
            raise Halted(refused) from None
        except HTTPError as error:
            self._answers.append(error.response)
            if error.redirect_loop:
                raise Halted(Refused(Absent.TOO_MANY_REDIRECTS, f"{name} leads on and on")) from None
            self._check_busy(error)
            if error.status >= _SERVER_ERROR or address.path == _VIDEO_PAGE:
                self.unanswered[key] = f"HTTP {error.status} from {name}"
            raise
        except TransportError:
            self.unanswered[key] = f"no answer from {name}"
            raise
        self.unanswered.pop(key, None)
        self._answers.append(response)
        response.read = self._counted(response.read, key, name)
        return response

    def build_request_director(self, handlers: Iterable[object], preferences: object = None) -> RequestDirector:  # noqa: ARG002 - yt-dlp's
        """One way to ask, and no other, which is ours."""
        return super().build_request_director([partial(GatedRH, self._gate, self._pace.turn)])

    def close(self) -> None:
        """Let go of connections. Cookies are not written anywhere."""
        self.begin()
        self.params["cookiefile"] = None
        super().close()

    def _counted(self, read: _Read, key: tuple[str, object], name: str) -> _Read:
        """Reads an answer, counting its bytes."""
        flow = Flow()

        def some(amt: int) -> bytes:
            try:
                data = read(amt)
                self._pace.receive(len(data))
                flow.take(len(data))
            except TransportError:
                self.unanswered[key] = f"the answer of {name} broke off"
                raise
            except NotNow as slow:
                self.unanswered[key] = f"the answer of {name} is too slow"
                raise TransportError(str(slow), cause=slow) from slow
            return data

        def whole() -> bytes:
            found = bytearray()
            while data := some(_PIECE):
                found += data
                if len(found) > _MAX_ANSWER:
                    raise Halted(Refused(Absent.TOO_MANY_BYTES, f"{name} answers with more than {_MAX_ANSWER:,} bytes"))
            return bytes(found)

        return lambda amt=None: whole() if amt is None else some(amt)

    def _check_busy(self, error: HTTPError) -> None:
        wait_s = retry_after_s(error.response.get_header("Retry-After"))
        if error.status == _TOO_MANY or (error.status == _UNAVAILABLE and wait_s):
            wait_s = wait_s or _BUSY_S
            self._pace.pause(wait_s)
            raise Halted(NotNow(f"YouTube answers HTTP {error.status}: it is asked too often.", wait_s, counts=False))

    def _directed(self, request: Request) -> Request:
        """The request, to the base address where there is one."""
        address = urlsplit(request.url)
        host = address.hostname or ""
        if self._base is None or not any(host == known or host.endswith(f".{known}") for known in _HOSTS):
            return request
        sent = request.copy()
        sent.url = self._base._replace(path=address.path, query=address.query).url
        sent.headers["X-Forwarded-Host"] = host
        return sent


class _VideoExtractor(YoutubeIE):
    """YouTube's extractor, which goes on where a video is not played: what YouTube still says of it is a record."""

    IE_NAME = "youtube"

    @classmethod
    def ie_key(cls) -> str:
        return str(YoutubeIE.ie_key())

    def raise_no_formats(self, msg: object, expected: bool = False, video_id: str | None = None) -> None:  # noqa: ARG002, FBT001, FBT002 - yt-dlp's
        self._downloader.refusal = str(getattr(msg, "orig_msg", msg))

    def raise_geo_restricted(self, msg: str = "", countries: object = None, metadata_available: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - yt-dlp's
        self._downloader.refusal = msg

    def _extract_player_responses(self, *args: Any) -> tuple[list[dict[str, Any]], str | None]:
        answers, address = super()._extract_player_responses(*args)
        if not any(answer.get("streamingData") for answer in answers):  # what the page itself says has none
            raise ExtractorError("YouTube's player does not answer us. A newer yt-dlp may know how to ask")
        return answers, address

    def _real_extract(self, url: str) -> dict[str, Any]:
        info: dict[str, Any] = super()._real_extract(url)
        refusal, comments = self._downloader.refusal, info.get("__post_extractor")
        if refusal and meaning(refusal) is not Absent.NO_MEDIA:
            info["__post_extractor"] = None  # no further requests for what is not there
        elif comments:
            stated = info.get("comment_count")
            if stated:  # asked for last of all: an empty answer in the place of comments is not their end
                self._downloader.params["extractor_args"]["youtube"]["raise_incomplete_data"] = [""]
            info["__post_extractor"] = lambda: _with_stated_count(comments(), stated)
        return info


def _with_stated_count(found: dict[str, Any], stated: int | None) -> dict[str, Any]:
    """yt-dlp writes how many comments it fetched over YouTube's own count; that is put back where it is larger."""
    fetched = found.get("comments")
    return {**found, "comment_count": stated} if fetched is not None and (stated or 0) > len(fetched) else found


class _Silence:
    """What yt-dlp says goes nowhere: what matters comes as an exception or a value."""

    def debug(self, message: str) -> None:
        """Nobody listens."""

    info = warning = error = debug


_PLAIN = {
    "quiet": True,
    "noprogress": True,
    "logger": _Silence(),
    "color": "no_color",
    "cachedir": False,
    "check_formats": False,
    "extractor_retries": 1,
    "retries": 2,
    "fragment_retries": 2,
    "js_runtimes": {},
}
