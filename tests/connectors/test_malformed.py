"""How many rejects of one file are listed: as many as its size allows, and the others are counted."""

from __future__ import annotations

import pytest

from blift.connectors.malformed import PAYLOAD_BYTES, Malformed, RejectList
from blift.schemas.reasons import Reason

_PROBLEM = Malformed(Reason.NOT_JSON, "no JSON")


def counted(size_bytes: int, payload: bytes, rejects: int) -> tuple[int, int]:
    """How many of so many rejects are listed, and how many are counted."""
    found = RejectList(size_bytes)
    for line in range(rejects):
        found.add(_PROBLEM, "post", None, "RS.ndjson", line, payload)
    rows, unlisted = found.take()
    assert set(unlisted) <= {Reason.NOT_JSON}
    assert rows.column("line").to_pylist() == list(range(rows.num_rows))
    return rows.num_rows, unlisted.get(Reason.NOT_JSON, 0)


@pytest.mark.parametrize(
    ("size_bytes", "payload", "listed"),
    [
        (0, b"", 1024),  # 1 MiB, and each takes 1 KiB
        (127, b"", 1024),
        (128, b"", 1025),  # 8 times the size
        (0, bytes(1024), 512),
        (0, bytes(PAYLOAD_BYTES), 15),
        (0, bytes(9 * PAYLOAD_BYTES), 15),  # what is kept of a payload counts, and not all of it
        (8 * 1024, bytes(PAYLOAD_BYTES), 16),
    ],
)
def test_rejects_are_listed_until_they_take_what_the_size_of_the_file_allows(
    size_bytes: int, payload: bytes, listed: int
) -> None:
    assert counted(size_bytes, payload, 1100) == (listed, 1100 - listed)


def test_what_was_taken_is_not_given_again_and_still_counts() -> None:
    found = RejectList(0)
    for _ in range(2):
        for line in range(1000):
            found.add(_PROBLEM, "post", None, "RS.ndjson", line, b"")
        rows, unlisted = found.take()
    assert (rows.num_rows, unlisted) == (24, {Reason.NOT_JSON: 976})
    assert found.take()[0].num_rows == 0


def test_a_reject_keeps_the_beginning_of_its_payload() -> None:
    found = RejectList(1 << 20)
    found.add(_PROBLEM, "post", "reddit:a", "RS.ndjson", 7, b"x" * (PAYLOAD_BYTES + 1))
    (row,) = found.take()[0].to_pylist()
    assert row["payload"] == "x" * PAYLOAD_BYTES
    assert (row["record_id"], row["line"], row["reason"]) == ("reddit:a", 7, "not_json")
