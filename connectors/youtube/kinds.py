"""What is asked for of YouTube, and what comes of it, as the state of a fetch folder names them."""

from __future__ import annotations

from enum import StrEnum


class YoutubeItem(StrEnum):
    """What is asked for, and what its key is."""

    CHANNELS = "channels"  # out of Wikidata: digest of the query
    PLAYLIST = "playlist"  # channel, playlist or search: as yt-dlp takes it
    VIDEO = "video"  # 11 characters; metadata, comments, subtitles
    FOOTAGE = "footage"  # the file of a video: 11 characters


class YoutubeRecord(StrEnum):
    """What a raw record is."""

    VIDEO = "video"
    SUBTITLES = "subtitles"
