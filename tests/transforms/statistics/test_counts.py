"""What is counted of columns: nested ones, nulls, what is not finite; and that counts add up in any order and cut."""

import itertools
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.registry import SCHEMAS
from blift.transforms.statistics.counts import count, count_lengths, count_missing, known_columns, merged
from blift.transforms.statistics.describe import columns_of

COMMENTS = pa.list_(pa.struct([("text", pa.string()), ("score", pa.int64())]))
SCHEMA = pa.schema(
    [
        ("score", pa.float64()), ("title", pa.string()), ("platform", pa.string()), ("post_id", pa.string()),
        ("tags", pa.list_(pa.string())), ("comments", COMMENTS), ("posted_at", pa.timestamp("us", tz="UTC")),
        ("nsfw", pa.bool_()),
    ]
)  # fmt: skip
ROWS = pa.Table.from_pylist(
    [
        {
            "score": 2.0, "title": "héllo 👋", "platform": "reddit", "post_id": "a", "tags": ["x", "y"], "nsfw": True,
            "comments": [{"text": "ab", "score": 5}, {"text": None, "score": None}],
            "posted_at": datetime(2021, 12, 31, 23, 59, tzinfo=UTC),
        },
        {
            "score": float("nan"), "title": None, "platform": "reddit", "post_id": None, "tags": [], "nsfw": None,
            "comments": [], "posted_at": None,
        },
        {"score": None, "title": "", "platform": "youtube", "post_id": "b", "tags": ["x"], "comments": None},
        {"score": float("-inf"), "tags": None, "comments": [{"text": "abc", "score": 5}]},
    ],
    schema=SCHEMA,
)  # fmt: skip


def test_every_column_is_counted_by_what_it_is() -> None:
    found = columns_of(count(ROWS, tokens=lambda texts: [len(text.split()) for text in texts]))
    assert {name: column.kind for name, column in found.items()} == {
        "comments": "list", "comments.score": "number", "comments.text": "text", "nsfw": "category",
        "platform": "category", "post_id": "name", "posted_at": "time", "score": "number", "tags": "list",
        "title": "text",
    }  # fmt: skip
    numbers = {
        (name, measure): dict(zip(counted.numbers.tolist(), counted.counts.tolist(), strict=True))
        for name, column in found.items()
        for measure, counted in column.numbers.items()
    }
    assert numbers == {
        ("comments", "lengths"): {0: 1, 1: 1, 2: 1}, ("comments.score", "values"): {5: 2},
        ("comments.text", "characters"): {2: 1, 3: 1}, ("comments.text", "tokens"): {1: 2},
        ("score", "values"): {2: 1}, ("tags", "lengths"): {0: 1, 1: 1, 2: 1},
        ("title", "characters"): {0: 1, 7: 1}, ("title", "tokens"): {0: 1, 2: 1},
    }  # fmt: skip
    words = {(name, measure): dict(each) for name, column in found.items() for measure, each in column.words.items()}
    assert words == {
        ("nsfw", "words"): {"true": 1}, ("platform", "words"): {"reddit": 2, "youtube": 1},
        ("posted_at", "months"): {"2021-12": 1}, ("tags", "words"): {"x": 2, "y": 1},
    }  # fmt: skip


def test_nulls_and_what_is_not_finite_are_told_apart() -> None:
    found = columns_of(count(ROWS))
    totals = {name: dict(column.totals) for name, column in found.items()}
    assert totals["score"] == {"rows": 4, "missing": 1, "not_finite": 2}
    assert totals["comments"] == {"rows": 4, "missing": 1}
    assert totals["comments.text"] == {"rows": 3, "missing": 1}
    assert totals["post_id"] == {"rows": 4, "missing": 2}


@given(st.permutations(range(4)), st.lists(st.integers(0, 4), max_size=3))
def test_counts_add_up_in_any_order_and_cut(order: list[int], cuts: list[int]) -> None:
    shuffled = ROWS.take(order)
    bounds = sorted({0, 4, *cuts})
    parts = [count(shuffled.slice(first, stop - first)) for first, stop in itertools.pairwise(bounds)]
    assert merged(parts).equals(count(ROWS))
    assert merged([merged(parts[:1]), *parts[1:]]).equals(count(ROWS))


def test_columns_of_tables_are_known_without_rows() -> None:
    columns = known_columns("sample")
    assert columns["comments.text"] == "text"
    assert columns["scenes.tags"] == "list"
    assert columns["sha256"] == "name"
    assert known_columns("media")["uses.place"] == "number"
    for table, schema in SCHEMAS.items():
        counted = count(schema.empty_table()).select(["column", "kind"]).to_pylist()
        assert known_columns(table) == {row["column"]: row["kind"] for row in counted}


def test_lengths_and_missing_values_alone_are_counted_as_with_their_column() -> None:
    lengths = pa.table({"tags": pc.list_value_length(ROWS["tags"])})
    whole = count(ROWS.select(["tags"]))
    assert count_lengths(lengths).equals(whole.filter(pc.not_equal(whole["measure"], "words")))
    rows = pa.Table.from_pylist([{"title": "a"}, {}, {}], SCHEMAS["sample"])
    whole = count(rows.select(["title", "score"]))
    totals = whole.filter(pc.is_in(whole["measure"], pa.array(["rows", "missing"])))
    assert count_missing("sample", 3, {"title": 2, "score": 3}).equals(totals)


def test_months_are_those_of_the_times() -> None:
    times = [datetime(2020, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2020, 3, 1, tzinfo=UTC), None]
    rows = pa.table({"posted_at": pa.array(times, pa.timestamp("us", tz="UTC"))})
    assert columns_of(count(rows))["posted_at"].words == {"months": {"2020-02": 1, "2020-03": 1}}
