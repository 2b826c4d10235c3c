"""The comments inside one info.json: columns of the comment table, and the items that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

import numpy as np

from blift.connectors.malformed import Malformed
from blift.connectors.yt_dlp.decode import (
    END_OF_TIME_S,
    INT64,
    MICROSECONDS,
    count,
    flag,
    kind,
    moment,
    text,
)
from blift.connectors.yt_dlp.identity import Identity
from blift.schemas.platform import CommentOrder
from blift.schemas.reasons import Reason

#: yt-dlp's parent of a comment on the video itself.
_ROOT = "root"

#: yt-dlp makes a comment's time out of "3 weeks ago" and rounds it to the hour or the day.
_ROUNDING_S = 86_400

#: The order in which a platform shows comments by itself, as yt-dlp's `comment_sort` calls it.
TOP = "top"
#: Comments whose likes are compared, at least and at most, and the deviations from chance that they need.
_FEWEST, _LOOKED_AT, _BEYOND_CHANCE = 5, 500, 3.09

#: The fields of a comment that are read, and the types that they have in nearly every record.
_TYPES: dict[str, set[type]] = {
    "id": {str},
    "parent": {str, NoneType},
    "text": {str, NoneType},
    "author": {str, NoneType},
    "like_count": {int, NoneType},
    "timestamp": {int, NoneType},
    "author_is_uploader": {bool, NoneType},
    "is_pinned": {bool, NoneType},
    "is_favorited": {bool, NoneType},
    "author_is_verified": {bool, NoneType},
    "_time_text": {str, NoneType},
}
#: Marks of a comment: one of another type is left out, and the comment stays.
_MARKS = ("is_favorited", "author_is_verified")

#: How a site shows that a comment was changed: `2 years ago (edited)`.
_EDITED = "(edited)"


@dataclass
class VideoComments:
    """What the comments of one video came to. ``given`` = ``rows`` of the columns + those that were rejected."""

    given: int = 0
    rows: int = 0
    columns: dict[str, list[Any]] = field(default_factory=dict)


def read_comments(
    given: Any,
    video: Identity,
    retrieved_at: int | None,
    reject: Callable[[Malformed, Any], None],
    order: str | None = None,
) -> VideoComments:
    """The comments out of the record's field ``comments``.

    Args:
        given: the field's value; null where comments were not asked for or are turned off.
        video: the video that they are on.
        retrieved_at: when the record was made, microseconds since 1970, UTC.
        reject: is told of every item that cannot be read, why and as it was.
        order: in which they were asked for, `top` or `new`; null where the record does not say.
    """
    if given is None:
        return VideoComments()
    if not isinstance(given, list):
        reject(Malformed(Reason.WRONG_TYPE, f"comments is {kind(given)}, not a list"), given)
        return VideoComments(given=1)
    fields = _fields(given) if set(map(type, given)) <= {dict} else None
    if fields is None or not _are_plain(fields):
        fields = _fields(_readable(given, reject))
    return VideoComments(len(given), len(fields["id"]), _columns(fields, video, retrieved_at, order))


def _fields(items: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [item.get(name) for item in items] for name in _TYPES}


def _are_plain(fields: dict[str, list[Any]]) -> bool:
    """Whether every value can be taken as it is, so that no comment needs a look of its own."""
    return (
        all(set(map(type, values)) <= _TYPES[name] for name, values in fields.items())
        and all(map(str.strip, fields["id"]))
        and all(-INT64 <= likes < INT64 for likes in fields["like_count"] if likes is not None)
        and all(0 <= time < END_OF_TIME_S for time in fields["timestamp"] if time is not None)
    )


def _readable(given: list[Any], reject: Callable[[Malformed, Any], None]) -> list[dict[str, Any]]:
    """The items that can be read, their values of the plain types; ``reject`` is told of the others."""
    items = []
    for item in given:
        try:
            items.append(_item(item))
        except Malformed as problem:
            reject(problem, item)
    return items


def _item(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Malformed(Reason.WRONG_TYPE, f"a comment is {kind(given)}, not an object")
    native_id = _id(given, "id")
    if native_id is None:
        raise Malformed(Reason.MISSING_FIELD, "a comment has no id")
    return {
        "id": native_id,
        "parent": _id(given, "parent"),
        "like_count": count(given, "like_count"),
        "timestamp": given["timestamp"] if moment(given, "timestamp") is not None else None,
        **{name: text(given, name) for name in ("text", "author")},
        **{name: flag(given, name) for name in ("author_is_uploader", "is_pinned")},
        **{name: value if isinstance(value := given.get(name), bool) else None for name in _MARKS},
        "_time_text": shown if isinstance(shown := given.get("_time_text"), str) else None,
    }


def _id(given: dict[str, Any], name: str) -> str | None:
    """An id, which some sites write as a number."""
    value = given.get(name)
    return str(value) if type(value) is int else text(given, name)


def _columns(
    fields: dict[str, list[Any]], video: Identity, retrieved_at: int | None, order: str | None
) -> dict[str, list[Any]]:
    parents = _parents(fields["id"], fields["parent"])
    times = fields["timestamp"]
    before = video.before_comments
    ids = [f"{before}{native_id}" for native_id in fields["id"]] if before else fields["id"]
    has_order = video.row.comment_order is CommentOrder.RANK
    return {
        "comment_id": [f"{video.platform}:{native_id}" for native_id in ids],
        "post_id": [video.post_id] * len(parents),
        "platform": [video.platform] * len(parents),
        "native_id": ids,
        "parent_id": [parent and f"{video.platform}:{before}{parent}" for parent in parents],
        "text": [words if words and not words.isspace() else None for words in fields["text"]],
        "score": fields["like_count"],
        "rank": _ranks(parents, fields, order) if has_order else [None] * len(parents),
        "depth": [0 if parent is None else None for parent in parents],
        "stickied": fields["is_pinned"],
        "hearted": fields["is_favorited"],
        "author_verified": fields["author_is_verified"],
        "edited": [None if shown is None else shown.endswith(_EDITED) for shown in fields["_time_text"]],
        "by_poster": fields["author_is_uploader"],
        "posted_at": [None if time is None else round(time * MICROSECONDS) for time in times],
        "retrieved_at": [retrieved_at] * len(parents),
        "author_name": fields["author"],
    }


def _parents(ids: Sequence[str], stated: Sequence[str | None]) -> list[str | None]:
    """The comment that each one answers; where it is not stated, the id of a reply begins with that of its parent."""
    known = set(ids)
    parents: list[str | None] = []
    for native_id, parent in zip(ids, stated, strict=True):
        before, dot, _ = native_id.partition(".")
        if parent is None and dot and before in known:
            parents.append(before)
        else:
            parents.append(None if parent in (_ROOT, native_id) else parent or None)
    return parents


def _ranks(parents: Sequence[str | None], fields: dict[str, list[Any]], order: str | None) -> list[int | None]:
    """The place of every comment among those on the video itself; null for replies, and in another order."""
    own = [number for number, parent in enumerate(parents) if parent is None]
    ranks: list[int | None] = [None] * len(parents)
    others = [number for number in own if not fields["is_pinned"][number]]
    times, likes = ([fields[name][number] for number in others] for name in ("timestamp", "like_count"))
    if order == TOP or (order is None and (len(own) == 1 or is_top_order(times) or are_best_first(likes))):
        for rank, number in enumerate(own):
            ranks[number] = rank
    return ranks


def are_best_first(likes: Sequence[int | None]) -> bool:
    """Whether comments in this order have fewer and fewer likes, beyond chance.

    In YouTube's own order the best liked stand above; in newest-first order likes say nothing of the place, or old
    comments, which had time to be liked, stand below. So Kendall's rank correlation of place and likes must be negative
    with a probability below 1 in 1,000 by chance (Kendall 1938, with the variance for ties).
    """
    known = np.array([count for count in likes[:_LOOKED_AT] if count is not None], dtype=np.float64)
    if len(known) < _FEWEST:
        return False
    pairs = np.sign(known[:, None] - known[None, :])[np.triu_indices(len(known), 1)].sum()
    _, tied = np.unique(known, return_counts=True)
    size = len(known)
    variance = (size * (size - 1) * (2 * size + 5) - (tied * (tied - 1) * (2 * tied + 5)).sum()) / 18
    return bool(variance > 0 and pairs / np.sqrt(variance) > _BEYOND_CHANCE)


def is_top_order(times: Sequence[float | None]) -> bool:
    """Whether comments in this order can only stand in YouTube's own order, and not newest first.

    yt-dlp sorts by newest unless told `comment_sort=top`, and the record does not say which it was. A place
    in newest-first order is no rank. So an older comment must stand above a newer one, by more than the
    rounding of their times. One does in each of 25 real records that were read in YouTube's order.

    Args:
        times: of the comments on the video itself, but for pinned ones, in the record's order; seconds.
    """
    oldest: float | None = None
    for time in times:
        if time is None:
            continue
        if oldest is not None and time > oldest + _ROUNDING_S:
            return True
        oldest = time if oldest is None else min(oldest, time)
    return False
