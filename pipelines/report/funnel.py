"""The funnel: what each step kept, merged and rejected, by reason, with what its rule says."""

from __future__ import annotations

from typing import Any

from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import Manifest
from blift.transforms.rules.registry import all_rules


def funnel(manifest: Manifest) -> list[dict[str, Any]]:
    """The rows of the funnel, in order; ``says`` is the first sentence of the rule."""
    says = {rule.name: " ".join(rule.doc.split()).partition(". ")[0].rstrip(".") for rule in all_rules()}
    return [
        {
            "stage": row.stage,
            "table": row.table,
            "step": row.step,
            "in": row.rows_in,
            "out": row.rows_out,
            "merged": row.merged,
            "rejected": sorted(row.rejected.items(), key=lambda item: (-item[1], item[0])),
            "says": says.get(row.step, ""),
        }
        for row in funnel_rows(manifest)
    ]
