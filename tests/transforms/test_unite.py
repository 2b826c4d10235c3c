"""Posts of one media become one sample: who speaks for it, whose facts count, and every audience."""

import random
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.registry import SCHEMAS
from blift.transforms.measured import MEASURED
from blift.transforms.unite import sample_table, unite

_POSTS = pl.DataFrame(SCHEMAS["post"].empty_table()).schema | {
    "identified_language": pl.String(),
    "language_confidence": pl.Float64(),
    "judged": pl.Boolean(),
    "own_media": pl.Boolean(),
}
_NOTHING_MEASURED = pl.DataFrame(MEASURED.empty_table())
_COMMENTS = pl.DataFrame(SCHEMAS["comment"].empty_table()).schema | {"media_key": pl.String()}
_LISTS = {name: [] for name, kind in _POSTS.items() if kind.base_type() is pl.List}
_CLIP = "youtube:dQw4w9WgXcQ"
_GRAPH = [{"start_s": 0.0, "end_s": 5.0, "value": 0.5}, {"start_s": 5.0, "end_s": 10.0, "value": 1.0}]
_SPOKEN = [{"start_s": 1.0, "end_s": 2.0, "text": "hello"}]


def reddit(native: str, **changes: Any) -> dict[str, Any]:
    row = {"post_id": f"reddit:{native}", "platform": "reddit", "native_id": native, "judged": True, "own_media": True}
    row |= {"media_key": _CLIP, "media_kind": "video", "title": f"title {native}", "replay_absent": "not_offered"}
    return _LISTS | row | {"subreddit": "videos", "score": 1} | changes


def youtube(native: str = "dQw4w9WgXcQ", **changes: Any) -> dict[str, Any]:
    row = {
        "post_id": f"youtube:{native}",
        "platform": "youtube",
        "native_id": native,
        "judged": True,
        "own_media": True,
    }
    row |= {"media_key": f"youtube:{native}", "media_kind": "video", "title": "its own title"}
    return _LISTS | row | {"channel_id": "UC1", "replay_absent": "not_in_record"} | changes


def comment(native: str, text: str, **changes: Any) -> dict[str, Any]:
    row = {"comment_id": f"reddit:{native}", "platform": "reddit", "post_id": "reddit:a", "media_key": _CLIP}
    return row | {"text": text, "score": 3} | changes


def united(*posts: dict[str, Any], comments: tuple[dict[str, Any], ...] = ()) -> list[dict[str, Any]]:
    said = pl.DataFrame(list(comments), schema=_COMMENTS)
    return unite(pl.DataFrame(list(posts), schema=_POSTS), said, _NOTHING_MEASURED).to_dicts()


def audience_of(sample: dict[str, Any]) -> list[str]:
    return [audience["post_id"] for audience in sample["audiences"]]


def test_repeats_of_one_media_are_one_sample_with_every_audience_by_id() -> None:
    (sample,) = united(reddit("b", score=5), reddit("a", score=2), youtube())
    assert audience_of(sample) == ["reddit:a", "reddit:b", "youtube:dQw4w9WgXcQ"]
    assert [audience["score"] for audience in sample["audiences"]] == [2, 5, None]
    assert (sample["media_key"], sample["sample_id"]) == (_CLIP, xxhash.xxh3_128_hexdigest(_CLIP.encode()))


def test_different_media_are_different_samples_sorted_by_id() -> None:
    samples = united(*(reddit(f"p{place}", media_key=f"reddit-image:{place}") for place in range(5)))
    assert len(samples) == 5
    assert [sample["sample_id"] for sample in samples] == sorted(sample["sample_id"] for sample in samples)


def test_the_videos_own_record_speaks_for_it_and_reddit_tells_what_it_lacks() -> None:
    own = youtube(views=200, likes=25, channel_name="A channel", identified_language="en", language_confidence=0.75)
    (sample,) = united(reddit("a", score=90, upvote_ratio=0.75, identified_language="de"), own)
    assert (sample["platform"], sample["title"], sample["language"]) == ("youtube", "its own title", "en")
    assert sample["language_confidence"] == 0.75
    assert (sample["channel_id"], sample["channel_name"], sample["subreddit"]) == ("UC1", "A channel", "videos")
    assert (sample["score"], sample["upvote_ratio"], sample["likes"], sample["views"]) == (90, 0.75, 25, 200)


def test_of_several_posts_on_reddit_the_best_scored_speaks_then_the_earliest_then_by_id() -> None:
    early, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)
    assert united(reddit("a", score=1), reddit("b", score=9), reddit("c", score=None))[0]["title"] == "title b"
    assert united(reddit("a", posted_at=late), reddit("b", posted_at=early))[0]["title"] == "title b"
    assert united(reddit("b"), reddit("a"))[0]["title"] == "title a"


def test_a_post_of_the_media_that_stays_speaks_before_one_of_other_media_that_show_the_same() -> None:
    assert united(reddit("a", score=1), reddit("b", score=9, own_media=False))[0]["title"] == "title a"
    elsewhere = youtube(media_key=_CLIP, own_media=False, likes=25, views=200)
    (sample,) = united(reddit("a"), elsewhere)
    assert (sample["title"], sample["likes"], sample["views"]) == ("title a", 25, 200)


def test_of_platforms_that_are_no_media_the_last_in_the_alphabet_speaks() -> None:
    elsewhere = reddit("b", post_id="bluesky:b", platform="bluesky", score=9)
    assert united(elsewhere, reddit("a"))[0]["title"] == "title a"


def test_who_speaks_is_told_with_all_that_the_post_says_and_where_it_was_read() -> None:
    said = {
        "url": "https://youtu.be/dQw4w9WgXcQ",
        "permalink": "https://example.org/its-own",
        "text": "its description",
        "channel_subscribers": 7,
    }
    rows = pl.DataFrame([youtube(**said), reddit("a", text="another")], schema=_POSTS)
    read = rows.with_columns(source=pl.lit("videos/*.info.json"), line=pl.Series([3, 4], dtype=pl.Int64))
    samples = unite(read, pl.DataFrame(schema=_COMMENTS), _NOTHING_MEASURED)
    (sample,) = sample_table(samples, 10, 1.0).to_pylist()
    assert {name: sample[name] for name in said} == said
    assert (sample["source"], sample["line"]) == ("videos/*.info.json", 3)


def test_facts_and_timelines_are_the_first_that_are_known() -> None:
    urls, moments = ["https://example.org/a.mp4"], [{"source": "comment", "second": 12, "count": 3}]
    told = reddit("a", section_start_s=4.5, media_urls=urls, reactions=moments)
    (sample,) = united(youtube(), told)
    assert (sample["section_start_s"], sample["media_urls"], sample["reactions"]) == (4.5, urls, moments)


def test_of_many_posts_without_a_record_the_best_scored_tells_why_there_is_no_graph() -> None:
    many = [reddit(f"p{place}", score=place, replay_absent="not_in_record") for place in range(200)]
    (sample,) = united(*many, reddit("best", score=500, replay_absent="malformed"))
    assert sample["replay_absent"] == "malformed"


def test_scores_of_reddit_come_from_the_best_scored_post_and_comment_counts_are_of_all() -> None:
    posts = [reddit("a", score=4, upvote_ratio=0.5, num_comments=3), reddit("b", score=9, num_comments=10)]
    (sample,) = united(*posts, youtube(num_comments=100))
    assert (sample["score"], sample["upvote_ratio"], sample["num_comments"]) == (9, None, 113)


def test_a_sample_is_as_old_as_its_first_post() -> None:
    early, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)
    (sample,) = united(reddit("a", posted_at=late, score=9), reddit("b", posted_at=early), reddit("c"))
    assert sample["posted_at"] == early


@pytest.mark.parametrize(
    ("likes", "views", "percent"),
    [(6, 10_000, 0.06), (1, 8, 12.5), (0, 5, 0.0), (1, 1, 100.0), (5, 0, None), (5, None, None), (None, 5, None)],
)
def test_like_percent_is_likes_over_views(likes: int | None, views: int | None, percent: float | None) -> None:
    assert united(youtube(likes=likes, views=views))[0]["like_percent"] == pytest.approx(percent)


def test_a_count_that_no_platform_gives_is_null_and_not_nought() -> None:
    assert united(reddit("a"))[0]["num_comments"] is None
    assert united(reddit("a", num_comments=0))[0]["num_comments"] == 0


def test_a_rejected_record_tells_facts_of_the_media_and_nothing_of_its_audience() -> None:
    rejected = youtube(
        judged=False, duration_s=10.0, replay=_GRAPH, speech=_SPOKEN, replay_absent=None,
        views=200, likes=25, num_comments=100, posted_at=datetime(2010, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    posted = datetime(2020, 1, 1, tzinfo=UTC)
    (sample,) = united(reddit("a", posted_at=posted, num_comments=3), rejected)
    assert (sample["duration_s"], sample["replay"], sample["speech"]) == (10.0, _GRAPH, _SPOKEN)
    assert (sample["replay_absent"], sample["has_video_record"]) == (None, True)
    assert audience_of(sample) == ["reddit:a"]
    assert (sample["title"], sample["platform"], sample["channel_id"]) == ("title a", "reddit", None)
    assert (sample["views"], sample["likes"], sample["like_percent"]) == (None, None, None)
    assert (sample["num_comments"], sample["posted_at"]) == (3, posted)


def test_media_that_no_judged_post_shows_make_no_sample() -> None:
    assert united(youtube(judged=False), reddit("a", media_key="reddit-image:a"))[0]["media_key"] == "reddit-image:a"
    assert united(youtube(judged=False)) == []


def test_a_missing_graph_has_the_reason_of_the_videos_own_record() -> None:
    assert united(reddit("a"))[0]["replay_absent"] == "not_offered"
    assert united(reddit("a"), youtube())[0]["replay_absent"] == "not_in_record"
    assert united(reddit("a"), youtube(judged=False, replay_absent="malformed"))[0]["replay_absent"] == "malformed"
    assert united(reddit("a"))[0]["has_video_record"] is False
    (found,) = united(youtube(), youtube("bbbbbbbbbbb", media_key=_CLIP, own_media=False, replay=_GRAPH))
    assert (found["replay"], found["replay_absent"]) == (_GRAPH, None)


def test_comments_join_their_media_best_first_and_others_have_none() -> None:
    said = (comment("x", "best"), comment("y", "second"), comment("z", "elsewhere", media_key="reddit-image:gone"))
    samples = united(reddit("a"), reddit("b", media_key="reddit-image:b"), comments=said)
    by_key = {sample["media_key"]: [one["text"] for one in sample["comments"]] for sample in samples}
    assert by_key == {_CLIP: ["best", "second"], "reddit-image:b": []}


def test_the_sample_table_has_its_schema_and_scenes_with_their_replay_values() -> None:
    posts = pl.DataFrame([reddit("a"), youtube(duration_s=10.0, replay=_GRAPH, speech=_SPOKEN)], schema=_POSTS)
    table = sample_table(unite(posts, pl.DataFrame(schema=_COMMENTS), _NOTHING_MEASURED), 2, 1.0)
    assert table.schema.equals(SCHEMAS["sample"])
    (row,) = table.to_pylist()
    assert [(scene["end_s"], scene["replay"], scene["speech"]) for scene in row["scenes"]] == [
        (5.0, 0.5, "hello"),
        (10.0, 1.0, None),
    ]


def test_no_posts_are_an_empty_sample_table() -> None:
    empty = unite(pl.DataFrame(schema=_POSTS), pl.DataFrame(schema=_COMMENTS), _NOTHING_MEASURED)
    assert empty.schema["sample_id"] == pl.String
    assert sample_table(empty, 10, 1.0).num_rows == 0


_DRAWN = st.tuples(
    st.booleans(),
    st.sampled_from(["youtube:aaaaaaaaaaa", "youtube:bbbbbbbbbbb"]),
    st.none() | st.integers(0, 2),
    st.none() | st.sampled_from([10.0, 20.0]),
    st.booleans(),
)


@given(st.lists(_DRAWN, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_samples_do_not_depend_on_the_order_of_posts(
    drawn: list[tuple[bool, str, int | None, float | None, bool]], rng: random.Random
) -> None:
    posts: dict[str, dict[str, Any]] = {}
    for place, (of_youtube, key, count, duration_s, judged) in enumerate(drawn):
        facts: dict[str, Any] = {"duration_s": duration_s, "score": count, "num_comments": count}
        own = (
            youtube(key.removeprefix("youtube:"), judged=judged) if of_youtube else reddit(f"{place:02}", media_key=key)
        )
        posts.setdefault(own["post_id"], own | facts)
    rows = list(posts.values())
    shuffled = rows.copy()
    rng.shuffle(shuffled)
    samples = united(*rows)
    assert united(*shuffled) == samples
    judged_ids = sorted(row["post_id"] for row in rows if row["judged"])
    assert sorted(one for sample in samples for one in audience_of(sample)) == judged_ids
