"""A stand-in for an NVIDIA device: its codec and CuPy, as far as they are used, on the CPU."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np

from blift.connectors.media.frames import VideoFile
from blift.connectors.media.limits import Limits
from blift.connectors.media.nvidia import Device, NvidiaVideo


class StandInCodec:
    """NVIDIA's codec as far as it is used: frames as NV12, in batches."""

    def __init__(self, failure: str | None = None) -> None:
        self.failure = failure

    def ThreadedDecoder(self, path: str, **options: Any) -> "StandInCodec":  # noqa: N802 - the codec's own name
        assert options["use_device_memory"]
        self._batches = self._decoded(path)
        return self

    def _decoded(self, path: str) -> Iterator[list[Any]]:
        with av.open(path) as container:
            batch: list[Any] = []
            for frame in container.decode(container.streams.best("video")):
                values = frame.to_ndarray(format="nv12")
                batch.append(SimpleNamespace(values=values, getPTS=lambda pts=frame.pts: pts))
                if len(batch) == 3:
                    yield batch
                    batch = []
            yield batch

    def get_batch_frames(self, size: int) -> list[Any]:
        if self.failure:
            raise RuntimeError(self.failure)
        return next(self._batches, [])

    def end(self) -> None:
        pass


_ARRAYS = SimpleNamespace(array=np.array, from_dlpack=lambda decoded: decoded.values, asnumpy=np.asarray)


def stand_in(failure: str | None = None) -> Device:
    """A device that decodes with PyAV; ``failure``: what it says instead."""
    return Device(StandInCodec(failure), _ARRAYS)


def on_stand_in(path: Path, longest: int, failure: str | None = None) -> VideoFile:
    """A video on the stand-in."""
    return NvidiaVideo(str(path), Limits(), longest, on=stand_in(failure))
