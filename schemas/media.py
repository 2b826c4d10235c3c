"""The media table: one file of media, by its content, with everything that one decode measured of it."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from blift.schemas.parts import SpeechSegment
from blift.schemas.record import Part, Record


class MediaForm(StrEnum):
    """What a file of media holds, whatever its name says."""

    IMAGE = "image"
    ANIMATION = "animation"  # several pictures without sound, as GIF or WebP
    VIDEO = "video"


class Decoder(StrEnum):
    """Which library decoded a file."""

    PILLOW = "pillow"
    PYAV = "pyav"
    DECORD = "decord"
    PYNVVIDEOCODEC = "pynvvideocodec"


class MediaUse(Part):
    """Where a file is used: it is the one at ``place`` of the media that posts call ``media_key``."""

    media_key: str = Field(description="Identity of the media in the post table.")
    place: int = Field(ge=0, description="Place among the files of that media, 0 first; a gallery has several.")


class FrameHash(Part):
    """The perceptual hash of one sampled frame."""

    time_s: float = Field(description="When the frame is shown, in seconds from the first frame.")
    phash: str = Field(description="`imagehash.phash` of its luma, 16 hex digits.")
    phash_unboxed: str | None = Field(description="The same without letterbox bars, where it has some.")
    detail: float = Field(
        ge=0, le=127.5, description="Standard deviation of its luma, 0..127.5; a plain frame has no telling hash."
    )


class HashKind(StrEnum):
    """Kinds of perceptual hashes beside `phash`, in the words of the library ``imagehash``."""

    AHASH = "ahash"  # average_hash
    DHASH = "dhash"
    WHASH = "whash"
    COLORHASH = "colorhash"
    CROP_RESISTANT = "crop_resistant"  # crop_resistant_hash: one hash for each segment, separated by commas


class PictureHash(Part):
    """The hash of an image or of a keyframe, by a kind that the recipe asks for."""

    time_s: float = Field(description="When the keyframe is shown, in seconds from the first frame; 0 of an image.")
    kind: HashKind = Field(description="Which hash.")
    value: str = Field(description="Its value, as `imagehash` prints it.")


class FramePart(StrEnum):
    """Three fifths of a frame."""

    LEFT = "left"
    RIGHT = "right"
    UPPER = "upper"
    LOWER = "lower"


class PartHash(Part):
    """The perceptual hash of a part of one sampled frame; plain parts have none."""

    time_s: float = Field(description="When the frame is shown, in seconds from the first frame.")
    part: FramePart = Field(description="Which part.")
    phash: str = Field(description="Its hash, 16 hex digits.")
    phash_unboxed: str | None = Field(description="That of the same part without letterbox bars, where it has some.")


class Silence(Part):
    """A stretch of the audio below the recipe's loudness."""

    start_s: float = Field(description="Start, in seconds.")
    end_s: float = Field(description="End, in seconds.")


class MediaScene(Part):
    """One scene of a file: what lies between two cuts."""

    start_s: float = Field(description="Start, in seconds from the first frame.")
    end_s: float = Field(description="End, in seconds: the start of the next scene, or the end of the last frame.")
    first_frame: int = Field(ge=0, description="Number of its first frame, 0 first.")
    frames: int = Field(ge=0, description="How many frames it has.")
    keyframe: str | None = Field(description="URI of the keyframe, relative to the media store.")
    keyframe_s: float | None = Field(description="When the keyframe is shown, in seconds.")
    foreground_colours: list[str] = Field(description="Named colours of the salient object, most common first.")
    background_colours: list[str] = Field(description="Named colours of the rest, most common first.")
    tone: str | None = Field(description="The dominant tone: warm, cool, neutral, dark or bright.")
    caption: str | None = Field(description="What it shows, in one sentence.")
    tags: list[str] = Field(description="What it shows, in words.")
    screen_text: str | None = Field(description="Text on screen.")


class Media(Record):
    """One file of media."""

    table: ClassVar[str] = "media"
    version: ClassVar[str] = "1.2.0"
    key: ClassVar[tuple[str, ...]] = ("sha256",)

    sha256: str = Field(description="Digest of the file, hex: its identity.")
    uses: list[MediaUse] = Field(description="Where it is used, by `media_key` and `place`.")
    file: str = Field(description="The file, relative to the source; the first by name, where several are equal.")
    size_bytes: int = Field(ge=0, description="Size of the file.")
    form: MediaForm = Field(description="What it holds: image, animation or video.")
    container: str = Field(description="Container or image format, by its bytes: mp4, matroska, jpeg, ...")
    video_codec: str | None = Field(description="Codec of the pictures, in FFmpeg's names.")
    audio_codec: str | None = Field(description="Codec of the audio, in FFmpeg's names; none without audio.")
    pixel_format: str | None = Field(description="Pixel format, in FFmpeg's names, or Pillow's mode.")
    width: int = Field(ge=0, description="Width as shown, pixels: after rotation.")
    height: int = Field(ge=0, description="Height as shown, pixels: after rotation.")
    rotation: int = Field(
        ge=0, lt=360, description="Degrees clockwise by which the stored picture is turned to be shown."
    )
    mirrored: bool = Field(description="The stored picture is mirrored, before it is turned, to be shown.")
    duration_s: float | None = Field(
        description="From the first frame to the end of the last, seconds; none of images."
    )
    fps: float | None = Field(description="Frames over duration; none of images.")
    variable_fps: bool | None = Field(description="Frames are not equally long.")
    frames: int = Field(ge=0, description="Frames that were decoded.")
    damage: str | None = Field(description="What of the file could not be decoded; none where all could.")
    decoder: Decoder = Field(description="Which library decoded it.")
    phash: str | None = Field(description="`imagehash.phash` of an image as shown, 16 hex digits; none of videos.")
    phash_turned: list[str] = Field(
        description="The same of its 8 flips and quarter turns, itself first; none where the recipe does not ask."
    )
    phash_unboxed: list[str] = Field(
        description="The same as `phash_turned` without letterbox bars, where it has some."
    )
    ring_hash: str | None = Field(
        description="A hash of an image that stays under turning by any angle, 16 hex digits; none of videos."
    )
    detail: float | None = Field(ge=0, le=127.5, description="Standard deviation of an image's luma, 0..127.5.")
    frame_hashes: list[FrameHash] = Field(description="Hashes of sampled frames, in order; none of images.")
    part_hashes: list[PartHash] = Field(
        description="Hashes of parts of sampled frames, in order: a logo elsewhere leaves them as they are."
    )
    hashes: list[PictureHash] = Field(
        description="Hashes of the other kinds that the recipe asks for: of an image as shown, or of each keyframe."
    )
    loudness_lufs: float | None = Field(description="Integrated loudness, LUFS (EBU R 128); none without audio.")
    silences: list[Silence] = Field(description="Stretches of silence in the audio, in order.")
    scenes: list[MediaScene] = Field(description="Scenes, in order; an image has one.")
    speech: list[SpeechSegment] = Field(description="Speech that a model heard, where the recipe asks for it.")
    cluster: str | None = Field(description="Cluster of near-duplicates: the sha256 of the member that stays.")
    unite_as: str = Field(description="`media_key` under which posts of this file, and of its cluster, are united.")
