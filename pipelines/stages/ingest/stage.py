"""What stage ingest needs: archives and published datasets, and the scope of each source."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from functools import partial
from typing import Any

from blift.connectors.fetch.archives import COMMENTS, SUBMISSIONS
from blift.connectors.files import InputFile
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.result import Payload
from blift.pipelines.stages.ingest import pipeline
from blift.pipelines.stages.ingest.inputs import (
    archives,
    batch_of,
    batches,
    beside_them,
    changed,
    fetch_folders,
    info_files,
    published_files,
    withdrawn_posts,
)

#: Environment variable with the key under which author names are hashed; without it they are left out.
AUTHOR_KEY = "BLIFT_AUTHOR_KEY"

_SHARD_BYTES = 256 << 20
_MOST_SHARDS = 65_536


def _prepare(request: Request) -> Prepared:
    sources, resolve = request.recipe.sources, request.source.resolve
    reddit, youtube = sources.reddit, sources.youtube
    videos = info_files(request)
    siblings, beside, _ = beside_them(videos)
    of_reddit = fetch_folders(request, reddit)
    withdrawn = withdrawn_posts(sorted({*of_reddit, *fetch_folders(request, youtube)}))
    inputs = pipeline.IngestInputs(
        submissions=archives(resolve(reddit.submissions), of_reddit, SUBMISSIONS) if reddit else [],
        comments=archives(resolve(reddit.comments), of_reddit, COMMENTS) if reddit else [],
        videos=[batch_of(files, siblings) for files in batches(videos)],
        published=published_files(sources.hub),
    )
    files = [*inputs.submissions, *inputs.comments, *videos]
    shards = _shards(request.recipe, sum(file.size_bytes for file in files))
    key = os.environ.get(AUTHOR_KEY, "").encode() or None
    config = pipeline.IngestConfig(
        folder=request.folder.path,
        shards=shards,
        reddit_scope=dict(reddit.scope) if reddit else {},
        youtube_scope=dict(youtube.scope) if youtube else {},
        withdrawn=withdrawn,
        author_key=key,
        max_malformed=request.recipe.rejects.max_malformed,
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
                "reddit": as_json(reddit.scope) if reddit else None,
                "youtube": as_json(youtube.scope) if youtube else None,
            },
            "rejects": as_json(request.recipe.rejects),
            "shards": shards,
            "limit": request.limit,
            "author_key": hashlib.sha256(b"blift author key" + key).hexdigest()[:16] if key else None,
        },
        plan=partial(pipeline.plan, inputs=inputs, config=config),
    )


def _shards(recipe: Recipe, size_bytes: int) -> int:
    """How many files each dataset gets: a function of recipe and input alone, never of workers."""
    if recipe.output.shards != "auto":
        return recipe.output.shards
    wanted = max(1, -(-size_bytes // _SHARD_BYTES))
    return min(_MOST_SHARDS, 1 << (wanted - 1).bit_length())


def _identity(file: InputFile) -> list[Any]:
    """What says that a file is the same: its name, size and time of change (a digest would read it twice)."""
    return [file.name, file.size_bytes, changed(file.path)]


STAGE = Stage(pipeline.STAGE, ("posts/posts", "comments/comments"), _prepare)
