"""Video through NVIDIA's decoder: frames stay on the device, and only the pixels that are looked at leave it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import av
import cv2
import numpy as np

from blift.connectors.media.frames import Plane, VideoFacts, fitted, turned, working_size
from blift.connectors.media.limits import Limits, Refused, check_length
from blift.connectors.media.pyav import AudioSink, Packets, PyAvVideo
from blift.connectors.media.yuv import picked_of, samples, to_bgr
from blift.schemas.errors import RecipeError
from blift.schemas.media import Decoder
from blift.schemas.reasons import Reason

#: Frames that the decoder keeps ready, and that are fetched together.
_AHEAD, _BATCH = 24, 8
#: Codecs and depths of current devices (NVDEC support matrix); 4:2:0 alone.
_CODECS = frozenset({"h264", "hevc", "av1", "vp9", "vp8", "mpeg2video", "mpeg4"})
_PIXEL_FORMATS = frozenset({"yuv420p", "yuvj420p"})


@dataclass(frozen=True)
class Device:
    """The modules that drive a device: NVIDIA's codec, and arrays on the device (CuPy)."""

    codec: ModuleType | Any
    arrays: ModuleType | Any
    number: int = 0


@cache
def device() -> Device:
    """The first device of this machine.

    Raises:
        RecipeError: the packages are not installed, or there is no device.
    """
    try:
        codec, arrays = importlib.import_module("PyNvVideoCodec"), importlib.import_module("cupy")
        count = arrays.cuda.runtime.getDeviceCount()
    except ImportError as error:
        raise RecipeError(
            f"`media.decoder: gpu` needs the extra `gpu` ({error.name} is not installed). Install blift[gpu], or "
            "choose cpu."
        ) from error
    except Exception as error:  # CuPy's own errors are classes of a module that may not load
        raise RecipeError(f"`media.decoder: gpu` found no NVIDIA device ({error}). Choose cpu or auto.") from error
    if not count:
        raise RecipeError("`media.decoder: gpu` found no NVIDIA device. Choose cpu or auto.")
    return Device(codec, arrays)


def has_device() -> bool:
    """Whether this machine has a device and the packages that drive it."""
    try:
        device()
    except RecipeError:
        return False
    return True


def can_decode(facts: VideoFacts) -> bool:
    """Whether the device decodes such a video to the same 8-bit samples as a CPU."""
    even = not any(side % 2 for side in facts.stored)  # NV12 pairs rows and columns
    return even and facts.video_codec in _CODECS and facts.pixel_format in _PIXEL_FORMATS


class NvidiaVideo:
    """A video decoded on a device. ``longest``: of the working size, pixels.

    PyAV opens the file first: it checks the limits, and its first frame tells colours and rotation.
    """

    decoder = Decoder.PYNVVIDEOCODEC

    def __init__(
        self, path: str, limits: Limits, longest: int, audio: AudioSink | None = None, on: Device | None = None
    ) -> None:
        self.damage: str | None = None  # of the audio: the device gives all frames or fails
        self._on, self._limits, self._longest, self._path = on or device(), limits, longest, path
        self._audio = audio
        first = PyAvVideo(path, limits, longest)
        try:
            frame = next(first.every_frame())
            self.facts, self._timeline, self.claimed_s = first.facts, first.timeline(), first.claimed_s
            self._colorspace, self._full_range = frame.colours()
            self._like = frame.frame
            self._like.make_writable()
        finally:
            first.close()

    def every_frame(self) -> Iterator[DeviceFrame]:
        """All frames, in order."""
        number, packets = 0, Packets(self._path, self._audio)
        try:
            for batch in self._batches():
                for decoded in batch:
                    pts = decoded.getPTS()
                    time_s, end_s = self._timeline.times(pts, packets.length(pts))
                    check_length(number + 1, end_s, self._limits)
                    yield self._frame(number, time_s, end_s, decoded)
                    number += 1
            packets.finish()
            self.damage = packets.damage
        finally:
            packets.close()
        if not number:
            raise Refused(Reason.DAMAGED, "the device decoded no frame")

    def frames_at(self, times_s: Sequence[float]) -> Iterator[DeviceFrame]:
        """The frames shown at some times, in seconds from the first frame."""
        wanted = sorted(times_s)
        for frame in self.every_frame():
            if not wanted:
                return
            if frame.end_s > wanted[0]:
                yield frame
            while wanted and frame.end_s > wanted[0]:
                wanted.pop(0)

    def key_frames(self) -> Iterator[DeviceFrame]:
        """The frames that are coded by themselves are not told apart on the device: the first alone."""
        for frame in self.every_frame():
            yield frame
            return

    def close(self) -> None:
        """Let the file go."""

    def _batches(self) -> Iterator[Sequence[Any]]:
        try:
            decoder = self._on.codec.ThreadedDecoder(
                self._path, buffer_size=_AHEAD, gpu_id=self._on.number, use_device_memory=True
            )
            try:
                while batch := decoder.get_batch_frames(_BATCH):
                    yield batch
            finally:
                decoder.end()
        except RuntimeError as error:
            raise Refused(Reason.DAMAGED, f"the device: {error}".lower()) from error

    def _frame(self, number: int, time_s: float, end_s: float, decoded: Any) -> DeviceFrame:
        arrays = self._on.arrays
        nv12 = arrays.array(arrays.from_dlpack(decoded))  # a copy: the decoder uses its surfaces again
        return DeviceFrame(
            number,
            time_s,
            end_s,
            nv12,
            self.facts,
            self._longest,
            arrays,
            self._colorspace,
            self._full_range,
            self._like,
        )


@dataclass(frozen=True)
class DeviceFrame:
    """A frame on the device as NV12: (3/2 height, width), uint8.

    ``like``: the video's first frame as a CPU decoded it, into which this one is copied to be converted: it says where
    samples of chroma lie, which PyAV cannot set, and which turns colours by some tens of levels at edges.
    """

    number: int
    time_s: float
    end_s: float
    nv12: Any
    facts: VideoFacts
    longest: int
    arrays: Any
    colorspace: int
    full_range: bool
    like: av.VideoFrame

    def small(self) -> Plane:
        """The stored picture at the working size, BGR: the pixels that a CPU would pick, picked on the device."""
        width, height = self.facts.stored
        size = working_size((width, height), self.longest)
        rows, columns = picked_of(height, size[1]), picked_of(width, size[0])
        luma = self._host(self.nv12[:height][rows][:, columns])
        chroma = self.nv12[height : height + height // 2].reshape(height // 2, width // 2, 2)
        u, v = cv2.split(self._host(chroma[rows // 2][:, columns // 2]))
        return to_bgr(luma, u, v, self.colorspace, full_range=self.full_range)

    def luma(self) -> Plane:
        """Its luma at full size, as shown, (height, width)."""
        luma = self._host(self.nv12[: self.facts.stored[1]])
        return turned(luma, self.facts.rotation, mirrored=self.facts.mirrored)

    def picture(self, side: int) -> Plane:
        """The picture as shown, RGB, its longer side at most ``side`` pixels."""
        width, height = fitted(self.facts.shown, side)
        if self.facts.rotation % 180:
            width, height = height, width
        scaled = self._on_host().reformat(width, height, "rgb24", interpolation="AREA", threads=1)
        return turned(np.asarray(scaled.to_ndarray(), np.uint8), self.facts.rotation, mirrored=self.facts.mirrored)

    def _on_host(self) -> av.VideoFrame:
        """The whole frame as a CPU's decoder gives it."""
        nv12, height = self._host(self.nv12), self.facts.stored[1]
        chroma = nv12[height:].reshape(height // 2, -1, 2)
        for plane, own in zip(self.like.planes, (nv12[:height], chroma[..., 0], chroma[..., 1]), strict=True):
            samples(plane, 0)[:] = own
        return self.like

    def _host(self, values: Any) -> Plane:
        return np.ascontiguousarray(self.arrays.asnumpy(values))
