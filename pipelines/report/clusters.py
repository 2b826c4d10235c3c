"""Samples that several posts or files were merged into, with what joined them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Protocol

#: Columns of the media table by which files are compared.
COMPARED = ["sha256", "uses", "file", "phash", "phash_turned", "phash_unboxed", "frame_hashes", "unite_as"]
#: Bits in which hashes of frames differ at most if they show the same: docs/design.md.
_ALIKE_BITS = 8


class Pick(Protocol):
    """The rows of a dataset whose ``column`` has one of some values; none where there is no such dataset."""

    def __call__(
        self, dataset: str, column: str, values: Sequence[str], columns: Sequence[str], /
    ) -> Iterable[dict[str, Any]]: ...


def clusters(pick: Pick, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The samples of several posts, the largest first, with the media that each post showed and why they are one.

    Args:
        pick: reads rows of posts and of media.
        rows: of samples.
    """
    merged = [row for row in rows if len(row["audiences"]) > 1]
    posts = _media_of_posts(pick, merged)
    files = _files(pick, merged)
    found = [_cluster(row, posts, files) for row in merged]
    return sorted(found, key=lambda one: (-len(one["members"]), one["sample_id"]))


def _media_of_posts(pick: Pick, merged: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    ids = [audience["post_id"] for row in merged for audience in row["audiences"]]
    columns = ["post_id", "media_key", "url", "crosspost_of"]
    return {row["post_id"]: row for row in pick("posts", "post_id", ids, columns)}


def _files(pick: Pick, merged: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Files of media by each `media_key` that uses them, of those that samples were united by."""
    keys = [row["media_key"] for row in merged]
    found = {}
    for row in pick("media", "unite_as", keys, COMPARED):
        for use in row["uses"]:
            found[use["media_key"]] = row
    return found


def _cluster(
    sample: Mapping[str, Any], posts: Mapping[str, Mapping[str, Any]], files: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    speaks = files.get(sample["media_key"])
    members = []
    for audience in sample["audiences"]:
        post = posts.get(audience["post_id"], {})
        key = post.get("media_key")
        file = files.get(key) if key else None
        members.append(
            {
                **{name: audience[name] for name in ("post_id", "platform", "title", "permalink", "subreddit")},
                "posted_at": audience["posted_at"],
                "media_key": key,
                "url": post.get("url"),
                "sha256": file["sha256"] if file else None,
                "file": file["file"] if file else None,
                "joined": joined(sample, key, file, speaks),
            }
        )
    return {
        "sample_id": sample["sample_id"],
        "title": sample["title"],
        "media_key": sample["media_key"],
        "cluster": sample["cluster"],
        "members": members,
    }


def joined(
    sample: Mapping[str, Any], key: str | None, file: Mapping[str, Any] | None, speaks: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Why a post's media is that of the sample: the same address or id, the same bytes, or hashes that are near.

    Args:
        key: `media_key` of the post. ``file``: the row of the media table for it, with the columns of ``COMPARED``.
        speaks: the same for the `media_key` of the sample.
    """
    if key is None:
        return {"by": "unknown"}
    if key == sample["media_key"]:
        return {"by": "address"}
    if file is None or speaks is None:
        return {"by": "united"}
    if file["sha256"] == speaks["sha256"]:
        return {"by": "bytes"}
    if file["frame_hashes"] and speaks["frame_hashes"]:
        return {"by": "frames", **_frames_alike(file["frame_hashes"], speaks["frame_hashes"])}
    return {"by": "pictures", "bits": _bits_apart(file, speaks)}


def _bits_apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> int | None:
    """The bits of 64 in which the hashes of two images differ, in the turn in which they differ least."""
    mine = [each for each in (one["phash"], *one["phash_turned"], *one["phash_unboxed"]) if each]
    theirs = [each for each in (other["phash"], *other["phash_unboxed"][:1]) if each]
    return min((_bits(a, b) for a, b in product(mine, theirs)), default=None)


def _frames_alike(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> dict[str, int]:
    """How many sampled frames of one video are like a frame of the other."""
    theirs = {frame["phash"] for frame in other}
    alike = sum(any(_bits(frame["phash"], each) <= _ALIKE_BITS for each in theirs) for frame in one)
    return {"alike": alike, "frames": len(one)}


def _bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
