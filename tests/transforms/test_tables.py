"""Tables cut by a hash of their ids."""

import subprocess
import sys

import polars as pl
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.tables import hash64, shard_of, split


def test_hash_is_the_published_xxh3() -> None:
    values = pl.Series(["", "a", "reddit:t3_87", None])
    assert [hex(value) for value in hash64(values)] == [
        "0x2d06800538d394c2",
        "0xe6c632b61e964e1f",
        hex(int(hash64(pl.Series(["reddit:t3_87"]))[0])),
        "0x2d06800538d394c2",
    ]


def test_hash_is_the_same_in_another_process() -> None:
    code = (
        "import polars as pl; from blift.transforms.tables import hash64; "
        "print(int(hash64(pl.Series(['youtube:x']))[0]))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(other) == int(hash64(pl.Series(["youtube:x"]))[0])


@given(st.lists(st.text(max_size=8), max_size=60), st.integers(1, 9))
def test_split_keeps_every_row_once_in_its_shard_in_order(ids: list[str], shards: int) -> None:
    table = pa.table({"id": pa.array(ids, pa.string()), "row": pa.array(range(len(ids)), pa.int64())})
    shard = shard_of(pl.Series(ids, dtype=pl.String), shards)
    pieces = list(split(table, shard)) if ids else []
    rows = [row for _, piece in pieces for row in piece.column("row").to_pylist()]
    assert sorted(rows) == list(range(len(ids)))
    for index, piece in pieces:
        own = piece.column("row").to_pylist()
        assert own == sorted(own)
        assert {int(shard[row]) for row in own} == {index}
