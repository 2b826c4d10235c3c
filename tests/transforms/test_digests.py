"""Rows are compared by their digests: each is added, removed, changed or the same, and counts follow from the rows."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.digests import RowChanges, compare, row_digests, sorted_digests


def table(rows: dict[str, int]) -> pa.Table:
    return pa.table(
        {"sample_id": pa.array(list(rows), pa.string()), "score": pa.array(list(rows.values()), pa.int64())}
    )


def digests(rows: dict[str, int]) -> pa.Table:
    return row_digests(table(rows), "sample")


_ROWS = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 3), max_size=20)


@given(_ROWS, _ROWS)
def test_counts_are_those_of_the_rows(old: dict[str, int], new: dict[str, int]) -> None:
    assert compare(digests(old), digests(new)) == RowChanges(
        added=len(new.keys() - old.keys()),
        removed=len(old.keys() - new.keys()),
        changed=sum(old[name] != new[name] for name in old.keys() & new.keys()),
    )


@given(_ROWS)
def test_the_order_of_rows_says_nothing(rows: dict[str, int]) -> None:
    backwards = dict(reversed(rows.items()))
    assert sorted_digests(digests(rows)) == sorted_digests(digests(backwards))
    assert not compare(digests(rows), digests(backwards)).any


def test_rows_without_a_name_are_named_by_their_content_and_repeats_are_counted() -> None:
    old = row_digests(pa.table({"reason": ["a", "a", "b"]}), "reject")
    new = row_digests(pa.table({"reason": ["a", "c", "c"]}), "reject")
    assert compare(old, new) == RowChanges(added=2, removed=2, changed=0)


def test_a_nested_value_that_differs_is_a_change() -> None:
    def one(text: str) -> pa.Table:
        return row_digests(pa.table({"sample_id": ["s"], "comments": [[{"text": text, "at": None}]]}), "sample")

    assert compare(one("a"), one("b")) == RowChanges(changed=1)
