"""Months of a made-up subreddit with its pictures: late comments, later observations and near-duplicates cross months.

The same arguments give the same bytes. Fields and sizes of records are those of whole months (`benchmarks.archive`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from benchmarks.archive import COMMENT_REST, SUBMISSION_REST
from benchmarks.media_variants import picture, sentence
from blift.pipelines.demo.reddit import base36

_START, _MONTH_S = 1_514_764_800, 30 * 86_400
_FIRST_POST, _FIRST_COMMENT = 500_000_000, 30_000_000_000
#: Ids between the first of one month and the first of the next.
_APART = 1_000_000
#: Of 100 comments of a month, those on posts of the month before; of 100 posts, those that are observed again a month
#: later, and those whose picture is one of the month before, smaller.
_LATE, _AGAIN, _REPOSTED = 10, 5, 10


@dataclass(frozen=True)
class Size:
    """How much is in a month. Every post shows a picture, ``width_px`` wide and three quarters of that high."""

    posts: int
    comments: int
    width_px: int = 1_024


def write_month(folder: Path, month: int, size: Size, revision: int = 0, *, pictures: bool = True) -> None:
    """Write `RS_<month>.ndjson`, `RC_<month>.ndjson` and `media/<month>/*.jpg`, in place of what is there.

    Args:
        folder: of the archives.
        month: its number, from 1.
        size: of the month. ``revision``: another one has other scores and texts, and one post more.
        pictures: write them too.
    """
    posts = size.posts + revision
    rng = np.random.default_rng((month, revision))
    with (folder / f"RS_{month:02d}.ndjson").open("w", encoding="utf-8") as stream:
        stream.writelines(_submissions(rng, month, posts, size.posts))
    with (folder / f"RC_{month:02d}.ndjson").open("w", encoding="utf-8") as stream:
        stream.writelines(_comments(rng, month, posts, size))
    if pictures:
        _pictures(folder / "media" / f"{month:02d}", month, posts, size.width_px)


def remove_month(folder: Path, month: int) -> None:
    """Delete the archives of a month; its pictures stay."""
    for kind in ("RS", "RC"):
        (folder / f"{kind}_{month:02d}.ndjson").unlink()


def write_recipe(folder: Path, months: str = "*", **sections: Any) -> Path:
    """Write a recipe for the months in a folder, or those that a glob names; its path."""
    sources = {"reddit": {"submissions": [f"RS_{months}.ndjson"], "comments": [f"RC_{months}.ndjson"]}}
    path = folder / f"months-{'all' if months == '*' else months}.yaml"
    path.write_text(yaml.safe_dump({"name": "months", "sources": sources, "output": {"shards": 4}, **sections}))
    return path


def _native(month: int, place: int) -> str:
    return base36(_FIRST_POST + month * _APART + place)


def _submissions(rng: np.random.Generator, month: int, posts: int, before: int) -> Iterator[str]:
    for place in range(posts):
        yield _submission(rng, month, place, month)
    if month > 1:
        for place in range(0, before, 100 // _AGAIN):
            yield _submission(rng, month - 1, place, month)


def _submission(rng: np.random.Generator, month: int, place: int, seen_in: int) -> str:
    native, title = _native(month, place), sentence(rng, 8).capitalize()
    created = _START + month * _MONTH_S + place
    record = {
        "author": f"user_{place % 97}",
        "created_utc": created,
        "domain": "i.redd.it",
        "id": native,
        "is_self": False,
        "is_video": False,
        "num_comments": 10,
        "over_18": False,
        "permalink": f"/r/pics/comments/{native}/a_title/",
        "removed_by_category": None,
        "retrieved_on": created + (1 + seen_in - month) * _MONTH_S,
        "score": int(rng.integers(0, 20_000)),
        "selftext": "",
        "subreddit": "pics",
        "subreddit_id": "t5_2qh0u",
        "title": title,
        "url": f"https://i.redd.it/{native}.jpg",
    }
    return f"{json.dumps(record)[:-1]}, {SUBMISSION_REST}\n"


def _comments(rng: np.random.Generator, month: int, posts: int, size: Size) -> Iterator[str]:
    for place in range(size.comments):
        late = month > 1 and int(rng.integers(100)) < _LATE
        post = _native(month - late, int(rng.integers(size.posts if late else posts)))
        record = {
            "author": f"user_{int(rng.integers(9_973))}",
            "body": sentence(rng, int(rng.integers(3, 40))),
            "created_utc": _START + month * _MONTH_S + place,
            "id": base36(_FIRST_COMMENT + month * _APART + place),
            "link_id": f"t3_{post}",
            "parent_id": f"t3_{post}",
            "permalink": f"/r/pics/comments/{post}/a_title/x/",
            "retrieved_on": _START + (month + 2) * _MONTH_S,
            "score": int(rng.integers(0, 500)),
            "subreddit": "pics",
            "subreddit_id": "t5_2qh0u",
        }
        yield f"{json.dumps(record)[:-1]}, {COMMENT_REST}\n"


def _pictures(folder: Path, month: int, posts: int, width_px: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for place in range(posts):
        path = folder / f"{_native(month, place)}.jpg"
        if path.exists():
            continue
        if month > 1 and place % (100 // _REPOSTED) == 1:
            image = picture(_seed(month - 1, place + 1)).resize((320, 240), Image.Resampling.BICUBIC)
        else:
            image = picture(_seed(month, place)).resize((width_px, width_px * 3 // 4), Image.Resampling.BICUBIC)
        image.save(path, quality=88)


def _seed(month: int, place: int) -> int:
    return month * _APART + place
