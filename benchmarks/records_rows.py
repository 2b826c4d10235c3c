"""The rules of records.yaml as a Beam pipeline whose elements are dicts, one row at a time: how it is usually done."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa

Row = dict[str, Any]

_YOUTUBE = re.compile(r"v=([A-Za-z0-9_-]{11})")
_REDDIT = re.compile(r"redd\.it/(\w+)")
_SCHEMA = pa.schema(
    [
        ("media_key", pa.string()),
        ("title", pa.string()),
        ("score", pa.int64()),
        ("num_comments", pa.int64()),
        ("comments", pa.list_(pa.struct([("id", pa.string()), ("text", pa.string()), ("score", pa.int64())]))),
    ]
)


def keep_post(post: Row) -> bool:
    """The rules for posts."""
    return (
        post["subreddit"].lower() in ("pics", "videos")
        and post["author"] != "[deleted]"
        and post["removed_by_category"] is None
        and not post["over_18"]
        and not post["author"].lower().endswith("bot")
    )


def keep_comment(comment: Row) -> bool:
    """The rules for comments."""
    return (
        comment["body"] not in ("[deleted]", "[removed]")
        and comment["author"] not in ("[deleted]", "AutoModerator")
        and not comment["author"].lower().endswith("bot")
        and len(comment["body"].split()) >= 3
    )


def media_key(url: str) -> str | None:
    """Identity of the media."""
    if url.startswith("https://www.youtube.com/watch?v="):
        found = _YOUTUBE.search(url)
        return f"youtube:{found.group(1)}" if found else None
    found = _REDDIT.search(url)
    return f"reddit-image:{found.group(1)}" if found and url.startswith("https://i.redd.it/") else None


def by_post_id(post: Row) -> tuple[str, Row]:
    """A post under its id."""
    return post["id"], post


def by_link_id(comment: Row) -> tuple[str, Row]:
    """A comment under the id of its post."""
    return comment["link_id"].removeprefix("t3_"), comment


def joined(element: tuple[str, dict[str, Iterable[Row]]]) -> Iterator[tuple[str, tuple[Row, list[Row]]]]:
    """The latest observation of a post with its comments, under its media."""
    _, found = element
    posts = sorted(found["posts"], key=lambda post: post["retrieved_on"])
    if posts and (key := media_key(posts[-1]["url"])):
        yield key, (posts[-1], list(found["comments"]))


def sample(element: tuple[str, Iterable[tuple[Row, list[Row]]]]) -> Iterator[Row]:
    """One sample a media item."""
    key, found = element
    pairs = list(found)
    comments = [comment for _, own in pairs for comment in own]
    comments.sort(key=lambda comment: (-comment["score"], comment["id"]))
    if len(comments) >= 2:
        best = max((post for post, _ in pairs), key=lambda post: post["score"])
        yield {
            "media_key": key,
            "title": best["title"],
            "score": best["score"],
            "num_comments": sum(post["num_comments"] for post, _ in pairs),
            "comments": [{"id": c["id"], "text": c["body"], "score": c["score"]} for c in comments[:5]],
        }


def main() -> None:
    """`records_rows.py ARCHIVE_FOLDER OUT`."""
    folder, out = Path(sys.argv[1]), sys.argv[2]
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        posts = (
            pipeline
            | "Submissions" >> beam.io.ReadFromText(str(folder / "RS.ndjson"))
            | "Parse posts" >> beam.Map(json.loads)
            | "Keep posts" >> beam.Filter(keep_post)
            | "Posts by id" >> beam.Map(by_post_id)
        )
        comments = (
            pipeline
            | "Comments" >> beam.io.ReadFromText(str(folder / "RC.ndjson"))
            | "Parse comments" >> beam.Map(json.loads)
            | "Keep comments" >> beam.Filter(keep_comment)
            | "Comments by post" >> beam.Map(by_link_id)
        )
        _ = (
            {"posts": posts, "comments": comments}
            | "With comments" >> beam.CoGroupByKey()
            | "By media" >> beam.FlatMap(joined)
            | "Group media" >> beam.GroupByKey()
            | "Sample" >> beam.FlatMap(sample)
            | "Write" >> beam.io.WriteToParquet(out, _SCHEMA, codec="zstd", num_shards=1)
        )


if __name__ == "__main__":
    main()
