"""Every connector that comes with blift does what a connector must do; a connector that does not is told so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blift.connectors.conformance import Example, problems_of
from blift.connectors.connector import Connector, Records, Unit
from blift.connectors.fetch.kinds import Lines
from blift.connectors.registry import connectors

_DIDS = [f"did:plc:{number:024d}" for number in range(3)]


def lines(*records: dict[str, Any]) -> list[bytes]:
    return [json.dumps(record).encode() for record in records]


def submission(native: str) -> dict[str, Any]:
    told = {"id": native, "title": "A cat", "subreddit": "pics", "url": f"https://i.redd.it/{native}.jpg", "score": 5}
    return told | {
        "created_utc": 1_600_000_000, "retrieved_on": 1_600_100_000, "num_comments": 2, "author": "somebody",
        "media": {"reddit_video": {"width": 10, "height": 20, "duration": 3}},
    }  # fmt: skip


def comment(native: str) -> dict[str, Any]:
    said = {"id": native, "link_id": "t3_abc", "parent_id": "t3_abc", "body": "what a cat", "score": 3}
    return said | {"created_utc": 1_600_000_000, "retrieved_on": 1_600_100_000, "author": "somebody"}


def video(key: str, native: str, address: str) -> dict[str, Any]:
    said = [
        {"id": f"c{native}", "text": "what a dance", "like_count": 3, "author": "somebody", "timestamp": 1_700_000_000}
    ]
    return {"id": native, "extractor_key": key, "webpage_url": address, "title": "Dance", "comments": said} | {
        "epoch": 1_700_000_000, "like_count": 3, "view_count": 9, "duration": 20.5, "comment_count": 7,
    }  # fmt: skip


def post_view(account: str, key: str, **record: Any) -> dict[str, Any]:
    image = {"fullsize": f"https://cdn.bsky.app/img/feed_fullsize/plain/{account}/bafkrei{key}@jpeg"}
    return {
        "uri": f"at://{account}/app.bsky.feed.post/{key}",
        "author": {"did": account, "handle": "somebody.bsky.social"},
        "record": {"text": "A lighthouse", "createdAt": "2024-05-01T10:00:00.000Z"} | record,
        "embed": {"images": [image]},
        "indexedAt": "2024-05-02T10:00:00.000Z",
        "likeCount": 4,
        "replyCount": 1,
    }


_ROOT = {"uri": f"at://{_DIDS[0]}/app.bsky.feed.post/3kroot"}
_ANSWER = {"reply": {"root": _ROOT, "parent": _ROOT}}
_WATCH = "https://www.youtube.com/watch?v="

EXAMPLES: Mapping[str, list[Example]] = {
    "reddit": [
        Example("submissions", lines(submission("abc"), submission("abd"))),
        Example("comments", lines(comment("xyz"), comment("xyw"))),
    ],
    "youtube": [
        Example("info", lines(*(video("Youtube", one, _WATCH + one) for one in ("dQw4w9WgXcQ", "aaaaaaaaaaa"))),
                ending=".info.json"),
    ],
    "yt_dlp": [
        Example("info", lines(video("Vimeo", "76979871", "https://vimeo.com/76979871"),
                              video("TikTok", "71", "https://www.tiktok.com/@a/video/71")), ending=".info.json"),
    ],
    "bluesky": [
        Example("posts", lines(post_view(_DIDS[0], "3kroot"), post_view(_DIDS[1], "3ka"))),
        Example("replies", lines(post_view(_DIDS[1], "3kb", **_ANSWER), post_view(_DIDS[2], "3kc", **_ANSWER))),
    ],
}  # fmt: skip


def test_every_platform_has_examples() -> None:
    assert set(EXAMPLES) == set(connectors())


@pytest.mark.parametrize("name", EXAMPLES)
def test_connectors_of_blift(tmp_path: Path, name: str) -> None:
    assert problems_of(connectors()[name], EXAMPLES[name], tmp_path) == []


def broken(**changes: Any) -> Connector:
    """The connector of Reddit, whose reader of submissions is another."""
    reddit = connectors()["reddit"]
    first, *others = reddit.archives
    return replace(reddit, archives=[replace(first, **changes), *others])


def test_a_reader_that_loses_rows_is_told(tmp_path: Path) -> None:
    def losing(unit: Unit, scope: Mapping[str, Any]) -> Iterator[Records]:
        read = connectors()["reddit"].archive("submissions").posts
        assert read is not None
        for part in read(unit, scope):
            yield replace(part, posts=replace(part.posts, table=part.posts.table.slice(1)))

    found = problems_of(broken(posts=losing), EXAMPLES["reddit"], tmp_path)
    assert "submissions: 1 records are neither rows nor rejects" in found


def test_a_reader_that_raises_is_told(tmp_path: Path) -> None:
    def raising(*_: object) -> Iterator[Records]:
        raise KeyError("id")

    found = problems_of(broken(posts=raising), EXAMPLES["reddit"], tmp_path)
    assert "submissions: whole raises KeyError: 'id'" in found


def test_an_archive_without_an_example_is_told(tmp_path: Path) -> None:
    assert problems_of(connectors()["reddit"], EXAMPLES["reddit"][:1], tmp_path) == ["there is no example of comments"]


def test_fetching_that_no_fetch_can_use_is_told(tmp_path: Path) -> None:
    reddit, youtube = connectors()["reddit"], connectors()["youtube"]
    assert reddit.fetching
    assert youtube.fetching
    globs = [archive.fetched for archive in reddit.archives]
    comments = replace(reddit.fetching.records[1], archive=Lines("replies"))
    fetching = replace(
        reddit.fetching,
        sections=youtube.fetching.sections,
        items=[*reddit.fetching.items, replace(youtube.fetching.items[2])],
        records=[replace(reddit.fetching.records[0], posted_at=None), comments],
    )
    assert problems_of(replace(reddit, fetching=fetching), EXAMPLES["reddit"], tmp_path) == [
        "The platforms 'reddit' and 'youtube' both have items of the kind 'video'. Remove the package of one of them.",
        "none of its sections of `fetch` is called 'reddit'",
        f"no archive reads the records 'comment': reddit/replies-00000-of-00001.ndjson.zst matches none of {globs}",
        "none of its records is that of a post: no `posted_at`",
    ]
