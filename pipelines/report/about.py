"""What the dataset is: facts of its card, versions, fingerprint, recipe, and the rows of its datasets."""

from __future__ import annotations

from typing import Any

from blift.pipelines.engine.card_parts import configs_of
from blift.pipelines.recipe.result import Card
from blift.pipelines.report.datasets import Datasets
from blift.schemas.records import RECORDS


def about(datasets: Datasets, card: Card, recipe_text: str, *, compared: bool) -> dict[str, Any]:
    """What the page says of the dataset as a whole, and whether it compares it with another run."""
    manifest = datasets.manifest
    configs = configs_of([shard for shard in manifest.shards if not shard.path.startswith("release/")])
    return {
        "title": card.title,
        "summary": card.summary.strip(),
        "license": card.license,
        "languages": card.language,
        "recipe": manifest.recipe,
        "recipe_text": recipe_text,
        "blift": manifest.blift,
        "fingerprint": manifest.fingerprint,
        "released": datasets.released,
        "compared": compared,
        "datasets": [
            {
                "name": config.name,
                "split": split.name,
                "rows": split.rows,
                "files": len(split.paths),
                "bytes": split.size_bytes,
                "one_row": (RECORDS[config.table].__doc__ or "").partition("\n")[0].rstrip("."),
            }
            for config in configs
            for split in config.splits
        ],
        "stages": [
            {"name": name, "tables": sorted(record.versions.items()), "notes": len(record.notes)}
            for name, record in manifest.stages.items()
        ],
        "files": [[str(name), size] for name, size in _files(datasets)],
    }


def _files(datasets: Datasets) -> list[tuple[str, int]]:
    """The archives that were read: names and bytes; of a release none, since yt-dlp names files by titles of videos."""
    ingest = None if datasets.released else datasets.manifest.stages.get("ingest")
    return [(name, size) for name, size, *_ in ingest.inputs.get("files", [])] if ingest else []
