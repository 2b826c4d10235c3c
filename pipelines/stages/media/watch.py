"""One video as its frames pass: cuts, hashes, keyframes, and the columns that come of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from blift.connectors.media.frames import ArrayFrame, Frame, Plane, VideoFacts, VideoFile, turned
from blift.connectors.media.limits import Refused
from blift.connectors.media.settings import Access, MeasureConfig
from blift.pipelines.stages.media.keyframes import Drawing, GlimpseAt, Traits, describe, drawn, jpeg
from blift.schemas.reasons import Reason
from blift.transforms.media.change import ChangeScore, Weights
from blift.transforms.media.cuts import SceneCutter, Stretch
from blift.transforms.media.hashes import glimpse, inside_bars, looks_at, part_hashes, phashes
from blift.transforms.media.picture_hashes import picture_hashes

#: Frames whose lengths differ by more than this share, and by more than two milliseconds, are not equally long.
_SPREAD, _SPREAD_S = 0.1, 0.002
#: Levels of luma where it takes all, to those that most files have.
_TO_FULL_RANGE = 255 / 219
#: Sketches that are kept of a video, and the bits by which the hashes of their pictures differ.
_DRAWINGS, _DIFFERS = 6, 5
#: Glimpses a second: a start that is cut off by any time leaves samples that show nearly the same.
_GLIMPSES_PER_S = 12
#: Frames per second that no video is played at.
_MAX_FPS = 1_000
#: Sums of frame lengths miss a tick of the clock by less than this.
_ALMOST_S = 1e-6


class Watch:
    """Looks at the frames of one video, each once; frames are let go as soon as they can be."""

    def __init__(self, config: MeasureConfig) -> None:
        self._config = config
        self._starts, self._ends = array("d"), array("d")
        self._next_tick_s = 0.0
        self._sees_all = config.access is Access.EVERY
        self._claimed_s = 0.0
        self._hashes: list[dict[str, Any]] = []
        self._parts: list[dict[str, Any]] = []
        self._picture_hashes: list[dict[str, Any]] = []
        self._scenes: list[dict[str, Any]] = []
        self._drawn: list[int] = []
        self.keyframes: list[bytes | None] = []
        self._drawings: list[Drawing] = []
        self._glimpses: list[GlimpseAt] = []
        self._next_glimpse_s = 0.0

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last, seconds; as the container says where not all were seen."""
        return max(max(self._ends, default=0.0), self._claimed_s)

    @property
    def damage(self) -> str | None:
        """What is wrong with the frames' times."""
        if self._fps is None or self._fps <= _MAX_FPS:
            return None
        return f"{len(self._starts)} frames in {self.duration_s:.6f} s: their times cannot be right"

    @property
    def _fps(self) -> float | None:
        return len(self._starts) / self.duration_s if self.duration_s and self._sees_all else None

    def look(self, video: VideoFile) -> None:
        """Take all frames of a video.

        Raises:
            Refused: none could be decoded.
        """
        if not self._sees_all:
            self._claimed_s = video.claimed_s
        cutter: SceneCutter[Frame] = SceneCutter(self._config.min_scene_frames)
        score = ChangeScore(Weights())
        cutting = self._config.access is Access.EVERY
        for frame in self._frames(video):
            self._starts.append(frame.time_s)
            self._ends.append(frame.end_s)
            self._sample(frame)
            small = frame.small()
            self._glimpse(frame, small, video.facts)
            changed = cutting and score.score(small) >= self._config.threshold
            for scene in cutter.feed(frame, changed=changed):
                self._close(scene)
        if not self._starts:
            raise Refused(Reason.DAMAGED, video.damage or "no frame could be decoded")
        for scene in cutter.end():
            self._close(scene)

    @property
    def traits(self) -> Traits:
        """What else of the video is compared with others."""
        return Traits(self._drawings, [], self._glimpses)

    def columns(self) -> dict[str, Any]:
        """Columns of the media table that the frames decide."""
        duration_s = self.duration_s
        ends = [scene["start_s"] for scene in self._scenes[1:]] + [duration_s]
        return {
            "duration_s": duration_s,
            "fps": None if self.damage else self._fps,
            "variable_fps": self._is_variable() if self._sees_all else None,
            "frames": len(self._starts),
            "frame_hashes": self._hashes,
            "part_hashes": self._parts,
            "hashes": self._picture_hashes,
            "scenes": [scene | {"end_s": end_s} for scene, end_s in zip(self._scenes, ends, strict=True)],
        }

    def _frames(self, video: VideoFile) -> Iterator[Frame]:
        if self._config.access is Access.EVERY:
            return video.every_frame()
        if self._config.access is Access.KEY:
            return video.key_frames()
        steps = int(np.ceil(video.claimed_s * self._config.samples_per_s))
        return video.frames_at([step / self._config.samples_per_s for step in range(max(1, steps))])

    def _sample(self, frame: Frame) -> None:
        """Keep the hash of the frame that is shown at each tick of a clock that starts with the video."""
        if frame.end_s <= self._next_tick_s + _ALMOST_S and self._hashes:
            return
        self._next_tick_s = np.ceil((frame.end_s - _ALMOST_S) * self._config.samples_per_s) / self._config.samples_per_s
        luma = frame.luma()
        inside = inside_bars(luma)
        look, look_inside = looks_at(luma, inside)
        own, *boxed = phashes([look] if look_inside is None else [look, look_inside])
        self._hashes.append(
            {
                "time_s": frame.time_s,
                "phash": own,
                "phash_unboxed": boxed[0] if boxed else None,
                "detail": look.detail if frame.full_range else look.detail * _TO_FULL_RANGE,
            }
        )
        self._draw(luma, int(own, 16), frame.time_s)
        parts, parts_inside = part_hashes(luma), part_hashes(luma, inside) if inside else {}
        self._parts += [
            {"time_s": frame.time_s, "part": part.value, "phash": found, "phash_unboxed": parts_inside.get(part)}
            for part, found in parts.items()
        ]

    def _glimpse(self, frame: Frame, small: Plane, facts: VideoFacts) -> None:
        """Keep a hash of the frame that is shown at each tick of a faster clock."""
        if frame.end_s <= self._next_glimpse_s + _ALMOST_S and self._next_glimpse_s:
            return
        self._next_glimpse_s = np.ceil((frame.end_s - _ALMOST_S) * _GLIMPSES_PER_S) / _GLIMPSES_PER_S
        luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))
        if not isinstance(frame, ArrayFrame):  # which is as shown
            luma = turned(luma, facts.rotation, mirrored=facts.mirrored)
        found = glimpse(luma)
        if found is not None:
            self._glimpses.append(GlimpseAt(frame.time_s, found.whole, found.inside))

    def _draw(self, luma: Plane, phash: int, time_s: float) -> None:
        """Keep a sketch of the frame, if it is one of the first that differ from all before."""
        if len(self._drawn) < _DRAWINGS and all((phash ^ one).bit_count() > _DIFFERS for one in self._drawn):
            self._drawn.append(phash)
            self._drawings.append(drawn(luma, time_s))

    def _close(self, scene: Stretch[Frame]) -> None:
        picture = scene.keyframe.picture(self._config.keyframe_side)
        self.keyframes.append(jpeg(picture, self._config))
        self._picture_hashes += picture_hashes(picture, self._config.hashes, scene.keyframe.time_s)
        self._scenes.append(
            {
                "start_s": self._starts[scene.first] if scene.first else 0.0,
                "first_frame": scene.first,
                "frames": scene.stop - scene.first,
                "keyframe_s": scene.keyframe.time_s,
                **describe(picture, self._config),
            }
        )

    def _is_variable(self) -> bool:
        lengths = np.diff(np.asarray(self._starts))
        if not len(lengths):
            return False
        return bool(np.ptp(lengths) > max(_SPREAD_S, _SPREAD * float(lengths.mean())))
