"""The dataset card: what the dataset is, how it came about, and how to load it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from blift.connectors.shard import Shard
from blift.pipelines.engine.card_parts import CITATION, CONFIGS, code, data_files, size_category
from blift.pipelines.engine.funnel import funnel_rows, markdown_funnel
from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.recipe.model import Recipe
from blift.schemas.export import markdown
from blift.schemas.printable import printable_lines
from blift.schemas.records import RECORDS

#: Sources that the card lists one by one.
_LISTED = 50


def dataset_card(recipe: Recipe, manifest: Manifest) -> str:
    """README.md of a run folder: YAML for the Hub and `datasets`, then the card for people."""
    shards = [shard for record in manifest.stages.values() for shard in record.shards]
    front = yaml.safe_dump(_front_matter(recipe, shards), sort_keys=False, allow_unicode=True)
    return printable_lines(f"---\n{front}---\n\n" + "\n".join(_sections(recipe, manifest, shards)) + "\n")


def _front_matter(recipe: Recipe, shards: list[Shard]) -> dict[str, Any]:
    rows = sum(shard.rows for shard in shards if shard.path.startswith("samples/"))
    return {
        "pretty_name": recipe.card.title,
        "license": recipe.card.license,
        "language": recipe.card.language,
        "task_categories": ["visual-question-answering", "image-to-text", "video-text-to-text"],
        "size_categories": [size_category(rows)],
        "tags": ["blift", "human-behavior"],
        "configs": [
            {"config_name": name, **({"default": True} if not place else {}), "data_files": files}
            for place, (name, files) in enumerate(data_files(shards))
        ],
    }


def _sections(recipe: Recipe, manifest: Manifest, shards: list[Shard]) -> Iterator[str]:
    yield f"# {recipe.card.title}\n"
    if recipe.card.summary:
        yield f"{recipe.card.summary.strip()}\n"
    yield (
        "How people received what other people posted: media with its likes, comments and replay graph, and "
        "instruction "
        "pairs made of them, in the format of BLIFT (Singh et al., *Teaching Human Behavior Improves Content "
        "Understanding Abilities Of VLMs*, ICLR 2025, arXiv 2405.00942).\n"
    )
    yield "## Load it\n"
    yield '```python\nfrom datasets import load_dataset\n\nsamples = load_dataset(PATH, "samples")\n```\n'
    yield "## What is in it\n"
    yield "| config | split | rows | files | bytes |\n|---|---|--:|--:|--:|"
    yield from _counts(shards)
    yield "\nMedia are named by address and digest; their files are not part of the dataset.\n"
    yield "## How it came about\n"
    yield f"Recipe {code(manifest.recipe)} (in `recipe.yaml`), blift {manifest.blift}.\n"
    yield "What every step kept and left out:\n"
    yield markdown_funnel(funnel_rows(manifest)) + "\n"
    yield "### Sources\n"
    yield from _sources(manifest)
    yield "## Splits\n"
    yield (
        "Instruction pairs are split by a hash of the channel or of the cluster of near-duplicate media, so that "
        "neither stands in two splits, and a sample never moves when others are added.\n"
    )
    yield _USE
    yield "## Repeat it\n"
    yield f"`blift build recipe.yaml --out DIR` with the same inputs gives the fingerprint `{manifest.fingerprint}`.\n"
    yield "## Features\n"
    for name, folder, table in CONFIGS:
        if any(shard.path.startswith(f"{folder}/") for shard in shards):
            yield f"### `{name}`\n\n{markdown(RECORDS[table])}\n"
    yield CITATION


def _counts(shards: list[Shard]) -> Iterator[str]:
    for name, files in data_files(shards):
        for file in files:
            prefix = file["path"].removesuffix("*.parquet")
            own = [shard for shard in shards if shard.path.startswith(prefix)]
            rows, size = sum(shard.rows for shard in own), sum(shard.size_bytes for shard in own)
            yield f"| `{name}` | {file['split']} | {rows:,} | {len(own)} | {size:,} |"


def _sources(manifest: Manifest) -> Iterator[str]:
    inputs: Mapping[str, Any] = manifest.stages["collect"].inputs if "collect" in manifest.stages else {}
    files = inputs.get("files", [])
    yield "| file | bytes |\n|---|--:|"
    for name, size, _ in files[:_LISTED]:
        yield f"| {code(name)} | {size:,} |"
    if len(files) > _LISTED:
        yield f"| and {len(files) - _LISTED} more (`manifest.json`) | {sum(size for _, size, _ in files[_LISTED:]):,} |"
    yield ""


_USE = """\
## Use it well

**Intended use.** Research on how content is received: behaviour and content simulation, content understanding,
evaluation of models that describe media. It is not meant for profiling people, for finding out who wrote something,
or for moderation decisions.

**People.** Names of authors are in no column; where an author column has values they are keyed hashes, and the key
is not published. (Records that could not be read are kept raw in `rejects`, unless the recipe says `payload: none`.)
Comments are quoted as people wrote them, may still name persons, and may be rude or wrong. Whoever wrote a comment can
delete it on the platform; rebuild from fresh archives to honour that.

**Bias.** The audiences of the platforms are not the population; popular posts are seen more and so liked more; the
filters of the funnel above shape what is left.

**Licence and terms.** The licence named above is that of the compilation. Posts and comments belong to who wrote
them and come under the terms of the platforms (Reddit's User Agreement and Data API Terms, YouTube's Terms of
Service), media under the licence of who made them.
"""
