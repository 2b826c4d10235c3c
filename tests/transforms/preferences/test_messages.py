"""What is asked, and the two answers, in the form that TRL takes."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from blift.schemas.registry import SCHEMAS
from blift.transforms.preferences.messages import preference_rows
from blift.transforms.preferences.pairs import COLUMNS

_TIME = datetime(2021, 5, 17, tzinfo=UTC)
_POST = {"title": "A <image> of it", "text": "Taken\ntoday", "subreddit": "pics", "channel_name": None}


def pair(**facts: Any) -> pl.DataFrame:
    row = dict.fromkeys(COLUMNS) | {"pair": "00000000000000a1", "posted_at": _TIME, "posted_at_other": _TIME}
    row |= {"sample_id": "s", "sample_id_other": "s", "value": 6, "value_other": 3, "measure": "score"}
    row |= {"record_id": "r:a", "record_id_other": "r:b", "text": "Better", "text_other": "Worse"}
    return pl.DataFrame([row | facts], schema=COLUMNS)


def shown(name: str, *, films: tuple[bool, ...] = (False,), split: str = "train") -> dict[str, Any]:
    files = [f"store/{name}{place}" for place in range(len(films))]
    return {
        "split": split, "films": list(films), "urls": [f"https://a/{name}"], "sha256": files,
        "images": [file for file, film in zip(files, films, strict=True) if not film],
        "videos": [file for file, film in zip(files, films, strict=True) if film],
        "frames": [{"time_s": 1.0, "image": f"f{name}", "video": 0}] if any(films) else [],
    }  # fmt: skip


def row_of(pairs: pl.DataFrame, posts: dict[str, Any], media: dict[str, Any]) -> dict[str, Any]:
    rows = preference_rows(pairs, posts, media)
    assert rows.schema.equals(SCHEMAS["preference"])
    (row,) = rows.to_pylist()
    return row


def texts(message: dict[str, Any]) -> list[str | None]:
    return [part["text"] if part["type"] == "text" else f"<{part['type']}>" for part in message["content"]]


def test_a_comment_is_asked_for_with_the_media_and_the_post() -> None:
    row = row_of(pair(kind="comments", post_id="r:p", subreddit="pics"), {"r:p": _POST}, {"s": shown("s")})
    assert texts(row["prompt"][0]) == [
        "<image>",
        (
            "This was posted in r/pics with the title: A [image] of it\nTaken today\n"
            "Write a comment on it that readers will rate highly."
        ),
    ]
    answers = [[message["role"], *texts(message)] for message in (*row["chosen"], *row["rejected"])]
    assert answers == [["assistant", "Better"], ["assistant", "Worse"]]
    assert (row["id"], row["split"], row["history"]) == (
        "s-comments-00000000000000a1", "train", "A [image] of it Taken today",
    )  # fmt: skip
    assert (row["score_ratio"], row["score_difference"], row["seconds_difference"]) == (2.0, 3, 0)
    assert row["preferred"] == {
        "record_id": "r:a", "sample_id": "s", "posted_at": _TIME, "retrieved_at": None, "value": 6,
    }  # fmt: skip


def test_a_title_is_asked_for_without_the_title() -> None:
    row = row_of(pair(kind="titles", subreddit="pics"), {"r:a": _POST}, {"s": shown("s")})
    assert "A [image] of it" not in str(row["prompt"])
    assert (row["images"], row["history"]) == (["store/s0"], None)
    assert row_of(pair(kind="titles", value_other=0), {"r:a": _POST}, {"s": shown("s")})["score_ratio"] is None


def test_of_two_posts_either_may_stand_first_and_frames_say_of_which_video_they_are() -> None:
    media = {"s": shown("s", films=(True,)), "t": shown("t", films=(False, True))}
    posts = {"r:a": _POST | {"channel_name": "Pictures"}}
    second, first = (
        row_of(pair(kind="posts", measure="views", sample_id_other="t", pair=number), posts, media)
        for number in ("00000000000000a1", "00000000000000a2")
    )
    assert texts(first["prompt"][0]) == [
        "The first post, with the title: Better", "<video>",
        "The second post, with the title: Worse", "<image>", "<video>",
        "Both are posts of the channel Pictures. Which of them was viewed more often?",
    ]  # fmt: skip
    assert [texts(first[name][0]) for name in ("chosen", "rejected")] == [["The first post."], ["The second post."]]
    assert [texts(second[name][0]) for name in ("chosen", "rejected")] == [["The second post."], ["The first post."]]
    assert (first["videos"], second["videos"]) == (["store/s0", "store/t1"], ["store/t1", "store/s0"])
    assert [(frame["image"], frame["video"]) for frame in first["frames"]] == [("fs", 0), ("ft", 1)]


def test_where_one_of_two_media_has_no_file_the_pair_names_addresses_alone() -> None:
    bare = shown("t") | {"images": [], "sha256": []}
    row = row_of(pair(kind="posts", sample_id_other="t"), {"r:a": _POST}, {"s": shown("s"), "t": bare})
    assert (row["images"], row["sha256"], sorted(row["urls"])) == ([], [], ["https://a/s", "https://a/t"])
