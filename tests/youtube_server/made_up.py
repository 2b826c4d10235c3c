"""A made-up YouTube in the present form of its answers: videos, comments, captions, a channel; and what is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.youtube_server import lists
from tests.youtube_server.lists import CHANNEL, PLAYLIST, Listed
from tests.youtube_server.server import Answer, Request

SUBTITLES = b"WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nhello there\n"
_WORDS = {"events": [{"tStartMs": 0, "dDurationMs": 2000, "segs": [{"utf8": "hello there"}]}]}
_PAGE = 20
_PRIVATE = 6
_LISTS = ("playlist", "browse", "search")


@dataclass(frozen=True)
class Video:
    """A video.

    Attributes:
        video_id: 11 characters.
        title: its title.
        duration_s: seconds.
        likes: thumbs up.
        comments: texts, the top ones first.
        heat: values of its replay graph; empty for none.
        captions: language codes of manual captions; `a.en` for automatic ones.
        file: an MP4; empty where there is nothing to play.
        refusal: status and reason in place of something to play; a third part is the subreason.
        posted: as lists say it.
        live: `is_live` or `is_upcoming`; empty for neither.
        translated: languages into which automatic captions are offered.
        streams: picture and sound apart, each a file; empty for none.
        comments_off: its owner turned comments off.
    """

    video_id: str
    title: str = "A made-up video"
    duration_s: int = 100
    likes: int = 1_234
    views: int = 56_789
    comments: Sequence[str] = ()
    heat: Sequence[float] = ()
    captions: Sequence[str] = ()
    file: bytes = b""
    refusal: tuple[str, ...] = ()
    posted: str = "2 years ago"
    live: str = ""
    translated: Sequence[str] = ()
    streams: tuple[bytes, bytes] = (b"", b"")
    comments_off: bool = False


@dataclass
class MadeUp:
    """A site of videos, all of one channel and one playlist.

    Attributes:
        videos: what there is.
        faults: answers in place of the proper ones, by the end of a path; each is given once.
        alert: what the pages of lists say in place of their videos.
        tabs: of the channel.
    """

    videos: Sequence[Video]
    faults: dict[str, list[Answer]] = field(default_factory=dict)
    alert: str = ""
    tabs: Sequence[str] = ("videos",)

    def __call__(self, request: Request) -> Answer | None:
        fault = next((found for end, found in self.faults.items() if request.path.endswith(end) and found), None)
        return fault.pop(0) if fault else self._proper(request)

    def _proper(self, request: Request) -> Answer | None:
        what = request.path.rpartition("/")[2]
        if what in _LISTS or request.path.startswith((f"/channel/{CHANNEL}", "/@madeup")):
            return self._list(what, request)
        match what:
            case "watch" | "":
                return _watch_page(self._video(request.query.get("v", "")))
            case "timedtext":
                return Answer(_WORDS if request.query.get("fmt") == "json3" else SUBTITLES)
            case "player":
                return Answer(self._player(request.body["videoId"]))
            case "next":
                return Answer(self._next(request.body))
        return self._file(request)

    def _list(self, what: str, request: Request) -> Answer | None:
        videos = [Listed(video.video_id, video.title, video.posted) for video in self.videos]
        match what:
            case "playlist":
                return self._page(lists.playlist_page(videos)) if request.query["list"] == PLAYLIST else None
            case "browse":
                return Answer(lists.next_page(request.body["continuation"], videos))
            case "search":
                first = str(request.body.get("continuation", "0")).rpartition(":")[2]
                return Answer(lists.search_page(videos, int(first)))
        return self._page(lists.channel_page(videos, self.tabs))

    def _page(self, data: dict[str, Any]) -> Answer:
        shown = lists.error_page(self.alert) if self.alert else data
        return Answer(f"<html><script>var ytInitialData = {json.dumps(shown)};</script></html>")

    def _video(self, video_id: str) -> Video | None:
        return next((video for video in self.videos if video.video_id == video_id), None)

    def _file(self, request: Request) -> Answer | None:
        """A file, or the part of it that is asked for."""
        video = self._video(request.query.get("id", ""))
        if video is None:
            return None
        whole = {"18": video.file, "136": video.streams[0], "140": video.streams[1]}[request.query["itag"]]
        begin = int(request.range.removeprefix("bytes=").partition("-")[0] or 0)
        headers: tuple[tuple[str, str], ...] = (("Accept-Ranges", "bytes"),)
        if begin:
            headers += (("Content-Range", f"bytes {begin}-{len(whole) - 1}/{len(whole)}"),)
        return Answer(whole[begin:], 206 if begin else 200, headers)

    def _player(self, video_id: str) -> dict[str, Any]:
        video = self._video(video_id)
        if video is None:
            return {"playabilityStatus": {"status": "ERROR", "reason": "Video unavailable"}, **_details(video_id)}
        if video.refusal:
            return _refused(video)
        return {
            "playabilityStatus": {"status": "OK"},
            **_details(
                video_id,
                title=video.title,
                lengthSeconds=str(video.duration_s),
                viewCount=str(video.views),
                channelId=CHANNEL,
                author="Made up",
                shortDescription="Nothing here is real.",
                **({"isLive": True} if video.live == "is_live" else {}),
                **({"isUpcoming": True} if video.live == "is_upcoming" else {}),
            ),
            "captions": {
                "playerCaptionsTracklistRenderer": {
                    "captionTracks": [_track(video_id, code) for code in video.captions],
                    "translationLanguages": [
                        {"languageCode": code, "languageName": _text(code)} for code in video.translated
                    ],
                }
            },
            "streamingData": {
                "formats": [_format(video)] if video.file else [],
                "adaptiveFormats": [_picture(video), _sound(video)] if video.streams[0] else [],
            },
        }

    def _next(self, body: dict[str, Any]) -> dict[str, Any]:
        token = str(body.get("continuation", ""))
        if token and not token.startswith("c:"):  # asked for without being offered: there are none
            return {}
        if token:
            video_id, first = token.split(":")[1:]
            video = self._video(video_id)
            return _comments(video, int(first)) if video else {}
        video = self._video(str(body["videoId"]))
        return _below(video) if video else {"contents": {}}


def site_of(videos: int, comments: Callable[[int], int] = lambda _: 0) -> MadeUp:
    """A site of so many videos; every seventh is private, every other one has a replay graph, all have captions."""
    return MadeUp(
        [
            Video(
                f"madeup{number:05d}",
                f"Made-up video {number}",
                likes=100 * number,
                comments=[
                    f"This is comment {place} of video {number}, and it is nice" for place in range(comments(number))
                ],
                heat=[(number * place % 97) / 96 for place in range(100)] if number % 2 else (),
                captions=["en"],
                file=b"a",
                refusal=("LOGIN_REQUIRED", "Private video") if number % 7 == _PRIVATE else (),
            )
            for number in range(videos)
        ]
    )


def _watch_page(video: Video | None) -> Answer:
    """The page of a video, with the answers that a browser finds in it."""
    if video is None or video.refusal:
        return Answer("<html><head><title>YouTube</title></head></html>")
    facts = {
        "category": "Education",
        "uploadDate": "2024-05-06T07:08:09-07:00",
        "isFamilySafe": True,
        "isUnlisted": False,
        "externalChannelId": CHANNEL,
        "ownerProfileUrl": "http://www.youtube.com/@madeup",
    }
    player = {
        "playabilityStatus": {"status": "OK"},
        **_details(video.video_id, title=video.title),
        "microformat": {"playerMicroformatRenderer": facts},
    }
    return Answer(
        f"<html><script>var ytInitialPlayerResponse = {json.dumps(player)};</script>"
        f"<script>var ytInitialData = {json.dumps(_below(video))};</script></html>"
    )


def _text(text: str) -> dict[str, Any]:
    return {"runs": [{"text": text}]}


def _details(video_id: str, **more: str | bool) -> dict[str, Any]:
    return {"videoDetails": {"videoId": video_id, **more}}


def _refused(video: Video) -> dict[str, Any]:
    status, reason, *subreason = video.refusal
    screen = {"reason": {"simpleText": reason}}
    if subreason:
        screen["subreason"] = {"simpleText": subreason[0]}
    return {
        "playabilityStatus": {
            "status": status,
            "reason": reason,
            "errorScreen": {"playerErrorMessageRenderer": screen},
        },
        **_details(video.video_id),
    }


def _track(video_id: str, code: str) -> dict[str, Any]:
    language, automatic = code.removeprefix("a."), code.startswith("a.")
    track = {
        "baseUrl": f"https://www.youtube.com/api/timedtext?v={video_id}&lang={language}",
        "name": _text(language),
        "languageCode": language,
        "vssId": f"{'a' if automatic else ''}.{language}",
        "isTranslatable": True,
    }
    return track | ({"kind": "asr"} if automatic else {})


def _stream(video: Video, itag: int) -> dict[str, Any]:
    host = "rr1---sn-madeup.googlevideo.com"
    return {
        "itag": itag,
        "url": f"https://{host}/videoplayback?id={video.video_id}&itag={itag}&expire=9999999999",
        "approxDurationMs": str(video.duration_s * 1000),
    }


def _picture(video: Video) -> dict[str, Any]:
    return _stream(video, 136) | {
        "mimeType": 'video/mp4; codecs="avc1.42001E"',
        "bitrate": 200_000,
        "width": 640,
        "height": 360,
        "contentLength": str(len(video.streams[0])),
        "quality": "medium",
        "qualityLabel": "360p",
    }


def _sound(video: Video) -> dict[str, Any]:
    return _stream(video, 140) | {
        "mimeType": 'audio/mp4; codecs="mp4a.40.2"',
        "bitrate": 100_000,
        "contentLength": str(len(video.streams[1])),
        "audioQuality": "AUDIO_QUALITY_MEDIUM",
    }


def _format(video: Video) -> dict[str, Any]:
    return _stream(video, 18) | {
        "mimeType": 'video/mp4; codecs="avc1.42001E, mp4a.40.2"',
        "bitrate": 250_000,
        "width": 640,
        "height": 360,
        "contentLength": str(len(video.file)),
        "quality": "medium",
        "qualityLabel": "360p",
        "audioQuality": "AUDIO_QUALITY_LOW",
    }


def _below(video: Video) -> dict[str, Any]:
    """What stands below a video: likes, and where its comments begin."""
    like: dict[str, Any] = {
        "defaultButtonViewModel": {
            "buttonViewModel": {"accessibilityText": f"like this video along with {video.likes:,} other people"}
        }
    }
    for name in ("toggleButtonViewModel", "toggleButtonViewModel", "likeButtonViewModel", "likeButtonViewModel"):
        like = {name: like}
    primary = {
        "title": _text(video.title),
        "videoActions": {"menuRenderer": {"topLevelButtons": [{"segmentedLikeDislikeButtonViewModel": like}]}},
    }
    contents: list[dict[str, Any]] = [{"videoPrimaryInfoRenderer": primary}]
    if video.comments_off:
        said = {"messageRenderer": {"text": _text("Comments are turned off.")}}
        contents.append({"itemSectionRenderer": {"sectionIdentifier": "comment-item-section", "contents": [said]}})
    if video.comments:
        entry = {"commentsEntryPointHeaderRenderer": {"commentCount": {"simpleText": str(len(video.comments))}}}
        contents.append({"itemSectionRenderer": {"contents": [entry]}})
        section = {"sectionIdentifier": "comment-item-section", "contents": [_goes_on(f"c:{video.video_id}:0")]}
        contents.append({"itemSectionRenderer": section})
    mutations = [{"payload": {"macroMarkersListEntity": {"markersList": _markers(video)}}}] if video.heat else []
    return {
        "contents": {"twoColumnWatchNextResults": {"results": {"results": {"contents": contents}}}},
        "frameworkUpdates": {"entityBatchUpdate": {"mutations": mutations}},
    }


def _markers(video: Video) -> dict[str, Any]:
    length_ms = video.duration_s * 1000 // len(video.heat)
    return {
        "markerType": "MARKER_TYPE_HEATMAP",
        "markers": [
            {"startMillis": str(place * length_ms), "durationMillis": str(length_ms), "intensityScoreNormalized": value}
            for place, value in enumerate(video.heat)
        ],
    }


def _goes_on(token: str) -> dict[str, Any]:
    command = {"token": token, "request": "CONTINUATION_REQUEST_TYPE_WATCH_NEXT"}
    return {"continuationItemRenderer": {"continuationEndpoint": {"continuationCommand": command}}}


def _comments(video: Video, first: int) -> dict[str, Any]:
    """A page of comments; the first begins with their number."""
    texts = video.comments[first : first + _PAGE]
    ids = [f"Ug{video.video_id}{first + place:06d}" for place in range(len(texts))]
    items: list[dict[str, Any]] = [
        {"commentThreadRenderer": {"commentViewModel": {"commentViewModel": {"commentKey": f"key-{name}"}}}}
        for name in ids
    ]
    if first + _PAGE < len(video.comments):
        items.append(_goes_on(f"c:{video.video_id}:{first + _PAGE}"))
    if first == 0:
        menu = [{"title": title, "serviceEndpoint": _goes_on(f"c:{video.video_id}:0")["continuationItemRenderer"]["continuationEndpoint"]} for title in ("Top", "Newest")]  # fmt: skip # noqa: E501
        header = {"countText": _text(f"{len(video.comments)} Comments"), "sortMenu": {"sortFilterSubMenuRenderer": {"subMenuItems": menu}}}  # fmt: skip # noqa: E501
        items.insert(0, {"commentsHeaderRenderer": header})
    entities = [
        {
            "entityKey": f"key-{name}",
            "payload": {
                "commentEntityPayload": {
                    "properties": {"commentId": name, "content": {"content": text}, "publishedTime": "2 years ago"},
                    "author": {"channelId": "UCsomebody00000000000000", "displayName": "@somebody"},
                    "toolbar": {"likeCountA11y": "12 likes"},
                }
            },
        }
        for name, text in zip(ids, texts, strict=True)
    ]
    return {
        "onResponseReceivedEndpoints": [{"reloadContinuationItemsCommand": {"continuationItems": items}}],
        "frameworkUpdates": {"entityBatchUpdate": {"mutations": entities}},
    }
