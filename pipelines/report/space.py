"""The report as a static Space of the Hub: the file by which the Hub knows what the folder is."""

from __future__ import annotations

import yaml

from blift.pipelines.recipe.result import Card

_BODY = """
What is in this dataset and how it came about: funnel, rejects by reason, distributions, samples. Personal data was
replaced by rule; see the view Privacy. `blift report RUN --released` wrote this folder.
"""


def space_card(card: Card) -> str:
    """README.md of a static Space: its front matter says that `index.html` is shown as it is."""
    front = {
        "title": card.title,
        "sdk": "static",
        "app_file": "index.html",
        "pinned": False,
        "license": card.license,
        "tags": ["blift"],
    }
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---\n{_BODY}"
