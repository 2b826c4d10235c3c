"""Video through PyAV: every frame in order, its planes scaled as they are, so that little is paid beyond decoding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from blift.connectors.media.frames import Plane, VideoFacts, fitted, turned, working_size
from blift.connectors.media.limits import Limits, Refused, check_length, check_picture
from blift.connectors.media.yuv import narrowed, samples, small_bgr
from blift.schemas.media import Decoder
from blift.schemas.reasons import Reason

#: Demuxers that may open a file; playlists and those that name other files are not among them.
DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,ogg,asf"
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": DEMUXERS,
    "max_streams": "64",
    "probesize": str(16 << 20),
}
#: Planar YUV whose planes can be scaled as they are: bits above 8 of each sample.
_PLANAR = {
    **dict.fromkeys(["yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"], 0),
    **dict.fromkeys(["yuv420p10le", "yuv422p10le", "yuv444p10le"], 2),
    **dict.fromkeys(["yuv420p12le", "yuv422p12le", "yuv444p12le"], 4),
}
_FULL_RANGE = 2
#: The largest ratio of a pixel's sides that is believed; anamorphic film has 2.
_MAX_ASPECT = 10
_DEFAULT_FRAME_S = 0.04

#: Told of the audio's packets as they come, so that one demuxer serves both.
AudioSink = Callable[[av.Packet], None]


class PyAvVideo:
    """A video opened with PyAV. ``longest``: of the working size, pixels."""

    decoder = Decoder.PYAV

    def __init__(self, path: str, limits: Limits, longest: int, audio: AudioSink | None = None) -> None:
        self._limits, self._longest, self._audio = limits, longest, audio
        self._container = open_container(path)
        try:
            self._stream = _pictures(self._container)
            self.facts = _facts(self._container, self._stream)
            check_picture(*self.facts.stored, limits)
            check_length(self._stream.frames, _claimed_duration_s(self._stream), limits)
        except BaseException:
            self._container.close()
            raise
        self._stream.codec_context.thread_count = 1  # workers run side by side; threads of one file cost more in all
        self._errors: Counter[str] = Counter()

    @property
    def claimed_s(self) -> float:
        """How long the container says that the video is, seconds."""
        return _claimed_duration_s(self._stream) or 0.0

    @property
    def damage(self) -> str | None:
        """What could not be decoded."""
        return "; ".join(f"{message} ({count} times)" for message, count in sorted(self._errors.items())) or None

    def every_frame(self) -> Iterator[PyAvFrame]:
        """All frames, in the order in which the decoder gives them."""
        timeline = self.timeline()
        view: _View | None = None
        for number, frame in enumerate(self._decode()):
            if view is None:
                first_s = float(frame.pts * self._stream.time_base) if frame.pts and self._stream.time_base else 0.0
                self.facts = self.facts.of_first(_quarter(frame.rotation), first_s)
                view = _View(self.facts, working_size(self.facts.stored, self._longest), VideoReformatter())
            time_s, end_s = timeline.times(frame.pts, frame.duration)
            check_length(number + 1, end_s, self._limits)
            check_picture(frame.width, frame.height, self._limits)
            yield PyAvFrame(number, time_s, end_s, frame, view)
        if view is None:
            raise Refused(Reason.DAMAGED, self.damage or "no frame could be decoded")

    def key_frames(self) -> Iterator[PyAvFrame]:
        """The frames that are coded by themselves; the decoder skips the others. Numbers count key frames."""
        self._stream.codec_context.skip_frame = "NONKEY"
        yield from self.every_frame()

    def frames_at(self, times_s: Sequence[float]) -> Iterator[PyAvFrame]:
        """The frames shown at some times; decodes all frames up to the last of them."""
        wanted = iter(sorted(times_s))
        time_s = next(wanted, None)
        for frame in self.every_frame():
            if time_s is None:
                return
            if frame.end_s > time_s:
                yield frame
            while time_s is not None and frame.end_s > time_s:
                time_s = next(wanted, None)

    def timeline(self) -> Timeline:
        """How timestamps of this video become seconds."""
        return Timeline(self._stream)

    def close(self) -> None:
        """Let the file go."""
        self._container.close()

    def _decode(self) -> Iterator[VideoFrame]:
        streams = [self._stream]
        if self._audio is not None:
            streams += list(self._container.streams.audio[:1])
        packets = self._container.demux(streams)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
            except FFmpegError as error:
                self._errors[cause_of(error)] += 1
                return
            if packet.stream is not self._stream and self._audio is not None:
                self._audio(packet)
                continue
            try:
                frames = packet.decode()
            except FFmpegError as error:
                self._errors[cause_of(error)] += 1
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self._errors["corrupt frame"] += 1
                yield frame


@dataclass(frozen=True, slots=True)
class _View:
    """What all frames of a video share.

    Attributes:
        facts: of the video.
        size: at which change is measured; the first frame's, should theirs change midway.
        reformatter: has its filters from the first picture on.
    """

    facts: VideoFacts
    size: tuple[int, int]
    reformatter: VideoReformatter


class PyAvFrame(NamedTuple):
    """A frame in the decoder's own planes; what is asked of it is computed when it is asked."""

    number: int
    time_s: float
    end_s: float
    frame: VideoFrame
    view: _View

    def small(self) -> Plane:
        """The stored picture at the working size, BGR."""
        shift = _PLANAR.get(self.frame.format.name)
        if shift is None:
            whole = self.frame.to_ndarray(format="bgr24")
            return np.asarray(cv2.resize(whole, self.view.size, interpolation=cv2.INTER_NEAREST))
        colorspace, full_range = self.colours()
        return small_bgr(self.frame.planes, self.view.size, shift, colorspace, full_range=full_range)

    def colours(self) -> tuple[int, bool]:
        """FFmpeg's number of the colour space, and whether samples take the full range."""
        return int(self.frame.colorspace), self.full_range

    @property
    def full_range(self) -> bool:
        """Whether ``luma`` takes 0..255, not 16..235; FFmpeg's conversion to grey gives all."""
        name = self.frame.format.name
        return self.frame.color_range == _FULL_RANGE or name.startswith("yuvj") or name not in _PLANAR

    def luma(self) -> Plane:
        """Its luma at full size, as shown, (height, width); where it can, it looks into the frame's own memory.

        The values are the file's, which are 16 to 235 in most.
        """
        shift = _PLANAR.get(self.frame.format.name)
        if shift is None:
            luma = np.asarray(self.frame.to_ndarray(format="gray"), dtype=np.uint8)
        else:
            luma = narrowed(samples(self.frame.planes[0], shift), shift)
        return turned(luma, self.view.facts.rotation, mirrored=self.view.facts.mirrored)

    def picture(self, side: int) -> Plane:
        """The picture as shown, RGB, its longer side at most ``side`` pixels."""
        width, height = fitted(self.view.facts.shown, side)
        if self.view.facts.rotation % 180:
            width, height = height, width
        scaled = self.view.reformatter.reformat(self.frame, width, height, "rgb24", interpolation="AREA", threads=1)
        picture = scaled.to_ndarray()
        return turned(np.asarray(picture, dtype=np.uint8), self.view.facts.rotation, mirrored=self.view.facts.mirrored)


def open_container(path: str) -> av.container.InputContainer:
    """A local file as FFmpeg sees it: named demuxers, nothing but this file.

    Raises:
        Refused: it is no media that may be opened.
    """
    try:
        return av.open(f"file:{path}", options=dict(_OPTIONS), metadata_errors="replace")
    except FFmpegError as error:
        raise Refused(Reason.NOT_MEDIA, f"no image or video format that is read here ({cause_of(error)})") from error


def facts_of(path: str, limits: Limits) -> VideoFacts:
    """What a video says of itself; only the first frame is decoded.

    Raises:
        Refused: it is no video that may be opened, exceeds a limit, or cannot be decoded.
    """
    video = PyAvVideo(path, limits, longest=1)
    try:
        next(video.every_frame())
        return video.facts
    finally:
        video.close()


def sound_after_pictures_s(path: str) -> float:
    """By how many seconds the sound of a video starts after its pictures; below 0 where it starts before them.

    Raises:
        Refused: it is no media that may be opened.
    """
    with open_container(path) as container:
        pictures, sound = container.streams.best("video"), container.streams.best("audio")
        return _starts_s(sound) - _starts_s(pictures)


def _starts_s(stream: av.stream.Stream | None) -> float:
    if stream is None or stream.start_time is None or stream.time_base is None:
        return 0.0
    return float(stream.start_time * stream.time_base)


def container_of(path: str) -> str:
    """FFmpeg's name of a file's demuxer, its first word.

    Raises:
        Refused: it is no media that may be opened.
    """
    with open_container(path) as container:
        return _name(container)


def _name(container: av.container.InputContainer) -> str:
    return str(container.format.name.split(",")[0])


class Packets:
    """The packets of a file, for a decoder that gives pictures and their timestamps alone.

    They tell how long each picture is shown; those of the audio are passed on as they come by.
    """

    def __init__(self, path: str, audio: AudioSink | None = None) -> None:
        self._container, self._audio = open_container(path), audio
        try:
            self._pictures = _pictures(self._container)
        except BaseException:
            self._container.close()
            raise
        streams = [self._pictures, *(self._container.streams.audio[:1] if audio else [])]
        self._left = self._container.demux(streams)
        self._lengths: dict[int, int] = {}
        self.damage: str | None = None

    def length(self, pts: int) -> int | None:
        """How long the picture of a timestamp is shown, in the stream's units; None where no packet says it."""
        while pts not in self._lengths and self._pass_on():
            pass
        return self._lengths.pop(pts, None)

    def finish(self) -> None:
        """Pass on what is left of the audio."""
        while self._audio is not None and self._pass_on():
            pass

    def close(self) -> None:
        """Let the file go."""
        self._container.close()

    def _pass_on(self) -> bool:
        """Take the next packet; false where there is none."""
        try:
            packet = next(self._left, None)
        except FFmpegError as error:
            self.damage, packet = cause_of(error), None
        if packet is None:
            return False
        if packet.stream is not self._pictures and self._audio is not None:
            self._audio(packet)
        elif packet.pts is not None and packet.duration:
            self._lengths[packet.pts] = packet.duration
        return True


def _pictures(container: av.container.InputContainer) -> av.VideoStream:
    """The stream that a player would show; a cover picture is none."""
    stream = container.streams.best("video")
    if stream is None or av.stream.Disposition.attached_pic in stream.disposition:
        raise Refused(Reason.NO_PICTURES, "no video stream")
    if stream.codec_context is None:
        raise Refused(Reason.NOT_MEDIA, "a video codec that FFmpeg does not know")
    return stream


def _facts(container: av.container.InputContainer, stream: av.VideoStream) -> VideoFacts:
    codec = stream.codec_context
    audio = container.streams.best("audio")
    aspect = stream.sample_aspect_ratio or codec.sample_aspect_ratio or Fraction(1)
    damage = None
    if not Fraction(1, _MAX_ASPECT) <= aspect <= _MAX_ASPECT:
        damage = f"pixels of {aspect.numerator} x {aspect.denominator} are taken for square"
        aspect = Fraction(1)
    return VideoFacts(
        container=_name(container),
        video_codec=codec.codec.canonical_name,
        audio_codec=audio.codec_context.codec.canonical_name if audio and audio.codec_context else None,
        pixel_format=codec.pix_fmt,
        stored=(codec.width, codec.height),
        shown=(max(1, round(codec.width * aspect)), codec.height),
        damage=damage,
    )


def _claimed_duration_s(stream: av.VideoStream) -> float | None:
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None


def _quarter(angle: float) -> int:
    """Degrees clockwise to the nearest quarter, out of FFmpeg's angle, which is counterclockwise."""
    return -round(angle / 90) * 90 % 360


class Timeline:
    """Seconds from the first frame; frames without a timestamp follow the frame before by the stream's rate."""

    def __init__(self, stream: av.VideoStream) -> None:
        self._base = float(stream.time_base or 0)
        rate = stream.average_rate or stream.base_rate or stream.guessed_rate
        self._step_s = 1.0 / float(rate) if rate else _DEFAULT_FRAME_S
        self._first: int | None = None
        self._next_s = 0.0

    def times(self, pts: int | None, duration: int | None) -> tuple[float, float]:
        """Start and end of a frame in seconds, of its timestamp and duration in the stream's units."""
        if pts is None or not self._base:
            time_s = self._next_s
        else:
            if self._first is None:
                self._first = pts
            time_s = (pts - self._first) * self._base
        length_s = duration * self._base if duration else self._step_s
        self._next_s = time_s + length_s
        return time_s, self._next_s


def cause_of(error: FFmpegError) -> str:
    """What FFmpeg says of an error, in lower case."""
    return (error.strerror or str(error)).lower()
