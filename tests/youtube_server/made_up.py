"""A made-up YouTube in the present form of its answers: videos, comments, captions, a channel; and what is gone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.youtube_server.server import Answer, Request

CHANNEL = "UCmadeup0000000000000000"
SUBTITLES = b"WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nhello there\n"
_WORDS = {"events": [{"tStartMs": 0, "dDurationMs": 2000, "segs": [{"utf8": "hello there"}]}]}
_PAGE = 20


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


@dataclass
class MadeUp:
    """A site of videos, all of one channel.

    Attributes:
        videos: what there is.
        faults: answers in place of the proper ones, by the end of a path; each is given once.
    """

    videos: Sequence[Video]
    faults: dict[str, list[Answer]] = field(default_factory=dict)

    def __call__(self, request: Request) -> Answer | None:
        fault = next((found for end, found in self.faults.items() if request.path.endswith(end) and found), None)
        return fault.pop(0) if fault else self._proper(request)

    def _proper(self, request: Request) -> Answer | None:
        if request.path.startswith((f"/channel/{CHANNEL}", "/@madeup")):
            return Answer(f"<html><script>var ytInitialData = {json.dumps(self._channel())};</script></html>")
        match request.path.rpartition("/")[2]:
            case "watch":
                return Answer("<html><head><title>YouTube</title></head></html>")
            case "timedtext":
                return Answer(_WORDS if request.query.get("fmt") == "json3" else SUBTITLES)
            case "player":
                return Answer(self._player(request.body["videoId"]))
            case "next":
                return Answer(self._next(request.body))
        return self._file(request)

    def _video(self, video_id: str) -> Video | None:
        return next((video for video in self.videos if video.video_id == video_id), None)

    def _file(self, request: Request) -> Answer | None:
        video = self._video(request.query.get("id", ""))
        return Answer(video.file, headers=(("Accept-Ranges", "bytes"),)) if video else None

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
            ),
            "captions": {
                "playerCaptionsTracklistRenderer": {
                    "captionTracks": [_track(video_id, code) for code in video.captions]
                }
            },
            "streamingData": {"formats": [_format(video)] if video.file else []},
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

    def _channel(self) -> dict[str, Any]:
        items = [
            {
                "richItemRenderer": {
                    "content": {"videoRenderer": {"videoId": video.video_id, "title": _text(video.title)}}
                }
            }
            for video in self.videos
        ]
        tab = {"selected": True, "title": "Videos", "content": {"richGridRenderer": {"contents": items}}}
        tab["endpoint"] = {"commandMetadata": {"webCommandMetadata": {"url": f"/channel/{CHANNEL}/videos"}}}
        return {
            "contents": {"twoColumnBrowseResultsRenderer": {"tabs": [{"tabRenderer": tab}]}},
            "metadata": {"channelMetadataRenderer": {"externalId": CHANNEL, "title": "Made up"}},
        }


def _text(text: str) -> dict[str, Any]:
    return {"runs": [{"text": text}]}


def _details(video_id: str, **more: str) -> dict[str, Any]:
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
    }
    return track | ({"kind": "asr"} if automatic else {})


def _format(video: Video) -> dict[str, Any]:
    return {
        "itag": 18,
        "url": f"https://rr1---sn-madeup.googlevideo.com/videoplayback?id={video.video_id}&itag=18&expire=9999999999",
        "mimeType": 'video/mp4; codecs="avc1.42001E, mp4a.40.2"',
        "bitrate": 250_000,
        "width": 640,
        "height": 360,
        "contentLength": str(len(video.file)),
        "quality": "medium",
        "qualityLabel": "360p",
        "approxDurationMs": str(video.duration_s * 1000),
        "audioQuality": "AUDIO_QUALITY_LOW",
    }


def _below(video: Video) -> dict[str, Any]:
    """What stands below a video: likes, and where its comments begin."""
    like = {
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
    if video.comments:
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
