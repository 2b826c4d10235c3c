"""Any JSON value in any field of a Reddit record is rejected with a reason, or read as exactly what it is."""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.connectors.malformed import Malformed
from blift.connectors.reddit.archive import submissions_in
from blift.connectors.reddit.forms import seconds_of
from blift.connectors.reddit.records import Comment, Kind, Observed, Submission, decode_line, decode_lines
from blift.schemas.reasons import MALFORMED
from tests.json_values import EDGES, json_texts, means_null, same_number, value_of

_PARTS = (msgspec.Raw, msgspec.Struct)


def line_with(field: str, text: str, others: Mapping[str, str] | None = None) -> bytes:
    fields = {"id": '"abc"', "link_id": '"t3_abc"', "title": '"t"', "body": '"b"', **(others or {}), field: text}
    return ("{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in fields.items()) + "}").encode()


#: Fields of which a value of another type is left out, and the record stays.
_LEFT_OUT = frozenset(
    {"permalink", "post_hint", "link_flair_text", "distinguished", "removal_reason", "removed_by_category", "author"}
    | {"recorded_at", "meta", "stickied", "num_crossposts", "subreddit_subscribers", "gilded", "controversiality"}
    | {"total_awards_received", "depth", "edited", "is_robot_indexable", "promoted", "is_created_from_ads_ui"}
    | {"is_submitter"}
)
_TIMES = frozenset({"created_utc", "retrieved_on", "retrieved_utc", "updated_on", "edited"})
_IDS = frozenset({"id", "link_id", "parent_id", "crosspost_parent"})
_NO_VALUE = frozenset({"", "null", "none", "nan", "<na>"})


def is_right(found: Any, text: str, name: str = "") -> bool:
    value = value_of(text)
    if found is None:
        says_nothing = isinstance(value, str) and value.strip().lower() in _NO_VALUE
        return means_null(value) or value == "null" or name in _LEFT_OUT or says_nothing
    if isinstance(found, bool):
        words = ("true", "t", "yes", "1", "1.0") if found else ("false", "f", "no", "0", "0.0")
        return value in (0, 1, found) or (isinstance(value, str) and value.strip().lower() in words)
    if isinstance(found, str):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return int(found, 36) == value if name in _IDS else found in _written(value)
        return bool(found == value)
    if name in _TIMES and isinstance(value, str) and not _is_number(value):
        return seconds_of(value) == found
    scales = (1, 1e3, 1e6, 1e9) if name in _TIMES else (1,)
    if isinstance(value, str) and _is_number(value.replace(",", "")):
        value = value.strip().replace(",", "")
    return any(
        same_number(found, value, as_text=True)
        or (scale > 1 and math.isclose(found, _float(value) / scale, rel_tol=1e-12))
        for scale in scales
    )


def _written(value: float) -> set[str]:
    """How a number may stand as text."""
    return {str(value), str(int(value)) if value == int(value) else str(value)}


def _float(value: Any) -> float:
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):
        return math.nan


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read(line: bytes, kind: type[Kind]) -> Kind | Malformed:
    try:
        return decode_line(line, kind)
    except Malformed as problem:
        return problem


def assert_rejected_or_right(kind: type[Observed], field: Any, text: str) -> None:
    line = line_with(field.encode_name, text)
    record = read(line, kind)
    if isinstance(record, Malformed):
        assert record.reason in MALFORMED
        assert record.detail
        return
    found = getattr(record, field.name)
    assert found is msgspec.UNSET or isinstance(found, _PARTS) or is_right(found, text, field.name)
    at_once = decode_lines(line, kind)
    assert at_once is None or msgspec.json.encode(at_once) == msgspec.json.encode([record])


_FIELDS = [(kind, field) for kind in (Submission, Comment) for field in msgspec.structs.fields(kind)]


def test_a_field_with_a_value_at_an_edge_is_rejected_or_exactly_what_it_says() -> None:
    for kind, field in _FIELDS:
        for text in EDGES:
            assert_rejected_or_right(kind, field, text)


@given(field=st.sampled_from(_FIELDS), text=json_texts)
@settings(max_examples=500)
def test_a_field_is_rejected_or_exactly_what_it_says(field: tuple[type[Observed], Any], text: str) -> None:
    assert_rejected_or_right(*field, text)


#: Fields of a submission, and the columns that hold their numbers and texts.
_COLUMNS = {
    "score": "score",
    "num_comments": "num_comments",
    "upvote_ratio": "upvote_ratio",
    "subreddit_subscribers": "channel_subscribers",
    "over_18": "nsfw",
    "title": "title",
    "subreddit": "subreddit",
    "author": "author_name",
}


def is_right_column(found: Any, text: str, name: str) -> bool:
    """As ``is_right``; columns of texts have the name of no place, and no name of nobody, in another form."""
    value = value_of(text)
    if isinstance(value, str) and name in ("subreddit", "author", "title"):
        return found is None or found in value or found == "[user]"
    return is_right(found, text, name)


def is_about(moment: datetime, text: str) -> bool:
    value = value_of(text)
    told = seconds_of(value) if isinstance(value, str) and not _is_number(value) else float(value)
    return any(abs(moment.timestamp() - told / scale) < 1e-4 for scale in (1, 1e3, 1e6, 1e9))


_POSTS = st.dictionaries(st.sampled_from([*_COLUMNS, "created_utc"]), json_texts, max_size=2)


@given(posts=st.lists(_POSTS, min_size=1, max_size=20))
@settings(max_examples=50)
def test_a_row_of_the_table_has_exactly_what_the_line_says(posts: list[dict[str, str]]) -> None:
    chunk = submissions_in([line_with("id", '"abc"', texts) for texts in posts], "source")
    assert chunk.rows_in == len(posts) == chunk.table.num_rows + chunk.rejects.num_rows
    for row in chunk.table.to_pylist():
        for name, text in posts[row["line"] - 1].items():
            if name != "created_utc":
                assert is_right_column(row[_COLUMNS[name]], text, name), name
            elif row["posted_at"] is None:
                assert is_right(None, text)
            else:
                assert is_right(round(row["posted_at"].timestamp(), 4), text, name) or is_about(row["posted_at"], text)


#: Parts of a record that describe its media.
_MEDIA = [
    '{"media": {"reddit_video": {"width": %s, "height": 5, "duration": 3}}}',
    '{"media": {"reddit_video": {"width": 4, "height": %s, "duration": 3}}}',
    '{"media": {"reddit_video": {"width": 4, "height": 5, "duration": %s}}}',
    '{"preview": {"images": [{"source": {"width": %s, "height": 5}}]}}',
    '{"crosspost_parent_list": [{"id": "b", "media": {"reddit_video": {"width": %s, "height": 5, "duration": 3}}}]}',
]


@pytest.mark.parametrize("part", _MEDIA)
@given(texts=st.lists(json_texts, min_size=1, max_size=20))
@settings(max_examples=30)
def test_sizes_and_durations_of_media_are_absent_or_exactly_what_they_say(part: str, texts: list[str]) -> None:
    chunk = submissions_in([('{"id": "a", ' + part[1:] % text).encode() for text in texts], "source")
    assert chunk.table.num_rows + chunk.rejects.num_rows == len(texts)
    for row in chunk.table.to_pylist():
        found = (row["width"], row["height"], row["duration_s"])
        changed = [value for value in found if value not in (None, 3, 4, 5)]
        assert all(same_number(value, value_of(texts[row["line"] - 1])) for value in changed)
        assert all(value is None or value > 0 for value in found)


@pytest.mark.parametrize("depth", [10, 200, 900, 5_000, 100_000])
def test_crossposts_of_crossposts_end(depth: int) -> None:
    line = b'{"id": "a", "crosspost_parent_list": [' * depth + b"]}" * depth
    chunk = submissions_in([line], "source")
    assert chunk.table.num_rows + chunk.rejects.num_rows == 1


def test_the_line_of_the_fault_campaign(shared_data: Path) -> None:
    line = (shared_data / "cases" / "faults" / "19-nan-as-text" / "x.ndjson").read_bytes().strip()
    assert submissions_in([line], "source").rejects.column("reason").to_pylist() == ["wrong_type"]
