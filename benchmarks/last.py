"""Figures of the last run of each benchmark, which `benchmarks.check` holds against their bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).parent / "last.json"


def last_figures() -> dict[str, dict[str, float]]:
    """Figures by name, by benchmark."""
    found: dict[str, dict[str, float]] = json.loads(_FILE.read_text()) if _FILE.exists() else {}
    return found


def save_figures(benchmark: str, figures: Mapping[str, float]) -> None:
    """Put the figures of a run in the place of those of the run before."""
    found = last_figures() | {benchmark: {name: round(value, 2) for name, value in figures.items()}}
    _FILE.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
