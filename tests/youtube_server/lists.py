"""Pages of channels, playlists and searches, in the present form of YouTube's answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

CHANNEL = "UCmadeup0000000000000000"
PLAYLIST = "PLmadeup0000000000"
PER_PAGE = 30


class Listed(NamedTuple):
    """A video in a list: id, title, and when it was posted, as `3 weeks ago`."""

    video_id: str
    title: str
    posted: str


def channel_page(videos: Sequence[Listed], tabs: Sequence[str] = ("videos",)) -> dict[str, Any]:
    """The page of a channel, open at its videos."""
    items = [_rich(video) for video in videos[:PER_PAGE]] + _more("channel", len(videos), 0)
    shown = [
        {
            "tabRenderer": {
                "title": name.capitalize(),
                "selected": name == tabs[0],
                "endpoint": _command(f"/channel/{CHANNEL}/{name}"),
                "content": {"richGridRenderer": {"contents": items if name == tabs[0] else []}},
            }
        }
        for name in tabs
    ]
    return {
        "contents": {"twoColumnBrowseResultsRenderer": {"tabs": shown}},
        "metadata": {"channelMetadataRenderer": {"externalId": CHANNEL, "title": "Made up"}},
    }


def playlist_page(videos: Sequence[Listed]) -> dict[str, Any]:
    """The page of a playlist."""
    items = [_in_playlist(video) for video in videos[:PER_PAGE]] + _more("playlist", len(videos), 0)
    section = {"itemSectionRenderer": {"contents": [{"playlistVideoListRenderer": {"contents": items}}]}}
    tab = {"tabRenderer": {"selected": True, "content": {"sectionListRenderer": {"contents": [section]}}}}
    return {
        "contents": {"twoColumnBrowseResultsRenderer": {"tabs": [tab]}},
        "metadata": {"playlistMetadataRenderer": {"title": "Made up"}},
    }


def next_page(token: str, videos: Sequence[Listed]) -> dict[str, Any]:
    """The page of a list that a token names: ``more:<kind>:<first>``."""
    _, kind, begin = token.split(":")
    first = int(begin)
    form = _in_playlist if kind == "playlist" else _rich
    items = [form(video) for video in videos[first : first + PER_PAGE]] + _more(kind, len(videos), first)
    return {"onResponseReceivedActions": [{"appendContinuationItemsAction": {"continuationItems": items}}]}


def search_page(videos: Sequence[Listed], first: int) -> dict[str, Any]:
    """A page of what was found."""
    found = [{"videoRenderer": _renderer(video)} for video in videos[first : first + PER_PAGE]]
    contents = [{"itemSectionRenderer": {"contents": found}}, *_more("search", len(videos), first)]
    if first:
        return {"onResponseReceivedCommands": [{"appendContinuationItemsAction": {"continuationItems": contents}}]}
    sections = {"primaryContents": {"sectionListRenderer": {"contents": contents}}}
    return {"contents": {"twoColumnSearchResultsRenderer": sections}}


def error_page(text: str) -> dict[str, Any]:
    """A page that only says what is wrong."""
    return {"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": text}}}], "contents": {}}


def _more(kind: str, number: int, first: int) -> list[dict[str, Any]]:
    """Where a list goes on."""
    if first + PER_PAGE >= number:
        return []
    command = {"token": f"more:{kind}:{first + PER_PAGE}", "request": "CONTINUATION_REQUEST_TYPE_BROWSE"}
    return [{"continuationItemRenderer": {"continuationEndpoint": {"continuationCommand": command}}}]


def _rich(video: Listed) -> dict[str, Any]:
    parts = [{"text": {"content": "56K views"}}, {"text": {"content": video.posted}, "accessibilityLabel": "posted"}]
    view = {
        "contentId": video.video_id,
        "contentType": "LOCKUP_CONTENT_TYPE_VIDEO",
        "metadata": {
            "lockupMetadataViewModel": {
                "title": {"content": video.title},
                "metadata": {"contentMetadataViewModel": {"metadataRows": [{"metadataParts": parts}]}},
            }
        },
    }
    return {"richItemRenderer": {"content": {"lockupViewModel": view}}}


def _in_playlist(video: Listed) -> dict[str, Any]:
    return {"playlistVideoRenderer": _renderer(video)}


def _renderer(video: Listed) -> dict[str, Any]:
    return {
        "videoId": video.video_id,
        "title": {"runs": [{"text": video.title}]},
        "publishedTimeText": {"simpleText": video.posted},
        "navigationEndpoint": _command(f"/watch?v={video.video_id}"),
    }


def _command(address: str) -> dict[str, Any]:
    return {"commandMetadata": {"webCommandMetadata": {"url": address}}}
