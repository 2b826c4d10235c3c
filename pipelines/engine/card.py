"""The dataset card, of a run folder and of a published version: front matter for the Hub, then `card.md.jinja`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from blift.pipelines.engine.card_parts import Config, code, configs_of
from blift.pipelines.engine.features import features
from blift.pipelines.engine.funnel import cell, funnel_rows, markdown_funnel
from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.engine.statistics import by_drift, drift_figures, figures_of
from blift.pipelines.recipe.result import Card
from blift.schemas.export import markdown
from blift.schemas.printable import printable_lines
from blift.schemas.records import RECORDS
from blift.schemas.registry import SCHEMAS
from blift.schemas.statistics import ColumnDrift, ColumnStatistics, Drift, Statistics
from blift.transforms.rules.registry import all_rules

#: Where the Hub is, whatever server a publication goes to: an address in a card is for its readers.
HUB = "https://huggingface.co"
#: Sources, and drifted columns, that the card lists one by one.
_LISTED = 50
#: The Hub's word for so many rows and fewer.
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)


@dataclass(frozen=True)
class Published:
    """What the card of a published version says beyond that of a run folder.

    Attributes:
        repo: the dataset on the Hub, and its version there; ``changes`` since the last, as Markdown.
        configs: the published configurations, of which ``beside`` name files in folders, and ``embedded`` hold them.
        picture: path of the picture of the funnel.
        posted: samples by platform and month in which they were posted.
        replaced: personal data that was replaced, by configuration and kind.
        bared: media files from which metadata were taken, by configuration; ``withheld`` says which were kept back.
    """

    repo: str
    version: str
    changes: str
    configs: Sequence[Config]
    beside: Sequence[tuple[str, str]]
    embedded: Sequence[str]
    picture: str
    posted: Mapping[str, Mapping[str, int]]
    replaced: Mapping[str, Mapping[str, int]]
    bared: Mapping[str, Mapping[str, int]]
    withheld: Mapping[str, str]


def dataset_card(
    card: Card, manifest: Manifest, published: Published | None = None, statistics: Statistics | None = None
) -> str:
    """README.md of a run folder, or of a published version; with the statistics of the dataset, where it has some."""
    shards = [shard for record in manifest.stages.values() for shard in record.shards]
    configs = published.configs if published else configs_of(shards)
    front = yaml.safe_dump(_front_matter(card, configs, published), sort_keys=False, allow_unicode=True)
    inputs: Mapping[str, Any] = manifest.stages["ingest"].inputs if "ingest" in manifest.stages else {}
    body = _template().render(
        card=card,
        manifest=manifest,
        published=published,
        configs=configs,
        files=inputs.get("files", []),
        listed=_LISTED,
        funnel=markdown_funnel(funnel_rows(manifest)),
        filtered=list(_filtered(manifest)),
        hub=HUB,
        statistics=statistics,
        described=_described(statistics, {config.name for config in configs}) if statistics else [],
        drifted=_drifted(statistics.drift) if statistics and statistics.drift else [],
    )
    return printable_lines(f"---\n{front}---\n\n{body}")


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(),  # this is no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cell": cell,
        "code": code,
        "columns": _columns,
        "count": "{:,}".format,
        "one_row": _one_row,
    }
    return environment.get_template("card.md.jinja")


def _one_row(table: str) -> str:
    return (RECORDS[table].__doc__ or "").partition("\n")[0].rstrip(".")


def _columns(table: str) -> str:
    return markdown(RECORDS[table])


def _filtered(manifest: Manifest) -> Iterator[tuple[str, str, int, str]]:
    """Rules, reasons, how many records they rejected, and what the rules say; the most first."""
    lost: Counter[tuple[str, str]] = Counter()
    for row in funnel_rows(manifest):
        for reason, rows in row.rejected.items():
            lost[(row.step, reason)] += rows
    why = {rule.name: " ".join(rule.doc.split()).partition(". ")[0].rstrip(".") for rule in all_rules()}
    for (step, reason), rows in lost.most_common():
        yield step, reason, rows, why.get(step, "")


def _described(statistics: Statistics, configs: Collection[str]) -> Iterator[tuple[str, ColumnStatistics, str]]:
    """The columns that have a distribution, of the tables that the card lists."""
    for table in statistics.tables:
        for column in table.columns if table.name in configs else ():
            if figures := "; ".join(figures_of(column)):
                yield table.name, column, figures


def _drifted(drift: Drift) -> Iterator[tuple[ColumnDrift, Sequence[str]]]:
    for column in by_drift(drift.columns)[:_LISTED]:
        yield column, drift_figures(column)


def _front_matter(card: Card, configs: Sequence[Config], published: Published | None) -> dict[str, Any]:
    rows = sum(split.rows for config in configs if config.table == "sample" for split in config.splits)
    licence: dict[str, Any] = {"license": card.license}
    if published and card.license == "other":
        licence["license_name"] = "see-card"
        licence["license_link"] = f"{HUB}/datasets/{published.repo}#licence-and-terms"
    return {
        "pretty_name": card.title,
        **licence,
        "language": card.language,
        "task_categories": ["visual-question-answering", "image-to-text", "video-text-to-text"],
        "size_categories": [next((name for most, name in _SIZES if rows < most), "1B<n<10B")],
        "tags": ["blift", "human-behavior"],
        "configs": [
            {
                "config_name": config.name,
                **({"default": True} if not place else {}),
                "data_files": [
                    {"split": split.name, "path": split.pattern if published else split.paths}
                    for split in config.splits
                ],
            }
            for place, config in enumerate(configs)
        ],
        **({"dataset_info": [_info(config) for config in configs]} if published else {}),
    }


def _info(config: Config) -> dict[str, Any]:
    """Features and sizes of a configuration; sizes are those of the files."""
    size = sum(split.size_bytes for split in config.splits)
    return {
        "config_name": config.name,
        "features": features(SCHEMAS[config.table]),
        "splits": [
            {"name": split.name, "num_bytes": split.size_bytes, "num_examples": split.rows} for split in config.splits
        ],
        "download_size": size,
        "dataset_size": size,
    }
