"""Rows by month."""

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa

from blift.transforms.months import NO_MONTH, by_month

_TYPE = pa.timestamp("us", "UTC")


def months(*times: datetime | None) -> dict[str, list[int]]:
    """The numbers of the rows of each month."""
    rows = pa.table({"row": range(len(times))})
    found = by_month(rows, pa.chunked_array([pa.array(times, _TYPE)], _TYPE))
    return {month: own.column("row").to_pylist() for month, own in found}


def test_months_come_in_order_and_rows_keep_theirs() -> None:
    may, march = datetime(2024, 5, 7, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)
    found = months(may, march, None, datetime(2023, 12, 31, tzinfo=UTC), march)
    assert found == {"2023-12": [3], "2024-03": [1, 4], "2024-05": [0], NO_MONTH: [2]}
    assert list(found) == ["2023-12", "2024-03", "2024-05", NO_MONTH]


def test_a_month_begins_and_ends_in_utc() -> None:
    first = datetime(2024, 3, 1, tzinfo=UTC)
    before = first - timedelta(microseconds=1)
    in_japan = datetime(2024, 3, 1, 8, 59, tzinfo=timezone(timedelta(hours=9)))
    assert months(first, before, in_japan) == {"2024-02": [1, 2], "2024-03": [0]}


def test_years_have_four_digits_so_that_months_sort_by_name() -> None:
    assert list(months(datetime(900, 1, 2, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC))) == ["0900-01", "1969-12"]


def test_no_rows_are_of_no_month() -> None:
    assert months() == {}
