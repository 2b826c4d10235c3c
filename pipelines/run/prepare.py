"""From a recipe to a stage that can run: its inputs found, its workers' configuration set, its result's identity."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import posixpath
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from types import ModuleType
from typing import Any

from blift.connectors.collection.archives import COMMENTS, SUBMISSIONS
from blift.connectors.files import InputFile
from blift.connectors.filesystem import is_here
from blift.connectors.shard import Shard
from blift.connectors.web.manners import Budget
from blift.pipelines import collect, curate, instruct
from blift.pipelines.collection import stage as gather
from blift.pipelines.collection.ask import Place, plan_of
from blift.pipelines.media.config import Access
from blift.pipelines.media.describe import DescribeConfig
from blift.pipelines.media.recipe import Media
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.result import Payload
from blift.pipelines.recipe.section import Section
from blift.pipelines.run.inputs import (
    archives,
    batch_of,
    batches,
    beside_them,
    collections,
    info_files,
    media_files,
    published_files,
    withdrawn_posts,
)
from blift.pipelines.run.request import STAGES, Prepared, Request
from blift.schemas.errors import InputError, RecipeError
from blift.schemas.platform import MediaKind, Platform
from blift.schemas.split import Split

#: Environment variable with the key under which author names are hashed; without it they are left out.
AUTHOR_KEY = "BLIFT_AUTHOR_KEY"

_SHARD_BYTES = 256 << 20
_MOST_SHARDS = 65_536


def _gather(request: Request) -> Prepared:
    section = request.recipe.collect
    stage = section.stage if section else None
    if section is None or stage is None:
        raise RecipeError("The stage gather needs `collect.stage` in the recipe.")
    parts = posixpath.join(request.folder.path, gather.PARTS)
    partial_files = os.path.join(tempfile.gettempdir(), "blift-partial")
    asked = plan_of(request.source, Place(request.folder.path, parts, partial_files, stage.lanes), Budget())
    ended = gather.ended_items(request.folder.path)
    left = gather.parts_of(asked.plan.items, ended.well, stage.part)
    config = gather.GatherConfig(request.folder.path, asked.plan, stage.lanes, shards=1)
    return Prepared(
        inputs={
            "collect": _json(section),
            "items": [list(item) for item in sorted(asked.plan.items)],
            "failed": [*sorted(ended.failed), ended.parts if ended.failed else 0],  # asked again in each run
            "shards": 1,
        },
        prefixes=("rejects/gather-",),
        plan=partial(gather.plan, parts=left, config=config),
        warnings=partial(gather.warnings, request.folder.path),
    )


def _collect(request: Request) -> Prepared:
    sources, resolve = request.recipe.sources, request.source.resolve
    reddit, youtube = sources.reddit, sources.youtube
    videos = info_files(request)
    siblings, beside, _ = beside_them(videos)
    of_reddit = collections(request, reddit)
    withdrawn = withdrawn_posts(sorted({*of_reddit, *collections(request, youtube)}))
    inputs = collect.CollectInputs(
        submissions=archives(resolve(reddit.submissions), of_reddit, SUBMISSIONS) if reddit else [],
        comments=archives(resolve(reddit.comments), of_reddit, COMMENTS) if reddit else [],
        videos=[batch_of(files, siblings) for files in batches(videos)],
        published=published_files(sources.hub),
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
        prefixes=("posts/posts-", "comments/comments-", "rejects/collect-"),
        plan=partial(collect.plan, inputs=inputs, config=config),
    )


def _media(request: Request) -> Prepared:
    section = request.recipe.media
    if section is None:
        raise RecipeError("The recipe has no section `media`, and the stage media needs one. Add `media: {}`.")
    stage = _media_stage()
    shards = [shard for shard in _shards_of(request, collect.STAGE) if shard.path.startswith("posts/")]
    number = _number_of_shards(request, collect.STAGE)
    files = media_files(request, section)
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
        prefixes=("media/media-", "files/files-", "rejects/media-"),
        plan=partial(stage.plan, posts=[shard.path for shard in shards], files=files, config=config),
    )


def _media_stage() -> ModuleType:
    """The module of the media stage; its libraries are an extra, and most builds need none of them.

    Raises:
        RecipeError: they are not installed.
    """
    try:
        return importlib.import_module("blift.pipelines.media.stage")
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"`media` needs the extra `media` ({error.name} is not installed). Install blift[media]."
        ) from error


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
        prefixes=("samples/samples-", "rejects/curate-"),
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
        prefixes=(
            *(f"instructions/{shape}/{split.value}-" for shape in ("llava", "chat") for split in Split),
            "rejects/instruct-",
        ),
        plan=partial(instruct.plan, inputs=[shard.path for shard in shards], config=config),
    )


#: What makes each stage ready, in order.
PREPARE: dict[str, Callable[[Request], Prepared]] = dict(
    zip(STAGES, (_gather, _collect, _media, _curate, _instruct), strict=True)
)


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
    return os.stat(path).st_mtime_ns if is_here(path) else None


def _json(section: Any) -> dict[str, Any]:
    """A section of the recipe as JSON has it."""
    return dict(section.model_dump(mode="json"))
