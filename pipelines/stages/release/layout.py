"""How a release is laid out: its configurations, the folders of their files, the names of what is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from blift.connectors.shard import Shard
from blift.schemas.configs import CONFIGS
from blift.transforms.personal_data import kinds

if TYPE_CHECKING:
    import apache_beam as beam
    import pyarrow as pa


STAGE = "release"
IMAGES, VIDEOS, KEYFRAMES = "images", "videos", "keyframes"
#: Configurations of published media: name, folder, table. Files lie in the folder of the table that names them.
BESIDE = tuple((f"{kind.removesuffix('s')}_files", kind, "media_file") for kind in (IMAGES, VIDEOS, KEYFRAMES))
EMBEDDED = (
    (IMAGES, f"embedded/{IMAGES}", "media_image"),
    (VIDEOS, f"embedded/{VIDEOS}", "media_video"),
    (KEYFRAMES, f"embedded/{KEYFRAMES}", "media_image"),
)
#: Configurations of pairs that hold their media, by the configuration that they are made of.
IN_PAIRS = {
    config: (f"{config}_with_media", f"{folder}-with-media", f"{table}_with_media")
    for config, folder, table in CONFIGS
    if config in ("instructions", "chat", "preferences")
}
#: Those that hold whole files: name, folder, table.
HOLDING = (*EMBEDDED, *IN_PAIRS.values())
#: Configurations of a release: name, folder, table. The first is the default one.
PUBLISHED = (*CONFIGS[:1], ("blift", "blift", "blift"), *CONFIGS[1:], *BESIDE, *HOLDING)
#: Where released files lie in a run folder; in the dataset they lie at its root.
FOLDER = "release/"
#: What was found of comments and posts that were withdrawn, in samples; a release has none.
WITHDRAWN = "withdrawn"
#: Samples by platform and month in which they were posted: `posted reddit 2021-07`.
POSTED = "posted"
#: Configurations that stay at home unless a recipe names them: whatever was collected, before any rule, and from which
#: files of this machine.
UNFILTERED = ("posts", "comments", "origins")
#: Kinds of personal data that are replaced.
KINDS = frozenset(kinds({}))
#: What is taken out of files of media: metadata of any kind; those among them that say where they were taken.
REMOVED = ("metadata", "location")


class ReleasedMedia(NamedTuple):
    """Shards and files; digests of rows by configuration; counts; sentences on what is not published."""

    shards: beam.PCollection[Shard]
    digests: beam.PCollection[tuple[str, pa.Table]]
    tallies: beam.PCollection[Any]
    findings: beam.PCollection[tuple[str, int]]
    notes: beam.PCollection[str]
    names: beam.PCollection[pa.Table] | None
    """Names of files and digests of what was measured, where whole files lie beside the tables."""


@dataclass(frozen=True)
class MediaPart:
    """What publishes media, and what decides it."""

    inputs: dict[str, Any]
    plan: Callable[[beam.Pipeline], ReleasedMedia]


@dataclass(frozen=True)
class Part:
    """A shard to release: its configuration, its table, and what is said of it."""

    config: str
    table: str
    shard: Shard


def digests_path(config: str) -> str:
    """Where the digests of a configuration's rows lie in a published dataset."""
    return f"digests/{config}.parquet"
