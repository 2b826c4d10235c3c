"""One stage of a run, skipped where its result is there, and taken into the manifest when it is done."""

from __future__ import annotations

import hashlib
import json
import os
import platform as machine
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from blift.connectors.filesystem import matching
from blift.connectors.parquet import file_sha256
from blift.connectors.shard import Shard
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.run_folder import Manifest, RunFolder, StageRecord
from blift.pipelines.engine.run_report import StageResult, forget_account, library_versions, read_account
from blift.pipelines.engine.stage import Prepared, Stage
from blift.pipelines.engine.versions import referenced
from blift.pipelines.recipe.file import RecipeFile
from blift.schemas.configs import LISTS
from blift.schemas.counted import counted
from blift.schemas.errors import OutputError, PartialInput, TooManyRejects
from blift.schemas.reasons import MALFORMED, Reason
from blift.schemas.records import RECORDS
from blift.schemas.reject import Reject
from blift.transforms.accounting import FunnelRow, funnel, unbalanced


@dataclass(frozen=True)
class Report:
    """What the caller is told as the build goes on; nothing, unless it says what is to be called."""

    started: Callable[[str, Prepared], None] = lambda *_: None
    skipped: Callable[[str, StageRecord], None] = lambda *_: None
    done: Callable[[str, StageRecord], None] = lambda *_: None
    submitted: Callable[[str], None] = lambda _: None
    kept: Callable[[Sequence[str]], None] = lambda _: None
    """The folder still holds the dataset before: these stages have yet to run."""
    published: Callable[[str], None] = lambda _: None
    """The dataset has this address now."""


@dataclass(frozen=True)
class Place:
    """By what recipe, where, and on what runner a stage runs."""

    source: RecipeFile
    folder: RunFolder
    beam: BeamArguments
    save: Callable[[Manifest], None]
    """Writes a manifest with the record of a stage that is done."""
    detach: bool = False
    order: Sequence[str] = ()
    """Names of the stages of a build; a stage that is not among them comes after all."""
    others: Sequence[Manifest] = ()
    """Other datasets of the folder: what a stage did for one of them is not done again."""
    forced: Collection[str] = ()
    """Names of stages that run whatever there is."""
    strict: bool = False
    """An input file that could not be read to its end fails the build."""


def run_unless_done(
    stage: Stage, prepared: Prepared, manifest: Manifest, place: Place, report: Report
) -> Manifest | None:
    """Run a stage, unless its result is there; the manifest with its record, which is saved.

    Files of the stage that no dataset of the folder has are deleted then, and no others. None where the stage was
    handed to the runner and is not waited for.

    Raises:
        BliftError: an input, the recipe, the folder or the share of malformed records is at fault.
    """
    source, folder, name = place.source, place.folder, stage.name
    inputs = inputs_of(stage, prepared)
    fingerprint = fingerprint_of(name, inputs)
    for known in () if name in place.forced else (manifest, *place.others):
        record = known.stages.get(name)
        if record and record.fingerprint == fingerprint and is_whole(record, folder):
            _check_whole(record, place)
            forget_account(name, folder)  # of a build that was killed when it had saved the record
            report.skipped(name, record)
            return manifest if known is manifest else _extended(manifest, name, record, place)
    result = _finished_job(name, folder, fingerprint)
    if result is None:
        report.started(name, prepared)
        result = _run(stage, prepared, fingerprint, place)
    if result is None:
        return None
    prepared.check(result.shards)
    record = _record(prepared, inputs, fingerprint, result)
    _check_whole(record, place)
    _check(record, source)
    manifest = _extended(manifest, name, record, place)
    place.save(manifest)
    forget_account(name, folder)
    folder.clear(stage.prefixes(prepared), keep=referenced(folder, manifest))
    report.done(name, record)
    return manifest


def inputs_of(stage: Stage, prepared: Prepared) -> dict[str, Any]:
    """Everything that decides the result of a stage, as JSON; and the times of change of files, which do not.

    Of blift and of tables it is the major and the minor version: what is below changes words, and no rows. Of rejects,
    which are listed beside the dataset, it is the major version alone.
    """
    tables = {name: _version(RECORDS[name].version, 2) for name in stage.records if name != Reject.table}
    return {
        "blift": _version(version("blift"), 2),
        "tables": {**tables, Reject.table: _version(Reject.version, 1)},
        **prepared.inputs,
    }


def _version(version: str, numbers: int) -> str:
    return ".".join(version.split(".")[:numbers])


def fingerprint_of(name: str, inputs: dict[str, Any]) -> str:
    """sha256 over what decides the result of a stage."""
    decides = {"stage": name, **{key: value for key, value in inputs.items() if key != "times"}}
    return hashlib.sha256(json.dumps(decides, sort_keys=True, default=str).encode()).hexdigest()


def is_whole(record: StageRecord | StageResult, folder: RunFolder) -> bool:
    """Every shard of the stage is there as it was written.

    Disks lose bits and people edit files, so files of this machine are read; object stores keep what they were given,
    and there sizes must do.
    """
    parents = sorted({shard.path.rpartition("/")[0] for shard in record.shards})
    sizes = {entry.path: entry.size_bytes for parent in parents for entry in matching(folder.path, f"{parent}/*")}
    if any(sizes.get(folder.file(shard.path)) != shard.size_bytes for shard in record.shards):
        return False
    if not folder.is_local:
        return True
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        digests = pool.map(file_sha256, (folder.file(shard.path) for shard in record.shards))
        return all(digest == shard.sha256 for digest, shard in zip(digests, record.shards, strict=True))


def _finished_job(name: str, folder: RunFolder, fingerprint: str) -> StageResult | None:
    """What a job did that nobody waited for."""
    result = read_account(name, folder, fingerprint)
    return result if result and is_whole(result, folder) else None


def _run(stage: Stage, prepared: Prepared, fingerprint: str, place: Place) -> StageResult | None:
    from blift.pipelines.engine.pipeline import run_stage  # noqa: PLC0415 - slow: it is a pipeline

    place.folder.make_folders(stage.prefixes(prepared))
    return run_stage(stage.name, place.folder, place.beam.options, prepared.plan, fingerprint, detach=place.detach)


def _record(prepared: Prepared, inputs: dict[str, Any], fingerprint: str, result: StageResult) -> StageRecord:
    return StageRecord(
        fingerprint=fingerprint,
        inputs=inputs,
        shards=result.shards,
        funnel=funnel(result.counts),
        seconds=result.seconds,
        versions={"python": machine.python_version(), **library_versions()},
        notes=[*prepared.warnings(), *result.notes],
        findings=result.findings,
        parts=prepared.parts(),
    )


def _check(record: StageRecord, source: RecipeFile) -> None:
    """The account must balance, and malformed records must be as few as the recipe allows."""
    problems = unbalanced(record.funnel)
    if problems:
        raise OutputError(
            "Rows were lost; this is a fault of blift, please report it with the recipe: " + "; ".join(problems)
        )
    reads = [row for row in record.funnel if row.step == "read"]
    read, malformed = sum(row.rows_in for row in reads), sum(_malformed(row) for row in reads)
    allowed = source.recipe.rejects.max_malformed
    if malformed > allowed * read:
        raise TooManyRejects(
            f"{malformed} of {read} records could not be read, and the recipe allows {allowed:.1%}. Look at "
            "`rejects/` in the run folder for their reasons, mend the input or raise `rejects.max_malformed`."
        )


def _check_whole(record: StageRecord, place: Place) -> None:
    """Check that every input file was read to its end, where that is asked for.

    Raises:
        PartialInput: one was not.
    """
    if place.strict and (parts := cut_short(record.funnel)):
        raise PartialInput(
            f"{' '.join(parts)} With --strict that fails the build. Replace the file, or build without --strict."
        )


def cut_short(rows: Iterable[FunnelRow]) -> list[str]:
    """Sentences on archive files that could not be read to their end."""
    found = []
    for row in (row for row in rows if row.step == "read"):
        for reason in (Reason.TRUNCATED_FILE, Reason.UNREADABLE_FILE):
            if files := row.rejected.get(reason):
                how_many = f"{counted(files, 'archive file')} of {row.table}s"
                what = f"broke off or could not be unpacked ({reason.value}); what came after is missing"
                found.append(f"{how_many} {what}. The rejects of `ingest` say where.")
    return found


def _malformed(row: FunnelRow) -> int:
    return sum(rows for reason, rows in row.rejected.items() if reason in MALFORMED)


def _extended(manifest: Manifest, name: str, record: StageRecord, place: Place) -> Manifest:
    """The manifest with a stage's record; records of later stages, which no longer fit, go."""
    before = place.order[: place.order.index(name)] if name in place.order else [*place.order, *manifest.stages]
    earlier = {stage: manifest.stages[stage] for stage in before if stage in manifest.stages and stage != name}
    stages = {**earlier, name: record}
    return replace(
        manifest,
        recipe=place.source.recipe.name,
        blift=version("blift"),
        stages=stages,
        fingerprint=dataset_fingerprint([shard for stage in stages.values() for shard in stage.shards]),
    )


def dataset_fingerprint(shards: Sequence[Shard]) -> str:
    """sha256 over name and digest of every data shard.

    Rejects and origins are left out: they name the line that a record stood on, which is a fact of the input's layout.
    So are lists of files, and the release and the statistics, which say nothing that the others do not.
    """
    aside = ("rejects/", "origins/", f"{LISTS}/", "release/", "stats/")
    data = sorted((shard.name, shard.sha256) for shard in shards if not shard.path.startswith(aside))
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()
