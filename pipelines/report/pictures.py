"""Pictures of the samples that are shown: images and keyframes out of the run's own files, put beside the page."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from blift.connectors.filesystem import open_to_read
from blift.connectors.inside import check_paths
from blift.connectors.kept_files import FileGone, keep_file
from blift.connectors.web.content import HEAD_BYTES, content_type
from blift.pipelines.report.datasets import Datasets
from blift.pipelines.stages.media.lists import FOLDER, read_list, store_of
from blift.schemas.errors import InputError
from blift.transforms.tables import frame

#: Where pictures lie beside the page.
PLACE = "media"
#: What every browser shows as a picture, and nothing else.
_SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_BY_DIGEST = re.compile(r"(?:[a-z]+/)*[0-9a-f]{2}/(?P<digest>[0-9a-f]{64})\.[a-z0-9]+")


class Pictures:
    """Pictures by what samples call them: the digest of a file, or the name of a keyframe.

    Args:
        out: the folder of the page.
        ids: of the samples.
        files: names of further files in the lists of files, by digest.
    """

    def __init__(self, datasets: Datasets, out: Path, ids: list[str], files: Mapping[str, str]) -> None:
        self._out = out
        self._store = _store(datasets)
        self._paths = {} if datasets.released else _paths(datasets, ids, files)
        self.names: set[str] = set()

    def of_sample(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The picture of a sample's file, and of each of its scenes; None where there is none."""
        scenes = [self.keyframe(scene["keyframe"]) for scene in row["scenes"]]
        whole = self.file(row["sha256"]) if row["sha256"] and row["media_kind"] != "video" else None
        return {"file": whole, "scenes": scenes}

    def file(self, sha256: str) -> str | None:
        """The picture with a digest; None where the run does not hold it, or where it is none that browsers show."""
        return self._kept(self._paths.get(sha256, ()), sha256)

    def keyframe(self, name: str | None) -> str | None:
        """The picture of a keyframe; None where the store does not hold it."""
        found = _BY_DIGEST.fullmatch(name or "")
        if name is None or found is None or self._store is None:
            return None
        return self._kept([posixpath.join(self._store, name)], found["digest"])

    def _kept(self, paths: Iterable[str], sha256: str) -> str | None:
        there = [path for path in paths if is_picture(path)]
        try:
            name = keep_file(there, sha256, str(self._out), PLACE) if there else None
        except FileGone:
            return None
        if name:
            self.names.add(name)
        return name


def _store(datasets: Datasets) -> str | None:
    """The media store; None for a release, whose media are published or not as the recipe says."""
    if datasets.released:
        return None
    lists = datasets.shards(FOLDER.rstrip("/"))
    return store_of(datasets.folder, lists[0]) if lists else datasets.folder.file("store")


def _paths(datasets: Datasets, ids: list[str], files: Mapping[str, str]) -> dict[str, list[str]]:
    """Where images may lie, by digest: in the store, as pairs name them, or where the build found them."""
    folder = datasets.folder
    found: dict[str, set[str]] = {}
    for row in datasets.pick("instructions/chat", "sample_id", ids, ["sample_id", "images", "sha256"]):
        for name, sha256 in zip(row["images"], row["sha256"], strict=False):
            check_paths(folder.path, [name])
            found.setdefault(sha256, set()).add(folder.file(name))
    for shard in datasets.shards(FOLDER.rstrip("/")) if files else ():
        listed = frame(read_list(folder.path, shard)).filter(pl.col("file").is_in(list(files.values())))
        places = dict(listed.select("file", "path").iter_rows())
        for sha256, name in files.items():
            if name in places:
                found.setdefault(sha256, set()).add(places[name])
    return {sha256: sorted(paths) for sha256, paths in found.items()}


def is_picture(path: str) -> bool:
    """Whether a file is there, and is a picture that every browser shows."""
    try:
        with open_to_read(path) as stream:
            kind = content_type(stream.read(HEAD_BYTES))
    except (OSError, InputError):
        return False
    return kind is not None and kind.name in _SHOWN
