"""Writes the demo corpus: archives, videos with what lies beside them, the list of channels, and the recipe."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from backports import zstd

from blift.pipelines.demo.media import render_clip, write_pictures
from blift.pipelines.demo.reddit import RedditCorpus, long_line
from blift.pipelines.demo.youtube import LISTED, YoutubeCorpus, subtitles
from blift.pipelines.recipe.file import SHIPPED
from blift.schemas.errors import OutputError

#: One line beyond the longest that the reader holds (32 MiB).
_LONG_LINE_BYTES = 33 << 20
_TORN_LINES = 20
_CLIPS = 3


@dataclass(frozen=True)
class Corpus:
    """What was written, in numbers."""

    recipe: Path
    submissions: int
    comments: int
    videos: int
    clips: int


def write_corpus(folder: Path, seed: int = 1, posts: int = 120, videos: int = 24) -> Corpus:
    """Write a corpus; the same arguments give the same archives.

    Raises:
        OutputError: the folder holds other files, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / "demo.yaml").exists():
            raise OutputError(f"{folder} holds files that `blift demo` did not write. Choose an empty or new folder.")
        return _write(folder, seed, posts, videos)
    except OSError as error:
        raise OutputError(f"Cannot write the demo corpus to {folder}: {error.strerror}.") from error


def _write(folder: Path, seed: int, posts: int, videos: int) -> Corpus:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SHIPPED / "demo.yaml", folder / "demo.yaml")  # first: it marks the folder as ours
    for name in ("reddit", "youtube", "pictures"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    youtube = YoutubeCorpus(seed, videos)
    records = youtube.make()
    corpus = RedditCorpus(seed, posts, youtube.ordinary, youtube.long_video)
    reddit = corpus.make()
    torn, whole = reddit.submissions[:_TORN_LINES], reddit.submissions[_TORN_LINES:]
    half = len(whole) // 2
    _write_zst(folder / "reddit" / "RS_2021-01.zst", whole[:half])
    _write_zst(folder / "reddit" / "RS_2021-02.zst", whole[half:], long=True)
    _write_torn(folder / "reddit" / "RS_2021-03.zst", torn)
    damaged = zstd.compress(b"")[:4] + b"this is no zstd frame" * 9
    (folder / "reddit" / "RS_2021-04.zst").write_bytes(zstd.compress(whole[0] + b"\n") + damaged)
    with gzip.GzipFile(folder / "reddit" / "RC_2021-01.ndjson.gz", "wb", mtime=0) as stream:
        stream.write(b"\n".join(reddit.comments) + b"\n")
    rng = random.Random(f"beside {seed}")
    clips = 0
    for place, (video_id, record) in enumerate(records.items()):
        stem = folder / "youtube" / f"{record['title'].replace(' ', '_')[:30]} [{video_id}]"
        _write_info(stem, json.dumps(record).encode(), packed=place % 4 == 0)
        if place % 3:
            stem.with_name(f"{stem.name}.en.vtt").write_text(subtitles(record, rng), encoding="utf-8")
        if place < _CLIPS:
            clips += render_clip(stem.with_name(f"{stem.name}.mp4"), seed=place)
    (folder / "youtube" / "broken [brokenbroke].info.json").write_bytes(b'{"id": "brokenbroke", "title": "cut in ha')
    write_pictures(folder / "pictures", corpus.pictures)
    (folder / "topics.txt").write_text("anime\nmeme\nmatch commentary\nbreaking news\n", encoding="utf-8")
    (folder / "channels.txt").write_text("\n".join(LISTED) + "\n", encoding="utf-8")
    return Corpus(folder / "demo.yaml", len(reddit.submissions), len(reddit.comments), len(records), clips)


def _write_zst(path: Path, lines: Iterable[bytes], *, long: bool = False) -> None:
    with zstd.open(path, "wb") as stream:
        for line in lines:
            stream.write(line + b"\n")
        if long:
            for piece in long_line(_LONG_LINE_BYTES):
                stream.write(piece)


def _write_torn(path: Path, lines: Iterable[bytes]) -> None:
    """An archive that ends in the middle of its last line, as after a broken download."""
    compressor = zstd.ZstdCompressor()
    blocks = [compressor.compress(line + b"\n", zstd.ZstdCompressor.FLUSH_BLOCK) for line in lines]
    path.write_bytes(b"".join(blocks)[:-20])


def _write_info(stem: Path, content: bytes, *, packed: bool) -> None:
    if packed:
        with gzip.GzipFile(f"{stem}.info.json.gz", "wb", mtime=0) as stream:
            stream.write(content)
    else:
        Path(f"{stem}.info.json").write_bytes(content)
