"""The files of media of a run folder that may be shown: those of its store, and pictures that its lists name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from blift.connectors.filesystem import exists, matching
from blift.connectors.inside import check_file, fault_of_path
from blift.pipelines.explore.listed_media import PLACE, ListedMedia
from blift.schemas.errors import BliftError, InputError

#: The folder of the store in a run folder.
_STORE = "store"
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: Kinds of files that a browser shows without running anything in them, by the ending of their name.
CONTENT_TYPES = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "ogv": "video/ogg",
    "webm": "video/webm",
}


class KeptMedia:
    """The store of a run folder on this machine, and pictures that the run folder only names.

    Args:
        folder: the run folder.
        listed: the pictures that it names; None where none of them are shown.
    """

    def __init__(self, folder: str, listed: ListedMedia | None = None) -> None:
        self._folder, self._listed = folder, listed

    def path(self, name: str) -> tuple[str, str]:
        """The full path of a file of the store, and its content type.

        Args:
            name: relative to the run folder, such as `store/images/0f/0f56....jpg`, or what ``picture`` gave.

        Raises:
            InputError: it is not in the store, is no plain file, or is of a kind that is not shown.
        """
        kind = CONTENT_TYPES.get(name.rpartition(".")[2].lower())
        roots = {_STORE: self._folder, **({PLACE: self._listed.scratch} if self._listed else {})}
        root = roots.get(name.partition("/")[0])
        if kind is None or root is None or fault_of_path(name):
            raise InputError(f"{name} is no file of media in the store.")
        check_file(root, name)
        full = posixpath.join(root, name)
        if not exists(full):
            raise InputError(f"{name} is not in the store.")
        return full, kind

    def of_row(self, table: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The media of a row: path in the run folder, `image` or `video`, and what it shows, for people."""
        found = []
        for name, label in _named(table, row, self._of_digest):
            try:
                _, kind = self.path(name)
            except BliftError:  # it was not kept, or is not ours to show
                continue
            found.append({"path": name, "kind": kind.partition("/")[0], "label": label})
        return found

    def of_sample(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The paths of the image or the video of a sample, and of each keyframe; None for those not kept."""
        whole = self.picture(row["sha256"]) if row["sha256"] else None
        video = whole if whole and CONTENT_TYPES[whole.rpartition(".")[2].lower()].startswith("video/") else None
        keyframes = [scene["keyframe"] for scene in row["scenes"]]
        return {
            "file": None if video else whole,
            "video": video,
            "scenes": [self._there(f"{_STORE}/{name}") if name else None for name in keyframes],
        }

    def picture(self, sha256: str, file: str | None = None) -> str | None:
        """The path of an image or a video by its digest, or by its name in the lists; None where it cannot be shown."""
        kept = self._there(self._of_digest(sha256))
        if kept or not file or not self._listed:
            return kept
        return self._listed.picture(sha256, file)

    def _there(self, name: str) -> str | None:
        """The name, where it may be shown."""
        try:
            self.path(name)
        except BliftError:  # it was not kept, or is not ours to show
            return None
        return name

    def _of_digest(self, sha256: str) -> str:
        """The path of a file by its digest; empty where there is none."""
        if not _SHA256.fullmatch(sha256):
            return ""
        there = matching(self._folder, f"{_STORE}/[iv]*/{sha256[:2]}/{sha256}.*")
        return posixpath.relpath(there[0].path, self._folder) if there else ""


def _named(table: str, row: Mapping[str, Any], of_digest: Any) -> Iterator[tuple[str, str]]:
    """The files that a row names, and what they show."""
    if table == "sample" and row.get("sha256"):
        yield of_digest(row["sha256"]), "the media of this sample"
    for number, scene in enumerate(row.get("scenes") or (), start=1):
        if keyframe := scene.get("keyframe"):
            yield f"{_STORE}/{keyframe}", f"keyframe of scene {number}, {scene['start_s']:.1f} s"
    for column in ("image", "video"):
        if isinstance(row.get(column), str):
            yield row[column], f"the {column} of this pair"
    for column in ("images", "videos", "frames"):
        for number, name in enumerate(row.get(column) or (), start=1):
            if isinstance(name, str):
                yield name, f"{column} {number} of this pair"
