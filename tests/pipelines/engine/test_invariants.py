"""What holds of every row: of whatever is merged, and what is said of rows for which it does not hold."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.reddit.archive import submissions_in
from blift.pipelines.engine.invariants import violations
from blift.schemas.platform import REDDIT
from blift.schemas.registry import SCHEMAS
from blift.transforms.normalise import posts
from blift.transforms.observations import latest_comments, latest_posts

_DAYS = [None, *(datetime(2020, 1, day, tzinfo=UTC) for day in (1, 2, 3))]


def row(table: str, **values: Any) -> dict[str, Any]:
    found: dict[str, Any] = {field.name: None for field in SCHEMAS[table]}
    found |= {field.name: [] for field in SCHEMAS[table] if pa.types.is_list(field.type)}
    found |= {"deleted": False, "removed": False, "live": False, "platform": "youtube"}
    return {name: value for name, value in (found | values).items() if name in SCHEMAS[table].names}


def said(table: str, *rows: dict[str, Any]) -> list[str]:
    return list(violations(pa.Table.from_pylist(list(rows), SCHEMAS[table]), table))


_COMMENTS = st.builds(
    lambda native, post, parent, day, place, score: row(
        "comment",
        comment_id=f"youtube:{post}{native}",
        native_id=f"{post}{native}",
        post_id=f"youtube:{post}",
        parent_id=None if parent is None or parent == native else f"youtube:{post}{parent}",
        retrieved_at=_DAYS[day],
        rank=None if place is None or parent not in (None, native) else place,
        score=score,
    ),
    st.sampled_from("abcdef"),
    st.sampled_from("pq"),
    st.none() | st.sampled_from("abcdefg"),
    st.integers(0, 3),
    st.none(),
    st.none() | st.integers(-5, 5),
)


@given(st.lists(_COMMENTS, min_size=1, max_size=30))
def test_merged_comments_are_whole(rows: list[dict[str, Any]]) -> None:
    for day in range(4):
        for post in "pq":
            named = [one for one in rows if one["retrieved_at"] == _DAYS[day] and one["post_id"] == f"youtube:{post}"]
            on_post = {one["comment_id"]: one for one in named if one["parent_id"] is None}
            for place, one in enumerate(on_post.values()):
                one["rank"] = place
    merged = latest_comments(pa.Table.from_pylist(rows, SCHEMAS["comment"]))
    assert list(violations(merged, "comment")) == []


_NAMES = st.sampled_from(["pics", "u_Some_Body", "/r/pics", "U_x", None])
_LINKS = st.sampled_from(
    ["/r/pics/comments/a/x/", "/user/Some_Body/comments/a/x/", "https://old.reddit.com/r/u_Some_Body/comments/a/", None]
)


@given(st.lists(st.tuples(_NAMES, _LINKS, st.sampled_from(_DAYS)), min_size=1, max_size=10))
def test_merged_posts_are_whole(found: list[tuple[str | None, str | None, datetime | None]]) -> None:
    lines = []
    for subreddit, link, day in found:
        when = "null" if day is None else str(int(day.timestamp()))
        fields = {"id": "a", "subreddit": subreddit, "permalink": link, "url": link}
        texts = ", ".join(f'"{name}": ' + ("null" if value is None else f'"{value}"') for name, value in fields.items())
        lines.append(f'{{{texts}, "retrieved_on": {when}}}'.encode())
    read = posts(submissions_in(lines, "source").table, REDDIT)
    merged = latest_posts(pa.table(read.select(SCHEMAS["post"].names)))
    assert list(violations(merged, "post")) == []
    assert "Some_Body" not in str(merged.to_pylist())


_AT = _DAYS[2]


@pytest.mark.parametrize(
    ("table", "rows", "sentence"),
    [
        ("post", [row("post", subreddit="u_somebody")], "the profile of an account is no subreddit"),
        ("post", [row("post", permalink="https://www.reddit.com/user/x/comments/a/")], "no address of a post names"),
        ("post", [row("post", media_key="youtube:a")], "media have an address"),
        (
            "post",
            [row("post", retrieved_at=_DAYS[1], history=[{"retrieved_at": _AT, "replay": []}])],
            "earlier observations come first",
        ),
        ("comment", [row("comment", comment_id="a", parent_id="a", depth=1)], "a comment does not answer itself"),
        ("comment", [row("comment", comment_id="a", parent_id="b", depth=0)], "the depth is 0 for comments on"),
        ("comment", [row("comment", comment_id="a", parent_id="b", rank=0)], "only comments on the post itself"),
        (
            "comment",
            [row("comment", comment_id=name, post_id="p", rank=0, retrieved_at=_AT) for name in "ab"],
            "no two comments of a post have one rank",
        ),
        (
            "comment",
            [row("comment", comment_id=f"{n}", post_id="p", rank=n, retrieved_at=_DAYS[n + 1]) for n in range(2)],
            "all ranks of a post's comments are of one observation",
        ),
    ],
)
def test_what_does_not_hold_is_said(table: str, rows: list[dict[str, Any]], sentence: str) -> None:
    [found] = said(table, *rows)
    assert found.startswith(f"{len(rows)} of {len(rows)} rows break the rule that {sentence}")


def test_a_table_of_an_older_version_is_checked_as_far_as_its_columns_go() -> None:
    old = pa.table({"comment_id": ["a"], "parent_id": ["a"]})
    assert len(list(violations(old, "comment"))) == 1
    assert list(violations(rows_of_nothing(), "comment")) == []


def rows_of_nothing() -> pa.Table:
    return SCHEMAS["comment"].empty_table()
