"""Files with their uses to rows: each is read once, measured in a process of its own, and kept in the media store."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import apache_beam as beam
import numpy as np
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.ahead import ahead, cores
from blift.connectors.filesystem import is_here
from blift.connectors.malformed import reject_table
from blift.connectors.media.limits import Refused
from blift.connectors.media.local import local_file
from blift.connectors.media.nvidia import device, has_device
from blift.connectors.media.settings import DecoderChoice, MeasureConfig
from blift.connectors.media.store import KEPT, MediaStore
from blift.connectors.models.speech import SpeechConfig
from blift.connectors.parquet import file_sha256
from blift.pipelines.stages.media.guard import Guards
from blift.pipelines.stages.media.hearing import Ears, digest_of
from blift.pipelines.stages.media.lists import changed
from blift.schemas.arrow import conform, from_rows
from blift.schemas.errors import InputError
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, Tally
from blift.transforms.media.clusters import MEMBERS
from blift.transforms.media.files import FOUND, with_misfits
from blift.transforms.tables import arrow, concat, frame

STAGE = "media"
#: Steps of the funnel.
_MEASURE, _FITS = 0, 0
#: Files that are looked up in the store together.
_LOOKED_UP = 64
#: The row of a file with its uses, and what the search for near-duplicates needs.
ROWS = pa.schema(
    [
        *list(SCHEMAS["media"]),
        *[field for field in MEMBERS if field.name != "sha256"],
        pa.field("titles", pa.list_(pa.string())),
        *[KEPT.field(name) for name in ("marks", "glimpses")],
    ]
)


@dataclass(frozen=True)
class MeasureOptions:
    """How files are measured.

    Attributes:
        store: folder of the media store.
        speech: a model that hears speech; None: none.
        at_once: files that one worker measures at a time, each in a process of its own. With a GPU it is one.
        together: files that workers share out together; None for all, where there is only one worker.
    """

    measure: MeasureConfig
    store: str
    speech: SpeechConfig | None
    at_once: int
    together: int | None = None


def files_at_once(memory_bytes: int) -> int:
    """How many files the only worker of a machine measures at a time: as many as it has cores, and memory for.

    Args:
        memory_bytes: that one of them may take.
    """
    of_machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(cores(), of_machine // memory_bytes))


def uses_device(choice: DecoderChoice) -> bool:
    """Whether this machine decodes on a device.

    Raises:
        RecipeError: the recipe asks for one, and there is none.
    """
    if choice is DecoderChoice.GPU:
        device()
        return True
    return choice is DecoderChoice.AUTO and has_device()


def store_settings(measure: MeasureConfig, speech: SpeechConfig | None) -> tuple[str, str]:
    """Under which a row lies in the store: of a file whose speech is not asked for, and of one whose speech is."""
    plain = measure.digest()
    return plain, f"{plain}-{digest_of(speech)}" if speech else plain


class FilesWithUses(beam.DoFn):
    """The uses of files by paths to tables of `FOUND`.

    A table is what workers share out: where there are several, it is of a few files, of which those that were measured
    before cost less together.
    """

    def __init__(self, options: MeasureOptions) -> None:
        self._options = options

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[pa.Table]:
        uses = frame(concat(element[1], FOUND)).sort("path", "media_key", "place")
        files = _by_file(uses)
        most = self._options.together or max(1, len(files))
        for first in range(0, len(files), most):
            yield arrow(pl.concat(files[first : first + most]), FOUND)


def _by_file(uses: pl.DataFrame) -> list[pl.DataFrame]:
    return uses.partition_by("path", maintain_order=True)


@dataclass
class _Found:
    """The uses of a file, its digest, and its row where it was measured before; None where these are not known yet."""

    uses: pl.DataFrame
    sha256: str | None
    row: pa.Table | None = None


class MeasureFiles(beam.DoFn):
    """Files with their uses to rows, out of the store where they have been measured before."""

    def __init__(self, options: MeasureOptions) -> None:
        self._options = options

    def setup(self) -> None:
        options = self._options
        gpu = uses_device(options.measure.decoder)
        self._at_once = 1 if gpu else options.at_once
        self._guards = Guards(options.measure, self._at_once, gpu=gpu)
        self._ears = Ears(options.speech) if options.speech else None
        self._hearing = threading.Lock()
        settings = store_settings(options.measure, options.speech)
        self._store, self._heard = (MediaStore(options.store, each) for each in settings)

    def teardown(self) -> None:
        self._guards.close()

    def process(self, uses: pa.Table) -> Iterator[pa.Table | TaggedOutput]:
        threads = self._at_once if self._at_once > 1 else 0
        for made in ahead(self._looked_up(uses), self._made, threads, self._guards.stop):
            yield from made

    def _looked_up(self, uses: pa.Table) -> Iterator[list[_Found]]:
        """The files of a table: several whose rows are known, which take next to no time together, or another one.

        Files of this machine have their digests. Those that lie elsewhere are fetched one by one, when they are
        measured.
        """
        files = iter(_by_file(frame(uses)))
        while some := [self._found(of_file) for of_file in islice(files, _LOOKED_UP)]:
            for store in (self._store, self._heard):
                of_store = [found for found in some if found.sha256 and self._store_of(found.uses) is store]
                rows = store.all_measured(sorted({found.sha256 for found in of_store if found.sha256}))
                for found in of_store:
                    found.row = rows.get(found.sha256 or "")
            if known := [found for found in some if found.row is not None]:
                yield known
            yield from ([found] for found in some if found.row is None)

    def _found(self, uses: pl.DataFrame) -> _Found:
        path, sha256 = uses["path"][0], None
        if is_here(path) and not self._is_too_large(uses):
            with suppress(InputError):  # what is wrong with the file is said where it is measured
                sha256 = _noted(uses) or file_sha256(path)
        return _Found(uses, sha256)

    def _store_of(self, uses: pl.DataFrame) -> MediaStore:
        return self._store if _is_spoken(uses) else self._heard

    def _made(self, files: Sequence[_Found]) -> list[pa.Table | TaggedOutput]:
        """All that comes of one file, or of several whose rows are known."""
        tally = Tally(STAGE)
        made: list[pa.Table | TaggedOutput] = []
        lost: dict[Reason, int] = {}
        try:
            rows = [self._row(found) if found.row is None else found.row for found in files]
            told = _told(files, rows)
            misfits, fitting = told.filter(pl.col("misfit").is_not_null()), told.filter(pl.col("misfit").is_null())
            tally.step(_FITS, "fits", "use", told.height, {Reason.OTHER_MEDIA: misfits.height})
            if misfits.height:
                rejects = reject_table([_misfit(use) for use in misfits.iter_rows(named=True)])
                made.append(TaggedOutput(REJECTS, rejects))
            if fitting.height:
                made.append(_with_uses(rows, fitting))
        except Refused as refused:  # a file that is measured is alone
            lost = {refused.reason: 1}
            made.append(TaggedOutput(REJECTS, reject_table([_reject(files[0].uses, refused)])))
        tally.step(_MEASURE, "measure", "file", len(files), lost)
        return [*made, *tally.emit()]

    def _row(self, found: _Found) -> pa.Table:
        uses, limits = found.uses, self._options.measure.limits
        if self._is_too_large(uses):
            size_bytes = uses["size_bytes"][0]
            raise Refused(Reason.TOO_MANY_BYTES, f"{size_bytes} bytes; at most {limits.max_bytes}")
        store = self._store_of(uses)
        try:
            with local_file(uses["path"][0]) as local:
                sha256 = found.sha256 or file_sha256(local)
                row = store.measured(sha256)
                if row is None:
                    row = self._measured(local, sha256, os.path.getsize(local), spoken=_is_spoken(uses))
                    store.put_measured(sha256, row)
        except (OSError, InputError) as error:
            raise Refused(Reason.UNREADABLE_FILE, str(error)) from error
        return row

    def _is_too_large(self, uses: pl.DataFrame) -> bool:
        return bool(uses["size_bytes"][0] > self._options.measure.limits.max_bytes)

    def _measured(self, local: str, sha256: str, size_bytes: int, *, spoken: bool) -> pa.Table:
        measured = self._guards.measure(local)
        row = {**measured.row, "sha256": sha256, "size_bytes": size_bytes}
        for scene, keyframe in zip(row["scenes"], measured.keyframes, strict=True):
            scene["keyframe"] = self._store.put_keyframe(keyframe) if keyframe is not None else None
        if self._ears and not spoken and row["audio_codec"]:
            with self._hearing:  # one model, which uses all cores by itself
                heard = self._ears.hear(local, row["duration_s"], self._options.measure.limits.timeout_s)
            row["speech"] = heard.segments
            row["damage"] = "; ".join(part for part in (row["damage"], heard.problem) if part) or None
        return from_rows([{**row, **measured.traits.columns(), "uses": [], "file": "", "unite_as": ""}], KEPT)


def _noted(uses: pl.DataFrame) -> str | None:
    """The digest that was noted of a file; None where there is none, or the file is not as it was then."""
    first = uses.row(0, named=True)
    return first["sha256"] if changed(first["path"]) == [first["size_bytes"], first["changed_ns"]] else None


def _is_spoken(uses: pl.DataFrame) -> bool:
    return bool(uses["spoken"].any())


def _told(files: Sequence[_Found], rows: Sequence[pa.Table]) -> pl.DataFrame:
    """The uses of files, with the number of each file as ``at``, and with why they are none (``misfit``)."""
    heights = [found.uses.height for found in files]
    at = np.repeat(np.arange(len(files), dtype=np.int32), heights)
    uses = pl.concat([found.uses for found in files]).with_columns(at=pl.Series(at))
    facts = frame(pa.concat_tables([row.select(["form", "duration_s"]) for row in rows])).with_row_index("at")
    told = uses.join(facts.with_columns(pl.col("at").cast(pl.Int32)), on="at", how="left", maintain_order="left")
    return with_misfits(told, pl.col("form"), pl.col("duration_s"))


def _with_uses(rows: Sequence[pa.Table], uses: pl.DataFrame) -> pa.Table:
    """The rows of files with what the uses say, and the columns that the search for near-duplicates needs."""
    said = uses.group_by("at", maintain_order=True).agg(
        pl.struct("media_key", "place").alias("uses"),
        pl.col("file").first(),
        pl.col("posted_at").min(),
        pl.col("media_key").first().alias("first_key"),
        pl.col("media_key").filter("single").min(),
        pl.col("title").drop_nulls().unique(maintain_order=True).alias("titles"),
    )
    kept = pa.concat_tables([rows[at] for at in said["at"]])
    facts = frame(kept.drop_columns(["drawings", "uses", "file", "unite_as"])).hstack(said.drop("at"))
    return as_rows(
        facts.with_columns(
            unite_as=pl.coalesce("media_key", "first_key"),
            pixels=pl.col("width") * pl.col("height"),
        )
    )


def as_rows(facts: pl.DataFrame) -> pa.Table:
    """As ``ROWS``."""
    return conform(facts.select(ROWS.names).to_arrow(compat_level=pl.CompatLevel.oldest()), ROWS)


def _reject(uses: pl.DataFrame, refused: Refused) -> dict[str, Any]:
    key, file = uses.select("media_key", "file").row(0)
    return reject_row("measure", refused.reason, refused.detail, key, file)


def _misfit(use: Mapping[str, Any]) -> dict[str, Any]:
    return reject_row("fits", Reason.OTHER_MEDIA, use["misfit"], use["media_key"], use["file"])


def reject_row(rule: str, reason: Reason, detail: str, media_key: str, file: str) -> dict[str, Any]:
    """The reject of a use of a file."""
    return {
        "stage": STAGE,
        "rule": rule,
        "reason": reason.value,
        "record_table": "media",
        "record_id": media_key,
        "detail": detail,
        "source": file,
        "line": None,
        "payload": None,
    }
