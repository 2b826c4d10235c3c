"""Files are read as blocks of whole lines: every line once, with its number, in bounded memory."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors import lines
from blift.connectors.files import MAX_RATIO, InputFile, most_unpacked
from blift.connectors.lines import BadLine, Lines, read_lines
from blift.connectors.malformed import PAYLOAD_BYTES
from blift.schemas.errors import InputError
from blift.schemas.reasons import Reason

_BLOCKS = st.integers(1, 40)
#: Lines that a file can hold: its last line is told from none by having bytes.
_LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b" ")), max_size=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines")


def input_file(folder: Path, content: bytes, name: str = "file.ndjson") -> InputFile:
    path = folder / name
    path.write_bytes(content)
    return InputFile(str(path), len(content), name)


def read(folder: Path, content: bytes, **options: Any) -> list[Lines | BadLine]:
    return list(read_lines(input_file(folder, content), **options))


def numbered(parts: list[Lines | BadLine]) -> list[tuple[int, bytes | Reason]]:
    """Every line with its number; the reason in place of one that cannot be read."""
    found: list[tuple[int, bytes | Reason]] = []
    for part in parts:
        if isinstance(part, BadLine):
            found.append((part.number, part.problem.reason))
        else:
            lines = part.data.split(b"\n")
            assert len(lines) == part.count
            found += list(enumerate(lines, start=part.first))
    return found


def test_lines_are_numbered_from_one(folder: Path) -> None:
    assert numbered(read(folder, b"a\nb\nc\n")) == [(1, b"a"), (2, b"b"), (3, b"c")]


def test_numbers_go_on_from_block_to_block(folder: Path) -> None:
    parts = read(folder, b"aa\nbb\ncc\ndd\n", block_bytes=6)
    assert len(parts) > 1
    assert numbered(parts) == [(1, b"aa"), (2, b"bb"), (3, b"cc"), (4, b"dd")]


def test_an_empty_file_has_no_lines(folder: Path) -> None:
    assert read(folder, b"") == []


def test_the_last_line_needs_no_end(folder: Path) -> None:
    assert numbered(read(folder, b"a\nb")) == [(1, b"a"), (2, b"b")]


def test_empty_lines_count(folder: Path) -> None:
    assert numbered(read(folder, b"\n\na\n\nb\n")) == [(1, b""), (2, b""), (3, b"a"), (4, b""), (5, b"b")]


def test_a_carriage_return_is_white_space_of_its_line(folder: Path) -> None:
    assert numbered(read(folder, b"a\r\nb\r\n\r\n")) == [(1, b"a\r"), (2, b"b\r"), (3, b"\r")]


def test_no_other_character_ends_a_line(folder: Path) -> None:
    line = "a\x0b\x0c\x1c\x85\u2028b\rc".encode()
    assert numbered(read(folder, line + b"\nd")) == [(1, line), (2, b"d")]


@pytest.mark.parametrize("block_bytes", [1, 2, 3, 4, 100])
def test_a_byte_order_mark_is_dropped_at_the_beginning_alone(folder: Path, block_bytes: int) -> None:
    parts = read(folder, b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", block_bytes=block_bytes)
    assert numbered(parts) == [(1, b"a"), (2, b"\xef\xbb\xbfb")]


def test_a_byte_order_mark_alone_is_an_empty_file(folder: Path) -> None:
    assert read(folder, b"\xef\xbb\xbf") == []


@given(lines=_LINES, block_bytes=_BLOCKS, ended=st.booleans())
def test_whatever_the_block_every_line_is_given_once_with_its_number(
    folder: Path, lines: list[bytes], block_bytes: int, *, ended: bool
) -> None:
    content = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    parts = read(folder, b"#\n" + content, block_bytes=block_bytes)
    told = lines if ended or not lines or lines[-1] else lines[:-1]
    assert numbered(parts) == list(enumerate([b"#", *told], start=1))
    assert b"\n".join(part.data for part in parts if isinstance(part, Lines)) == b"\n".join([b"#", *told])


@given(lines=_LINES, block_bytes=_BLOCKS, longest=st.integers(1, 30))
def test_whatever_the_block_the_same_lines_are_too_long(
    folder: Path, lines: list[bytes], block_bytes: int, longest: int
) -> None:
    content = b"".join(line + b"\n" for line in [b"#", *lines])
    parts = read(folder, content, block_bytes=block_bytes, max_line_bytes=longest)
    expected = [line if len(line) <= longest else Reason.LINE_TOO_LONG for line in [b"#", *lines]]
    assert numbered(parts) == list(enumerate(expected, start=1))


@pytest.mark.parametrize("block_bytes", [1, 3, 7, 10, 1_000])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_too_long_leaves_the_lines_around_it(folder: Path, block_bytes: int, end: bytes) -> None:
    content = b"before\n" + b"x" * 25 + b"\nafter\n" + b"y" * 11 + end
    parts = read(folder, content, block_bytes=block_bytes, max_line_bytes=10)
    too_long = Reason.LINE_TOO_LONG
    assert numbered(parts) == [(1, b"before"), (2, too_long), (3, b"after"), (4, too_long)]


def test_a_line_too_long_is_told_by_its_beginning_and_its_size(folder: Path) -> None:
    line = bytes(range(48, 98)) * 4_000
    (bad,) = read(folder, line + b"\n", block_bytes=1_000, max_line_bytes=150_000)
    assert isinstance(bad, BadLine)
    assert bad.head == line[:PAYLOAD_BYTES]
    assert bad.problem.detail == "the line has 200,000 bytes, more than the 150,000 that are read"


def test_a_line_as_long_as_allowed_is_read(folder: Path) -> None:
    assert numbered(read(folder, b"x" * 10 + b"\ny\n", max_line_bytes=10)) == [(1, b"x" * 10), (2, b"y")]


def long_lines(count: int) -> bytes:
    return b"".join(b"%06d %s\n" % (number, b"z" * (number % 50)) for number in range(count))


@pytest.mark.parametrize("block_bytes", [1_000, 16 << 20])
def test_a_file_that_breaks_off_ends_after_its_whole_lines(folder: Path, block_bytes: int) -> None:
    content = long_lines(20_000)
    *good, last = read(folder, gzip.compress(content, mtime=0)[:-2_000], block_bytes=block_bytes)
    lines = [line for _, line in numbered(good)]
    assert lines == content.split(b"\n")[: len(lines)]
    assert len(lines) > 10_000
    assert isinstance(last, BadLine)
    assert last.number == len(lines) + 1
    assert last.problem.reason is Reason.TRUNCATED_FILE
    assert content.split(b"\n")[len(lines)].startswith(last.head)
    assert last.problem.detail.startswith(f"in line {len(lines) + 1}: ")


def test_a_file_that_breaks_off_between_lines_says_after_which(folder: Path) -> None:
    packed = zstd.compress(b"a\nb\n", options={zstd.CompressionParameter.checksum_flag: 1})
    *good, last = read(folder, packed[:-2])
    assert numbered(good) == [(1, b"a"), (2, b"b")]
    assert isinstance(last, BadLine)
    assert (last.number, last.head, last.problem.reason) == (3, b"", Reason.TRUNCATED_FILE)
    assert last.problem.detail.startswith("after line 2: ")


def test_a_damaged_file_ends_after_its_whole_lines(folder: Path) -> None:
    content = long_lines(5_000)
    packed = gzip.compress(content, mtime=0)
    *good, last = read(folder, packed[:-8] + bytes(8))
    assert [line for _, line in numbered(good)] == content.split(b"\n")[:-1]
    assert isinstance(last, BadLine)
    assert last.problem.reason is Reason.UNREADABLE_FILE
    assert last.number == 5_001
    assert "CRC check failed" in last.problem.detail


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Cannot open .*/missing\.ndjson"):
        list(read_lines(InputFile(f"{tmp_path}/missing.ndjson", 0, "missing.ndjson")))


class Failing:
    """A stream of a filesystem that fails after its first lines."""

    def __init__(self) -> None:
        self._pieces = [b"a\nb\nhalf"]

    def read(self, size: int, /) -> bytes:
        if not self._pieces:
            raise OSError(5, "Input/output error")
        return self._pieces.pop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def test_a_filesystem_that_fails_is_an_input_error_and_no_end_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blift.connectors.lines.open_bytes", lambda _: Failing())
    parts = read_lines(InputFile("gs://bucket/RS.zst", 9, "RS.zst"))
    assert numbered([next(parts)]) == [(1, b"a"), (2, b"b")]
    with pytest.raises(InputError, match=r"Reading gs://bucket/RS\.zst failed after line 2: .*Input/output error"):
        next(parts)


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_of_50_mb_is_told_in_bounded_memory(folder: Path, *, packed: bool) -> None:
    content = b"before\n" + bytes(50_000_000) + b"\nafter\n"
    file = input_file(folder, zstd.compress(content) if packed else content, "long.ndjson")
    del content
    tracemalloc.start()
    try:
        parts = list(read_lines(file))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert numbered(parts) == [(1, b"before"), (2, Reason.LINE_TOO_LONG), (3, b"after")]
    assert peak < 100_000_000


@given(lines=_LINES, block_bytes=_BLOCKS, block_lines=st.integers(1, 5))
def test_a_block_has_no_more_lines_than_allowed_and_the_lines_are_the_same(
    folder: Path, lines: list[bytes], block_bytes: int, block_lines: int
) -> None:
    content = b"".join(line + b"\n" for line in [b"#", *lines])
    parts = read(folder, content, block_bytes=block_bytes, block_lines=block_lines)
    assert numbered(parts) == list(enumerate([b"#", *lines], start=1))
    assert max(part.count for part in parts if isinstance(part, Lines)) <= block_lines
    assert all(part.count == part.data.count(b"\n") + 1 for part in parts if isinstance(part, Lines))


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_file_that_unpacks_to_far_more_than_it_holds_ends_after_what_its_size_allows(
    folder: Path, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(b"{}\n" * 1_000_000)
    *good, last = read(folder, packed)
    given_lines = sum(part.count for part in good if isinstance(part, Lines))
    assert 50_000 < given_lines < 150_000
    assert isinstance(last, BadLine)
    assert (last.number, last.head, last.problem.reason) == (given_lines + 1, b"", Reason.UNREADABLE_FILE)
    assert last.problem.detail == (
        f"after line {given_lines}: its {len(packed):,} bytes unpack to far more than any archive does"
    )


@pytest.mark.parametrize(("missing", "is_read"), [(0, True), (1, False)])
def test_the_last_byte_that_a_files_size_allows_is_read_and_the_next_is_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch, missing: int, *, is_read: bool
) -> None:
    content, size = b"{}\n" * 1_000, 4
    parts = [part for part in read(folder, content) if isinstance(part, Lines)]
    cost = sum(len(part.data) + lines.LINE_BYTES * part.count for part in parts)
    monkeypatch.setattr(lines, "most_unpacked", lambda size_bytes, _: cost - missing if size_bytes == size else 0)
    packed = input_file(folder, gzip.compress(content, mtime=0))
    found = numbered(list(read_lines(InputFile(packed.path, size, packed.name))))
    given_lines = 1_000 if is_read else 1_000 - parts[-1].count
    ending = [] if is_read else [(given_lines + 1, Reason.UNREADABLE_FILE)]
    assert found == [*((number, b"{}") for number in range(1, given_lines + 1)), *ending]


def test_what_a_file_may_unpack_to_follows_its_size() -> None:
    assert [most_unpacked(size, 8) for size in (0, 1, 1_000)] == [8, 8 + MAX_RATIO, 8 + 1_000 * MAX_RATIO]


@pytest.mark.parametrize("line", [b"", b"\r", b"{}", b'{"id":"ab"}'])
def test_a_plain_file_is_read_to_its_end_however_short_its_lines_are(folder: Path, line: bytes) -> None:
    parts = read(folder, (line + b"\n") * 1_000_000)
    assert sum(part.count for part in parts if isinstance(part, Lines)) == 1_000_000
    assert not any(isinstance(part, BadLine) for part in parts)
