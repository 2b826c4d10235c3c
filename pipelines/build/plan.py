"""What a build would do: for each stage whether it would run, why, over how much, and for about how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from blift.pipelines.build.stages import stage
from blift.pipelines.build.update import update_of
from blift.pipelines.engine.reasons_to_run import reasons
from blift.pipelines.engine.run_folder import Manifest, RunFolder, StageRecord
from blift.pipelines.engine.stage import Reading, Request
from blift.pipelines.engine.stage_run import fingerprint_of, inputs_of, is_whole
from blift.pipelines.recipe.file import RecipeFile


@dataclass(frozen=True)
class Planned:
    """What a build would do with a stage.

    Attributes:
        stage: its name; ``runs`` whether it would run. A stage after one that runs may find its input unchanged.
        why: sentences; none where it would not run.
        input_bytes: of what it would read; None where an earlier stage has yet to write that.
        shards: that it wrote the last time.
        seconds: for which it would run by what it took the last time and its input then; None where it has not run.
        reading: how much of its input it would read, and of how much it would take over what an earlier run kept; None
            where that is not known, or where it keeps nothing.
    """

    stage: str
    runs: bool
    why: list[str]
    input_bytes: int | None
    shards: int | None
    seconds: float | None
    reading: Reading | None = None


def plan(source: RecipeFile, folder: RunFolder, limit: int | None, *, replaces: bool = False) -> Iterator[Planned]:
    """The stages of a build, in order. Nothing is written, and what a build refuses is refused.

    Raises:
        BliftError: the recipe, an input or the folder is at fault.
    """
    update = update_of(source, folder, limit, replaces=replaces)
    manifest = update.begun() or Manifest(source.recipe.name, "")
    known = [manifest, *([update.before] if update.before else [])]
    running: list[str] = []
    for name in update.needed:
        records = [each.stages[name] for each in known if name in each.stages]
        before = records[0] if records else None
        if running:
            yield _planned(name, [f"it reads what {running[-1]} writes"], None, before)
        else:
            found = stage(name)
            prepared = found.prepare(Request(source, folder, limit, manifest))
            inputs = inputs_of(found, prepared)
            fingerprint = fingerprint_of(name, inputs)
            same = [record for record in records if record.fingerprint == fingerprint]
            why = reasons(before, inputs) if not same else []
            if same and not any(is_whole(record, folder) for record in same):
                why = ["files that it wrote are missing or have changed"]
            yield replace(_planned(name, why, _bytes_of(inputs, manifest), before), reading=prepared.reading)
            if not why:
                continue
        running.append(name)


def _planned(name: str, why: list[str], size: int | None, before: StageRecord | None) -> Planned:
    seconds = before.seconds if before else None
    if before and size is not None and (then := _bytes_of(before.inputs, None)):
        seconds = before.seconds * size / then
    shards = len(before.shards) if before else None
    return Planned(name, bool(why), why, size, shards, seconds if why else 0.0)


def _bytes_of(inputs: Mapping[str, Any], manifest: Manifest | None) -> int | None:
    """Bytes of the files and shards that a stage reads; None where that is not known."""
    files: list[int] = [size for _, size, _ in inputs.get("files", [])]
    sizes = {shard.path: shard.size_bytes for shard in manifest.shards} if manifest else {}
    read = [key for name in ("shards", "media") if isinstance(inputs.get(name), dict) for key in inputs[name]]
    if not files and (not sizes or not read):
        return None
    return sum(files) + sum(sizes.get(path, 0) for path in read)
