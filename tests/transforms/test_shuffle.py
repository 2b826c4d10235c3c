"""Tables on their way through a shuffle."""

import numpy as np
import polars as pl
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.shuffle import TableCoder


@given(st.lists(st.text(max_size=5), max_size=20), st.integers(0, 5), st.integers(0, 20))
def test_coder_round_trip_holds_slices_only(ids: list[str], start: int, length: int) -> None:
    table = pa.table({"id": pa.array(ids, pa.string())}).slice(start, length)
    assert TableCoder().decode(TableCoder().encode(table)).equals(table)


def test_encoded_slice_does_not_carry_the_whole_table() -> None:
    text = pl.Series([str(number) * 40 for number in np.arange(20_000)]).to_list()
    table = pa.table({"text": pa.array(text)})
    assert len(TableCoder().encode(table.slice(5, 1))) < len(TableCoder().encode(table)) / 100
