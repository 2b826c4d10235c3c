"""Preferences as rows of the contract: what is asked, and the two answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from blift.schemas.arrow import from_rows
from blift.schemas.places import PROFILE
from blift.schemas.preference import PreferenceKind
from blift.schemas.registry import SCHEMAS
from blift.transforms.templates.context import plain

_FRAME = pa.struct([pa.field("time_s", pa.float64()), pa.field("image", pa.string()), pa.field("video", pa.int64())])
#: The media of a sample as its pairs show it: files in their order, or web addresses where it has none; ``films`` says
#: of each part of a message whether it is a video. ``why``: why it has no file.
SHOWN = pa.schema(
    [
        *[pa.field(name, pa.string()) for name in ("sample_id", "media_key", "channel_id", "split", "why")],
        *[pa.field(name, pa.list_(pa.string())) for name in ("images", "videos", "sha256", "urls")],
        pa.field("frames", pa.list_(_FRAME)),
        pa.field("films", pa.list_(pa.bool_())),
    ]
)
_MEDIA = ("images", "videos", "sha256", "urls")
#: What is known of a post that a prompt names.
CONTEXT = ("title", "text", "subreddit", "channel_name")
_PLACES = ("first", "second")


def preference_rows(
    pairs: pl.DataFrame, posts: Mapping[str, Mapping[str, Any]], shown: Mapping[str, Mapping[str, Any]]
) -> pa.Table:
    """Rows of the preference table, by id.

    Args:
        pairs: ``pairs.COLUMNS``.
        posts: ``CONTEXT`` of each post that a pair is about, by ``post_id``.
        shown: rows of ``SHOWN`` by ``sample_id``.
    """
    rows = [_row(pair, posts, shown) for pair in pairs.iter_rows(named=True)]
    return from_rows(sorted(rows, key=lambda row: str(row["id"])), SCHEMAS["preference"])


def _row(
    pair: Mapping[str, Any], posts: Mapping[str, Mapping[str, Any]], shown: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    value, other = pair["value"], pair["value_other"]
    media, prompt, answers = _ASK[PreferenceKind(pair["kind"])](pair, posts, shown)
    return {
        "id": f"{pair['sample_id']}-{pair['kind']}-{pair['pair']}",
        **{name: pair[name] for name in ("sample_id", "kind", "post_id", "subreddit", "channel_id")},
        "upvote_ratio": pair["upvote_ratio"],
        "history": _history(posts[pair["post_id"]]) if pair["post_id"] else None,
        "split": shown[pair["sample_id"]]["split"],
        "measure": pair["measure"],
        "preferred": _contender(pair, ""),
        "other": _contender(pair, "_other"),
        "seconds_difference": round((pair["posted_at"] - pair["posted_at_other"]).total_seconds()),
        "score_difference": value - other,
        "score_ratio": value / other if other > 0 else None,
        "prompt": [{"role": "user", "content": prompt}],
        "chosen": _answer(answers[0]),
        "rejected": _answer(answers[1]),
        **_columns(media),
    }


def _history(post: Mapping[str, Any]) -> str | None:
    return " ".join(text for text in (plain(post["title"]), plain(post["text"])) if text) or None


def _contender(pair: Mapping[str, Any], side: str) -> dict[str, Any]:
    names = ("record_id", "sample_id", "posted_at", "retrieved_at", "value")
    return {name: pair[f"{name}{side}"] for name in names}


def _answer(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": [_text(text)]}]


def _text(text: str) -> dict[str, str | None]:
    return {"type": "text", "text": text}


def _parts(media: Mapping[str, Any]) -> list[dict[str, str | None]]:
    return [{"type": "video" if film else "image", "text": None} for film in media["films"]]


def _columns(media: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The files of the media of all samples that a pair shows; where one has none, the pair has web addresses alone."""
    together: dict[str, Any] = {name: [each for one in media for each in one[name]] for name in _MEDIA}
    if not all(one["sha256"] for one in media):
        return together | {"images": [], "videos": [], "sha256": [], "frames": []}
    frames: list[dict[str, Any]] = []
    before = 0
    for one in media:
        frames += [frame | {"video": frame["video"] + before} for frame in one["frames"]]
        before += len(one["videos"])
    return together | {"frames": frames}


_Asked = tuple[list[Mapping[str, Any]], list[dict[str, str | None]], tuple[str, str]]


def _ask_comment(
    pair: Mapping[str, Any], posts: Mapping[str, Mapping[str, Any]], shown: Mapping[str, Mapping[str, Any]]
) -> _Asked:
    media, post = shown[pair["sample_id"]], posts[pair["post_id"]]
    title, text = plain(post["title"]), plain(post["text"])
    about = "\n".join(
        [
            f"This was posted{_where(post)}{f' with the title: {title}' if title else '.'}",
            *([text] if text else []),
            "Write a comment on it that readers will rate highly.",
        ]
    )
    return [media], [*_parts(media), _text(about)], (pair["text"], pair["text_other"])


def _ask_title(
    pair: Mapping[str, Any], posts: Mapping[str, Mapping[str, Any]], shown: Mapping[str, Mapping[str, Any]]
) -> _Asked:
    media, post = shown[pair["sample_id"]], posts[pair["record_id"]]
    about = f"This will be posted{_where(post)}. Write a title for it that readers will rate highly."
    return [media], [*_parts(media), _text(about)], (pair["text"], pair["text_other"])


def _ask_post(
    pair: Mapping[str, Any], posts: Mapping[str, Mapping[str, Any]], shown: Mapping[str, Mapping[str, Any]]
) -> _Asked:
    """Which of two posts; the hash of the pair says which stands first."""
    sides = [(pair["sample_id"], pair["text"]), (pair["sample_id_other"], pair["text_other"])]
    is_second = int(pair["pair"], 16) % 2
    ordered = sides[::-1] if is_second else sides
    parts: list[dict[str, str | None]] = []
    for place, (sample_id, title) in zip(_PLACES, ordered, strict=True):
        parts += [_text(f"The {place} post{f', with the title: {title}' if title else ''}"), *_parts(shown[sample_id])]
    asked = {"views": "was viewed more often", "likes": "got more likes", "num_comments": "got more comments"}
    channel = plain(posts[pair["record_id"]]["channel_name"])
    of = f"the channel {channel}" if channel else "one channel"
    parts.append(_text(f"Both are posts of {of}. Which of them {asked.get(pair['measure'], 'was rated higher')}?"))
    answers = [f"The {place} post." for place in _PLACES]
    return (
        [shown[sample_id] for sample_id, _ in ordered],
        parts,
        (answers[is_second], answers[1 - is_second]),
    )


def _where(post: Mapping[str, Any]) -> str:
    subreddit, channel = plain(post["subreddit"]), plain(post["channel_name"])
    if subreddit and subreddit != PROFILE:
        return f" in r/{subreddit}"
    return f" by the channel {channel}" if channel else ""


_ASK = {
    PreferenceKind.COMMENTS: _ask_comment,
    PreferenceKind.TITLES: _ask_title,
    PreferenceKind.POSTS: _ask_post,
}
