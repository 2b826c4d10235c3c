"""Shards are the same bytes for the same rows, whole or absent, and read back as what they were written."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import random
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blift.connectors import parquet
from blift.connectors.parquet import (
    ROW_GROUP_ROWS,
    Shard,
    file_sha256,
    read_shard,
    replace_file,
    shard_name,
    table_version,
    write_shard,
)
from blift.schemas.arrow import TABLE_KEY, VERSION_KEY
from blift.schemas.errors import InputError, OutputError, SchemaError
from blift.schemas.records import RECORDS
from blift.schemas.registry import SCHEMAS

_NAME = "comments-00000-of-00001.parquet"


def comments(count: int, **changes: Any) -> pa.Table:
    rows = [
        {
            "comment_id": f"reddit:{number:x}",
            "post_id": f"reddit:{number // 5:x}",
            "platform": "reddit",
            "native_id": f"{number:x}",
            "text": None if number % 7 == 0 else f"what number {number} says ✓",
            "score": number - 3,
            "posted_at": datetime(2018, 1, 1, second=number % 60, tzinfo=UTC),
            "deleted": number % 7 == 0,
            "removed": False,
            "history": [],
        }
        | changes
        for number in range(count)
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["comment"])


def written(folder: Path, rows: pa.Table | None = None) -> Shard:
    """Write a shard, and call it by its name without the digest, whatever its rows are."""
    shard = write_shard(comments(20) if rows is None else rows, "comment", str(folder), _NAME)
    os.replace(folder / shard.path, folder / _NAME)
    return replace(shard, path=_NAME)


def there(folder: Path) -> Shard:
    """What is said of the file that lies there now."""
    content = (folder / _NAME).read_bytes()
    return Shard(_NAME, 0, len(content), hashlib.sha256(content).hexdigest())


def with_metadata(folder: Path, metadata: dict[bytes, bytes]) -> None:
    """A shard whose file says something else of its schema."""
    pq.write_table(comments(3).replace_schema_metadata(metadata), folder / _NAME)


def test_the_name_of_a_shard_says_which_of_how_many_it_is() -> None:
    assert shard_name("posts", 3, 16) == "posts-00003-of-00016.parquet"


def test_the_same_rows_make_the_same_bytes_however_they_came(tmp_path: Path) -> None:
    rows = comments(5_000)
    first = written(tmp_path, rows)
    content = (tmp_path / _NAME).read_bytes()
    in_chunks = pa.concat_tables([rows.slice(0, 1_234), rows.slice(1_234)])
    shuffled = in_chunks.select(rows.column_names[::-1]).replace_schema_metadata({b"host": b"here"})
    assert written(tmp_path, rows) == first
    assert (tmp_path / _NAME).read_bytes() == content
    assert written(tmp_path, shuffled) == first
    assert (tmp_path / _NAME).read_bytes() == content


def test_a_shard_tells_its_rows_bytes_and_sha256(tmp_path: Path) -> None:
    shard = written(tmp_path)
    content = (tmp_path / _NAME).read_bytes()
    assert shard == Shard(_NAME, 20, len(content), hashlib.sha256(content).hexdigest())
    assert file_sha256(f"{tmp_path}/{_NAME}") == shard.sha256


def test_other_rows_have_another_sha256(tmp_path: Path) -> None:
    assert written(tmp_path).sha256 != written(tmp_path, comments(20, score=4)).sha256


@pytest.mark.parametrize("count", [0, 1, ROW_GROUP_ROWS[1] + 1])
def test_rows_are_read_back_as_they_were_written(tmp_path: Path, count: int) -> None:
    rows = comments(count)
    shard = written(tmp_path, rows)
    found = read_shard(str(tmp_path), there(tmp_path), "comment")
    assert shard.rows == count
    assert found.equals(rows)
    assert found.schema.equals(SCHEMAS["comment"], check_metadata=True)


def test_every_table_is_read_back_even_without_rows(tmp_path: Path) -> None:
    for table, schema in SCHEMAS.items():
        shard = write_shard(schema.empty_table(), table, str(tmp_path), _NAME)
        assert read_shard(str(tmp_path), shard, table).schema.equals(schema, check_metadata=True)


def test_row_groups_have_the_size_that_a_viewer_opens(tmp_path: Path) -> None:
    least, most = ROW_GROUP_ROWS
    written(tmp_path, comments(3 * most))
    sizes = group_sizes(tmp_path)
    assert len(sizes) >= 3
    assert all(least <= size <= most for size in sizes[:-1])
    assert pq.read_metadata(tmp_path / _NAME).row_group(0).column(0).compression == "ZSTD"


def group_sizes(folder: Path) -> list[int]:
    metadata = pq.read_metadata(folder / _NAME)
    return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]


@pytest.mark.parametrize(
    ("one_in", "rows", "expected"),
    [
        (1 << 64, 100, [40, 40, 20]),  # no row ends a group: each has the most rows that it may
        (1 << 64, 80, [40, 40]),
        (1 << 64, 41, [40, 1]),
        (1 << 64, 40, [40]),
        (1, 35, [10, 10, 10, 5]),  # every row ends a group: each has the fewest
        (1, 30, [10, 10, 10]),
        (1, 11, [10, 1]),
        (1, 10, [10]),
    ],
)
def test_a_row_group_has_no_fewer_and_no_more_rows_than_allowed_wherever_groups_may_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_in: int, rows: int, expected: list[int]
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_ROWS", (10, 40))
    monkeypatch.setattr(parquet, "_ROW_GROUP_ENDS", one_in)
    written(tmp_path, comments(rows))
    assert group_sizes(tmp_path) == expected


def test_a_row_that_is_gone_moves_the_end_of_its_own_row_group_alone(tmp_path: Path) -> None:
    rows = comments(3 * ROW_GROUP_ROWS[1])
    written(tmp_path, rows)
    before = group_sizes(tmp_path)
    written(tmp_path, pa.concat_tables([rows.slice(0, 100), rows.slice(101)]))
    assert group_sizes(tmp_path) == [before[0] - 1, *before[1:]]


def test_a_shard_lies_beside_one_of_other_content_and_is_not_written_twice(tmp_path: Path) -> None:
    shards = [write_shard(comments(count), "comment", str(tmp_path), _NAME) for count in (20, 3)]
    assert [read_shard(str(tmp_path), shard, "comment").num_rows for shard in shards] == [20, 3]
    for shard in shards:
        assert shard.path == f"comments-00000-of-00001-{shard.sha256[:16]}.parquet"
        assert shard.name == _NAME
    assert sorted(os.listdir(tmp_path)) == sorted(shard.path for shard in shards)
    before = (tmp_path / shards[0].path).stat()
    assert write_shard(comments(20), "comment", str(tmp_path), shards[1].path) == shards[0]
    after = (tmp_path / shards[0].path).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_shard_that_has_changed_under_its_name_is_written_again(tmp_path: Path) -> None:
    shard = write_shard(comments(20), "comment", str(tmp_path), _NAME)
    content = (tmp_path / shard.path).read_bytes()
    (tmp_path / shard.path).write_bytes(content[:-1] + b"x")
    assert write_shard(comments(20), "comment", str(tmp_path), _NAME) == shard
    assert (tmp_path / shard.path).read_bytes() == content


def test_a_required_value_that_is_null_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="Column 'post_id' must not be null, and 20 of 20 rows are"):
        written(tmp_path, comments(20, post_id=None))
    assert os.listdir(tmp_path) == []


def test_a_required_column_that_is_absent_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="Column 'deleted' is required and absent"):
        written(tmp_path, comments(20).drop_columns(["deleted"]))
    assert os.listdir(tmp_path) == []


def test_a_column_of_another_type_is_not_written(tmp_path: Path) -> None:
    rows = comments(2)
    rows = rows.set_column(rows.column_names.index("score"), "score", pa.array(["many", "few"]))
    with pytest.raises(SchemaError, match="Column 'score' is string and cannot become int64"):
        written(tmp_path, rows)


def test_another_table_is_not_read(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(SchemaError, match=rf"{_NAME} holds the table 'comment', not 'post'"):
        read_shard(str(tmp_path), there(tmp_path), "post")


@pytest.mark.parametrize("version", [b"2.0.0", b"1.999.0", b"0.9.0", b"one", b"1.0"])
def test_a_version_that_is_not_known_is_not_read(tmp_path: Path, version: bytes) -> None:
    reads = re.escape(RECORDS["comment"].version)
    with_metadata(tmp_path, {TABLE_KEY: b"comment", VERSION_KEY: version})
    with pytest.raises(SchemaError, match=rf"has schema comment {version.decode()}, and this blift reads {reads}"):
        read_shard(str(tmp_path), there(tmp_path), "comment")


@pytest.mark.parametrize("metadata", [{}, {TABLE_KEY: b"comment"}, {VERSION_KEY: b"1.0.0"}])
def test_a_file_without_a_version_is_not_read(tmp_path: Path, metadata: dict[bytes, bytes]) -> None:
    with_metadata(tmp_path, metadata)
    with pytest.raises(SchemaError, match="carries no blift schema version"):
        read_shard(str(tmp_path), there(tmp_path), "comment")


@pytest.mark.parametrize("kept", [0, 3, 1_000, -1, -9])
def test_a_shard_that_breaks_off_is_an_input_error(tmp_path: Path, kept: int) -> None:
    shard = written(tmp_path)
    path = tmp_path / _NAME
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(
        InputError, match=rf"{_NAME} is not what was written: its sha256 is another\. Run `blift build` with"
    ):
        read_shard(str(tmp_path), shard, "comment")
    with pytest.raises(
        InputError, match=rf"Cannot read the shard .*{_NAME}: .*Run `blift build` with the recipe again"
    ):
        read_shard(str(tmp_path), there(tmp_path), "comment")


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_bit_is_never_read_as_other_rows(tmp_path: Path, seed: int) -> None:
    rows = comments(500)
    shard = written(tmp_path, rows)
    path = tmp_path / _NAME
    content = bytearray(path.read_bytes())
    content[random.Random(seed).randrange(len(content))] ^= 1 << seed % 8
    path.write_bytes(content)
    for read in (read_shard, table_version_of):
        with pytest.raises(InputError, match="is not what was written"):
            read(str(tmp_path), shard, "comment")


def table_version_of(folder: str, shard: Shard, _: str) -> str:
    return table_version(folder, shard)


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_bit_in_the_data_under_a_digest_that_fits_is_never_read_as_other_rows(
    tmp_path: Path, seed: int
) -> None:
    rows = comments(500)
    written(tmp_path, rows)
    path = tmp_path / _NAME
    content = bytearray(path.read_bytes())
    before_footer = len(content) - 8 - pq.read_metadata(path).serialized_size
    content[random.Random(seed).randrange(before_footer)] ^= 1 << seed % 8
    path.write_bytes(content)
    try:
        found = read_shard(str(tmp_path), there(tmp_path), "comment")
    except (InputError, SchemaError):
        return
    assert found.equals(rows)


def test_damaged_values_are_an_input_error(tmp_path: Path) -> None:
    written(tmp_path, comments(500))
    path = tmp_path / _NAME
    content = bytearray(path.read_bytes())
    chunk = pq.read_metadata(path).row_group(0).column(0)
    content[chunk.data_page_offset + chunk.total_compressed_size - 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"Cannot read the shard .*CRC"):
        read_shard(str(tmp_path), there(tmp_path), "comment")


def test_texts_that_are_no_utf8_are_an_input_error(tmp_path: Path) -> None:
    rows = comments(3)
    place = rows.column_names.index("text")
    spoiled = pa.array([b"\xff\xfe", b"a", b"b"], pa.binary()).view(pa.string())
    pq.write_table(rows.set_column(place, rows.schema.field(place), spoiled), tmp_path / _NAME)
    with pytest.raises(InputError, match=rf"Cannot read the shard .*{_NAME}: .*UTF8"):
        read_shard(str(tmp_path), there(tmp_path), "comment")


@pytest.mark.parametrize("version", [b"", b"../../etc/passwd", b"\xff", b"1", b"1.0.0\n", b"1." * 5_000])
def test_a_version_that_is_none_is_not_looked_up(tmp_path: Path, version: bytes) -> None:
    with_metadata(tmp_path, {TABLE_KEY: b"comment", VERSION_KEY: version})
    with pytest.raises(InputError, match=rf"{_NAME} says no version of its table"):
        table_version(str(tmp_path), there(tmp_path))
    with pytest.raises(SchemaError):
        read_shard(str(tmp_path), there(tmp_path), "comment")


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_plain_file_is_an_input_error(tmp_path: Path, kind: str) -> None:
    shard = written(tmp_path / "run")
    (tmp_path / "run" / _NAME).unlink()
    if kind == "pipe":
        os.mkfifo(tmp_path / "run" / _NAME)
    else:
        (tmp_path / "run" / _NAME).mkdir()
    for read in (
        lambda: read_shard(f"{tmp_path}/run", shard, "comment"),
        lambda: file_sha256(f"{tmp_path}/run/{_NAME}"),
    ):
        with pytest.raises(InputError, match="Cannot read "):
            read()


def test_a_missing_shard_is_an_input_error(tmp_path: Path) -> None:
    shard = written(tmp_path)
    (tmp_path / _NAME).unlink()
    with pytest.raises(InputError, match=rf"Cannot read the shard {tmp_path}/{_NAME}: "):
        read_shard(str(tmp_path), shard, "comment")
    with pytest.raises(InputError, match=rf"Cannot read {tmp_path}/{_NAME}: "):
        file_sha256(f"{tmp_path}/{_NAME}")


class Failing(io.FileIO):
    """A file that is made, and whose disk then takes no more."""

    def __init__(self, path: str, code: int) -> None:
        super().__init__(path, "w")
        self._code = code

    def write(self, _: Any) -> int:
        raise OSError(self._code, os.strerror(self._code))


def test_a_full_disk_is_an_output_error_and_leaves_the_shard_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path)
    monkeypatch.setattr(parquet, "open_to_write", lambda path: Failing(path, errno.ENOSPC))
    name = r"comments-00000-of-00001-\w+\.parquet"
    expected = rf"Cannot write {tmp_path}/{name}: the disk is full\. Make room or choose another --out"
    with pytest.raises(OutputError, match=expected):
        written(tmp_path, comments(3))
    assert read_shard(str(tmp_path), there(tmp_path), "comment").num_rows == 20
    assert os.listdir(tmp_path) == [_NAME]


def test_a_disk_that_fails_is_an_output_error_with_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "open_to_write", lambda path: Failing(path, errno.EIO))
    with pytest.raises(OutputError, match=r"Input/output error"):
        replace_file(f"{tmp_path}/file", b"content")
    assert os.listdir(tmp_path) == []


def test_a_path_below_a_file_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"Cannot write .*/file/shard: "):
        replace_file(f"{tmp_path}/file/shard", b"content")


def test_two_that_write_one_file_at_once_do_not_touch_each_others_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, os_replace = f"{tmp_path}/file", os.replace

    def another_writes_first(part: str, target: str) -> None:
        monkeypatch.setattr(os, "replace", os_replace)
        replace_file(target, b"content")
        os_replace(part, target)

    monkeypatch.setattr(os, "replace", another_writes_first)
    replace_file(path, b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_is_there_before_and_after_it_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "remove", lambda path: pytest.fail(f"{path} would be absent for a moment"))
    replace_file(str(path), b"new")
    assert path.read_bytes() == b"new"


def test_wildcards_in_the_name_of_a_folder_touch_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("run [ab]", "run a"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").write_bytes(b"old")
        (tmp_path / folder / "other.partial").write_bytes(b"of another program")
    replace_file(f"{tmp_path}/run [ab]/file", b"new")
    monkeypatch.setattr(parquet, "open_to_write", lambda path: Failing(path, errno.ENOSPC))
    with pytest.raises(OutputError):
        replace_file(f"{tmp_path}/run [ab]/other", b"new")
    assert (tmp_path / "run [ab]" / "file").read_bytes() == b"new"
    for folder in ("run [ab]", "run a"):
        assert sorted(os.listdir(tmp_path / folder)) == ["file", "other.partial"]


def test_columns_that_an_older_minor_version_lacks_are_filled(tmp_path: Path) -> None:
    pq.write_table(comments(2).drop_columns("rank"), tmp_path / _NAME)
    found = read_shard(str(tmp_path), there(tmp_path), "comment", ["comment_id", "rank"])
    assert found.column_names == ["comment_id", "rank"]
    assert found.column("rank").null_count == 2
