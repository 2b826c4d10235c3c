"""Archives of two months of a made-up Reddit, and a recipe for the first month and one for both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.reddit_server import made_up


def write_months(folder: Path, **sections: Any) -> None:
    """Write `RS_01.ndjson` and its like, and the recipes `before.yaml` and `after.yaml` of the same name."""
    site = made_up(12)
    for name, rows in (("RS", list(site.submissions.values())), ("RC", list(site.comments.values()))):
        half = len(rows) // 2
        for month, own in (("01", rows[:half]), ("02", rows[half:])):
            lines = [json.dumps({**row, "retrieved_on": 1_700_000_000}) for row in own]
            (folder / f"{name}_{month}.ndjson").write_text("".join(f"{line}\n" for line in lines))
    for name, month in (("before", "01"), ("after", "*")):
        write_recipe(folder / f"{name}.yaml", month, **sections)


def write_recipe(path: Path, month: str = "*", **sections: Any) -> Path:
    """Write a recipe for the archives of a month beside it; its path."""
    sources = {"reddit": {"submissions": [f"RS_{month}.ndjson"], "comments": [f"RC_{month}.ndjson"]}}
    recipe = {"name": "months", "sources": sources, "output": {"shards": 2}, **sections}
    path.write_text(yaml.safe_dump(recipe))
    return path
