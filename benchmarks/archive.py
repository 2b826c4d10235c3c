"""Generates an archive of Reddit posts and comments whose fields and sizes are those of whole months.

Field names, presence and sizes follow statistics of the archives of January 2018 (a submission of about 3 kB, a
comment of about 900 bytes with a body of 172 characters on average). The same arguments give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from blift.pipelines.demo.reddit import base36

_WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "it",
    "that",
    "was",
    "for",
    "on",
    "are",
    "with",
    "as",
    "this",
    "but",
    "they",
    "have",
    "from",
    "you",
    "not",
    "people",
    "time",
    "what",
    "when",
    "picture",
    "there",
    "more",
    "out",
    "about",
    "who",
    "get",
    "which",
    "would",
    "make",
    "like",
    "him",
    "into",
    "look",
    "good",
    "some",
    "could",
    "them",
    "see",
    "other",
    "than",
    "then",
    "now",
    "only",
    "come",
    "its",
    "over",
    "think",
    "also",
    "back",
    "after",
    "use",
    "two",
    "how",
    "our",
    "work",
    "first",
    "well",
    "way",
    "even",
    "new",
    "want",
    "because",
    "any",
    "these",
    "give",
    "day",
    "most",
    "us",
    "great",
    "between",
    "need",
    "large",
    "often",
    "hand",
    "high",
    "place",
    "hold",
    "turn",
    "help",
    "low",
    "line",
    "differ",
    "move",
    "cause",
    "much",
    "before",
    "mean",
    "old",
    "boy",
    "follow",
    "came",
    "show",
    "around",
    "form",
    "three",
    "small",
    "set",
    "put",
    "end",
    "does",
    "another",
    "home",
    "read",
    "port",
    "spell",
    "add",
    "land",
    "here",
    "must",
    "big",
    "such",
    "act",
    "why",
    "ask",
    "men",
    "change",
    "went",
    "light",
    "kind",
    "off",
    "house",
    "try",
    "again",
    "animal",
    "point",
    "mother",
    "world",
    "near",
    "build",
    "self",
    "earth",
    "father",
    "head",
    "stand",
    "own",
    "page",
    "should",
    "country",
    "found",
    "answer",
    "school",
    "grow",
    "study",
    "still",
    "learn",
    "plant",
    "cover",
    "food",
    "sun",
]
#: Subreddits, and how many of all posts each has.
SHARES = {"pics": 0.4, "videos": 0.3, "aww": 0.2, "funny": 0.1}
_FIRST_POST, _FIRST_COMMENT = 500_000_000, 30_000_000_000
_START, _MONTH_S = 1_514_764_800, 31 * 86_400


@dataclass(frozen=True)
class Archive:
    """What was written."""

    submissions: Path
    comments: Path
    size_bytes: int


def write_archive(
    folder: Path,
    posts: int,
    comments: int,
    seed: int = 1,
    part: int = 0,
    shares: Mapping[str, float] = MappingProxyType(SHARES),
) -> Archive:
    """Write `RS.ndjson` and `RC.ndjson` of so many lines to ``folder``; parts of one archive share no id."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    submissions, replies = folder / "RS.ndjson", folder / "RC.ndjson"
    subreddits = np.empty(posts, dtype=object)
    with submissions.open("w", encoding="utf-8") as stream:
        for first in range(0, posts, 10_000):
            block = subreddits[first : first + 10_000]
            block[:] = rng.choice(list(shares), size=len(block), p=list(shares.values()))
            stream.writelines(_submissions(rng, part * posts + first, block))
    # A few posts draw hundreds of comments, most draw one or two: log-normal weights.
    weights = np.cumsum(rng.lognormal(0.0, 1.7, posts))
    popularity = np.searchsorted(weights, rng.random(comments) * weights[-1]).astype(np.int64)
    with replies.open("w", encoding="utf-8") as stream:
        for first in range(0, comments, 10_000):
            stream.writelines(
                _comments(
                    rng,
                    part * comments + first,
                    part * posts + popularity[first : first + 10_000],
                    subreddits[popularity[first : first + 10_000]],
                )
            )
    return Archive(submissions, replies, submissions.stat().st_size + replies.stat().st_size)


def _text(rng: np.random.Generator, words: int) -> str:
    return " ".join(_WORDS[place] for place in rng.integers(0, len(_WORDS), words))


_PREVIEW = f"https://i.redditmedia.com/{'x' * 40}.jpg"
SUBMISSION_REST = json.dumps(
    {
        "approved_at_utc": None, "archived": False, "author_flair_css_class": None, "author_flair_text": None,
        "banned_at_utc": None, "brand_safe": True, "can_gild": True, "can_mod_post": False, "contest_mode": False,
        "distinguished": None, "edited": False, "gilded": 0, "hidden": False, "hide_score": False,
        "is_crosspostable": True, "is_reddit_media_domain": False, "link_flair_css_class": None, "locked": False,
        "media": None, "media_embed": {}, "num_crossposts": 0, "parent_whitelist_status": "all_ads", "pinned": False,
        "post_hint": "image",
        "preview": {
            "enabled": True,
            "images": [
                {
                    "id": "N1fMt0wdCKLvqkoWBMDGqjtIvcCCYcT8Ssw2Xi2LGfs",
                    "resolutions": [
                        {"height": 81 * n, "url": f"{_PREVIEW}?fit=crop&amp;w={108 * n}&amp;s=0", "width": 108 * n}
                        for n in range(1, 7)
                    ],
                    "source": {"height": 810, "url": f"{_PREVIEW}?s={'b' * 32}", "width": 1080},
                    "variants": {},
                }
            ],
        },
        "secure_media": None, "secure_media_embed": {}, "spoiler": False, "stickied": False, "subreddit_type": "public",
        "suggested_sort": None, "thumbnail": "https://b.thumbs.redditmedia.com/AbCdEfGhIjKlMnOpQrStUvWxYz.jpg",
        "thumbnail_height": 105, "thumbnail_width": 140, "view_count": None, "whitelist_status": "all_ads",
    }
)[1:]  # fmt: skip
COMMENT_REST = json.dumps(
    {
        "approved_at_utc": None, "author_flair_css_class": None, "author_flair_text": None, "can_gild": True,
        "can_mod_post": False, "collapsed": False, "collapsed_reason": None, "controversiality": 0,
        "distinguished": None, "edited": False, "gilded": 0, "is_submitter": False, "score_hidden": False,
        "stickied": False, "subreddit_type": "public", "user_reports": [], "mod_reports": [], "no_follow": True,
    }
)[1:]  # fmt: skip


def _submissions(rng: np.random.Generator, first: int, subreddits: np.ndarray) -> list[str]:
    count = len(subreddits)
    scores = (rng.pareto(0.7, count) * 5).astype(int) % 200_000
    created = _START + rng.integers(0, _MONTH_S, count)
    kinds = rng.random((count, 6))
    lines = []
    for place in range(count):
        native = base36(_FIRST_POST + first + place)
        subreddit = str(subreddits[place])
        title = _text(rng, int(rng.integers(4, 14))).capitalize()
        nsfw, deleted, removed, repeat, bot, elsewhere = (bool(value < 0.04) for value in kinds[place])
        target = native if not repeat else base36(_FIRST_POST + max(0, first + place - 7))
        if elsewhere:
            url = f"https://example.org/{target}"
        elif subreddit == "videos":
            url = f"https://www.youtube.com/watch?v={target.rjust(11, '_')}&amp;feature=youtu.be"
        else:
            url = f"https://i.redd.it/{target}.jpg"
        record = {
            "author": "[deleted]" if deleted else "some_news_bot" if bot else f"user_{int(scores[place]) % 9973}",
            "created_utc": int(created[place]),
            "domain": url.split("/")[2],
            "id": native,
            "is_self": False,
            "is_video": False,
            "num_comments": int(scores[place]) % 500,
            "over_18": nsfw,
            "permalink": f"/r/{subreddit}/comments/{native}/{title.lower().replace(' ', '_')[:50]}/",
            "removed_by_category": "moderator" if removed else None,
            "retrieved_on": int(created[place]) + 5_000_000,
            "score": int(scores[place]),
            "selftext": "",
            "subreddit": subreddit,
            "subreddit_id": "t5_2qh0u",
            "title": title,
            "url": url,
        }
        lines.append(json.dumps(record)[:-1] + ", " + SUBMISSION_REST + "\n")
    return lines


def _comments(rng: np.random.Generator, first: int, posts: np.ndarray, subreddits: np.ndarray) -> list[str]:
    count = len(posts)
    lengths = np.minimum((rng.lognormal(2.9, 1.0, count) + 1).astype(int), 2_000)
    scores = (rng.pareto(1.0, count) * 3).astype(int) % 50_000
    created = _START + rng.integers(0, _MONTH_S, count)
    odd = rng.random((count, 3))
    lines = []
    previous = "a comment to begin with, of some length"
    for place in range(count):
        deleted, bot, repeat = odd[place, 0] < 0.05, odd[place, 1] < 0.02, odd[place, 2] < 0.05
        body = "[deleted]" if deleted else previous if repeat else _text(rng, int(lengths[place]))
        previous = body if not deleted else previous
        native, post = base36(_FIRST_COMMENT + first + place), base36(_FIRST_POST + int(posts[place]))
        record = {
            "author": "[deleted]" if deleted else "AutoModerator" if bot else f"user_{int(scores[place]) % 9973}",
            "body": body,
            "created_utc": int(created[place]),
            "id": native,
            "link_id": f"t3_{post}",
            "parent_id": f"t3_{post}",
            "permalink": f"/r/{subreddits[place]}/comments/{post}/some_title_of_a_post/{native}/",
            "retrieved_on": int(created[place]) + 5_000_000,
            "score": int(scores[place]),
            "subreddit": str(subreddits[place]),
            "subreddit_id": "t5_2qh0u",
        }
        lines.append(json.dumps(record)[:-1] + ", " + COMMENT_REST + "\n")
    return lines
