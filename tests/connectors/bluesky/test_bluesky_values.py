"""Any JSON value in any field of a Bluesky post is rejected with a reason, or read as exactly what it is."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.connectors.bluesky.connector import CONNECTOR
from blift.connectors.connector import Records, Unit
from blift.connectors.files import InputFile
from blift.schemas.reasons import MALFORMED, Reason
from tests.json_values import EDGES, json_texts, same_number, value_of

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
#: Fields of a post view, and the columns that hold their values.
_COLUMNS = {"likeCount": "likes", "replyCount": "num_comments", "record.text": "title", "author.handle": "author_name"}
_OTHERS = ["record", "author", "embed", "labels", "indexedAt", "record.createdAt", "record.langs", "record.tags"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("posts")


def view(field: str, text: str) -> str:
    """A post view as JSON, with ``text`` as the value of a field."""
    parts: dict[str, Any] = {
        "uri": f"at://{DID}/app.bsky.feed.post/3ka",
        "author": {"did": DID, "handle": "somebody.bsky.social"},
        "record": {"text": "A lighthouse", "createdAt": "2024-05-01T10:00:00Z"},
    }
    inner = parts
    *path, name = field.split(".")
    for step in path:
        inner = inner[step]
    inner[name] = "here"
    return json.dumps(parts).replace('"here"', text)


def read(folder: Path, content: bytes) -> list[Records]:
    path = folder / "posts.ndjson"
    path.write_bytes(content)
    posts = CONNECTOR.archive("posts").posts
    assert posts is not None
    return list(posts(Unit([InputFile(str(path), len(content), path.name)]), {}))


def assert_rejected_or_right(folder: Path, given_fields: list[tuple[str, str]]) -> None:
    lines = [view(field, text).encode() for field, text in given_fields]
    (part,) = read(folder, b"".join(line + b"\n" for line in lines))
    assert part.posts.rows_in == len(lines) == part.posts.table.num_rows + part.posts.rejects.num_rows
    assert set(part.posts.rejected()) <= MALFORMED
    for row in part.posts.table.to_pylist():
        field, text = given_fields[row["line"] - 1]
        found, value = row[_COLUMNS.get(field, "line")], value_of(text)
        if found is None:
            assert value is None or not value.strip()
        elif field in _COLUMNS:
            assert found == value if isinstance(found, str) else same_number(found, value)


def test_a_field_with_a_value_at_an_edge_is_rejected_or_exactly_what_it_says(folder: Path) -> None:
    for field in [*_COLUMNS, *_OTHERS]:
        assert_rejected_or_right(folder, [(field, text) for text in EDGES])


@given(posts=st.lists(st.tuples(st.sampled_from([*_COLUMNS, *_OTHERS]), json_texts), min_size=1, max_size=20))
@settings(max_examples=50)
def test_a_field_is_rejected_or_exactly_what_it_says(folder: Path, posts: list[tuple[str, str]]) -> None:
    assert_rejected_or_right(folder, posts)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
        ("9999-12-31T23:59:59-01:00", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("10000-01-01T00:00:00Z", None),
        ("NaN", None),
    ],
)
def test_a_time_that_no_calendar_has_is_of_the_wrong_type(folder: Path, time: str, expected: datetime | None) -> None:
    (part,) = read(folder, view("record.createdAt", json.dumps(time)).encode())
    assert part.posts.table.column("posted_at").to_pylist() == ([expected] if expected else [])
    assert part.posts.rejected() == ({} if expected else {Reason.WRONG_TYPE: 1})


def test_millions_of_lines_in_a_small_file_are_counted_and_few_are_listed(folder: Path) -> None:
    parts = read(folder, gzip.compress(b"{}\n" * 1_000_000))
    rejected = sum((part.posts.rejected() for part in parts), Counter[Reason]())
    assert sum(part.posts.rows_in for part in parts) == rejected.total()
    assert rejected[Reason.UNREADABLE_FILE] == 1
    assert rejected[Reason.MISSING_FIELD] > 50_000
    assert sum(part.posts.rejects.num_rows for part in parts) < 2_000
