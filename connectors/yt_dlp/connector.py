"""The connector of every site for which yt-dlp writes info.json; the extractor's key names the platform of a video."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blift.connectors.connector import Archive, Connector, Records, Unit
from blift.connectors.yt_dlp.archive import read_videos
from blift.connectors.yt_dlp.beside import BESIDE
from blift.schemas.platform import YT_DLP


def _posts(unit: Unit, _: Mapping[str, Any]) -> Iterator[Records]:
    return read_videos(unit.files, unit.beside, only=YT_DLP)


CONNECTOR = Connector(
    platform=YT_DLP,
    about="Videos of any site (TikTok, Bilibili, Vimeo, Twitch ...): yt-dlp's `*.info.json(.gz)`, with media and "
    "subtitles beside them.",
    archives=(
        Archive(
            key="info",
            description="Files or globs, such as `videos/*.info.json`.",
            posts=_posts,
            is_one_post=True,
            beside=BESIDE,
        ),
    ),
)
