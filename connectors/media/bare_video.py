"""Videos without what they say of people and places: the streams go into a new container as they are."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

from blift.connectors.media.bare_picture import LOCATION, METADATA, NotBare

#: Containers of the two kinds that browsers play, and the codecs that belong into WebM; the others go into MP4.
_WEBM = frozenset({"vp8", "vp9", "av1", "opus", "vorbis"})
_KEPT = ("video", "audio")
#: Keys of a container's metadata that say where a video was taken.
_PLACES = ("location", "gps", "xyz", "geo")
#: What every container says of itself.
_OF_CONTAINERS = frozenset(
    {"major_brand", "minor_version", "compatible_brands", "encoder", "handler_name", "vendor_id"}
)
#: What FFmpeg raises on files that it cannot read or write; and PyAV on streams that a container does not take.
_FAILS = (av.FFmpegError, ValueError, RuntimeError)


@dataclass(frozen=True)
class _Looks:
    """What must not change: digests of each stream's packets, and the first picture as it is shown."""

    packets: list[str]
    rotation: int
    first: str


def bare_video(source: str, target: str) -> tuple[str, frozenset[str]]:
    """Write the pictures and the sound of a video to ``target``, without metadata, chapters and other streams.

    Nothing is encoded. The result depends on the streams alone.

    Returns:
        How the name of such a file ends (mp4 or webm), and what was taken out: `location`, `metadata`.

    Raises:
        NotBare: the streams do not go into MP4 or WebM unchanged.
    """
    try:
        ending, removed = _remux(source, target)
        before, after = _looks(source), _looks(target)
    except _FAILS as error:
        raise NotBare(f"it cannot be written anew: {error}") from error
    if before != after:
        raise NotBare("its streams would change in a new container")
    return ending, removed


def _remux(source: str, target: str) -> tuple[str, frozenset[str]]:
    with av.open(source) as old:
        streams = _streams(old)
        ending = "webm" if {stream.codec_context.name for stream in streams} <= _WEBM else "mp4"
        removed = _said(old, len(streams))
        with av.open(target, "w", format=ending, options={"fflags": "+bitexact", "movflags": "+faststart"}) as new:
            made = {stream.index: new.add_stream_from_template(stream, opaque=True) for stream in streams}
            for stream in made.values():
                stream.metadata.clear()
            for packet in _timed(old.demux(streams)):
                packet.stream = made[packet.stream_index]
                new.mux(packet)
    return ending, removed


def _timed(packets: Iterable[Any]) -> Iterator[Any]:
    """Packets, each with the time at which it is to be decoded; Matroska does not say it of the first ones."""
    waiting: dict[int, list[Any]] = {}
    started: set[int] = set()
    for packet in packets:
        if not packet.size:
            continue
        first = waiting.setdefault(packet.stream_index, [])
        if packet.stream_index not in started and packet.dts is None:
            first.append(packet)
            continue
        for before, early in enumerate(reversed(first), start=1):
            early.dts = packet.dts - before * (early.duration or 1)
        yield from first
        first.clear()
        started.add(packet.stream_index)
        yield packet
    if any(waiting.values()):
        raise NotBare("its packets have no times")


def _streams(container: Any) -> list[Any]:
    """Pictures and sound, without covers."""
    found = [
        stream
        for stream in container.streams
        if stream.type in _KEPT and not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not any(stream.type == "video" for stream in found):
        raise NotBare("it has no pictures")
    return found


def _said(container: Any, kept: int) -> frozenset[str]:
    """What of a container is left out: what it and its streams say, chapters, other streams."""
    said = [key for part in (container, *container.streams) for key in part.metadata if key not in _OF_CONTAINERS]
    keys = " ".join(said).lower()
    removed = {METADATA} if said or container.chapters() or kept < len(container.streams) else set()
    return frozenset(removed | ({LOCATION} if any(place in keys for place in _PLACES) else set()))


def _looks(path: str) -> _Looks:
    with av.open(path) as container:
        streams = _streams(container)
        digests = {stream.index: hashlib.sha256() for stream in streams}
        for packet in container.demux(streams):
            if packet.size:
                digests[packet.stream_index].update(bytes(packet))
    with av.open(path) as container:
        pictures = next(stream for stream in _streams(container) if stream.type == "video")
        frame = next(itertools.chain(container.decode(pictures), [None]))
        if frame is None:
            raise NotBare("it has no pictures")
        first = hashlib.sha256(np.ascontiguousarray(frame.to_ndarray()).tobytes()).hexdigest()
        return _Looks([digest.hexdigest() for digest in digests.values()], frame.rotation, first)
