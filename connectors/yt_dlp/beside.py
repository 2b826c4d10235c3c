"""The files beside an info.json: its media, subtitles and messages of viewers, told apart by their names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from blift.connectors.connector import Beside
from blift.connectors.yt_dlp.chats import CHATS
from blift.connectors.yt_dlp.decode import Fields
from blift.connectors.yt_dlp.subtitles import FORMATS

_INFO_NAME = re.compile(r"(?P<stem>.+?)(?P<info>\.info)?\.json(?:\.(?:gz|zst|xz|bz2))?", re.IGNORECASE)

_PACKED = re.compile(r"\.(?:gz|zst|xz|bz2)$", re.IGNORECASE)

#: Containers that yt-dlp writes video into, the likeliest first.
_MEDIA_FORMATS = ("mp4", "mkv", "webm", "mov", "m4v", "flv", "avi", "3gp", "ts")

#: yt-dlp's mark of the captions in the spoken language, among those translated from them.
_ORIGINAL = "-orig"

_SOURCES = ("manual", "automatic", None)


class Track(NamedTuple):
    """A subtitle file: path, language code, format, and `manual`, `automatic` or null where nobody says."""

    path: str
    code: str
    format: str
    source: str | None


def stem(path: str) -> str:
    """What the names of all files of one video begin with: ``a/b [id].info.json.gz`` is ``b [id]``."""
    name = posixpath.basename(path)
    found = _INFO_NAME.fullmatch(name)
    return found["stem"] if found else name


def group_siblings(paths: Iterable[str]) -> dict[str, list[str]]:
    """The files beside every info.json, by its path, out of a listing of whole folders.

    A file belongs to the info.json in its folder with the longest stem that its name begins with.
    """
    listing = sorted(paths)
    by_stem: dict[str, list[str]] = {}
    siblings: dict[str, list[str]] = {}
    for path in listing:
        found = _INFO_NAME.fullmatch(posixpath.basename(path))
        if found and found["info"]:
            siblings[path] = by_stem.setdefault(posixpath.join(posixpath.dirname(path), found["stem"]), [])
    for own in [own for own in by_stem if is_media(own)]:
        by_stem.setdefault(own.rpartition(".")[0], by_stem[own])
    for path in listing:
        owner = "" if path in siblings else path
        while owner not in by_stem and "." in posixpath.basename(owner):
            owner = owner.rpartition(".")[0]
        if owner in by_stem:
            by_stem[owner].append(path)
    return {path: beside for path, beside in siblings.items() if beside}


def media_file(path: str, siblings: Sequence[str], container: str | None) -> str | None:
    """Name of the video file beside the info.json at ``path``, without its folder; null where there is none.

    Where there are several, the one in the container that the record names.
    """
    endings = {ending.lower(): posixpath.basename(sibling) for sibling, ending in _endings(path, siblings)}
    found = {format_: endings[format_] for format_ in _MEDIA_FORMATS if format_ in endings}
    return found.get(container or "") or next(iter(found.values()), None)


def is_media(path: str) -> bool:
    """The name is that of a video as yt-dlp writes it."""
    return path.rpartition(".")[2].lower() in _MEDIA_FORMATS


def subtitle_files(path: str, siblings: Sequence[str]) -> list[tuple[str, str, str]]:
    """Path, language code and format of every subtitle file beside the info.json at ``path``."""
    found = []
    for sibling, ending in _endings(path, siblings):
        code, _, format_ = ending.rpartition(".")
        if format_.lower() in FORMATS and "." not in code:
            found.append((sibling, code, format_.lower()))
    return found


def chat_files(path: str, siblings: Sequence[str]) -> list[tuple[str, str]]:
    """Path and ending (``danmaku.xml``) of every file of messages of viewers beside the info.json at ``path``."""
    found = [(sibling, _PACKED.sub("", ending)) for sibling, ending in _endings(path, siblings)]
    return [(sibling, ending) for sibling, ending in found if ending in CHATS]


def _endings(path: str, siblings: Sequence[str]) -> list[tuple[str, str]]:
    """Every sibling of this video with what its name has after the stem: ``mp4``, ``en.vtt``.

    Old records are called after the file itself, `Title-id.mp4.info.json`: then other files follow its name without
    the ending.
    """
    whole = stem(path)
    begins = [f"{whole}."]
    if is_media(whole):
        begins.append(f"{whole.rpartition('.')[0]}.")
    found = []
    for sibling in sorted(siblings):
        name = posixpath.basename(sibling)
        begin = next((begin for begin in begins if name.startswith(begin)), None)
        if begin is not None:
            found.append((sibling, name[len(begin) :]))
    return found


def tracks(files: Iterable[tuple[str, str, str]], info: Fields, language: str | None) -> tuple[list[Track], str | None]:
    """The subtitle files in the language that is spoken, best first, and what is left out as translated.

    The language is the one that the record states, else the one that automatic captions were made in. Where neither
    says it, files of every language may be it: English comes first, else the first by code. Manual files come before
    automatic ones, and those before what the record does not name; among files of one language the format that says
    most precisely when words are spoken.

    Args:
        files: as ``subtitle_files`` gives them.
        info: the record, with its fields ``subtitles`` and ``automatic_captions``. A name in both is
            taken for a manual track: yt-dlp writes the manual one where it was asked for both.
        language: the language that the record states.
    """
    manual, automatic = _codes(info, "subtitles"), _codes(info, "automatic_captions")
    found = []
    for path, code, format_ in files:
        is_automatic = code in automatic or code.endswith(_ORIGINAL)
        source = "manual" if code in manual else "automatic" if is_automatic else None
        found.append(Track(path, code, format_, source))
    spoken = language or next((code.removesuffix(_ORIGINAL) for code in sorted(automatic) if _is_original(code)), None)
    said = [track for track in found if spoken is None or _same_language(track.code, spoken)]
    ordered = sorted(
        said,
        key=lambda track: (
            _SOURCES.index(track.source),
            _language_rank(track.code, spoken),
            track.code,
            FORMATS.index(track.format),
        ),
    )
    if found and not said:
        codes = ", ".join(sorted({track.code for track in found}))
        return [], f"the subtitles are translations ({codes}), and {spoken} is spoken; they are not taken for speech"
    return ordered, None


def _is_original(code: str) -> bool:
    return code.endswith(_ORIGINAL)


def _same_language(code: str, spoken: str) -> bool:
    """Whether a track is in a language; codes of scripts and countries (`en-GB`, `zh-Hans`) are of one language."""
    one, other = (each.removesuffix(_ORIGINAL).lower().partition("-")[0] for each in (code, spoken))
    return one == other


def _codes(info: Fields, name: str) -> frozenset[str]:
    named = info.get(name)
    return frozenset(named) if isinstance(named, dict) else frozenset()


def _language_rank(code: str, language: str | None) -> int:
    spoken = code.removesuffix(_ORIGINAL).lower()
    same_language = spoken.partition("-")[0]
    wanted = (language or "").lower()
    if wanted and spoken == wanted:
        return 0
    if wanted and same_language == wanted.partition("-")[0]:
        return 1
    if code.endswith(_ORIGINAL):
        return 2
    return {"en": 3}.get(spoken, 4 if same_language == "en" else 5)


#: What lies beside an info.json.
BESIDE = Beside(group_siblings, is_media)
