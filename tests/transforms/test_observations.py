"""Several observations of one id: the latest counts, the earlier stay, whatever the order of the rows."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blift.schemas.registry import SCHEMAS
from blift.transforms.normalise import with_provenance
from blift.transforms.observations import latest_comments, latest_posts, origins

POSTS, COMMENTS = SCHEMAS["post"], SCHEMAS["comment"]
_GRAPH = [{"start_s": 0.0, "end_s": 2.0, "value": 1.0}]


def post(native: str, day: int | None, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {field.name: None for field in POSTS}
    row |= {field.name: [] for field in POSTS if pa.types.is_list(field.type)}
    row |= {"post_id": f"reddit:{native}", "platform": "reddit", "native_id": native}
    row |= {"deleted": False, "removed": False, "live": False}
    row["retrieved_at"] = datetime(2020, 1, day, tzinfo=UTC) if day else None
    return row | changes


def comment(native: str, day: int | None, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {field.name: None for field in COMMENTS}
    row |= {field.name: [] for field in COMMENTS if pa.types.is_list(field.type)}
    row |= {"comment_id": f"reddit:{native}", "post_id": "reddit:p", "platform": "reddit", "native_id": native}
    row |= {"deleted": False, "removed": False}
    row["retrieved_at"] = datetime(2020, 1, day, tzinfo=UTC) if day else None
    return row | changes


def merged(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return latest_posts(pa.Table.from_pylist(list(rows), POSTS)).to_pylist()


def test_latest_numbers_count_and_earlier_ones_are_history_oldest_first() -> None:
    (row,) = merged(post("a", 3, score=30), post("a", 1, score=10), post("a", 2, score=20))
    assert row["score"] == 30
    assert [(seen["retrieved_at"].day, seen["score"]) for seen in row["history"]] == [(1, 10), (2, 20)]


def test_an_observation_that_two_archives_hold_is_one() -> None:
    (row,) = merged(
        post("a", 2, score=20, replay=_GRAPH), post("a", 1, score=10), post("a", 2, score=20, replay=_GRAPH, line=7)
    )
    assert (row["score"], [seen["score"] for seen in row["history"]]) == (20, [10])
    (row,) = merged_comments(comment("c", None, score=3), comment("c", None, score=3, line=7))
    assert (row["score"], row["history"]) == (3, [])


def read_from(*rows: dict[str, Any]) -> list[tuple[str, str, int, bool]]:
    table = pa.Table.from_pylist(list(rows), with_provenance(POSTS))
    return [(row["record_id"], row["source"], row["line"], row["latest"]) for row in origins(table, "post").to_pylist()]


def test_every_observation_says_where_it_was_read_and_which_of_them_the_row_shows() -> None:
    old, new = post("b", 1, source="RS_1", line=9, score=1), post("b", 2, source="RS_2", line=1, score=2)
    other = post("a", 1, source="RS_1", line=4)
    told = [("reddit:a", "RS_1", 4, True), ("reddit:b", "RS_2", 1, True), ("reddit:b", "RS_1", 9, False)]
    assert read_from(old, new, other) == read_from(other, new, old) == told


def test_places_of_many_observations_stand_latest_first_with_their_times() -> None:
    began = datetime(2020, 1, 1, tzinfo=UTC)
    rows = [
        post("a", None, source=f"RS_{place}", line=place, retrieved_at=began + timedelta(hours=place))
        for place in range(400)
    ]
    random.Random(1).shuffle(rows)
    found = origins(pa.Table.from_pylist(rows, with_provenance(POSTS)), "post").to_pylist()
    assert [row["line"] for row in found] == list(range(399, -1, -1))
    assert [row["retrieved_at"] for row in found[:2]] == [began + timedelta(hours=hours) for hours in (399, 398)]


def test_the_order_of_columns_decides_nothing_between_observations_of_one_time() -> None:
    table = pa.Table.from_pylist([post("a", 1, score=1, title="b"), post("a", 1, score=2, title="a")], POSTS)
    titles = [latest_posts(table.select(names))["title"].to_pylist() for names in (POSTS.names, POSTS.names[::-1])]
    assert titles[0] == titles[1]


def test_a_long_history_is_oldest_first() -> None:
    began = datetime(2020, 1, 1, tzinfo=UTC)
    rows = [post("a", None, retrieved_at=began + timedelta(hours=hours), score=hours) for hours in range(200)]
    random.Random(2).shuffle(rows)
    (row,) = merged(*rows)
    assert (row["score"], [seen["score"] for seen in row["history"]]) == (199, list(range(199)))


def test_equal_observations_show_the_first_place_and_places_decide_nothing_else() -> None:
    """Of two observations of one time the content decides, whatever file they stand in; then the file."""
    one, other = post("a", 1, score=1), post("a", 1, score=2)
    for files in (("RS_1", "RS_2"), ("RS_2", "RS_1")):
        rows = [{**one, "source": files[0], "line": 1}, {**other, "source": files[1], "line": 1}]
        table = pa.Table.from_pylist(rows, with_provenance(POSTS))
        assert [row["score"] for row in latest_posts(table).to_pylist()] == [2]
        assert read_from(*rows)[0] == ("reddit:a", files[1], 1, True)
    same = [{**one, "source": source, "line": line} for source, line in (("RS_2", 1), ("RS_1", 7), ("RS_1", 3))]
    assert read_from(*same)[0] == ("reddit:a", "RS_1", 3, True)


def test_observations_that_do_not_say_where_they_were_read_have_no_origins() -> None:
    assert origins(pa.Table.from_pylist([post("a", 1)], POSTS), "post").num_rows == 0


def test_an_observation_without_a_time_is_the_earliest() -> None:
    for time in (datetime(2020, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)):
        (row,) = merged(post("a", None, score=5), post("a", None, retrieved_at=time, score=10))
        assert (row["score"], [seen["score"] for seen in row["history"]]) == (10, [5])
        (row,) = merged_comments(comment("c", None, score=5), comment("c", None, retrieved_at=time, score=10))
        assert (row["score"], [seen["score"] for seen in row["history"]]) == (10, [5])


@pytest.mark.parametrize("column", ["deleted", "removed"])
def test_a_deletion_without_a_time_may_be_later_than_all_others(column: str) -> None:
    (row,) = merged(post("a", 1, title="a title"), post("a", None, **{column: True}))
    assert (row[column], row["title"]) == (True, "a title")
    (row,) = merged_comments(comment("c", 1), comment("c", None, **{column: True}))
    assert row[column] is True


def merged_comments(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return latest_comments(pa.Table.from_pylist(list(rows), COMMENTS)).to_pylist()


def test_earlier_scores_of_a_comment_are_its_history() -> None:
    (row,) = merged_comments(comment("c", 3, score=30), comment("c", 1, score=10), comment("c", 2, score=20))
    assert row["score"] == 30
    assert [(seen["retrieved_at"].day, seen["score"]) for seen in row["history"]] == [(1, 10), (2, 20)]


def test_ranks_are_those_of_the_latest_observation_of_the_post() -> None:
    rows = merged_comments(
        *(comment(f"old{place}", 1, rank=place) for place in range(3)),
        *(comment(f"new{place}", 2, rank=place) for place in range(2)),
        comment("other", 1, post_id="reddit:q", rank=0),
    )
    ranks = {row["native_id"]: row["rank"] for row in rows}
    assert ranks == {"old0": None, "old1": None, "old2": None, "new0": 0, "new1": 1, "other": 0}


def test_a_later_list_without_an_order_takes_the_earlier_ranks_away() -> None:
    ranks = {row["native_id"]: row["rank"] for row in merged_comments(comment("old", 1, rank=0), comment("new", 2))}
    assert ranks == {"old": None, "new": None}


#: Of each comment the number of its parent; -1 where it has none, and beyond the last where nobody has it.
_PARENTS = st.integers(1, 30).flatmap(
    lambda count: st.lists(st.just(-1) | st.integers(0, count), min_size=count, max_size=count)
)


@given(_PARENTS, st.randoms(use_true_random=False))
@example(list(range(-1, 29)), random.Random(1))
@example(list(range(-1, 31)), random.Random(1))
def test_depth_counts_the_parents_up_to_the_post(parents: list[int], shuffled: random.Random) -> None:
    rows = [
        comment(f"c{number:02}", 1, parent_id=None if parent < 0 else f"reddit:c{parent:02}")
        for number, parent in enumerate(parents)
    ]
    shuffled.shuffle(rows)
    found = {row["native_id"]: row["depth"] for row in merged_comments(*rows)}
    for number, parent in enumerate(parents):
        depth: int | None = 0
        seen = {number}
        while parent >= 0:
            if parent >= len(parents) or parent in seen:  # nobody has it, or it answers itself
                depth = None
                break
            seen.add(parent)
            depth, parent = (depth or 0) + 1, parents[parent]  # noqa: PLW2901 - a walk upwards
        assert found[f"c{number:02}"] == depth


def test_deletion_counts_only_if_the_latest_says_so() -> None:
    assert merged(post("a", 1), post("a", 2, deleted=True))[0]["deleted"] is True
    assert merged(post("a", 1, deleted=True), post("a", 2))[0]["deleted"] is False


def test_a_replay_graph_that_the_latest_record_lacks_is_kept_and_all_graphs_are_in_the_history() -> None:
    earlier = post("a", 1, replay=_GRAPH)
    (row,) = merged(earlier, post("a", 2, replay_absent="not_in_record", duration_s=None))
    assert row["replay"] == _GRAPH
    assert row["replay_absent"] is None
    assert row["history"][0]["replay"] == _GRAPH


#: What tells of the media, as an observation states it and as a later one does.
_FACTS: dict[str, tuple[Any, Any]] = {
    "duration_s": (61.5, 62.0),
    "width": (640, 1280),
    "height": (360, 720),
    "media_file": ("a.mp4", "b.mp4"),
    "language": ("en", "de"),
    "channel_id": ("UC1", "UC2"),
    "channel_name": ("A channel", "Another"),
    "posted_at": (datetime(2019, 1, 1, tzinfo=UTC), datetime(2019, 1, 2, tzinfo=UTC)),
    "replay": (_GRAPH, [{"start_s": 0.0, "end_s": 3.0, "value": 0.5}]),
    "reactions": (
        [{"source": "danmaku", "second": 3, "count": 2}],
        [{"source": "danmaku", "second": 4, "count": 1}],
    ),
    "chapters": (
        [{"start_s": 0.0, "end_s": 9.0, "title": "Intro"}],
        [{"start_s": 0.0, "end_s": 8.0, "title": None}],
    ),
    "speech": (
        [{"start_s": 1.0, "end_s": 2.0, "text": "hello"}],
        [{"start_s": 1.0, "end_s": 2.0, "text": "good day"}],
    ),
    "media_urls": (["https://i.redd.it/a.jpg"], ["https://i.redd.it/b.jpg"]),
}


@pytest.mark.parametrize("name", _FACTS)
def test_a_fact_about_the_media_stays_when_the_latest_observation_lacks_it(name: str) -> None:
    earlier, later = _FACTS[name]
    (row,) = merged(post("a", 1), post("a", 2, **{name: earlier}), post("a", 3))
    assert row[name] == earlier
    (row,) = merged(post("a", 1, **{name: earlier}), post("a", 2, **{name: later}), post("a", 3))
    assert row[name] == later


def of_type(kind: pa.DataType) -> Any:
    """Some value of a type."""
    if pa.types.is_list(kind):
        return ["once"]
    if pa.types.is_boolean(kind):
        return True
    if pa.types.is_timestamp(kind):
        return datetime(2021, 1, 1, tzinfo=UTC)
    return "once" if pa.types.is_string(kind) else 1


def test_of_every_other_column_the_latest_observation_counts_even_where_it_is_absent() -> None:
    apart = {*_FACTS, "post_id", "platform", "native_id", "retrieved_at", "history", "speech_source"}
    values = {field.name: of_type(field.type) for field in POSTS if field.name not in apart}
    assert len(values) > 20
    (absent,), (present,) = merged(post("a", 1, **values), post("a", 2)), merged(post("a", 1), post("a", 2, **values))
    assert {name: value for name, value in absent.items() if name in values and value} == {}
    assert {name: present[name] for name in values} == values


def test_the_history_has_everything_that_is_measured() -> None:
    counts = {"score": 5, "upvote_ratio": 0.75, "likes": 7, "views": 90, "num_comments": 11, "replay": _GRAPH}
    (row,) = merged(post("a", 1, **counts), post("a", 2))
    assert row["history"] == [{"retrieved_at": datetime(2020, 1, 1, tzinfo=UTC)} | counts]


def test_speech_and_its_source_come_from_the_same_observation() -> None:
    said = [{"start_s": 1.0, "end_s": 2.0, "text": "hello"}]
    (row,) = merged(post("a", 1, speech=said, speech_source="manual"), post("a", 2, speech_source="automatic"))
    assert (row["speech"], row["speech_source"]) == (said, "manual")


def test_a_missing_graph_keeps_its_reason() -> None:
    (row,) = merged(post("a", 1, replay_absent="malformed"), post("a", 2, replay_absent="not_in_record"))
    assert (row["replay"], row["replay_absent"]) == ([], "not_in_record")


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([None, 1, 2]), st.sampled_from([None, 1, 2]), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_result_does_not_depend_on_the_order_of_rows(
    observed: list[tuple[str, int | None, int | None, bool]], rng: random.Random
) -> None:
    rows = [post(native, day, score=score, removed=removed) for native, day, score, removed in observed]
    shuffled = rows.copy()
    rng.shuffle(shuffled)
    assert merged(*rows) == merged(*shuffled)
    assert sum(1 + len(row["history"]) for row in merged(*rows)) == len({seen[:3] for seen in observed})


def test_comments_stand_by_post_and_id_and_the_latest_counts() -> None:
    rows = [comment("b", 1, score=1), comment("a", 1, score=5), comment("b", 2, score=7)]
    kept = latest_comments(pa.Table.from_pylist(rows, COMMENTS)).to_pylist()
    assert [(row["comment_id"], row["score"]) for row in kept] == [("reddit:a", 5), ("reddit:b", 7)]


def test_a_timeline_of_a_media_of_another_length_does_not_last() -> None:
    graph = [{"start_s": 0.0, "end_s": 60.0, "value": 1.0}]
    lengths: list[tuple[float | None, bool]] = [(60.0, True), (61.0, True), (90.0, False), (None, True)]
    for earlier_s, lasts in lengths:
        earlier = post("a", 1, duration_s=earlier_s, replay=graph)
        (found,) = merged(earlier, post("a", 2, duration_s=60.0))
        assert found["replay"] == (graph if lasts else [])
