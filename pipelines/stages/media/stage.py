"""What stage media needs: posts, the files that may be theirs, and what is measured of them."""

from __future__ import annotations

import hashlib
import importlib
import posixpath
from functools import partial
from types import ModuleType

from blift.pipelines.engine.contents import contents
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json, digests, listing
from blift.pipelines.recipe.media import Media
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.rules import post_rules, python_rules
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.media.describe import DescribeConfig
from blift.pipelines.stages.media.inputs import media_files, with_digests
from blift.schemas.errors import RecipeError


def _needed(recipe: Recipe) -> bool:
    return recipe.media is not None


def _prepare(request: Request) -> Prepared:
    section = request.recipe.media
    if section is None:
        raise RecipeError("The recipe has no section `media`, and the stage media needs one. Add `media: {}`.")
    pipeline = _pipeline()
    shards = [shard for shard in request.shards_of(INGEST.name) if shard.path.startswith("posts/")]
    number = request.number_of_shards(INGEST.name)
    files = media_files(request, section)
    store = request.source.resolve([section.store])[0] if section.store else request.folder.file("store")
    model = request.source.resolve([section.salience_model])[0] if section.salience_model else None
    described = _description(request, section, store, number)
    speech = section.speech and section.speech.config(request.source.resolve([section.speech.model])[0])
    near = section.near_duplicates
    facts = contents(files, request.record("media"), hashlib.sha256)
    config = pipeline.MediaConfig(
        folder=request.folder.path,
        shards=number,
        store=store,
        measure=section.measure_config(model),
        python=request.recipe.python,
        posts=post_rules(request.recipe),
        duplicates=near and near.options(section.samples_per_s, groups=-(-number // 8)),
        describe=described,
        speech=speech,
        reject_out_of_scope=request.recipe.rejects.out_of_scope,
    )
    pipeline.check(config)
    return Prepared(
        inputs={
            "shards": digests(shards, ("posts/",)),
            **facts,
            "media": section.model_dump(mode="json", exclude={"store", "decoder"}),
            "rules": {name: as_json(rules.posts) for name, rules in request.recipe.curate.platforms.items()},
            "rejects": listing(request.recipe.rejects),
            **python_rules(request.recipe),
        },
        plan=partial(pipeline.plan, posts=shards, files=with_digests(files, facts), config=config),
        reads=[file.path for file in files],
    )


def _pipeline() -> ModuleType:
    """The module of the media stage; its libraries are an extra, and most builds need none of them.

    Raises:
        RecipeError: they are not installed.
    """
    try:
        return importlib.import_module("blift.pipelines.stages.media.pipeline")
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


STAGE = Stage("media", ("media/media", "files/files"), _prepare, _needed, records=("post", "media"))
