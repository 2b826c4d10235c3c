"""Rows by an id: whole, without its platform, as an address; what is found of it in every table."""

from __future__ import annotations

import pytest

from blift.pipelines.explore.ids import hint_of_id, nearest_id, rows_with_id
from blift.pipelines.explore.query import Database

_FOXES = "https://www.reddit.com/r/pics/comments/hv2gw/two_foxes_in_lisbon/"


@pytest.mark.parametrize(
    ("wanted", "tables"),
    [
        ("reddit:hv07r", {"samples": 1, "posts": 1, "origins": 1}),
        ("hv07r", {"samples": 1, "posts": 1, "origins": 1}),
        ("reddit:hv2gw", {"posts": 1, "origins": 1, "rejects": 1}),
        ("hv2gw", {"posts": 1, "origins": 1, "rejects": 1}),
        (_FOXES, {"posts": 1, "origins": 1, "rejects": 1}),
        ("https://www.reddit.com/r/pics/comments/hv2gw/", {}),
        ("x' OR '1' = '1", {}),
        ("x/' OR '1' = '1", {}),
        ("", {}),
    ],
)
def test_an_id_is_found_in_every_table_that_has_it(database: Database, wanted: str, tables: dict[str, int]) -> None:
    found = rows_with_id(database, wanted, database.tables, 5)
    assert {name: rows.total for name, rows in found.items()} == tables


def test_a_post_that_was_never_ingested_is_found_by_its_reject(database: Database) -> None:
    ingested = {row["post_id"] for row in database.pick("posts", "true", ["post_id"])}
    rejects = database.pick("rejects", "stage = 'ingest' AND record_table = 'post' AND record_id IS NOT NULL")
    (first, *_) = sorted({row["record_id"] for row in rejects} - ingested)
    for wanted in (first, first.partition(":")[2]):
        assert "rejects" in rows_with_id(database, wanted, database.tables, 5)


def test_ids_of_samples_and_pairs_are_found(database: Database) -> None:
    (pair,) = database.pick("instructions", "true", ["id", "sample_id"], order="id", limit=1)
    of_pair = rows_with_id(database, pair["id"], database.tables, 5)
    assert {name: rows.total for name, rows in of_pair.items()} == {"instructions": 1, "chat": 1}
    of_sample = rows_with_id(database, pair["sample_id"], database.tables, 2)
    assert of_sample["samples"].total == 1
    assert of_sample["instructions"].total > len(of_sample["instructions"].places) == 2


def test_a_near_id_is_proposed(database: Database) -> None:
    assert nearest_id(database, "posts", "reddit:hv07r_") == "reddit:hv07r"
    assert nearest_id(database, "posts", "%") == ""
    assert hint_of_id(database, "reddit:hv07r_") == ", did you mean 'reddit:hv07r'?"
    assert hint_of_id(database, "%") == "."
