"""The connector of YouTube."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blift.connectors.connector import Archive, Connector, Records, Unit
from blift.connectors.youtube.fetching import FETCHING
from blift.connectors.yt_dlp.archive import read_videos
from blift.connectors.yt_dlp.beside import BESIDE
from blift.schemas.platform import YOUTUBE


def _posts(unit: Unit, _: Mapping[str, Any]) -> Iterator[Records]:
    return read_videos(unit.files, unit.beside, only=YOUTUBE)


CONNECTOR = Connector(
    platform=YOUTUBE,
    about="YouTube archives: yt-dlp's `*.info.json(.gz)`, with media and subtitles beside them; and fetch folders.",
    archives=(
        Archive(
            key="info",
            description="Files or globs, such as `videos/*.info.json`.",
            posts=_posts,
            is_one_post=True,
            beside=BESIDE,
            fetched="youtube/*/*.info.json",
        ),
    ),
    fetching=FETCHING,
)
