"""Names of files as downloaders write them: what of a name says whose file it is, and how surely."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from enum import IntEnum
from functools import cache

from blift.schemas.platform import platforms


class Surety(IntEnum):
    """How surely a name says whose a file is; of several files of one media the lowest counts."""

    BESIDE = 0  # it lies beside the record, or its address is known
    NAMED = 1  # it is named as the media: the id of a video, the last part of the address
    ID = 2  # it is named after the id of the media in a way of its own
    POST = 3  # it is named after the id of the post
    PART = 4  # it is one stream of the media


#: Before the id of a media on its host, and before the native id of a post, in names that are wanted.
ID, POST = "id:", "post:"

_NAME = re.compile(
    r"(?P<stem>.+?)(?P<part>\.f[0-9]+(?:-[\w]+)?|\.fdash-[\w-]+|\.fhls-[\w-]+)?\.(?P<ending>[A-Za-z0-9]{2,5})"
)
#: What a download leaves that did not end, and what is no media.
_UNFINISHED = re.compile(
    r".*\.(?:part|ytdl|crdownload|tmp|download|json|description|vtt|srt|ass|lrc|txt|html?)", re.IGNORECASE
)
_TEMPORARY = re.compile(r".*\.temp", re.IGNORECASE)
#: Endings of still pictures, which are no file of a video.
_STILL = re.compile(r".*\.(?:jpe?g|png|webp|bmp|avif|heic|svg|tiff?)", re.IGNORECASE)
#: yt-dlp writes `Title [id]`; what stands in the last brackets is the id.
_BRACKETS = re.compile(r".*\[([^\[\]]+)\]")
#: Reddit's streams are saved under their own names, in a folder named after the video.
_STREAM = re.compile(r"(?:DASH|CMAF|HLS)_?[A-Za-z0-9]*", re.IGNORECASE)
#: The id of a video before the name of one of its streams: `<id>-DASH_720`, `<id>_DASH_720`.
_BEFORE_STREAM = re.compile(r"([a-z0-9]{10,16})[-_](?:DASH|CMAF|HLS)_[A-Za-z0-9]+")
#: `some-title-v0-<id>`, as Reddit names previews.
_PREVIEW = re.compile(r"(?:.*-)?v0-([A-Za-z0-9]+)")
#: gallery-dl: `imgur_<id>_title`, `redgifs_<id>`, `gfycat_<id>_title`, `imgur_<album>_001_<id>_title`.
_CATEGORY = re.compile(r"(?:imgur|redgifs|gfycat|giphy|streamable)_(?:[A-Za-z0-9]+_[0-9]{3}_)?([A-Za-z0-9]+)(?:_.*)?")
#: Native ids of posts: the first word (gallery-dl, RipMe) or the last (bulk-downloader-for-reddit). A word is none.
_POST_FIRST, _POST_LAST = re.compile(r"([0-9a-z]{5,8})(?:[ -].*)?"), re.compile(r".*_([0-9a-z]{5,8})")
_DIGIT = re.compile(r".*[0-9]")


def is_still(name: str) -> bool:
    """Whether a file is a still picture, by the ending of its name."""
    return _STILL.fullmatch(name) is not None


def names_of(path: str) -> list[tuple[str, Surety]]:
    """What a file may be called, by its path, and how surely; nothing for what is no finished file of media."""
    folder, base = posixpath.split(path)
    found = _NAME.fullmatch(base)
    if _UNFINISHED.fullmatch(base) or (found and _TEMPORARY.fullmatch(found["stem"])):
        return []
    inside = posixpath.basename(folder)
    names: dict[str, Surety] = {}
    for name, surety in (*_plain(inside, base), *(_of_stem(inside, found["stem"]) if found else ())):
        names[name] = min(names.get(name, Surety.PART), Surety.PART if found and found["part"] else surety)
    return list(names.items())


def _plain(inside: str, base: str) -> Iterator[tuple[str, Surety]]:
    yield base, Surety.NAMED
    yield f"{inside}/{base}", Surety.NAMED


@cache
def _native_ids() -> dict[str, tuple[re.Pattern[str], re.Pattern[str]]]:
    """By the beginning of its media keys, how names hold the id of a platform whose posts are media.

    As yt-dlp writes it (`Title [id]`, or the id alone), and as youtube-dl does (`Title-id`).
    """
    return {
        f"{name}:": (
            re.compile(rf"(?:^|.*\[)({platform.native_id})\]?"),
            re.compile(rf"(?:.*[-_])?({platform.native_id})"),
        )
        for name, platform in platforms().items()
        if platform.is_media and not platform.covers_others
    }


def key_beginnings() -> tuple[str, ...]:
    """How the media keys begin of platforms whose posts are media."""
    return tuple(_native_ids())


def _of_stem(inside: str, stem: str) -> Iterator[tuple[str, Surety]]:
    for beginning, (surely, perhaps) in _native_ids().items():
        if found := surely.fullmatch(stem):
            yield beginning + found[1], Surety.NAMED
        elif found := perhaps.fullmatch(stem):
            yield beginning + found[1], Surety.ID
    yield from ((ID + name, Surety.ID) for name in _ids(inside, stem))
    for form in (_POST_FIRST, _POST_LAST):
        if (found := form.fullmatch(stem)) and _DIGIT.fullmatch(found[1]):
            yield POST + found[1], Surety.POST


def _ids(inside: str, stem: str) -> Iterator[str]:
    """Ids on hosts. Some hosts take them in any case: these are wanted in lower case."""
    found = [form.fullmatch(stem) for form in (_BRACKETS, _BEFORE_STREAM, _PREVIEW, _CATEGORY)]
    for name in (stem, inside if _STREAM.fullmatch(stem) else "", *(each[1] for each in found if each)):
        if name:
            yield name
            yield name.lower()
