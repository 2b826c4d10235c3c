"""Rows in files: a JSON list, JSON lines, Parquet with media in the cells, and tar files of WebDataset."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa

from blift.connectors.parquet import groups_of_shard, write_row_groups
from blift.pipelines.export.formats import Layout

#: Bytes of media of a shard of Parquet or tar, about, and of a row group.
_SHARD_BYTES, _GROUP_BYTES = 512 << 20, 32 << 20
#: How names of half written files end.
PARTIAL = ".partial"
_PART = pa.struct([pa.field("type", pa.string()), pa.field("text", pa.string())])
_MESSAGE = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.list_(_PART))])
_IMAGE = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
_TEXT = {"dtype": "string", "_type": "Value"}
_FEATURES = {
    "id": _TEXT,
    "images": [{"_type": "Image"}],
    "frame_times_s": [{"dtype": "float64", "_type": "Value"}],
    "messages": [{"role": _TEXT, "content": [{"type": _TEXT, "text": _TEXT}]}],
}
#: Rows of pairs with their images, as `datasets` reads them.
_ROWS = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("images", pa.list_(_IMAGE)),
        pa.field("frame_times_s", pa.list_(pa.float64())),
        pa.field("messages", pa.list_(_MESSAGE)),
    ],
    metadata={"huggingface": json.dumps({"info": {"features": _FEATURES}})},
)


_ANSWER = [{"role": _TEXT, "content": [{"type": _TEXT, "text": _TEXT}]}]
_PREFERENCE_FEATURES = {
    "id": _TEXT,
    "images": [{"_type": "Image"}],
    **dict.fromkeys(("prompt", "chosen", "rejected"), _ANSWER),
}
#: The same of preferences.
_PREFERENCES = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("images", pa.list_(_IMAGE)),
        *[pa.field(name, pa.list_(_MESSAGE)) for name in ("prompt", "chosen", "rejected")],
    ],
    metadata={"huggingface": json.dumps({"info": {"features": _PREFERENCE_FEATURES}})},
)


_SPOKEN = [
    pa.field(name, kind) for name, kind in (("start", pa.float64()), ("end", pa.float64()), ("text", pa.string()))
]
_WORD = pa.struct([pa.field("confidence", pa.float64()), *_SPOKEN])
_BY_SCENE = pa.list_(pa.list_(pa.string()))
_MARKER = pa.struct([pa.field(name, pa.float64()) for name in ("start", "end", "replay_score")])
_CHANNEL = pa.struct(
    [pa.field("channel_id", pa.string()), pa.field("company_name", pa.string()), pa.field("subscribers", pa.float64())]
)
#: Rows of the Content Behavior Corpus, in the types of its card.
_CORPUS = pa.schema(
    [
        pa.field("video_id", pa.string()),
        pa.field("asr_raw", pa.list_(pa.struct([*_SPOKEN, pa.field("words", pa.list_(_WORD))]))),
        pa.field("asr_grouped", _BY_SCENE),
        pa.field("ocr", _BY_SCENE),
        pa.field(
            "blip2_annotations",
            pa.struct([pa.field(name, pa.list_(pa.string())) for name in ("actions", "captions", "objects")]),
        ),
        pa.field(
            "replay_graphs",
            pa.struct(
                [
                    pa.field("original_marker_duration", pa.float64()),
                    pa.field("processed_marker_duration", pa.float64()),
                    pa.field("multiplier", pa.float64()),
                    pa.field("markers", pa.list_(_MARKER)),
                ]
            ),
        ),
        pa.field("likes", pa.float64()),
        pa.field("views", pa.float64()),
        pa.field(
            "metadata",
            pa.struct(
                [
                    pa.field("title", pa.string()),
                    pa.field("description", pa.string()),
                    pa.field("length", pa.float64()),
                    pa.field("date", pa.string()),
                    pa.field("channel_data", _CHANNEL),
                ]
            ),
        ),
    ]
)
#: Rows of a row group without media.
_GROUP_ROWS = 1000


class ExportedRow(NamedTuple):
    """A row of a format, the files that it names, and of which kind they are: image, gallery or video."""

    row: dict[str, Any]
    files: list[str]
    kind: str


def write_json(rows: Iterator[ExportedRow], folder: Path, split: str) -> Iterator[str]:
    """A JSON list of all rows."""
    name = f"{split}.json"
    with _appearing(folder / name) as sink:
        sink.write(b"[")
        for place, each in enumerate(rows):
            sink.write(b",\n" if place else b"\n")
            sink.write(_json(each.row))
        sink.write(b"\n]\n")
    yield name


def write_jsonl(rows: Iterator[ExportedRow], folder: Path, split: str) -> Iterator[str]:
    """A row per line."""
    name = f"{split}.jsonl"
    with _appearing(folder / name) as sink:
        for each in rows:
            sink.write(_json(each.row) + b"\n")
    yield name


def write_embedded(rows: Iterator[ExportedRow], folder: Path, split: str, schema: pa.Schema = _ROWS) -> Iterator[str]:
    """Parquet shards that hold the images of each row."""
    groups = _groups(rows, folder, schema)
    for number, first in enumerate(groups):
        name = f"{split}-{number:05d}.parquet"
        written = write_row_groups(groups_of_shard(first, groups, _SHARD_BYTES), schema, str(folder), name)
        (folder / written.path).replace(folder / name)
        yield name


def write_corpus(rows: Iterator[ExportedRow], folder: Path, split: str) -> Iterator[str]:
    """Parquet in the columns of the Content Behavior Corpus."""
    name = f"{split}-00000.parquet"
    plain = (each.row for each in rows)
    groups = iter(lambda: list(islice(plain, _GROUP_ROWS)), [])
    tables = (pa.Table.from_pylist(group, _CORPUS) for group in groups)
    written = write_row_groups(tables, _CORPUS, str(folder), name)
    (folder / written.path).replace(folder / name)
    yield name


def write_csv(rows: Iterator[ExportedRow], folder: Path, split: str) -> Iterator[str]:
    """A row per line, below the names of the columns, as RFC 4180 has it but with single line feeds."""
    name = f"{split}.csv"
    with _appearing(folder / name) as sink, io.TextIOWrapper(sink, "utf-8", newline="") as text:
        writer: csv.DictWriter[str] | None = None
        for each in rows:
            if writer is None:
                writer = csv.DictWriter(text, list(each.row), lineterminator="\n")
                writer.writeheader()
            writer.writerow(each.row)
    yield name


def _groups(rows: Iterator[ExportedRow], folder: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    held: list[dict[str, Any]] = []
    size = 0
    for each in rows:
        images = [{"bytes": (folder / name).read_bytes(), "path": Path(name).name} for name in each.row["images"]]
        held.append(each.row | {"images": images})
        size += sum(len(image["bytes"]) for image in images)
        if size >= _GROUP_BYTES:
            yield pa.Table.from_pylist(held, schema)
            held, size = [], 0
    if held:
        yield pa.Table.from_pylist(held, schema)


def write_tars(rows: Iterator[ExportedRow], folder: Path, split: str) -> Iterator[str]:
    """Tar files, one series for each set of members, since a reader expects the same members of every row."""
    open_tars: dict[str, _Tar] = {}
    for each in rows:
        series = f"{split}-{each.kind}-{_members(each.files)}"
        tar = open_tars.get(series)
        if tar is None or tar.size >= _SHARD_BYTES:
            number = tar.number + 1 if tar else 0
            if tar:
                yield tar.close()
            tar = open_tars[series] = _Tar(folder, series, number)
        tar.add(each, folder)
    for tar in open_tars.values():
        yield tar.close()


def _members(files: Sequence[str]) -> str:
    """What rows with the same members have in common: `jpg`, `3xjpg`, or a digest where the endings differ."""
    endings = [Path(name).suffix.removeprefix(".") for name in files]
    if len(set(endings)) > 1:
        return f"{len(files)}x{hashlib.sha256(' '.join(endings).encode()).hexdigest()[:8]}"
    return endings[0] if len(files) == 1 else f"{len(files)}x{endings[0]}"


class _Tar:
    """One tar file as it is written: no member says who wrote it, or when."""

    def __init__(self, folder: Path, series: str, number: int) -> None:
        self.number, self.size = number, 0
        self._path = folder / f"{series}-{number:05d}.tar"
        self._partial = self._path.with_name(self._path.name + PARTIAL)
        self._tar = tarfile.open(self._partial, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115 - `close` does

    def add(self, each: ExportedRow, folder: Path) -> None:
        """Add a row with its files."""
        key = each.row["id"]
        several = len(each.files) > 1
        for place, name in enumerate(each.files):
            ending = Path(name).suffix
            self._member(f"{key}.{place}{ending}" if several else key + ending, (folder / name).read_bytes())
        self._member(f"{key}.json", _json(each.row))

    def close(self) -> str:
        """Finish the file; its name."""
        self._tar.close()
        self._partial.replace(self._path)
        return self._path.name

    def _member(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o644
        self._tar.addfile(member, io.BytesIO(content))
        self.size += len(content)


@contextmanager
def _appearing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name when it is whole."""
    partial = path.with_name(path.name + PARTIAL)
    with open(partial, "wb") as sink:
        yield sink
    partial.replace(path)


def _json(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode()


#: How the rows of a split are written: the folder of the export has their media already. Gives names of files.
WRITERS: dict[Layout, Callable[[Iterator[ExportedRow], Path, str], Iterator[str]]] = {
    Layout.JSON: write_json,
    Layout.JSONL: write_jsonl,
    Layout.PARQUET: write_embedded,
    Layout.PREFERENCES: partial(write_embedded, schema=_PREFERENCES),
    Layout.CORPUS: write_corpus,
    Layout.CSV: write_csv,
    Layout.TAR: write_tars,
}
