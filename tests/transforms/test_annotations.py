"""Which rows of annotations can be used, of which samples they are, and what a template sees of them."""

from typing import Any

import pyarrow as pa
import pytest

from blift.connectors.annotations import ROWS
from blift.schemas.annotation import REGIONS
from blift.schemas.registry import SCHEMAS
from blift.transforms.annotations import (
    asked_names,
    judged,
    matched,
    media_names,
    names_of,
    of_samples,
    told_of,
)

DIGEST, OTHER = "a" * 64, "b" * 64
GRID = [{"name": None, "value": place / 10} for place in range(9)]


def read(*rows: dict[str, Any]) -> pa.Table:
    blank = dict.fromkeys(ROWS.names)
    return pa.Table.from_pylist(
        [blank | {"source": "f", "line": line, "kind": "k"} | row for line, row in enumerate(rows, start=1)], ROWS
    )


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        ({"value": 1.0}, "missing_field", "`sha256`, `post_id` and `url` are all null"),
        ({"sha256": "abc", "value": 1.0}, "wrong_type", "`sha256` is no digest of 64 hex digits"),
        ({"url": "u", "kind": None, "value": 1.0}, "missing_field", "`kind` is null"),
        ({"url": "u", "kind": "Ünï", "value": 1.0}, "wrong_type", "`kind` is no name of a-z, 0-9 and `_`"),
        ({"url": "u"}, "missing_field", "`value` and `map` are both null"),
        ({"url": "u", "value": float("nan")}, "wrong_type", "`value` is not finite"),
        ({"url": "u", "value": float("inf")}, "wrong_type", "`value` is not finite"),
        ({"url": "u", "value": 1.0, "annotators": 0}, "out_of_range", "`annotators` is 0"),
        ({"url": "u", "value": 1.0, "licence": "x" * 201}, "wrong_type", "`licence` has more than 200 characters"),
        ({"url": "u", "kind": "memorability", "map": GRID}, "wrong_type", "a name of `map` is null, empty, or has"),
        ({"url": "u", "kind": "memorability", "value": 1.01}, "out_of_range", "a memorability is 1.01, and not 0 to 1"),
        ({"url": "u", "map": [{"name": "a", "value": None}]}, "wrong_type", "a value of `map` is null or not finite"),
        ({"url": "u", "map": [None]}, "wrong_type", "a value of `map` is null or not finite"),
        ({"url": "u", "map": [{"name": "a", "value": 1.0}] * 2}, "wrong_type", "a name stands in `map` twice"),
        ({"url": "u", "map": [{"name": "a", "value": 1.0}] * 1001}, "wrong_type", "`map` has 1,001 entries"),
        ({"url": "u", "kind": "saliency_objects", "value": 1.0}, "missing_field", "`map` of a saliency_objects is"),
        (
            {"url": "u", "kind": "saliency_objects", "map": [{"name": "a", "value": -1.0}]},
            "out_of_range", "a saliency is below 0",
        ),
        ({"url": "u", "kind": "saliency_regions", "map": GRID[:8]}, "wrong_type", "`map` has not the nine cells of a"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_rejected(row: dict[str, Any], reason: str, detail: str) -> None:
    kept, rejected = judged(read(row, {"url": "u", "value": 0.0}))
    assert kept.num_rows == 1
    (found,) = rejected.to_pylist()
    assert (found["reason"], found["source"], found["line"]) == (reason, "f", 1)
    assert found["detail"].startswith(detail)


def test_a_grid_is_read_in_reading_order_with_or_without_names() -> None:
    named = [{"name": name, "value": place / 10} for place, name in reversed(list(enumerate(REGIONS)))]
    kept, _ = judged(read(*({"url": "u", "kind": "saliency_regions", "map": grid} for grid in (GRID, named))))
    expected = [{"name": name, "value": place / 10} for place, name in enumerate(REGIONS)]
    assert [row["map"] for row in kept.to_pylist()] == [expected, expected]
    assert REGIONS[0] == "upper left"
    assert REGIONS[4] == "middle center"


def sample(name: str, **more: Any) -> dict[str, Any]:
    row = {"sample_id": name, "media_key": f"reddit-image:{name}", "sha256": None, "media_urls": []}
    return row | {"audiences": [{"post_id": f"reddit:{name}"}]} | more


def test_rows_meet_samples_by_digest_post_address_and_near_duplicates() -> None:
    schema = pa.schema([SCHEMAS["sample"].field(name).with_nullable(True) for name in sample("x")])
    audiences = SCHEMAS["sample"].field("audiences").type
    blank = {member.name: None for member in audiences.value_type} | {"platform": "reddit"}
    rows = [sample("one", sha256=DIGEST), sample("two", media_urls=["https://i.redd.it/two22.jpg"])]
    for row in rows:
        row["audiences"] = [blank | part for part in row["audiences"]]
    media = pa.table(
        {
            "sha256": [DIGEST, OTHER],
            "uses": [
                [{"media_key": "reddit-image:one", "place": 0}],
                [{"media_key": "reddit-image:three", "place": 0}],
            ],
            "unite_as": ["reddit-image:one", "reddit-image:one"],
        }
    )
    names = names_of(pa.Table.from_pylist(rows, schema), media_names(media))
    given, _ = judged(
        read(
            {"sha256": DIGEST.upper(), "value": 1.0}, {"sha256": OTHER, "value": 2.0},
            {"post_id": "t3_two", "value": 3.0},
            {"post_id": "reddit:one", "value": 4.0}, {"url": "http://i.redd.it/two22.jpg?x=1", "value": 5.0},
            {"url": "https://i.redd.it/three.jpg", "value": 6.0},
            {"url": "https://www.reddit.com/r/x/comments/one/a_title/", "value": 7.0},
            {"sha256": "c" * 64, "post_id": "reddit:one", "value": 8.0}, {"post_id": "reddit:one", "value": 4.0},
        )
    )  # fmt: skip
    found, lost = of_samples(given, matched(asked_names(given), names))
    assert sorted(found.select("value", "sample_id", "matched_by").rows()) == [
        (1.0, "one", "sha256"), (2.0, "one", "near_duplicate"), (3.0, "two", "post_id"), (4.0, "one", "post_id"),
        (5.0, "two", "url"), (6.0, "one", "near_duplicate"), (7.0, "one", "post_id"),
    ]  # fmt: skip
    # A digest that is of no sample is not overruled by an id, and what stands there twice counts once.
    assert lost["value"].to_list() == [8.0]
    assert found["annotation_id"].n_unique() == found.height


def test_a_template_sees_the_surest_annotation_of_each_kind_as_it_is() -> None:
    def row(name: str, value: float, matched_by: str, annotators: int | None = None) -> dict[str, Any]:
        said = {"kind": "memorability", "value": value, "map": [], "annotators": annotators}
        return said | {"annotation_id": name, "matched_by": matched_by}

    rows = [row("a", 0.1, "near_duplicate", 99), row("c", 0.2, "post_id", 5), row("b", 0.3, "post_id", 7)]
    assert told_of(rows)["memorability"] == told_of(rows[::-1])["memorability"] == 0.3
    assert told_of([*rows, row("d", 0.4, "sha256")])["memorability"] == 0.4
    assert told_of([]) == {"memorability": None, "salient_objects": [], "salient_regions": []}
