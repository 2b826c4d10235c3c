"""Rows whose timelines leave their media are told, and no others."""

from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from blift.schemas.registry import SCHEMAS
from blift.transforms.invariants import broken_timelines, pictures_of_videos


def row(table: str, **values: Any) -> pl.DataFrame:
    schema = SCHEMAS[table]
    empty = {field.name: [] if pa.types.is_list(field.type) else None for field in schema}
    key = {"post": "post_id", "media": "sha256", "sample": "sample_id"}[table]
    loose = pa.schema([field.with_nullable(True) for field in schema])
    return pl.DataFrame(pa.Table.from_pylist([empty | {key: "x", "duration_s": 10.0} | values], loose))


def span(start_s: float, end_s: float) -> dict[str, Any]:
    return {"start_s": start_s, "end_s": end_s}


@pytest.mark.parametrize(
    ("table", "column", "spans", "holds"),
    [
        ("sample", "replay", [span(0.0, 10.0)], True),
        ("sample", "replay", [span(0.0, 10.9)], False),
        ("post", "replay", [span(0.0, 10.9)], True),
        ("post", "replay", [span(0.0, 30.0)], False),
        ("post", "chapters", [span(4.0, 4.0)], False),
        ("post", "chapters", [span(4.0, 30.0)], False),
        ("media", "silences", [span(-0.1, 2.0)], False),
        ("media", "silences", [span(9.0, 10.001)], True),
        ("sample", "speech", [span(3.0, 2.0)], False),
        ("media", "scenes", [span(0.0, 5.0), span(5.0, 10.0)], True),
    ],
)
def test_intervals_last_and_lie_within_the_media(
    table: str, column: str, spans: list[dict[str, Any]], holds: bool
) -> None:
    said = broken_timelines(table, row(table, form="video", media_kind="video", **{column: spans}))
    wrong = f"{table} x: {column} has an interval that does not lie within the media, or does not last"
    assert said == ([] if holds else [wrong])


def test_the_scene_of_an_image_has_no_length() -> None:
    assert broken_timelines("media", row("media", form="image", duration_s=None, scenes=[span(0.0, 0.0)])) == []
    assert len(broken_timelines("media", row("media", form="video", scenes=[span(0.0, 0.0)]))) == 1


def test_a_still_picture_is_no_file_of_a_video() -> None:
    samples = pl.DataFrame({"sample_id": ["s", "t"], "media_kind": ["video", "image"], "sha256": ["a", "a"]})
    assert pictures_of_videos(samples, pl.Series(["a"])) == ["sample s: a still picture is the file of a video"]
    assert pictures_of_videos(samples, pl.Series(["b"])) == []
