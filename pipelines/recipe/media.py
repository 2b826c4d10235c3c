"""The section ``media`` of a recipe."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from blift.connectors.media.limits import Limits
from blift.connectors.media.settings import Access, DecoderChoice, MeasureConfig
from blift.pipelines.recipe.describe import Describe, Speech
from blift.schemas.media import HashKind
from blift.schemas.section import Count, Section, Share
from blift.transforms.media.looks import DuplicateOptions


class Cuts(Section):
    """Where one scene of a video ends and the next begins."""

    threshold: float = Field(
        default=30.0,
        gt=0,
        le=255,
        description="A cut is where hue, saturation, brightness and edges change by this much on average, 0 to 255, as "
        "PySceneDetect's ContentDetector counts with equal weights (the paper's 30-degree rule).",
    )
    min_frames: Annotated[int, Field(ge=0)] = Field(default=15, description="Cuts are at least so many frames apart.")
    working_side: Count = Field(
        default=128, description="Longer side of the picture in which change is measured, pixels, about."
    )


class Keyframes(Section):
    """The picture that stands for a scene."""

    side: Count = Field(default=512, description="Longer side at most, pixels.")
    quality: Annotated[int, Field(ge=1, le=95)] = Field(default=88, description="Quality of the JPEG.")
    images: bool = Field(default=False, description="Write one of images too. Models that describe need it.")


class MediaLimits(Section):
    """Beyond these a file is rejected; what it claims is checked before anything of that size is allocated."""

    max_bytes: Count = Field(default=20 << 30, description="Bytes of a file.")
    max_pixels: Count = Field(default=100_000_000, description="Pixels of a picture.")
    max_frames: Count = Field(default=2_000_000, description="Frames of a video.")
    max_duration_s: float = Field(default=43_200.0, gt=0, description="Duration of a video, seconds.")
    max_ratio: float = Field(
        default=500.0, gt=0, description="Bytes of a picture of over 16 million pixels over those of its file."
    )
    timeout_s: float = Field(default=3600.0, gt=0, description="Seconds that one file may take.")
    memory_bytes: Count = Field(default=4 << 30, description="Memory that decoding may take.")

    def limits(self) -> Limits:
        """The limits as the decoders take them."""
        return Limits(**self.model_dump())


class NearDuplicateMedia(Section):
    """Media that look the same become one sample, their comments united."""

    distance: Annotated[int, Field(ge=0, le=11)] = Field(
        default=6, description="Bits of 64 in which the perceptual hashes of two images may differ."
    )
    video_distance: Annotated[int, Field(ge=0, le=11)] = Field(
        default=8, description="The same for sampled frames of videos, of which several must match in their order."
    )
    part_distance: Annotated[int, Field(ge=0, le=11)] = Field(
        default=4,
        description="The same for parts of sampled frames, by which videos with a logo or a ticker are found.",
    )
    turned: bool = Field(default=True, description="Find flipped and turned images, and mirrored videos.")
    ring_distance: Annotated[int, Field(ge=0, le=11)] = Field(
        default=6, description="Bits in which the hashes that stay under any turn may differ."
    )
    share: Share = Field(
        default=0.2,
        description="Share of the shorter video's pictures, as sampled, that must match, in their order, for two "
        "videos to be compared.",
    )
    min_matches: Count = Field(
        default=3,
        description="Different pictures that must match at least; of videos with fewer, the pictures are compared.",
    )

    def options(self, per_s: float, groups: int) -> DuplicateOptions:
        """The options as the search takes them, with its samples a second, and parts of each band."""
        return DuplicateOptions(**self.model_dump(), per_s=per_s, groups=groups)


class Media(Section):
    """The media stage: files measured in one decode, near-duplicates found, scenes described."""

    files: list[str] = Field(
        default=[],
        description="Files of media, as globs; those beside a video's info.json are found without. A video on YouTube "
        "is known by its id in the name, others by the last part of their URL, alone or in a folder named after the "
        "host.",
    )
    store: str | None = Field(
        default=None,
        description="Folder of the media store: keyframes, and rows that were measured before, which are not measured "
        "again. Null: `store` in the run folder.",
    )
    decoder: DecoderChoice = Field(
        default=DecoderChoice.AUTO,
        description="Where video is decoded. `auto` takes the GPU, where there is one, for pictures of 1080 lines and "
        "more.",
    )
    frames: Access = Field(
        default=Access.EVERY,
        description="Which frames are looked at: `every` one, so that scenes are cut; `sparse`, as many a second as "
        "are sampled; `key`, those that are coded by themselves. The last two leave scenes to chapters and segments.",
    )
    samples_per_s: float = Field(default=2.0, gt=0, le=30, description="Frames a second whose hash is kept.")
    hashes: list[HashKind] = Field(
        default=[],
        description="Other perceptual hashes of images and keyframes, by `imagehash`, in the column `hashes` of the "
        "media table. `phash` is always there; near-duplicates are found by it.",
    )
    loudness: bool = Field(default=True, description="Measure loudness and silences of the audio.")
    cuts: Cuts = Field(default_factory=Cuts, description="Where scenes are cut.")
    keyframes: Keyframes = Field(default_factory=Keyframes, description="The pictures that stand for scenes.")
    limits: MediaLimits = Field(default_factory=MediaLimits, description="What a file may cost.")
    near_duplicates: NearDuplicateMedia | None = Field(
        default_factory=NearDuplicateMedia,
        description="How media that look the same are found. Null: only equal files are one.",
    )
    salience_model: str | None = Field(
        default=None, description="ONNX model of the U2-Net family that says what stands out. Null: colours say."
    )
    describe: Describe | None = Field(default=None, description="Models that describe scenes. Null: none.")
    speech: Speech | None = Field(default=None, description="A model that hears speech where there are no subtitles.")

    def measure_config(self, salience_model: str | None) -> MeasureConfig:
        """What the workers measure, with the model's path resolved."""
        return MeasureConfig(
            limits=self.limits.limits(),
            decoder=self.decoder,
            access=self.frames,
            working_side=self.cuts.working_side,
            threshold=self.cuts.threshold,
            min_scene_frames=self.cuts.min_frames,
            samples_per_s=self.samples_per_s,
            keyframe_side=self.keyframes.side,
            keyframe_quality=self.keyframes.quality,
            turned=self.near_duplicates is not None and self.near_duplicates.turned,
            loudness=self.loudness,
            hashes=tuple(sorted(set(self.hashes))),
            image_keyframes=self.keyframes.images or self.describe is not None,
            salience_model=salience_model,
        )
