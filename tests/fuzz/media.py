"""Rows of the media store, and files of media."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pyarrow as pa
from PIL import Image

from blift.connectors.media.limits import Limits, Refused
from blift.connectors.media.settings import MeasureConfig
from blift.connectors.media.store import KEPT, MediaStore
from blift.pipelines.stages.media.guard import Guard
from blift.schemas.reasons import Reason
from tests.fuzz.kind import Check, Kind, require
from tests.fuzz.mutate import mutated, spoiled

_SHA256, _JPEG = "ab" * 32, b"jpeg"
_SIDE = 48
_HEAD = 600
_TIMEOUT_S = 120.0


def _row(keyframe: str | None) -> dict[str, Any]:
    scene = {
        "start_s": 0.0, "end_s": 2.0, "first_frame": 0, "frames": 50, "keyframe": keyframe, "keyframe_s": 1.0,
        "foreground_colours": [], "background_colours": ["grey"], "tone": "cool", "caption": None, "tags": [],
        "screen_text": None,
    }  # fmt: skip
    return {
        "sha256": _SHA256, "uses": [], "file": "", "size_bytes": 9, "form": "video", "container": "mp4", "width": 64,
        "height": 48, "rotation": 0, "mirrored": False, "frames": 50, "decoder": "pyav", "phash_turned": [],
        "phash_unboxed": [], "frame_hashes": [], "part_hashes": [], "hashes": [], "silences": [], "scenes": [scene],
        "speech": [], "unite_as": "", "drawings": [{"time_s": 0.5, "jpeg": _JPEG}],
    }  # fmt: skip


_DIGEST = hashlib.sha256(_JPEG).hexdigest()
_KEYFRAME = f"keyframes/{_DIGEST[:2]}/{_DIGEST}.jpg"
_OTHER_VALUES: tuple[Any, ...] = (None, True, 0, -1, 2**63 - 1, 1e308, float("nan"), "", "x", "../../../etc/passwd",
                                  "/etc/passwd", "\x1b", "keyframes/../x.jpg", _KEYFRAME, [], {}, [None],
                                  b"\xff")  # fmt: skip


class StoredRow(NamedTuple):
    """The content of a row's file, and whether it begins with the digest of the rest."""

    content: bytes
    signed: bool


def _stream(row: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, row.schema) as writer:
        writer.write_table(row)
    return bytes(sink.getvalue())


@cache
def _written() -> bytes:
    return _stream(pa.Table.from_pylist([_row(_KEYFRAME)], KEPT))


def make_row(chance: random.Random) -> StoredRow:
    """Other bytes of a row's file, or another row with its digest."""
    signed = chance.random() < 0.3
    if not signed:
        content = hashlib.sha256(_written()).digest() + _written()
        return StoredRow(mutated(content, chance), signed)
    row = spoiled(_row(_KEYFRAME), chance, _OTHER_VALUES)
    try:
        table = pa.Table.from_pylist([row] * chance.choice((1, 1, 1, 2)), KEPT if chance.random() < 0.8 else None)
    except (pa.ArrowException, TypeError, OverflowError):  # a value that no such row can hold
        table = pa.table({"sha256": [_SHA256]})
    content = mutated(_stream(table), chance) if chance.random() < 0.2 else _stream(table)
    return StoredRow(hashlib.sha256(content).digest() + content, signed)


@contextmanager
def start_row(folder: Path) -> Iterator[Check]:
    """Puts each into a store, and asks the store for it."""
    store = MediaStore(str(folder), "settings")
    store.put_keyframe(_JPEG)
    store.put_measured(_SHA256, pa.Table.from_pylist([_row(_KEYFRAME)], KEPT))
    kept = store.measured(_SHA256)
    (path,) = folder.rglob("*.arrow")
    pristine = path.read_bytes()

    def check(given: StoredRow) -> str:
        path.write_bytes(given.content)
        row = store.measured(_SHA256)
        if row is None:
            require(given.content != pristine, "the row that was written is refused")
            return "refused"
        require(given.signed or row.equals(kept), "other bytes give another row")
        row.validate(full=True)
        require(row.to_pylist()[0]["sha256"] == _SHA256, "a row of another file")
        return "another row with its digest" if given.signed else "accepted"

    yield check


@cache
def _pictures() -> tuple[tuple[str, bytes], ...]:
    pixels = np.random.default_rng(1).integers(0, 255, (_SIDE, _SIDE, 3), dtype=np.uint8)
    picture, other = Image.fromarray(pixels), Image.fromarray(pixels[::-1])
    found = []
    for format_, options in (("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("BMP", {}), ("TIFF", {}), ("AVIF", {}),
    ("GIF", {}),
                             ("GIF", {"save_all": True}), ("WEBP", {"save_all": True}), ("PNG", {"save_all": True}),
                             ("JPEG", {"progressive": True, "exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}),
                             ("TIFF", {"compression": "tiff_lzw"})):  # fmt: skip
        sink = io.BytesIO()
        more = {"append_images": [other]} if options.get("save_all") else {}
        picture.save(sink, format_, **options, **more)
        found.append((format_.lower(), sink.getvalue()))
    return tuple(found)


@cache
def _videos() -> tuple[tuple[str, bytes], ...]:
    found = []
    for container, codec in (
        ("mp4", "mpeg4"),
        ("matroska", "mpeg4"),
        ("webm", "libvpx"),
        ("avi", "mpeg4"),
        ("mpegts", "mpeg2video"),
    ):
        sink = io.BytesIO()
        with av.open(sink, "w", container) as output:
            stream = output.add_stream(codec, rate=5)
            stream.width, stream.height, stream.pix_fmt = _SIDE, _SIDE, "yuv420p"
            for place in range(6):
                pixels = np.full((_SIDE, _SIDE, 3), 40 * place, dtype=np.uint8)
                output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            output.mux(stream.encode())
        found.append((container, sink.getvalue()))
    return tuple(found)


def make_file(chance: random.Random) -> tuple[str, bytes]:
    """A file of media whose head is another one."""
    kind, content = chance.choice(_pictures() if chance.random() < 0.6 else _videos())
    return kind, mutated(content, chance, head=_HEAD if chance.random() < 0.8 else None)


@contextmanager
def start_file(folder: Path) -> Iterator[Check]:
    """Measures each in a process of its own, as a build does."""
    guard = Guard(MeasureConfig(limits=Limits(timeout_s=_TIMEOUT_S)))
    path = folder / "file"

    def check(given: tuple[str, bytes]) -> str:
        path.write_bytes(given[1])
        try:
            measured = guard.measure(str(path))
        except Refused as refused:
            require(refused.reason is not Reason.TIMED_OUT, f"{given[0]}: it takes more than {_TIMEOUT_S} s")
            require("exit code" not in refused.detail, f"{given[0]}: a fault of the decoding process: {refused.detail}")
            return str(refused.reason.value)
        require(measured.row["width"] > 0 and measured.row["height"] > 0, f"{given[0]}: a size of 0")
        return "accepted"

    with guard:
        yield check


ROWS = Kind("store rows", large=100_000, small=400, make=make_row, start=start_row)
FILES = Kind("media headers", large=20_000, small=40, make=make_file, start=start_file)
