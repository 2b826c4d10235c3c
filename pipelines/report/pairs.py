"""Instruction pairs of the samples that are shown, as a trainer sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blift.pipelines.report.clusters import Pick

_COLUMNS = ("id", "sample_id", "template", "split", "system", "conversations")
_NAMED = ("image", "video")
#: Folders of pairs, and whether each pair names its file; those that hold the bytes of theirs have no name for it.
_DATASETS = {
    "instructions/llava": True,
    "instructions/llava-without-media": True,
    "instructions/llava-with-media": False,
}


def pairs(pick: Pick, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The pairs of some samples, by the id of the sample, in the order of their templates.

    A release can have the same pairs with and without the bytes of their media; each is shown once. ``holds_media`` is
    true of a pair that is there with its bytes alone, which are not read.

    Args:
        pick: reads rows of the folders of pairs.
        ids: of samples.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for dataset, names in _DATASETS.items():
        for row in pick(dataset, "sample_id", ids, [*_COLUMNS, *(_NAMED if names else ())]):
            of_sample = found.setdefault(row.pop("sample_id"), {})
            of_sample.setdefault(row["id"], {**row, "holds_media": not names})
    return {sample: [rows[each] for each in sorted(rows)] for sample, rows in found.items()}
