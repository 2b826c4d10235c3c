"""The pass: one decode of a file to its row of the media table and the keyframes of its scenes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from av.error import FFmpegError
from PIL import Image

from blift.connectors.media import ffmpeg
from blift.connectors.media.audio import Loudness
from blift.connectors.media.decord import DecordVideo
from blift.connectors.media.frames import Plane, VideoFacts, VideoFile
from blift.connectors.media.images import Animation, Still, is_animated, read_image
from blift.connectors.media.limits import Refused
from blift.connectors.media.nvidia import NvidiaVideo, can_decode
from blift.connectors.media.pyav import PyAvVideo, cause_of, container_of, facts_of
from blift.connectors.media.settings import Access, DecoderChoice, MeasureConfig
from blift.pipelines.stages.media.keyframes import Traits, describe, drawn, jpeg
from blift.pipelines.stages.media.watch import Watch
from blift.schemas.media import Decoder, MediaForm
from blift.schemas.reasons import Reason
from blift.transforms.media.hashes import look_at, phash, phash_turned, ring_hash, without_bars
from blift.transforms.media.marks import marks
from blift.transforms.media.picture_hashes import picture_hashes

#: From this height on, decoding every frame pays on the device (docs/benchmarks.md).
_GPU_HEIGHT = 1080


@dataclass(frozen=True)
class Measured:
    """What one file gave.

    Attributes:
        row: the columns of the media table that the content decides.
        keyframes: a JPEG for each of ``row["scenes"]``; None where it has none.
        traits: what else of it is compared with others.
    """

    row: dict[str, Any]
    keyframes: list[bytes | None]
    traits: Traits


def measure(path: str, config: MeasureConfig, *, gpu: bool = False) -> Measured:
    """Decode a local file once and measure it.

    Args:
        path: the file.
        config: what is measured.
        gpu: there is a device, and the recipe allows it.

    Raises:
        Refused: with the reason why the file gives no row.
    """
    size_bytes = os.path.getsize(path)
    if size_bytes > config.limits.max_bytes:
        raise Refused(Reason.TOO_MANY_BYTES, f"{size_bytes} bytes; at most {config.limits.max_bytes}")
    if not size_bytes:
        raise Refused(Reason.NOT_MEDIA, "an empty file")
    try:
        animated = is_animated(path)
    except Refused as refused:
        if refused.reason is not Reason.NOT_MEDIA:
            raise
        return _video(path, config, gpu=gpu)
    if animated:
        animation = Animation(path, size_bytes, config.limits, config.working_side)
        return _moving(animation, config, _AudioTap(wanted=False), MediaForm.ANIMATION)
    return _image(path, size_bytes, config)


def _image(path: str, size_bytes: int, config: MeasureConfig) -> Measured:
    still = read_image(path, size_bytes, config.limits)
    luma = still.luma
    look = look_at(luma)
    inside = without_bars(luma)
    scene = {"start_s": 0.0, "end_s": 0.0, "first_frame": 0, "frames": 1, **describe(still.rgb, config)}
    row = {
        **_file_columns(still.facts, Decoder.PILLOW, MediaForm.IMAGE),
        "frames": 1,
        "damage": still.damage,
        "phash": phash(look),
        "phash_turned": phash_turned(look) if config.turned else [],
        "phash_unboxed": _unboxed(inside, config),
        "ring_hash": ring_hash(luma) if config.turned else None,
        "detail": look.detail,
        "frame_hashes": [],
        "part_hashes": [],
        "hashes": picture_hashes(still.rgb, config.hashes),
        "silences": [],
        "scenes": [scene],
    }
    keyframe = jpeg(_keyframe(still, config), config) if config.image_keyframes else None
    plane = np.asarray(luma)
    return Measured(row, [keyframe], Traits([drawn(plane)], marks(plane).tolist() if config.turned else [], []))


def _unboxed(inside: Image.Image | None, config: MeasureConfig) -> list[str]:
    if inside is None:
        return []
    look = look_at(inside)
    return phash_turned(look) if config.turned else [phash(look)]


def _keyframe(still: Still, config: MeasureConfig) -> Plane:
    """The image at the size of a keyframe."""
    picture = Image.fromarray(still.rgb)
    picture.thumbnail((config.keyframe_side, config.keyframe_side))
    return np.asarray(picture)


def _video(path: str, config: MeasureConfig, *, gpu: bool) -> Measured:
    def watched(source: str) -> Measured:
        audio = _AudioTap(wanted=config.loudness and config.access is Access.EVERY)
        try:
            return _moving(_opened(source, config, audio, gpu=gpu), config, audio, MediaForm.VIDEO)
        except FFmpegError as error:  # such as colours that it cannot convert
            raise Refused(Reason.DAMAGED, f"its pictures cannot be converted ({cause_of(error)})") from error

    try:
        return watched(path)
    except Refused as refused:
        if refused.reason is not Reason.DAMAGED:
            raise
        return _repaired(path, config, watched, refused)


def _repaired(path: str, config: MeasureConfig, watched: Callable[[str], Measured], refused: Refused) -> Measured:
    """The same of the file's streams in a new container: a broken index is the commonest damage."""
    with tempfile.TemporaryDirectory(prefix="blift-") as folder:
        target = os.path.join(folder, "remuxed")
        try:
            ffmpeg.remux(path, target, config.limits.timeout_s)
            measured = watched(target)
        except Refused:
            raise refused from None
    damage = f"repaired by writing its streams into a new container: {refused.detail}"
    return replace(measured, row={**measured.row, "container": container_of(path), "damage": damage})


def _opened(path: str, config: MeasureConfig, audio: _AudioTap, *, gpu: bool) -> VideoFile:
    """The decoder that suits: the device for large pictures of which all are seen, decord for a few, else PyAV."""
    limits, side = config.limits, config.working_side
    if config.access is Access.SPARSE:
        return DecordVideo(path, limits, side)
    if gpu and config.access is Access.EVERY:
        facts = facts_of(path, limits)
        wanted = config.decoder is DecoderChoice.GPU or facts.stored[1] >= _GPU_HEIGHT
        if wanted and can_decode(facts):
            return NvidiaVideo(path, limits, side, audio.feed if audio.wanted else None)
    return PyAvVideo(path, limits, side, audio.feed if audio.wanted else None)


class _AudioTap:
    """Takes the packets of the audio, if any come."""

    def __init__(self, *, wanted: bool) -> None:
        self.wanted = wanted
        self._loudness: Loudness | None = None
        self._unknown = False

    def feed(self, packet: Any) -> None:
        if self._loudness is None and not self._unknown:
            try:
                self._loudness = Loudness(packet.stream)
            except (AttributeError, FFmpegError, ValueError):  # PyAV's of a stream without codec, rate or channels
                self._unknown = True
        if self._loudness is not None:
            self._loudness.feed(packet)

    def columns(self, duration_s: float, first_s: float) -> dict[str, Any]:
        """Loudness, and silences from the first picture on, up to the end of the last."""
        if self._loudness is None:
            return {"silences": []}
        lufs, silences = self._loudness.result(first_s + duration_s)
        shown = [(max(0.0, start - first_s), min(duration_s, end - first_s)) for start, end in silences]
        lasting = [{"start_s": start, "end_s": end} for start, end in shown if end > start]
        return {"loudness_lufs": lufs, "silences": lasting}

    @property
    def damage(self) -> str | None:
        if self._unknown:
            return "audio: its codec, rate or channels are not known"
        return f"audio: {self._loudness.damage}" if self._loudness and self._loudness.damage else None


def _moving(video: VideoFile, config: MeasureConfig, audio: _AudioTap, form: MediaForm) -> Measured:
    try:
        watch = Watch(config)
        watch.look(video)
    finally:
        video.close()
    row = {
        **watch.columns(),
        **audio.columns(watch.duration_s, video.facts.first_s),
        **_file_columns(video.facts, video.decoder, form),
        "damage": "; ".join(part for part in (video.facts.damage, watch.damage, video.damage, audio.damage) if part)
        or None,
        "phash_turned": [],
        "phash_unboxed": [],
    }
    return Measured(row, watch.keyframes, watch.traits)


def _file_columns(facts: VideoFacts, decoder: Decoder, form: MediaForm) -> dict[str, Any]:
    return {
        "form": form.value,
        "container": facts.container,
        "video_codec": facts.video_codec,
        "audio_codec": facts.audio_codec,
        "pixel_format": facts.pixel_format,
        "width": facts.shown[0],
        "height": facts.shown[1],
        "rotation": facts.rotation,
        "mirrored": facts.mirrored,
        "decoder": decoder.value,
        "speech": [],
    }
