"""Statistics as JSON: read back as they were, and safe to print."""

import pytest

from blift.schemas.statistics import (
    Bucket,
    ColumnStatistics,
    Dataset,
    Numbers,
    Statistics,
    TableStatistics,
    Word,
    Words,
    parse_statistics,
    statistics_text,
)

WORDS = Words(3, 2, [Word("a\u202eb\x1b[2J\u2028", 2), Word("héllo 👋", 1)])
NUMBERS = Numbers(2, 0.1, 3.0, 1.55, 1.45, {"0.50": 0.1}, [Bucket(0.1, 3.0, 2)], 1)
STATISTICS = Statistics(
    dataset=Dataset("name", "f"),
    tokenizer=None,
    tables=[
        TableStatistics(
            "samples",
            4,
            [
                ColumnStatistics("score", "number", 4, 1, 0.25, values=NUMBERS),
                ColumnStatistics("platform", "category", 4, 1, 0.25, words=WORDS),
            ],
        )
    ],
    drift=None,
)


def test_statistics_are_read_back_as_they_were() -> None:
    assert parse_statistics(statistics_text(STATISTICS)) == STATISTICS


def test_what_is_not_printable_is_escaped() -> None:
    text = statistics_text(STATISTICS).decode()
    assert "a\\u202eb\\u001b[2J\\u2028" in text
    assert "héllo 👋" in text


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b"\xff", b'{"format": "blift.statistics/2"}'])
def test_what_is_none_is_told(content: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        parse_statistics(content)
