"""Findings of the privacy gate: how many of which kind, never what was found."""

from __future__ import annotations

from typing import Any

from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.stages.release import layout


def privacy(manifest: Manifest) -> dict[str, Any]:
    """What the release replaced, took out and withheld, by configuration and kind; `made` tells if there is one."""
    record = manifest.stages.get(layout.STAGE)
    if record is None:
        return {"made": False, "withdrawn": 0, "findings": [], "withheld": []}
    kinds = layout.KINDS | set(layout.REMOVED)
    found = [(*what.partition(" ")[::2], count) for what, count in sorted(record.findings.items())]
    return {
        "made": True,
        "withdrawn": record.findings.get(layout.WITHDRAWN, 0),
        "findings": [[config, kind, count] for config, kind, count in found if kind in kinds],
        "withheld": [
            [row.table, reason, count] for row in record.funnel for reason, count in sorted(row.rejected.items())
        ],
    }
