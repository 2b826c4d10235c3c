"""Files that pairs show, kept in the run folder under their content, so that a pair names a path within."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from blift.connectors.kept_files import FileGone, keep_bytes, keep_file
from blift.connectors.media.frames import Plane
from blift.connectors.media.limits import Refused
from blift.connectors.media.local import local_file
from blift.connectors.media.pyav import PyAvVideo
from blift.connectors.media.settings import MeasureConfig
from blift.pipelines.recipe.instruct import FramesAt
from blift.pipelines.stages.instruct.store import FRAMES, IMAGES, VIDEOS
from blift.pipelines.stages.media.keyframes import jpeg
from blift.transforms.pair_media import FoundFile, ShownFile, evenly, thinned


@dataclass(frozen=True)
class Keeping:
    """What the workers need to know to keep files.

    Attributes:
        folder: the run folder. ``store``: address of the media store, which has the keyframes.
        frames: how many of a video; None for none. ``measure`` says their size and quality.
    """

    folder: str
    store: str
    frames: int | None
    frames_at: FramesAt
    measure: MeasureConfig


def kept(files: Sequence[FoundFile], keeping: Keeping) -> list[ShownFile] | str:
    """The files of a sample's media, kept in the run folder; or why one of them cannot be.

    Raises:
        OutputError: the run folder cannot be written.
    """
    shown = []
    for file in files:
        try:
            name = keep_file(file.paths, file.sha256, keeping.folder, VIDEOS if file.is_video else IMAGES)
            frames = _frames(name, file, keeping) if file.is_video and keeping.frames else []
        except FileGone as why:
            return str(why)
        shown.append(ShownFile(name, file.sha256, file.is_video, tuple(frames)))
    return shown


def _frames(name: str, file: FoundFile, keeping: Keeping) -> list[tuple[str, float]]:
    """JPEGs of a video, and when each is shown.

    Raises:
        FileGone: none can be had.
    """
    count = keeping.frames or 0
    if keeping.frames_at is FramesAt.SCENES and file.keyframes:
        chosen = thinned(file.keyframes, count)
        return [(_keyframe(keyframe, keeping), time_s) for keyframe, time_s in chosen]
    times = evenly(count, file.duration_s or 0.0)
    try:
        with (
            local_file(posixpath.join(keeping.folder, name)) as path,
            closing(PyAvVideo(path, keeping.measure.limits, keeping.measure.working_side)) as video,
        ):
            return [
                (_frame(frame.picture(keeping.measure.keyframe_side), keeping), frame.time_s)
                for frame in video.frames_at(times)
            ]
    except Refused as error:
        raise FileGone(f"no frames of {name}: {error.detail}") from error


def _frame(picture: Plane, keeping: Keeping) -> str:
    return keep_bytes(jpeg(picture, keeping.measure), "jpg", keeping.folder, FRAMES)


def _keyframe(name: str, keeping: Keeping) -> str:
    """A keyframe of the media store, in the run folder."""
    digest = posixpath.splitext(posixpath.basename(name))[0]
    return keep_file([posixpath.join(keeping.store, name)], digest, keeping.folder, FRAMES)
