"""Intervals of a timeline lie within the media and last."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.timelines import one_length, within_media

_SECONDS = st.floats(0, 100, allow_nan=False)
_SAID = pl.Struct({"start_s": pl.Float64, "end_s": pl.Float64, "text": pl.String})
_SCHEMA = pl.Schema({"duration_s": pl.Float64(), "said": pl.List(_SAID)})
Said = list[dict[str, object]]


def intervals(starts_and_lengths: list[tuple[float, float]]) -> Said:
    return [{"start_s": start, "end_s": start + length, "text": "x"} for start, length in starts_and_lengths]


_LISTS = st.lists(st.tuples(_SECONDS, st.floats(0.01, 50))).map(intervals)


@given(st.lists(st.tuples(st.none() | _SECONDS, _LISTS), max_size=6))
def test_intervals_lie_within_the_media_and_keep_what_they_say(
    rows: list[tuple[float | None, Said]],
) -> None:
    media = pl.DataFrame([{"duration_s": own, "said": said} for own, said in rows], schema=_SCHEMA)
    found = within_media(media, ["said"])
    assert (found.schema, found["duration_s"].to_list()) == (media.schema, media["duration_s"].to_list())
    for (own, given_), said in zip(rows, found["said"].to_list(), strict=True):
        inside = [each for each in given_ if own is None or each["start_s"] < own]
        assert [each["start_s"] for each in said] == [each["start_s"] for each in inside]
        assert all(each["start_s"] < each["end_s"] <= (1e9 if own is None else own) for each in said)


def test_lengths_of_one_media_differ_by_two_seconds_or_a_hundredth() -> None:
    pairs = [(60.0, 61.9), (60.0, 62.1), (7200.0, 7271.0), (7200.0, 7290.0), (None, 3.0)]
    lengths = pl.DataFrame(pairs, schema=["one", "other"], orient="row")
    assert lengths.select(one_length(pl.col("one"), pl.col("other"))).to_series().to_list() == [
        True, False, True, False, None,
    ]  # fmt: skip
