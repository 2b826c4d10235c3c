"""What stage ingest needs: archives and published datasets, and the scope of each source."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from blift.connectors.files import InputFile
from blift.pipelines.engine.contents import contents
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.result import Payload
from blift.pipelines.stages.ingest.inputs import (
    all_fetch_folders,
    named_files,
    published_files,
    withdrawn_posts,
)
from blift.pipelines.stages.ingest.taking import Settings, Taking, reading
from blift.pipelines.stages.ingest.units import PREFIX, IngestInputs
from blift.pipelines.stages.ingest.units import STAGE as NAME
from blift.schemas.reasons import Reason

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.pipelines.engine.pipeline import StagePlan

#: Environment variable with the key under which author names are hashed; without it they are left out.
AUTHOR_KEY = "BLIFT_AUTHOR_KEY"

_SHARD_BYTES = 256 << 20
_MOST_SHARDS = 65_536


def _prepare(request: Request) -> Prepared:
    sources = request.recipe.sources
    named = named_files(request)
    withdrawn = withdrawn_posts(all_fetch_folders(request))
    files = [file for found in named for file in found.files]
    facts = contents(files, request.record(NAME))
    key = os.environ.get(AUTHOR_KEY, "").encode() or None
    hashed_key = hashlib.sha256(b"blift author key" + key).hexdigest()[:16] if key else None
    decides = {
        "scope": {name: as_json(source.scope) for name, source in sources.platforms.items()},
        "rejects": as_json(request.recipe.rejects),
        "withdrawn": _digest(sorted(withdrawn.items())),
        "author_key": hashed_key,
    }
    taking = _taking(request, files, facts, decides)
    units = [(found.archive, taking.units(found) if taking else list(found.units())) for found in named]
    inputs = IngestInputs(
        posts=[unit for archive, own in units if archive.posts for unit in own],
        comments=[unit for archive, own in units if archive.comments for unit in own],
        published=published_files(sources.hub),
    )
    shards = _shards(request.recipe, sum(file.size_bytes for file in files))
    return Prepared(
        inputs={
            **facts,
            **decides,
            "beside": _digest(sorted(fact for found in named for fact in found.facts)),
            "published": [asdict(file) for file in inputs.published],
            "shards": shards,
            "limit": request.limit,
        },
        plan=partial(_plan, request=request, inputs=inputs, shards=shards, withdrawn=withdrawn, author_key=key),
        parts=taking.kept if taking else list,
        reads=[*(file.path for file in files), *sorted({f"hf://datasets/{file.repo}" for file in inputs.published})],
        reading=reading([unit for _, own in units for unit in own]),
    )


def _plan(
    pipeline: beam.Pipeline,
    request: Request,
    inputs: IngestInputs,
    shards: int,
    withdrawn: Mapping[str, Reason],
    author_key: bytes | None,
) -> StagePlan:
    from blift.pipelines.stages.ingest.pipeline import plan  # noqa: PLC0415 - imports Apache Beam
    from blift.pipelines.stages.ingest.scope import IngestConfig  # noqa: PLC0415 - the same

    rejects = request.recipe.rejects
    config = IngestConfig(
        folder=request.folder.path,
        shards=shards,
        scopes={name: dict(source.scope) for name, source in request.recipe.sources.platforms.items()},
        withdrawn=withdrawn,
        author_key=author_key,
        max_malformed=rejects.max_malformed,
        malformed_payload=rejects.payload is not Payload.NONE,
        reject_payload=rejects.payload is Payload.ALL,
        reject_out_of_scope=rejects.out_of_scope,
        limit=request.limit,
    )
    return plan(pipeline, inputs, config)


def _taking(
    request: Request, files: Sequence[InputFile], facts: Mapping[str, Any], decides: Mapping[str, Any]
) -> Taking | None:
    """What the run folder keeps of the files; None where the recipe keeps nothing, and for a trial, which reads little.

    Args:
        facts: on the content of the files. ``decides``: settings that decide what they give.
    """
    if request.limit is not None or not request.recipe.output.keep_parts:
        return None
    record = request.record(NAME)
    digests = {file.path: digest for file, (_, _, digest) in zip(files, facts["files"], strict=True)}
    everywhere = {name: decides[name] for name in ("rejects", "author_key")}
    settings = Settings(everywhere, decides["scope"], decides["withdrawn"])
    return Taking(request.folder, record.parts if record else [], digests, settings, fresh=request.fresh)


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _shards(recipe: Recipe, size_bytes: int) -> int:
    """How many files each dataset gets: a function of recipe and input alone, never of workers."""
    if recipe.output.shards != "auto":
        return recipe.output.shards
    wanted = max(1, -(-size_bytes // _SHARD_BYTES))
    return min(_MOST_SHARDS, 1 << (wanted - 1).bit_length())


STAGE = Stage(
    NAME,
    ("posts/posts", "comments/comments", "origins/posts", "origins/comments"),
    _prepare,
    records=("post", "comment", "origin"),
    keeps=PREFIX.removesuffix("-"),
)
