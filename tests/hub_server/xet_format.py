"""Xorbs and shards, Xet's two kinds of object, as bytes.

A xorb holds compressed chunks of files; a shard says which chunks of which xorbs make a file. Source: the specification
of the Xet protocol (huggingface.co/docs/xet), sections Xorb and Shard.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

_ENTRY = 48
_END = b"\xff" * 32
_SHARD_TAG = b"HFRepoMetaData\0" + bytes(
    [85, 105, 103, 69, 106, 123, 129, 87, 131, 165, 189, 217, 92, 205, 209, 74, 169]
)
_VERIFIED, _WITH_SHA256, _FOR_EVERYONE = 1 << 31, 1 << 30, 1 << 31
_XORB_FOOTER = b"XETBLOB"
_STORED, _LZ4, _GROUPED_LZ4 = range(3)
_CHUNK_BYTES = 1 << 17


class Malformed(Exception):
    """These bytes are no xorb, or no shard."""


def text_of(digest: bytes) -> str:
    """How Xet writes a digest: four numbers of 64 bits."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", digest))


@dataclass(frozen=True)
class Chunk:
    """A chunk within a xorb: where it lies there, in bytes, and how long it is when unpacked."""

    start: int
    stop: int
    size: int


@dataclass(frozen=True)
class Term:
    """A piece of a file: chunks ``first`` to before ``last`` of a xorb, ``size`` bytes unpacked."""

    xorb: str
    first: int
    last: int
    size: int


@dataclass(frozen=True)
class XetFile:
    """A file as a shard describes it."""

    digest: str
    sha256: str
    terms: tuple[Term, ...]

    @property
    def size(self) -> int:
        return sum(term.size for term in self.terms)


@dataclass(frozen=True)
class ShardXorb:
    """A xorb as a shard describes it: its entry as bytes, and its chunks with whether all may ask for them."""

    xorb: str
    entry: bytes
    chunks: tuple[tuple[str, bool], ...]


def chunks_of(xorb: bytes) -> list[Chunk]:
    """The chunks of a xorb.

    Raises:
        Malformed: it is none.
    """
    found: list[Chunk] = []
    start = 0
    while start < len(xorb) and xorb[start : start + 7] != _XORB_FOOTER:
        if len(xorb) < start + 8:
            raise Malformed("a chunk's header is cut off")
        packed, size = _three(xorb, start + 1), _three(xorb, start + 5)
        stop = start + 8 + packed
        if xorb[start] != 0 or xorb[start + 4] > _GROUPED_LZ4 or not 0 < size <= _CHUNK_BYTES or stop > len(xorb):
            raise Malformed(f"the chunk at {start} is none")
        found.append(Chunk(start, stop, size))
        start = stop
    if not found:
        raise Malformed("a xorb without chunks")
    return found


def unpacked(xorb: bytes, chunk: Chunk) -> bytes:
    """The content of a chunk.

    Raises:
        Malformed: it cannot be unpacked.
    """
    packed, scheme = xorb[chunk.start + 8 : chunk.stop], xorb[chunk.start + 4]
    try:
        content = packed if scheme == _STORED else pa.decompress(packed, chunk.size, codec="lz4", asbytes=True)
    except pa.ArrowInvalid as error:
        raise Malformed(str(error)) from error
    if len(content) != chunk.size:
        raise Malformed("a chunk is not as long as it says")
    return _regrouped(content) if scheme == _GROUPED_LZ4 else content


def _regrouped(content: bytes) -> bytes:
    """Bytes that were sorted by their place in words of four, as they were."""
    whole = bytearray(len(content))
    start = 0
    for place in range(4):
        count = len(range(place, len(content), 4))
        whole[place::4] = content[start : start + count]
        start += count
    return bytes(whole)


def read_shard(shard: bytes) -> tuple[list[XetFile], list[ShardXorb]]:
    """What a shard says of files and of xorbs.

    Raises:
        Malformed: it is none, or a file is without its sha256.
    """
    if shard[:32] != _SHARD_TAG or struct.unpack_from("<Q", shard, 32) != (2,):
        raise Malformed("not a shard of version 2")
    entries = iter([shard[at : at + _ENTRY] for at in range(_ENTRY, len(shard) - _ENTRY + 1, _ENTRY)])
    try:
        return list(_files(entries)), list(_xorbs(entries))
    except StopIteration as error:
        raise Malformed("a shard is cut off") from error


def _files(entries: Iterator[bytes]) -> Iterator[XetFile]:
    for head in iter(lambda: _next(entries), b""):
        if head[:32] == _END:
            return
        flags, count = struct.unpack_from("<2I", head, 32)
        if not (flags & _VERIFIED and flags & _WITH_SHA256):
            raise Malformed("a file without verification or without its sha256")
        parts = [_next(entries) for _ in range(count)]
        terms = tuple(_term(part) for part in parts)
        for _ in range(count):
            _next(entries)
        yield XetFile(text_of(head[:32]), text_of(_next(entries)[:32]), terms)


def _term(part: bytes) -> Term:
    _, size, first, last = struct.unpack_from("<4I", part, 32)
    return Term(text_of(part[:32]), first, last, size)


def _xorbs(entries: Iterator[bytes]) -> Iterator[ShardXorb]:
    for head in iter(lambda: _next(entries), b""):
        if head[:32] == _END:
            return
        count = struct.unpack_from("<I", head, 36)[0]
        parts = [_next(entries) for _ in range(count)]
        chunks = tuple(
            (text_of(part[:32]), bool(struct.unpack_from("<I", part, 40)[0] & _FOR_EVERYONE)) for part in parts
        )
        yield ShardXorb(text_of(head[:32]), head + b"".join(parts), chunks)


def _next(entries: Iterator[bytes]) -> bytes:
    entry = next(entries, b"")
    if not entry:
        raise Malformed("a shard is cut off")
    return entry


def shard_of(xorb: ShardXorb) -> bytes:
    """A shard that tells a client of one xorb, so that it need not send what lies there."""
    end = _END + bytes(16)
    head = _SHARD_TAG + struct.pack("<2Q", 2, 200)
    files_at, xorbs_at = len(head), len(head) + len(end)
    footer_at = xorbs_at + len(xorb.entry) + len(end)
    lookups = [footer_at, 0] * 3
    now = int(time.time())
    footer = struct.pack("<9Q", 1, files_at, xorbs_at, *lookups) + bytes(32)
    footer += struct.pack("<2Q", now, now + 86_400) + bytes(48) + struct.pack("<4Q", 0, 0, 0, footer_at)
    return head + end + xorb.entry + end + footer


def _three(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 3], "little")
