"""From a recipe to a stage that can run: its inputs found, its workers' configuration set, its result's identity."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from types import ModuleType
from typing import Any

import apache_beam as beam

from connectors.collection.archives import COMMENTS, SUBMISSIONS, VIDEOS, read_files, read_withdrawn
from connectors.collection.items import StoredFile
from connectors.files import InputFile, list_files, literal, match
from connectors.hub.dataset import HubFile, find_files
from connectors.hub.extra import require_hub
from connectors.parquet import Shard
from connectors.youtube.beside import group_siblings, is_media
from pipelines import collect, curate, instruct
from pipelines.collect import VideoBatch
from pipelines.describe import DescribeConfig
from pipelines.media.config import Access
from pipelines.media.recipe import Media
from pipelines.recipe import HubSource, Payload, Recipe
from pipelines.recipe_file import RecipeFile
from pipelines.run_folder import Manifest, RunFolder
from pipelines.section import Section
from pipelines.stage import StagePlan
from schemas.errors import InputError, RecipeError
from schemas.platform import MediaKind, Platform
from schemas.reasons import Absent, Reason
from transforms.media.files import ListedFile

#: Environment variable with the key under which author names are hashed; without it they are left out.
AUTHOR_KEY = "BLIFT_AUTHOR_KEY"

#: What a build calls it that a post was taken back.
_REASON_OF = {
    Absent.DELETED: Reason.DELETED,
    Absent.REMOVED: Reason.REMOVED,
    Absent.BANNED: Reason.REMOVED,
    Absent.PRIVATE: Reason.UNAVAILABLE,
    Absent.NOT_FOUND: Reason.UNAVAILABLE,
}
_SHARD_BYTES = 256 << 20
_MOST_SHARDS = 65_536
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
    videos = _videos(request)
    siblings, beside, _ = _beside(videos)
    of_reddit = resolve(reddit.collections) if reddit else []
    withdrawn = _withdrawn(sorted({*of_reddit, *(resolve(youtube.collections) if youtube else [])}))
    inputs = collect.CollectInputs(
        submissions=_archives(resolve(reddit.submissions), of_reddit, SUBMISSIONS) if reddit else [],
        comments=_archives(resolve(reddit.comments), of_reddit, COMMENTS) if reddit else [],
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
        withdrawn=withdrawn,
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
            "withdrawn": hashlib.sha256(json.dumps(sorted(withdrawn.items())).encode()).hexdigest(),
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


def _archives(patterns: Sequence[str], collections: Sequence[str], of_collection: str) -> list[InputFile]:
    """Files that patterns name, and those of collections."""
    return [*match(patterns), *_in_collections(collections, of_collection)]


def _videos(request: Request) -> list[InputFile]:
    """The info.json files of videos."""
    youtube = request.recipe.sources.youtube
    if youtube is None:
        return []
    resolve = request.source.resolve
    return _archives(resolve(youtube.info), resolve(youtube.collections), VIDEOS)[: request.limit]


def _in_collections(folders: Sequence[str], pattern: str) -> list[InputFile]:
    """Files of collections; one that has none of a kind is as good as any other."""
    found = []
    for folder in folders:
        read_withdrawn(folder)  # says so where the folder is no collection
        entries = list_files(posixpath.join(literal(folder), pattern))
        found += [
            InputFile(entry.path, entry.size_in_bytes, entry.path.removeprefix(folder).lstrip("/")) for entry in entries
        ]
    return sorted(found, key=lambda file: (file.name, file.path))


def _withdrawn(folders: Sequence[str]) -> dict[str, Reason]:
    """Posts that were taken back after they were collected, as the collections noted."""
    return {
        post_id: _REASON_OF[Absent(reason)] for folder in folders for post_id, reason in read_withdrawn(folder).items()
    }


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


def _beside(videos: Sequence[InputFile]) -> tuple[dict[str, list[str]], str, dict[str, int]]:
    """For every info.json that has some, the files of its video beside it; a digest of names and sizes; the sizes."""
    folders = sorted({_folder(file) for file in videos})
    sizes = {entry.path: entry.size_in_bytes for folder in folders for entry in list_files(f"{literal(folder)}/*")}
    siblings = group_siblings(sizes)
    facts = sorted((posixpath.basename(path), sizes[path]) for paths in siblings.values() for path in paths)
    return siblings, hashlib.sha256(json.dumps(facts).encode()).hexdigest(), sizes


def _media(request: Request) -> Prepared:
    section = request.recipe.media
    if section is None:
        raise RecipeError("The recipe has no section `media`, and the stage media needs one. Add `media: {}`.")
    stage = _media_stage()
    shards = [shard for shard in _shards_of(request, collect.STAGE) if shard.path.startswith("posts/")]
    number = _number_of_shards(request, collect.STAGE)
    files = _media_files(request, section)
    store = request.source.resolve([section.store])[0] if section.store else request.folder.file("store")
    model = request.source.resolve([section.salience_model])[0] if section.salience_model else None
    described = _description(request, section, store, number)
    speech = section.speech and section.speech.config(request.source.resolve([section.speech.model])[0])
    near = section.near_duplicates
    config = stage.MediaConfig(
        folder=request.folder.path,
        shards=number,
        store=store,
        measure=section.measure_config(model),
        posts=_post_rules(request.recipe),
        duplicates=near and near.options(section.samples_per_s, groups=-(-number // 8)),
        describe=described,
        speech=speech,
        reject_out_of_scope=request.recipe.rejects.out_of_scope,
    )
    stage.check(config)
    return Prepared(
        inputs={
            "shards": _digests(shards, ("posts/",)),
            "files": [[file.name, file.size_bytes, _changed(file.path)] for file in files],
            "media": section.model_dump(mode="json", exclude={"store", "decoder"}),
            "rules": {
                "reddit": _json(request.recipe.curate.reddit.posts),
                "youtube": _json(request.recipe.curate.youtube.posts),
            },
            "rejects": _json(request.recipe.rejects),
        },
        prefixes=("media/", "files/", "rejects/media-"),
        plan=partial(stage.plan, posts=[shard.path for shard in shards], files=files, config=config),
    )


def _media_stage() -> ModuleType:
    """The module of the media stage; its libraries are an extra, and most builds need none of them.

    Raises:
        RecipeError: they are not installed.
    """
    try:
        return importlib.import_module("pipelines.media.stage")
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"`media` needs the extra `media` ({error.name} is not installed). Install blift[media]."
        ) from error


def _media_files(request: Request, section: Media) -> list[ListedFile]:
    """Files that media may lie in: those beside the records of videos, and those that the recipe names."""
    videos = _videos(request)
    names = {file.path: posixpath.dirname(file.name) for file in videos}
    siblings, _, sizes = _beside(videos)
    beside = [
        ListedFile(path, posixpath.join(names[info], posixpath.basename(path)), sizes[path], beside=True)
        for info, paths in siblings.items()
        for path in paths
        if info in names and is_media(path)
    ]
    named = match(request.source.resolve(section.files)) if section.files else []
    given = [ListedFile(file.path, file.name, file.size_bytes, beside=False) for file in named]
    return sorted([*beside, *given, *_collected_files(request)])


def _collected_files(request: Request) -> list[ListedFile]:
    """Files of collections, which are known by their addresses."""
    sources = request.recipe.sources
    named = [
        *(sources.reddit.collections if sources.reddit else []),
        *(sources.youtube.collections if sources.youtube else []),
    ]
    listed: dict[tuple[str, str], list[StoredFile]] = {}
    for folder in sorted(set(request.source.resolve(named))):
        for file in read_files(folder):
            listed.setdefault((folder, file.name), []).append(file)
    return [
        ListedFile(
            posixpath.join(folder, name), name, files[0].size_bytes, beside=False,
            addresses=tuple(file.address for file in files),
        )
        for (folder, name), files in listed.items()
    ]  # fmt: skip


def _description(request: Request, section: Media, store: str, shards: int) -> DescribeConfig | None:
    if section.describe is None:
        return None
    tagger, endpoint = section.describe.tagger, section.describe.endpoint
    return DescribeConfig(
        stage="media",
        store=store,
        shards=shards,
        endpoint=endpoint.config(posixpath.join(store, "answers")) if endpoint else None,
        tagger=tagger.config(*request.source.resolve([tagger.model, tagger.labels])) if tagger else None,
    )


def _post_rules(recipe: Recipe) -> dict[Platform, dict[str, Any]]:
    return {
        Platform.REDDIT: _only_with_media(recipe.curate.reddit.posts),
        Platform.YOUTUBE: _only_with_media(recipe.curate.youtube.posts),
    }


def _curate(request: Request) -> Prepared:
    shards = _shards_of(request, collect.STAGE)
    media = _shards_of(request, "media") if request.recipe.media else []
    section = request.recipe.curate
    config = curate.CurateConfig(
        folder=request.folder.path,
        shards=_number_of_shards(request, collect.STAGE),
        posts=_post_rules(request.recipe),
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
        cut_scenes=request.recipe.media is not None and request.recipe.media.frames is Access.EVERY,
        longer_than_s=section.scenes.longer_than_s,
        identify_language=section.identify_language,
        reject_payload=request.recipe.rejects.payload is Payload.ALL,
        reject_out_of_scope=request.recipe.rejects.out_of_scope,
    )
    pairs = curate.pairs(shards)
    measured = [shard for shard in media if shard.path.startswith("media/")]
    return Prepared(
        inputs={
            "shards": _digests(shards, ("posts/", "comments/")),
            "media": _digests(measured, ("media/",)),
            "curate": _json(section),
            "cut_scenes": config.cut_scenes,
            "rejects": _json(request.recipe.rejects),
        },
        prefixes=("samples/", "rejects/curate-"),
        plan=partial(curate.plan, inputs=pairs, media=[shard.path for shard in measured], config=config),
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


def stages_of(recipe: Recipe) -> list[str]:
    """The stages that a recipe needs, in order."""
    return [name for name in PREPARE if name != "media" or recipe.media is not None]


#: The stages, in order.
PREPARE: dict[str, Callable[[Request], Prepared]] = {
    collect.STAGE: _collect,
    "media": _media,
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
    return [file.name, file.size_bytes, _changed(file.path)]


def _changed(path: str) -> int | None:
    return os.stat(path).st_mtime_ns if "://" not in path else None


def _json(section: Section) -> dict[str, Any]:
    return section.model_dump(mode="json")
