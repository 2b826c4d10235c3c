"""What stage media needs: posts, the files that may be theirs, and what is measured of them."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from blift.connectors.media.extra import require_media
from blift.connectors.shard import Shard
from blift.pipelines.engine.contents import contents
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json, digests, listing
from blift.pipelines.recipe.media import Media
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.rules import post_rules, python_rules
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.media.inputs import media_files, with_digests
from blift.schemas.errors import RecipeError

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.connectors.models.speech import SpeechConfig
    from blift.pipelines.engine.pipeline import StagePlan
    from blift.pipelines.stages.media.describe import DescribeConfig
    from blift.transforms.media.files import ListedFile


def _needed(recipe: Recipe) -> bool:
    return recipe.media is not None


def _prepare(request: Request) -> Prepared:
    section = request.recipe.media
    if section is None:
        raise RecipeError("The recipe has no section `media`, and the stage media needs one. Add `media: {}`.")
    require_media("media")
    shards = [shard for shard in request.shards_of(INGEST.name) if shard.path.startswith("posts/")]
    files = media_files(request, section)
    _check_models(request, section)
    facts = contents(files, request.record("media"), hashlib.sha256)
    return Prepared(
        inputs={
            "shards": digests(shards, ("posts/",)),
            **facts,
            "media": section.model_dump(mode="json", exclude={"store", "decoder"}),
            "rules": {name: as_json(rules.posts) for name, rules in request.recipe.curate.platforms.items()},
            "rejects": listing(request.recipe.rejects),
            **python_rules(request.recipe),
        },
        plan=partial(_plan, request=request, section=section, posts=shards, files=with_digests(files, facts)),
        reads=[file.path for file in files],
    )


def _plan(
    pipeline: beam.Pipeline, request: Request, section: Media, posts: Sequence[Shard], files: Sequence[ListedFile]
) -> StagePlan:
    from blift.pipelines.stages.media.pipeline import MediaConfig, plan  # noqa: PLC0415 - imports Apache Beam

    shards = request.number_of_shards(INGEST.name)
    store = request.source.resolve([section.store])[0] if section.store else request.folder.file("store")
    near = section.near_duplicates
    config = MediaConfig(
        folder=request.folder.path,
        shards=shards,
        store=store,
        measure=section.measure_config(_salience_model(request, section)),
        python=request.recipe.python,
        posts=post_rules(request.recipe),
        duplicates=near.options(section.samples_per_s, groups=-(-shards // 8)) if near else None,
        describe=_description(request, section, store, shards),
        speech=_speech(request, section),
        reject_out_of_scope=request.recipe.rejects.out_of_scope,
    )
    return plan(pipeline, posts, files, config)


def _check_models(request: Request, section: Media) -> None:
    """Load the models that the recipe names, before anything runs.

    Raises:
        RecipeError: one cannot be loaded.
    """
    if model := _salience_model(request, section):
        from blift.connectors.media.salience import check_salience_model  # noqa: PLC0415 - needs the extra

        check_salience_model(model)
    if speech := _speech(request, section):
        from blift.connectors.models.speech import load_whisper  # noqa: PLC0415 - needs the extra

        load_whisper(speech)


def _salience_model(request: Request, section: Media) -> str | None:
    return request.source.resolve([section.salience_model])[0] if section.salience_model else None


def _speech(request: Request, section: Media) -> SpeechConfig | None:
    return section.speech.config(request.source.resolve([section.speech.model])[0]) if section.speech else None


def _description(request: Request, section: Media, store: str, shards: int) -> DescribeConfig | None:
    if section.describe is None:
        return None
    from blift.pipelines.stages.media.describe import DescribeConfig  # noqa: PLC0415 - imports Apache Beam

    tagger, endpoint = section.describe.tagger, section.describe.endpoint
    return DescribeConfig(
        stage="media",
        store=store,
        shards=shards,
        endpoint=endpoint.config(posixpath.join(store, "answers")) if endpoint else None,
        tagger=tagger.config(*request.source.resolve([tagger.model, tagger.labels])) if tagger else None,
    )


STAGE = Stage("media", ("media/media", "files/files"), _prepare, _needed, records=("post", "media"))
