"""`python reader.py BASE LAYOUT [PORT]`: open every row of an export and its media, with the network cut.

BASE is the folder of an export, or its address on the Hub, `hf://datasets/OWNER/NAME`; PORT is where that listens, the
one place to which this process connects. Prints how many rows and files opened, as a whole and streamed.
"""

import io
import json
import socket
import sys
from collections.abc import Iterator
from typing import Any

PORT = int(sys.argv[3]) if len(sys.argv) > 3 else None
_connect = socket.socket.connect


def _refuse(self: socket.socket, address: Any) -> None:
    if self.family != socket.AF_UNIX and address[:2] != ("127.0.0.1", PORT):
        raise OSError(f"the network is cut, and something asked for {address}")
    _connect(self, address)


socket.socket.connect = _refuse  # type: ignore[method-assign,assignment]

import av  # noqa: E402
import datasets  # noqa: E402
import fsspec  # noqa: E402
from PIL import Image  # noqa: E402

datasets.disable_progress_bars()


def opens(content: bytes, name: str) -> None:
    """Decode a picture, or the first frame of a video."""
    if name.endswith((".mp4", ".webm", ".mkv", ".mov")):
        with av.open(io.BytesIO(content)) as container:
            assert next(container.decode(video=0)).width > 0
        return
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()


def names_in(value: Any) -> Iterator[str]:
    """Paths that a row names."""
    if isinstance(value, str):
        if value.startswith("media/"):
            yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from names_in(item)


def of_json(base: str, paths: list[str], *, streamed: bool) -> Iterator[list[tuple[str, bytes]]]:
    for path in paths:
        with fsspec.open(path, "r", encoding="utf-8") as stream:
            if path.endswith("l"):
                rows = (json.loads(line) for line in (stream if streamed else stream.read().splitlines()))
            else:
                rows = iter(json.load(stream))
            for row in rows:
                media = []
                for name in names_in(row):
                    with fsspec.open(f"{base}/{name}", "rb") as file:
                        media.append((name, file.read()))
                yield media


def of_parquet(base: str, _: list[str], *, streamed: bool) -> Iterator[list[tuple[str, bytes]]]:
    for rows in datasets.load_dataset(base.removeprefix("hf://datasets/"), streaming=streamed).values():
        plain = rows.cast_column("images", datasets.List(datasets.Image(decode=False)))
        for row, decoded in zip(plain, rows, strict=True):
            assert [picture.size > (0, 0) for picture in decoded["images"]]
            yield [(picture["path"], picture["bytes"]) for picture in row["images"]]


def of_tar(_: str, paths: list[str], *, streamed: bool) -> Iterator[list[tuple[str, bytes]]]:
    for path in paths:
        rows = datasets.load_dataset("webdataset", data_files=path, split="train", streaming=streamed)
        plain = rows.decode(enable=False) if streamed else rows.with_format("arrow").with_format(None)
        for column, feature in rows.features.items():
            if not streamed and isinstance(feature, datasets.Image | datasets.Video):
                plain = plain.cast_column(column, type(feature)(decode=False))
        for row in plain:
            yield [(file["path"], file["bytes"]) for file in row.values() if isinstance(file, dict) and "bytes" in file]


def main() -> None:
    base, layout = sys.argv[1:3]
    filesystem, root = fsspec.core.url_to_fs(base)
    found = sorted(filesystem.ls(root, detail=False))
    prefix = "hf://" if base.startswith("hf://") else ""
    paths = [prefix + path for path in found if path.rpartition("/")[2].startswith(("train", "validation", "test"))]
    read = {"parquet": of_parquet, "preferences": of_parquet, "tar": of_tar}.get(layout, of_json)
    counts = []
    for streamed in (False, True):
        rows = files = 0
        for media in read(base, paths, streamed=streamed):
            assert media
            for name, content in media:
                opens(content, name)
            rows, files = rows + 1, files + len(media)
        counts.append([rows, files])
    sys.stdout.write(json.dumps(counts))


main()
