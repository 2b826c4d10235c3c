"""Instruction pairs of the samples that are shown, as a trainer sees them."""

from __future__ import annotations

from typing import Any

from blift.pipelines.report.datasets import Datasets

_DATASETS = ("instructions/llava", "instructions/llava-without-media")
_COLUMNS = ["id", "sample_id", "template", "split", "image", "video", "system", "conversations"]


def pairs(datasets: Datasets, ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The pairs of some samples, by the id of the sample, in the order of their templates."""
    found: dict[str, list[dict[str, Any]]] = {}
    for dataset in _DATASETS:
        for row in datasets.pick(dataset, "sample_id", ids, _COLUMNS):
            found.setdefault(row.pop("sample_id"), []).append(row)
    return {sample: sorted(rows, key=lambda row: str(row["id"])) for sample, rows in found.items()}
