"""The work of publishing media: what is to be published of which file, and the account of what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.shard import Shard
from blift.pipelines.recipe.result import MediaFiles, MediaShape
from blift.pipelines.stages.release.bared import BareFile, Withheld
from blift.pipelines.stages.release.layout import STAGE, Part
from blift.schemas.reasons import Unpublished
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import Tally
from blift.transforms.digests import row_digests
from blift.transforms.personal_data import kinds
from blift.transforms.release import release
from blift.transforms.tables import arrow, frame

_STEP = "media"
DIGESTS, FINDINGS, NOTES = "digests", "findings", "notes"
FACTS = pa.schema(
    [
        SCHEMAS["media_file"].field(name)
        for name in ("sha256", "uses", "scene", "time_s", "published_sha256", "size_bytes")
    ]
)
#: A file to publish: which configuration, the digest and the places of its source, and what is known of it.
WORK = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("content", pa.string()),
        pa.field("file", pa.string()),
        pa.field("paths", pa.list_(pa.string())),
        *[FACTS.field(name) for name in ("sha256", "uses", "scene", "time_s")],
    ]
)


@dataclass(frozen=True)
class MediaRelease:
    """What the workers need to know.

    Attributes:
        folder: the run folder; ``target`` the part of it that is published, such as `release/`.
        media: shards of the table media; ``lists`` those that say where files lie.
        store: address of the media store.
        shards: into how many parts names are split, and embedded files at least.
        pairs: shards of pairs that will hold their media.
    """

    folder: str
    target: str
    shape: MediaShape
    files: MediaFiles
    media: Sequence[Shard]
    lists: Sequence[Shard]
    store: str
    shards: int
    pairs: Sequence[Part] = ()


ORDER = ["kind", "content", "sha256", "scene"]


class Account:
    """What became of the files of one bundle of work: counts, findings, sentences."""

    def __init__(self) -> None:
        self.lost: dict[str, Counter[Unpublished]] = {}
        self.seen: Counter[str] = Counter()
        self.found: Counter[tuple[str, str]] = Counter()
        self.notes: dict[str, None] = {}

    def withheld(self, config: str, rows: int, why: Withheld) -> None:
        self.lost.setdefault(config, Counter())[why.reason] += rows
        self.notes[f"{why.detail}: not published ({why.reason})."] = None

    def emit(self) -> Iterator[TaggedOutput]:
        tally = Tally(STAGE)
        for config, rows in self.seen.items():
            tally.step(0, _STEP, config, rows, self.lost.get(config))
        yield from tally.emit()
        for (config, kind), count in self.found.items():
            yield TaggedOutput(FINDINGS, (f"{config} {kind}", count))
        for note in self.notes:
            yield TaggedOutput(NOTES, note)


def facts_of(rows: pl.DataFrame, file: BareFile) -> pl.DataFrame:
    """What is said of a file, ``FACTS``, for every row of its work."""
    full = rows.with_columns(published_sha256=pl.lit(file.sha256), size_bytes=pl.lit(file.size_bytes, pl.Int64))
    return frame(arrow(full, FACTS))


class Said(NamedTuple):
    """The rows of a configuration as they may leave, and tagged outputs on them: digests, what was replaced."""

    rows: pa.Table
    outputs: list[TaggedOutput]


def said(name: str, rows: pa.Table, table: str) -> Said:
    """What is said of published files, as it may leave."""
    released = release(rows, table)
    found = [TaggedOutput(FINDINGS, (f"{name} {kind}", count)) for kind, count in kinds(released.redacted).items()]
    return Said(released.rows, [TaggedOutput(DIGESTS, (name, row_digests(released.rows, table))), *found])
