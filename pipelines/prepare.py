"""From a recipe to a stage that can run: its inputs found, its workers' configuration set, its result's identity."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from typing import Any

import apache_beam as beam

from connectors.files import InputFile, list_files, literal, match
from connectors.hub.dataset import HubFile, find_files
from connectors.hub.extra import require_hub
from connectors.parquet import Shard
from connectors.youtube.beside import group_siblings
from pipelines import collect, curate, instruct
from pipelines.collect import VideoBatch
from pipelines.recipe import HubSource, Payload, Recipe, Section
from pipelines.recipe_file import RecipeFile
from pipelines.run_folder import Manifest, RunFolder
from pipelines.stage import StagePlan
from schemas.errors import InputError
from schemas.platform import MediaKind, Platform

#: Environment variable with the key under which author names are hashed; without it they are left out.
AUTHOR_KEY = "BLIFT_AUTHOR_KEY"

_SHARD_BYTES = 256 << 20
_MOST_SHARDS = 4096
#: Videos that a worker reads together: a few seconds' work.
_BATCH_FILES = 500


@dataclass(frozen=True)
class Request:
    """What a stage is asked to do."""

    source: RecipeFile
    folder: RunFolder
    limit: int | None
    manifest: Manifest | None

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return self.source.recipe


@dataclass(frozen=True)
class Prepared:
    """A stage that can run.

    Attributes:
        inputs: facts that decide the result, as JSON: files or shards, sections of the recipe, digests.
        prefixes: of the shards that it writes.
        plan: adds the stage to a pipeline.
    """

    inputs: dict[str, Any]
    prefixes: tuple[str, ...]
    plan: Callable[[beam.Pipeline], StagePlan]


def _collect(request: Request) -> Prepared:
    sources, resolve = request.recipe.sources, request.source.resolve
    reddit, youtube = sources.reddit, sources.youtube
    videos = match(resolve(youtube.info))[: request.limit] if youtube else []
    siblings, beside = _beside(videos)
    inputs = collect.CollectInputs(
        submissions=match(resolve(reddit.submissions)) if reddit else [],
        comments=match(resolve(reddit.comments)) if reddit else [],
        videos=[_batch(files, siblings) for files in _batches(videos)],
        published=_published(sources.hub),
    )
    files = [*inputs.submissions, *inputs.comments, *videos]
    shards = _shards(request.recipe, sum(file.size_bytes for file in files))
    key = os.environ.get(AUTHOR_KEY, "").encode() or None
    config = collect.CollectConfig(
        folder=request.folder.path,
        shards=shards,
        reddit_scope=dict(reddit.scope) if reddit else {},
        youtube_scope=dict(youtube.scope) if youtube else {},
        author_key=key,
        malformed_payload=request.recipe.rejects.payload is not Payload.NONE,
        reject_payload=request.recipe.rejects.payload is Payload.ALL,
        reject_out_of_scope=request.recipe.rejects.out_of_scope,
        limit=request.limit,
    )
    return Prepared(
        inputs={
            "files": [_identity(file) for file in files],
            "beside": beside,
            "published": [asdict(file) for file in inputs.published],
            "scope": {
                "reddit": _json(reddit.scope) if reddit else None,
                "youtube": _json(youtube.scope) if youtube else None,
            },
            "rejects": _json(request.recipe.rejects),
            "shards": shards,
            "limit": request.limit,
            "author_key": hashlib.sha256(b"blift author key" + key).hexdigest()[:16] if key else None,
        },
        prefixes=("posts/", "comments/", "rejects/collect-"),
        plan=partial(collect.plan, inputs=inputs, config=config),
    )


def _published(source: HubSource | None) -> list[HubFile]:
    if source is None:
        return []
    require_hub()
    return find_files(source.repo, source.revision)


def _batches(videos: Sequence[InputFile]) -> Iterator[list[InputFile]]:
    """Files of one folder, so many at a time."""
    for _, group in groupby(sorted(videos, key=_folder_and_name), key=_folder):
        files = list(group)
        for first in range(0, len(files), _BATCH_FILES):
            yield files[first : first + _BATCH_FILES]


def _folder(file: InputFile) -> str:
    return posixpath.dirname(file.path)


def _folder_and_name(file: InputFile) -> tuple[str, str]:
    return _folder(file), file.name


def _batch(files: Sequence[InputFile], siblings: Mapping[str, Sequence[str]]) -> VideoBatch:
    return VideoBatch(files, {file.path: siblings[file.path] for file in files if file.path in siblings})


def _beside(videos: Sequence[InputFile]) -> tuple[dict[str, list[str]], str]:
    """For every info.json that has some, the files of its video beside it; and a digest of their names and sizes."""
    folders = sorted({_folder(file) for file in videos})
    sizes = {entry.path: entry.size_in_bytes for folder in folders for entry in list_files(f"{literal(folder)}/*")}
    siblings = group_siblings(sizes)
    facts = sorted((posixpath.basename(path), sizes[path]) for paths in siblings.values() for path in paths)
    return siblings, hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _curate(request: Request) -> Prepared:
    shards = _shards_of(request, collect.STAGE)
    section = request.recipe.curate
    config = curate.CurateConfig(
        folder=request.folder.path,
        shards=_number_of_shards(request, collect.STAGE),
        posts={
            Platform.REDDIT: _only_with_media(section.reddit.posts),
            Platform.YOUTUBE: _only_with_media(section.youtube.posts),
        },
        comments={
            Platform.REDDIT: _only_with_text(section.reddit.comments),
            Platform.YOUTUBE: _only_with_text(section.youtube.comments),
        },
        samples=dict(section.samples),
        selections={
            Platform.REDDIT: section.reddit.choose.selection(),
            Platform.YOUTUBE: section.youtube.choose.selection(),
        },
        segments=section.scenes.segments,
        longer_than_s=section.scenes.longer_than_s,
        identify_language=section.identify_language,
        reject_payload=request.recipe.rejects.payload is Payload.ALL,
        reject_out_of_scope=request.recipe.rejects.out_of_scope,
    )
    pairs = curate.pairs(shards)
    return Prepared(
        inputs={
            "shards": _digests(shards, ("posts/", "comments/")),
            "curate": _json(section),
            "rejects": _json(request.recipe.rejects),
        },
        prefixes=("samples/", "rejects/curate-"),
        plan=partial(curate.plan, inputs=pairs, config=config),
    )


def _only_with_media(rules: Section) -> dict[str, Any]:
    """The knobs of rules for posts; a recipe that names no kinds takes all, since a sample is of some media."""
    knobs = dict(rules)
    return {**knobs, "media_kinds": list(MediaKind) if knobs["media_kinds"] is None else knobs["media_kinds"]}


def _only_with_text(rules: Section) -> dict[str, Any]:
    """The knobs of rules for comments; at least one word, since what says nothing is no comment of a sample."""
    knobs = dict(rules)
    return {**knobs, "min_words": max(1, knobs["min_words"] or 1)}


def _instruct(request: Request) -> Prepared:
    shards = [shard for shard in _shards_of(request, curate.STAGE) if shard.path.startswith("samples/")]
    section = request.recipe.instruct
    config = instruct.InstructConfig(
        folder=request.folder.path,
        shards=_number_of_shards(request, collect.STAGE),
        templates=section.templates,
        validation=section.splits.validation,
        test=section.splits.test,
    )
    return Prepared(
        inputs={
            "shards": _digests(shards, ("samples/",)),
            "instruct": _json(section),
        },
        prefixes=("instructions/llava/", "instructions/chat/", "rejects/instruct-"),
        plan=partial(instruct.plan, inputs=[shard.path for shard in shards], config=config),
    )


#: The stages, in order.
PREPARE: dict[str, Callable[[Request], Prepared]] = {
    collect.STAGE: _collect,
    curate.STAGE: _curate,
    instruct.STAGE: _instruct,
}


def _shards(recipe: Recipe, size_bytes: int) -> int:
    """How many files each dataset gets: a function of recipe and input alone, never of workers."""
    if recipe.output.shards != "auto":
        return recipe.output.shards
    wanted = max(1, -(-size_bytes // _SHARD_BYTES))
    return min(_MOST_SHARDS, 1 << (wanted - 1).bit_length())


def _shards_of(request: Request, stage: str) -> list[Shard]:
    record = request.manifest.stages.get(stage) if request.manifest else None
    if record is None:
        raise InputError(
            f"The stage {stage} has not run in {request.folder.path}. Add it to --stages, or leave --stages out."
        )
    return record.shards


def _number_of_shards(request: Request, stage: str) -> int:
    record = request.manifest.stages[stage] if request.manifest else None
    return int(record.inputs["shards"]) if record else 1


def _digests(shards: Sequence[Shard], prefixes: tuple[str, ...]) -> Mapping[str, str]:
    return {shard.path: shard.sha256 for shard in shards if shard.path.startswith(prefixes)}


def _identity(file: InputFile) -> list[Any]:
    """What says that a file is the same: its name, size and time of change (a digest would read it twice)."""
    changed = os.stat(file.path).st_mtime_ns if "://" not in file.path else None
    return [file.name, file.size_bytes, changed]


def _json(section: Section) -> dict[str, Any]:
    return section.model_dump(mode="json")
