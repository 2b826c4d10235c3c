"""Which files a pair shows: those of its sample's media, if all of them are there and are what the post says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from blift.schemas.media import MediaForm
from blift.schemas.parts import MediaKind


@dataclass(frozen=True)
class FoundFile:
    """A file of a sample's media.

    Attributes:
        sha256: its digest, hex.
        paths: where it may lie.
        is_video: it holds moving pictures that a trainer loads as a video.
        duration_s: of a video.
        keyframes: name in the media store, and seconds from the first frame; of the scenes of a video.
    """

    sha256: str
    paths: tuple[str, ...]
    is_video: bool
    duration_s: float | None
    keyframes: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ShownFile:
    """A file that a pair shows.

    Attributes:
        name: relative to the dataset. ``sha256``: its digest.
        frames: JPEGs of a video, and when each is shown, seconds.
    """

    name: str
    sha256: str
    is_video: bool
    frames: tuple[tuple[str, float], ...] = ()


def found_files(samples: Sequence[Mapping[str, Any]], files: pl.DataFrame) -> list[list[FoundFile] | str]:
    """The files of each sample's media in their order; or why the sample has none.

    Of several files at one place, the one that stays of its cluster is taken. A gallery needs all of its pictures, and
    a video a file of moving pictures: a thumbnail is no video.

    Args:
        samples: ``media_key``, ``media_kind`` and ``media_urls``.
        files: the columns of ``measured.FILES``.
    """
    best = files.sort("media_key", "place", "stays", "sha256", descending=[False, False, True, False])
    by_key: dict[str, list[dict[str, Any]]] = {}
    for row in best.unique(["media_key", "place"], keep="first", maintain_order=True).iter_rows(named=True):
        by_key.setdefault(row["media_key"], []).append(row)
    return [_of_sample(sample, by_key.get(sample["media_key"], [])) for sample in samples]


def _of_sample(sample: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[FoundFile] | str:
    wanted = len(sample["media_urls"]) if sample["media_kind"] == MediaKind.GALLERY.value else 1
    there = {row["place"]: _found(row) for row in rows if row["place"] < wanted}
    if len(there) < wanted:
        return "no file of its media" if not there else f"{len(there)} of the {wanted} files of its gallery"
    if sample["media_kind"] == MediaKind.VIDEO.value and not there[0].is_video:
        return "the file of its video is a picture"
    return [there[place] for place in sorted(there)]


def _found(row: Mapping[str, Any]) -> FoundFile:
    return FoundFile(
        row["sha256"],
        tuple(row["paths"]),
        is_video=row["form"] == MediaForm.VIDEO.value,
        duration_s=row["duration_s"],
        keyframes=tuple((scene["keyframe"], scene["keyframe_s"] or 0.0) for scene in row["keyframes"]),
    )


def evenly(count: int, duration_s: float) -> list[float]:
    """The middles of so many equal parts of a video, in seconds."""
    return [(place + 0.5) * duration_s / count for place in range(count)]


def thinned(keyframes: Sequence[tuple[str, float]], count: int) -> list[tuple[str, float]]:
    """At most so many keyframes, evenly chosen in their order."""
    if len(keyframes) <= count:
        return list(keyframes)
    return [keyframes[int((place + 0.5) * len(keyframes) / count)] for place in range(count)]
