"""The body of an answer has an end: how much may come, how much it may unpack to, and how long it may take."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest
import urllib3

from blift.connectors.web.client import Answer, WebConfig
from blift.connectors.web.manners import Manners
from blift.connectors.web.refusals import Refused
from blift.schemas.reasons import Absent

_MIB = 1 << 20


def packed(content: bytes, size: int | None = None) -> bytes:
    """Gzip of the content, made exactly as long as asked for by the file name in its head."""
    packer = zlib.compressobj(9, wbits=-15)
    deflated = packer.compress(content) + packer.flush()
    end = zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")
    head = b"\x1f\x8b\x08\x08" + bytes(4) + b"\x02\xff"
    name = b"n" * (0 if size is None else size - len(head) - 1 - len(deflated) - len(end))
    whole = head + name + b"\0" + deflated + end
    assert size is None or len(whole) == size
    return whole


def answer(tmp_path: Path, body: bytes, max_bytes: int = 64 * _MIB, *, encoding: str = "gzip") -> Answer:
    headers = {"Content-Encoding": encoding}
    response = urllib3.HTTPResponse(io.BytesIO(body), headers, preload_content=False, decode_content=False)
    pace = Manners(str(tmp_path / "manners")).pace("host", None)
    return Answer(response, "http://a.test/", WebConfig(max_bytes=max_bytes), pace)


def size_of(told: Answer) -> int:
    return sum(map(len, told.pieces()))


def refusal(told: Answer) -> tuple[Absent, str]:
    with pytest.raises(Refused) as caught:
        size_of(told)
    return caught.value.reason, caught.value.detail


def test_a_body_may_unpack_to_a_hundred_times_what_came_and_not_to_more(tmp_path: Path) -> None:
    content = bytes(2_000_000)
    assert size_of(answer(tmp_path, packed(content, 20_000))) == 2_000_000
    reason, detail = refusal(answer(tmp_path, packed(content, 19_999)))
    assert (reason, detail) == (Absent.BOMB, "19,999 bytes unpack to more than 100 times as many")


def test_a_small_body_may_be_as_repetitive_as_it_likes(tmp_path: Path) -> None:
    assert size_of(answer(tmp_path, packed(bytes(_MIB)))) == _MIB
    assert refusal(answer(tmp_path, packed(bytes(_MIB + 1))))[0] is Absent.BOMB


def test_the_ratio_is_that_of_all_that_came_so_far(tmp_path: Path) -> None:
    dense = zlib.compressobj(9, wbits=31)
    filler = bytes(range(256)) * 40
    body = dense.compress(filler + bytes(8 * _MIB)) + dense.flush()
    assert len(body) < 8 * _MIB // 100
    assert refusal(answer(tmp_path, body))[0] is Absent.BOMB


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "GZIP "])
def test_whatever_the_packing_is_called_its_end_is_the_same(tmp_path: Path, encoding: str) -> None:
    body = zlib.compress(bytes(8 * _MIB)) if encoding == "deflate" else packed(bytes(8 * _MIB))
    assert refusal(answer(tmp_path, body, encoding=encoding))[0] is Absent.BOMB


@pytest.mark.parametrize("encoding", ["identity", ""])
def test_as_much_as_allowed_may_come_and_not_a_byte_more(tmp_path: Path, encoding: str) -> None:
    assert size_of(answer(tmp_path, bytes(3_000), 3_000, encoding=encoding)) == 3_000
    assert refusal(answer(tmp_path, bytes(3_001), 3_000, encoding=encoding)) == (
        Absent.TOO_MANY_BYTES,
        "it has more than 3,000 bytes",
    )


def test_a_body_may_unpack_to_as_much_as_allowed_and_not_to_a_byte_more(tmp_path: Path) -> None:
    assert size_of(answer(tmp_path, packed(bytes(5_000), 500), 5_000)) == 5_000
    assert refusal(answer(tmp_path, packed(bytes(5_001), 501), 5_000)) == (
        Absent.TOO_MANY_BYTES,
        "501 bytes unpack to more than 5,000",
    )


def test_what_is_too_large_and_was_packed_ten_times_as_densely_is_no_accident(tmp_path: Path) -> None:
    assert refusal(answer(tmp_path, packed(bytes(5_010), 501), 5_000))[0] is Absent.TOO_MANY_BYTES
    assert refusal(answer(tmp_path, packed(bytes(5_010), 500), 5_000))[0] is Absent.BOMB


def test_a_text_ends_where_its_reader_stops(tmp_path: Path) -> None:
    assert answer(tmp_path, b"abc\xff", encoding="").text(4) == "abc\ufffd"
    assert answer(tmp_path, b"abcdef", encoding="").text(4) == "abcd"
    assert answer(tmp_path, b"abc", encoding="").text(4) == "abc"
