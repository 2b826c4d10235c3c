"""Reddit's part of the demo corpus: submissions and comments as the archives write them, good and bad."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from blift.pipelines.demo import text

_START = 1_610_000_000  # 7 January 2021
_DAY = 86_400
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass
class RedditLines:
    """Lines of the submission and comment archives, as bytes without line ends."""

    submissions: list[bytes] = field(default_factory=list)
    comments: list[bytes] = field(default_factory=list)


def base36(number: int) -> str:
    """A number as Reddit writes its ids."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


class RedditCorpus:
    """Makes the lines. ``video_ids`` are videos of the YouTube part, to which r/videos links."""

    def __init__(self, seed: int, posts: int, video_ids: list[str], long_video_id: str) -> None:
        self._rng = random.Random(f"reddit {seed}")
        self._posts = posts
        self._video_ids = video_ids
        self._long_video_id = long_video_id
        self._post_number = 30_000_000
        self._comment_number = 900_000_000
        self.lines = RedditLines()
        self.pictures: list[str] = []
        """File names of pictures of ordinary posts, different ones, in order."""

    def make(self) -> RedditLines:
        """All lines: ordinary posts with comments, then one of everything that a rule is there for."""
        for number in range(self._posts):
            post = self._image() if number % 3 else self._video(self._rng.choice(self._video_ids))
            if number % 3:
                self.pictures.append(post["url"].rsplit("/", 1)[1])
            self._add(post, comments=self._rng.randint(2, 9))
        self._add_repeats()
        self._add_rejected_posts()
        self._add_rejected_comments()
        self._add_malformed()
        return self.lines

    def _post(self, subreddit: str, url: str, **changes: Any) -> dict[str, Any]:
        self._post_number += self._rng.randint(1, 40)
        native = base36(self._post_number)
        created = _START + self._rng.randint(0, 200 * _DAY)
        title = text.title(self._rng)
        return {
            "id": native,
            "name": f"t3_{native}",
            "author": f"visitor_{self._rng.randint(1, 80)}",
            "title": title,
            "selftext": "",
            "subreddit": subreddit,
            "subreddit_subscribers": 26_000_000,
            "permalink": f"/r/{subreddit}/comments/{native}/{title.lower().replace(' ', '_')[:40]}/",
            "url": url,
            "domain": url.split("/")[2],
            "created_utc": created,
            "retrieved_on": created + 3 * _DAY,
            "score": int(self._rng.paretovariate(0.7) * 10),
            "upvote_ratio": round(self._rng.uniform(0.6, 0.99), 2),
            "num_comments": self._rng.randint(2, 400),
            "over_18": False,
            "is_self": False,
            "is_video": False,
            "removed_by_category": None,
            "media": None,
            "link_flair_text": None,
        } | changes

    def _image(self, **changes: Any) -> dict[str, Any]:
        name = "".join(self._rng.choices(_DIGITS, k=13))
        return self._post(
            changes.pop("subreddit", "pics"), changes.pop("url", f"https://i.redd.it/{name}.jpg"), **changes
        )

    def _video(self, video_id: str, **changes: Any) -> dict[str, Any]:
        shape = self._rng.choice(
            (
                "https://www.youtube.com/watch?v={}&amp;feature=share",
                "https://youtu.be/{}",
                "https://m.youtube.com/watch?v={}",
            )
        )
        return self._post("videos", shape.format(video_id), **changes)

    def _comment(self, post: dict[str, Any], body: str | None = None, **changes: Any) -> dict[str, Any]:
        self._comment_number += self._rng.randint(1, 9)
        native = base36(self._comment_number)
        return {
            "id": native,
            "link_id": post["name"],
            "parent_id": post["name"],
            "author": f"visitor_{self._rng.randint(1, 80)}",
            "body": text.comment(self._rng) if body is None else body,
            "score": int(self._rng.paretovariate(1.0) * 3),
            "created_utc": post["created_utc"] + self._rng.randint(60, _DAY),
            "retrieved_on": post["retrieved_on"],
            "is_submitter": False,
            "subreddit": post["subreddit"],
        } | changes

    def _add(self, post: dict[str, Any], comments: int = 3) -> dict[str, Any]:
        self.lines.submissions.append(_line(post))
        for _ in range(comments):
            self.lines.comments.append(_line(self._comment(post)))
        return post

    def _say(self, post: dict[str, Any], body: str, **changes: Any) -> None:
        self.lines.comments.append(_line(self._comment(post, body, **changes)))

    def _add_repeats(self) -> None:
        """Observations of one post, posts of one picture, a crosspost, a gallery, escaped text."""
        seen = self._add(self._image())
        later = seen | {"score": seen["score"] + 500, "num_comments": 450, "retrieved_on": seen["retrieved_on"] + _DAY}
        self.lines.submissions.append(_line(later))
        picture = self._add(self._image())
        name = picture["url"].rsplit("/", 1)[1]
        self._add(self._image(url=f"https://preview.redd.it/{name}?width=960&amp;auto=webp&amp;s=1f"))
        self._add(self._image(url=picture["url"], crosspost_parent=picture["name"], crosspost_parent_list=[picture]))
        self._add(self._image(title="Salt &amp; pepper &lt;3 at the market in Lisbon"))
        gallery = self._post("pics", "https://www.reddit.com/gallery/l1abcd", is_gallery=True)
        items = ["aaaaaaaaaaaa1", "aaaaaaaaaaaa2"]
        gallery["gallery_data"] = {"items": [{"media_id": item, "id": n} for n, item in enumerate(items)]}
        gallery["media_metadata"] = {
            item: {
                "status": "valid", "e": "Image", "m": "image/jpg",
                "s": {"x": 1200, "y": 800, "u": f"https://preview.redd.it/{item}.jpg?width=1200&amp;s=0a"},
            }
            for item in items
        }  # fmt: skip
        self._add(gallery)

    def _add_rejected_posts(self) -> None:
        """One post for every rule that rejects posts or their samples."""
        hosted = {"reddit_video": {"fallback_url": "https://v.redd.it/abc123def4567/DASH_720.mp4", "duration": 21}}
        for post in (
            self._image(subreddit="aww"),
            self._image(created_utc=_START - 2000 * _DAY),
            self._image(created_utc=_START - 900 * _DAY),
            self._image(created_utc=_START + 600 * _DAY),
            self._image(author="[deleted]", removed_by_category="deleted"),
            self._image(removed_by_category="moderator"),
            self._image(over_18=True),
            self._image(author="AutoModerator"),
            self._image(author="picture_repost_bot"),
            self._post(
                "pics", "https://www.reddit.com/r/pics/comments/x/", is_self=True, selftext="What is your camera?"
            ),
            self._post("pics", "https://i.imgur.com/Ab3dEf7.jpg"),
            self._post("videos", "https://v.redd.it/abc123def4567", is_video=True, media=hosted),
            self._image(title="This is some shitty weather, fuck it, on the way to work"),
            self._image(title=text.SPANISH),
            self._video("gone4ever000"[:11]),
            self._video(self._long_video_id),
        ):
            self._add(post)
        self._add(self._image(), comments=1)

    def _add_rejected_comments(self) -> None:
        """One comment for every rule that rejects comments."""
        post = self._add(self._image(), comments=7)
        self._say(post, "[deleted]", author="[deleted]")
        self._say(post, "[removed]")
        self._say(post, "Your picture was posted before, see the list of rules.", author="RepostSleuthBot")
        self._say(post, "Here is the same picture at half its size for phones.", author="resize_bot")
        self._say(post, "I am a bot, and this action was performed automatically. Contact the moderators.")
        self._say(post, "So nice")
        self._say(post, "What a fucking mess of a sky over the harbour tonight")
        repeated = "The second boat from the left has no name on it at all, look closely."
        self._say(post, repeated, score=40)
        self._say(post, repeated.replace(", look closely", ""), score=9)
        self._say({**post, "name": "t3_zzzzzz"}, "This comment is on a post that the archive does not hold.")

    def _add_malformed(self) -> None:
        """Lines that cannot be read, each for its own reason, and one that can be although it looks odd."""
        lines = self.lines.submissions
        lines.append(b'{"id": "cut", "title": "half a li')
        lines.append(b"\x00" * 64)
        lines.append(b"[1, 2, 3]")
        lines.append(b'{"title": "a post without an id"}')
        lines.append(b'{"id": {"not": "text"}, "title": "an id of the wrong type"}')
        lines.append(b'{"id": "abc12", "title": "not UTF-8: \xff\xfe"}')
        self.lines.comments.append(b'{"id": "zzzzzz1", "body": "a comment that does not say on which post"}')
        odd = json.loads(_line(self._image())) | {"title": "A title with half a surrogate pair \ud83d in Lisbon"}
        lines.append(json.dumps(odd).encode("ascii"))


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()


def long_line(size_bytes: int) -> Iterator[bytes]:
    """A line longer than any reader should hold, in pieces."""
    yield b'{"id": "toolong", "selftext": "'
    piece = b"x" * (1 << 20)
    for _ in range(size_bytes >> 20):
        yield piece
    yield b'"}\n'
