"""Made-up submissions and comments in Reddit's present form: the same for the same numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.reddit_server.site import Data, Site

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: Creation of the first post; each later one is an hour younger.
FIRST_AT = 1_750_000_000
EVERY_S = 3_600


def base36(number: int) -> str:
    """A number as Reddit writes its ids."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def post_id(number: int) -> str:
    """Id of the post of a number."""
    return base36(2_400_000_000 + 37 * number)


def made_up(
    posts: int,
    *,
    comments: Callable[[int], int] = lambda number: number % 7,
    subreddit: str = "pics",
    media_base: str | None = None,
    plain: bool = True,
) -> Site:
    """A site with pictures in one subreddit.

    Args:
        posts: how many.
        comments: of a post, by its number from 0.
        subreddit: where they are.
        media_base: address under which pictures lie; None for Reddit's own.
        plain: no post was taken back, and each shows one picture of its own; else galleries, videos, crossposts,
            texts and posts that were taken back are among them.
    """
    submissions = [_submission(number, comments(number), subreddit, media_base) for number in range(posts)]
    if not plain:
        for number, data in enumerate(submissions):
            change = _SPECIAL.get(number % 20)
            data.update(change(data) if change else {})
    said: list[Data] = []
    for number, data in enumerate(submissions):
        said += _thread(random.Random(f"comments {number}"), data, comments(number))
    return Site(submissions, said)


def _submission(number: int, comments: int, subreddit: str, media_base: str | None) -> Data:
    rng = random.Random(f"post {number}")
    native = post_id(number)
    name = "".join(rng.choices(_DIGITS, k=13))
    url = f"{media_base or 'https://i.redd.it'}/{name}.jpg"
    title = f"Salt & pepper <{number}> at the market"
    fields: Data = dict.fromkeys(("approved_by", "banned_by", "link_flair_text", "likes", "media", "removed_by"))
    return fields | {
        "id": native,
        "name": f"t3_{native}",
        "author": f"visitor_{rng.randint(1, 80)}",
        "title": title,
        "selftext": "",
        "subreddit": subreddit,
        "subreddit_id": "t5_2qh0u",
        "subreddit_subscribers": 26_000_000,
        "permalink": f"/r/{subreddit}/comments/{native}/salt_pepper_{number}_at_the_market/",
        "url": url,
        "url_overridden_by_dest": url,
        "domain": url.split("/")[2],
        "preview": {"images": [{"source": {"url": f"{url}?width=1080&s=0a", "width": 1600, "height": 1200}}]},
        "created_utc": float(FIRST_AT + EVERY_S * number),
        "created": float(FIRST_AT + EVERY_S * number),
        "score": rng.randint(0, 50_000),
        "upvote_ratio": round(rng.uniform(0.6, 0.99), 2),
        "num_comments": comments,
        "over_18": False,
        "is_self": False,
        "is_video": False,
        "removed_by_category": None,
        "post_hint": "image",
    }


def _thread(rng: random.Random, post: Data, count: int) -> list[Data]:
    said: list[Data] = []
    for number in range(count):
        parent = rng.choice(said)["name"] if said and rng.random() < 0.5 else post["name"]
        said.append(comment(post, number, parent, rng.randint(-5, 900)))
    return said


def comment(post: Data, number: int, parent: str, score: int) -> Data:
    """The comment of a number on a post."""
    native = base36(int(post["id"], 36) * 1_000 + number)
    return {
        "id": native,
        "name": f"t1_{native}",
        "link_id": post["name"],
        "parent_id": parent,
        "author": f"visitor_{number % 80}",
        "body": f"> it says {number}\n\nSalt & vinegar, <said> by me",
        "score": score,
        "score_hidden": False,
        "created_utc": post["created_utc"] + 60.0 * (number + 1),
        "is_submitter": number % 80 == 0,
        "subreddit": post["subreddit"],
        "replies": "",
    }


def _gallery(data: Data) -> Data:
    names = [f"{data['id']}g{number}" for number in range(2)]
    source = {"x": 1200, "y": 800}
    described: dict[str, Any] = {
        name: {
            "status": "valid",
            "e": "Image",
            "m": "image/jpg",
            "s": {**source, "u": f"https://preview.redd.it/{name}.jpg?width=1200&s=0a"},
        }
        for name in names
    }
    return {
        "is_gallery": True,
        "url": f"https://www.reddit.com/gallery/{data['id']}",
        "url_overridden_by_dest": f"https://www.reddit.com/gallery/{data['id']}",
        "gallery_data": {"items": [{"media_id": name, "id": number} for number, name in enumerate(names)]},
        "media_metadata": described,
    }


def _hosted_video(data: Data) -> Data:
    base = f"https://v.redd.it/{data['id']}v"
    video = {"fallback_url": f"{base}/DASH_720.mp4?source=fallback", "dash_url": f"{base}/DASHPlaylist.mpd?a=1&v=1"}
    return {
        "is_video": True,
        "url": base,
        "url_overridden_by_dest": base,
        "media": {"reddit_video": {**video, "width": 1280, "height": 720, "duration": 34}},
    }


def _crosspost(data: Data) -> Data:
    parent = {**data, "id": f"{data['id']}x", "name": f"t3_{data['id']}x", "subreddit": "videos"}
    parent |= _hosted_video(parent)
    return {"crosspost_parent": parent["name"], "crosspost_parent_list": [parent], "preview": None}


_SPECIAL: dict[int, Callable[[Data], Data]] = {
    3: _gallery,
    5: _hosted_video,
    7: _crosspost,
    9: lambda _: {"removed_by_category": "moderator", "selftext": "[removed]", "author": "[deleted]"},
    11: lambda _: {"removed_by_category": "deleted", "selftext": "[deleted]", "author": "[deleted]"},
    13: lambda data: {"is_self": True, "selftext": "What is & what was", "url": f"/r/x/comments/{data['id']}/"},
    15: lambda _: {"author": "[deleted]"},
}
