"""The search as a transform: the same clusters whatever the order, the tables, the shards and the parts."""

import random
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.util import assert_that

from blift.connectors.media.store import KEPT
from blift.schemas.media import FramePart
from blift.transforms.media.clusters import MEMBERS
from blift.transforms.media.looks import DuplicateOptions
from blift.transforms.media.near_duplicates import NearDuplicates
from blift.transforms.tables import concat
from tests.transforms.media.test_pairs import _FILM, _HASHES, flipped, hexed, image, seen_through, video


def media_rows() -> list[dict[str, Any]]:
    """A chain of images, a pair of turned ones, a film in three lengths, and strangers."""
    chain = [_HASHES[0]]
    for step in range(3):
        chain.append(flipped(chain[-1], 7, seed=step))
    rings = [flipped(_HASHES[50], 10, seed) for seed in range(4)]
    rows = [image(f"chain{place}", own, ring_hash=hexed(rings[place])) for place, own in enumerate(chain)]
    rows.append(image("by chance", flipped(chain[0], 6, seed=9), ring_hash=hexed(_HASHES[50] ^ (2**40 - 1))))
    rows += [image("turned0", _HASHES[10], [_HASHES[11]]), image("turned1", _HASHES[11], [_HASHES[10]])]
    rows += [video("film0", _FILM), video("film1", _FILM[5:]), video("film2", _FILM[:22])]
    side = _HASHES[300:340]
    rows += [
        seen_through(video(f"logo{place}", _HASHES[start : start + 40]), FramePart.LEFT, side)
        for place, start in enumerate((200, 240))
    ]
    return rows + [image(f"stranger{place}", _HASHES[60 + place]) for place in range(20)]


def near(one: str, other: str) -> bool:
    """Files of one name are one media; of the chain, neighbours alone."""
    names = [name.rstrip("0123456789") for name in (one, other)]
    places = [int(name.removeprefix(names[0]) or 0) for name in (one, other)] if names[0] == names[1] else [0, 9]
    return abs(places[0] - places[1]) <= (1 if names[0] == "chain" else 2)


def tables(rows: list[dict[str, Any]], size: int) -> list[pa.Table]:
    schema = pa.schema(
        [*[KEPT.field(name) for name in rows[0]], *[field for field in MEMBERS if field.name != "sha256"]]
    )
    full = [row | {"pixels": 100, "posted_at": None, "media_key": f"key:{row['sha256']}"} for row in rows]
    return [pa.Table.from_pylist(full[first : first + size], schema) for first in range(0, len(full), size)]


@pytest.mark.parametrize(
    ("seed", "size", "shards", "groups"), [(0, 100, 1, 1), (1, 3, 5, 2), (2, 2, 3, 3), (3, 8, 4, 1)]
)
def test_clusters_are_the_same_however_the_work_is_cut(seed: int, size: int, shards: int, groups: int) -> None:
    rows = media_rows()
    random.Random(seed).shuffle(rows)

    def check(found: list[pa.Table]) -> None:
        clusters = {row["sha256"]: row["cluster"] for row in concat(found, pa.schema([])).to_pylist()}
        assert clusters == {
            **{f"chain{place}": "chain1" for place in range(3)},
            **{f"turned{place}": "turned0" for place in range(2)},
            **{f"film{place}": "film0" for place in range(3)},
            **{f"logo{place}": "logo0" for place in range(2)},
        }

    options = DuplicateOptions(distance=8, per_s=1.0, groups=groups)
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        media = pipeline | beam.Create(tables(rows, size)).with_output_types(pa.Table)
        found = media | NearDuplicates(options, shards, near)
        assert_that(found.clusters, check)


def test_what_is_too_common_is_told() -> None:
    rows = [video(f"{place}", [*_FILM[:3], _HASHES[200 + place]]) for place in range(8)]

    def check(notes: list[str]) -> None:
        assert notes == ["3 sampled frames are in more than 5 videos each and were not compared."]

    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        media = pipeline | beam.Create(tables(rows, 4)).with_output_types(pa.Table)
        assert_that((media | NearDuplicates(DuplicateOptions(common=5, per_s=1.0), 2, near)).notes, check)


def test_no_media_have_no_clusters() -> None:
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        media = pipeline | beam.Create([]).with_output_types(pa.Table)
        found = media | NearDuplicates(DuplicateOptions(), 2, near)

        def check(clusters: list[pa.Table]) -> None:
            assert sum(table.num_rows for table in clusters) == 0

        assert_that(found.clusters, check)
