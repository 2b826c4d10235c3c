"""The report as a static Space of the Hub: the file by which the Hub knows what the folder is."""

from __future__ import annotations

import yaml

from blift.pipelines.recipe.result import Card

_BODY = """
What is in {dataset} and how it came about: funnel, rejects by reason, distributions, samples. Personal data was
replaced by rule; see the view Privacy. `{command}` wrote these files.
"""


def space_card(card: Card, dataset: str | None = None, version: str | None = None) -> str:
    """README.md of a static Space: its front matter says that `index.html` is shown as it is.

    Args:
        card: what the card of the dataset says.
        dataset: the published dataset, `OWNER/NAME`, and its ``version``; None for a report that is not published.
    """
    front = {
        "title": card.title,
        "sdk": "static",
        "app_file": "index.html",
        "pinned": False,
        "license": card.license,
        "tags": ["blift"],
        **({"datasets": [dataset]} if dataset else {}),
    }
    body = _BODY.format(
        dataset=f"version {version} of the dataset {dataset}" if dataset else "this dataset",
        command="blift publish" if dataset else "blift report RUN --released",
    )
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---\n{body}"
