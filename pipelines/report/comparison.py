"""Two runs side by side: both funnels, what of the recipe changed, samples that came and went, and why."""

from __future__ import annotations

import difflib
from typing import Any

import polars as pl

from blift.pipelines.report.datasets import Datasets
from blift.pipelines.report.funnel import funnel
from blift.transforms.tables import frame

#: Samples of each side that are shown.
_SHOWN = 200
_COLUMNS = ["sample_id", "media_key", "title", "platform", "posted_at", "score", "likes", "views", "audiences"]
_REJECT = ["record_id", "stage", "rule", "reason", "detail"]


def comparison(new: Datasets, old: Datasets, recipes: tuple[str, str]) -> dict[str, Any]:
    """What differs between two runs.

    Args:
        recipes: texts of the new and of the old recipe.
    """
    new_ids, old_ids = _ids(new), _ids(old)
    came, went = new_ids.join(old_ids, on="sample_id", how="anti"), old_ids.join(new_ids, on="sample_id", how="anti")
    lines = difflib.unified_diff(recipes[1].splitlines(), recipes[0].splitlines(), "before", "now", lineterm="", n=2)
    return {
        "fingerprints": [old.manifest.fingerprint, new.manifest.fingerprint],
        "names": [old.manifest.recipe, new.manifest.recipe],
        "rows": [old_ids.height, new_ids.height],
        "same": new_ids.height - came.height,
        "funnels": [funnel(old.manifest), funnel(new.manifest)],
        "recipe": list(lines),
        "came": {"count": came.height, "samples": _told(new, old, came)},
        "went": {"count": went.height, "samples": _told(old, new, went)},
    }


def _ids(datasets: Datasets) -> pl.DataFrame:
    none = pl.DataFrame(schema={"sample_id": pl.String})
    return pl.concat([none, *(frame(part.read(["sample_id"])) for part in datasets.parts("samples"))])


def _told(has: Datasets, lacks: Datasets, ids: pl.DataFrame) -> list[dict[str, Any]]:
    """Samples of one run, and why the other one lacks them: rejects of the sample or of a post of it."""
    chosen = ids.get_column("sample_id").sort().head(_SHOWN).to_list()
    rows = sorted(has.pick("samples", "sample_id", chosen, _COLUMNS), key=lambda row: str(row["sample_id"]))
    owners: dict[str, str] = {}
    for row in rows:
        named = (row["sample_id"], row["media_key"], *(audience["post_id"] for audience in row["audiences"]))
        owners |= dict.fromkeys(named, row["sample_id"])
    why: dict[str, list[list[Any]]] = {}
    for reject in lacks.pick("rejects", "record_id", list(owners), _REJECT):
        told = [reject[name] for name in _REJECT]
        if told not in why.setdefault(owners[reject["record_id"]], []):
            why[owners[reject["record_id"]]].append(told)
    return [{**_without_posts(row), "why": sorted(why.get(row["sample_id"], []), key=str)} for row in rows]


def _without_posts(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "audiences"}
