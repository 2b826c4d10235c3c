"""Names of files, with the folder of their month and without."""

import pytest

from blift.connectors.shard import Shard, in_month, month_of, table_folder

_FILE = "samples-00003-of-00016-1a2b3c4d5e6f7081.parquet"


@pytest.mark.parametrize("folder", ["samples", "instructions/llava", "release/instructions/chat"])
def test_a_file_of_a_month_is_a_file_of_its_table(folder: str) -> None:
    plain = f"{folder}/{_FILE}"
    placed = in_month(plain, "2024-03")
    assert placed == f"{folder}/month=2024-03/{_FILE}"
    assert (month_of(placed), table_folder(placed)) == ("2024-03", folder)
    assert (month_of(plain), table_folder(plain)) == (None, folder)
    assert in_month(plain, None) == plain


def test_names_without_digests_keep_their_month_and_their_place() -> None:
    shard = Shard(in_month(f"samples/{_FILE}", "2024-03"), 1, 1, "0" * 64)
    assert shard.name == "samples/month=2024-03/samples-00003-of-00016.parquet"
    assert shard.place == (3, 16)


def test_a_table_may_be_called_month() -> None:
    assert month_of("month/month-00000-of-00001.parquet") is None
    assert table_folder("month.parquet") == ""
