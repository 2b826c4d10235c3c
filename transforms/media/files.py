"""Which file is whose: files found in folders, and the media of posts, brought together by name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from blift.schemas.parts import MediaKind
from blift.schemas.platform import platforms
from blift.transforms.tables import arrow

#: A name of a file, and the file: ``path`` to open, ``file`` relative to its source, size in bytes.
FILES = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("path", pa.string()),
        pa.field("file", pa.string()),
        pa.field("size_bytes", pa.int64()),
    ]
)
#: A name that the media of a post may have as a file; ``whose`` tells different files of one name apart;
#: ``spoken``: the post has subtitles. ``single``: the media is this one file, not a gallery. ``title``: of a post.
WANTED = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("whose", pa.string()),
        pa.field("media_key", pa.string()),
        pa.field("place", pa.int64()),
        pa.field("posted_at", pa.timestamp("us", tz="UTC")),
        pa.field("spoken", pa.bool_()),
        pa.field("single", pa.bool_()),
        pa.field("title", pa.string()),
    ]
)
#: A file and a use of it.
FOUND = pa.schema([*list(FILES)[1:], *list(WANTED)[2:]])

#: Before the name of a file that lies beside the record that names it.
BESIDE = "beside:"


class ListedFile(NamedTuple):
    """A file: path to open, name relative to its source, size, and whether it lies beside a record that names it.

    ``addresses`` are those that it was downloaded from, where that is known; its own name says nothing then.
    """

    path: str
    name: str
    size_bytes: int
    beside: bool
    addresses: tuple[str, ...] = ()


def file_names(files: Iterable[ListedFile]) -> pa.Table:
    """All names of some files, as ``FILES``."""
    rows = [
        (name, file.path, file.name, file.size_bytes) for file in files for name in sorted(set(_names_of_file(file)))
    ]
    return pa.Table.from_pylist([dict(zip(FILES.names, row, strict=True)) for row in rows], FILES)


@cache
def _ids() -> dict[str, re.Pattern[str]]:
    """How the media keys of platforms begin whose posts are media, and the names of files that hold such an id.

    yt-dlp names a file `Title [id].mp4` by default, youtube-dl `Title-id.mp4`; the id alone is as good.
    """
    return {
        f"{name}:": re.compile(rf"(?:^|.*[\[-])({platform.native_id})\]?\.[A-Za-z0-9]{{2,4}}")
        for name, platform in platforms().items()
        if platform.is_media and not platform.covers_others
    }


def _is_id(key: pl.Expr) -> pl.Expr:
    """Boolean: the media key is the id of a post that is the media itself."""
    return pl.any_horizontal(key.str.starts_with(beginning) for beginning in _ids())


def _names_of_file(file: ListedFile) -> list[str]:
    if file.beside:
        return [BESIDE + file.name]
    if file.addresses:
        return [address if address.startswith(tuple(_ids())) else _of_address(address) for address in file.addresses]
    folder, base = posixpath.split(file.path)
    names = [base, f"{posixpath.basename(folder)}/{base}"]
    ids = {beginning: pattern.fullmatch(base) for beginning, pattern in _ids().items()}
    return [*names, *(beginning + found[1] for beginning, found in ids.items() if found)]


def _of_address(address: str) -> str:
    return f"address:{address.partition('://')[2].partition('#')[0]}"


def wanted_names(posts: pl.DataFrame) -> pa.Table:
    """Names that the files of some posts may have, as ``WANTED``.

    A file beside the record goes by its own name; where posts are media themselves, it goes by the id of the post;
    others by the last part of their URL, as downloaders name them, alone or with the host as its folder.

    Args:
        posts: ``media_key`` not null, ``media_urls``, ``media_kind``, ``media_file``, ``posted_at``, ``speech``, and
            ``title``.
    """
    spoken = pl.col("speech").list.len().gt(0).alias("spoken")
    single = pl.col("media_kind").ne(MediaKind.GALLERY.value).alias("single")
    key = pl.col("media_key")
    kept = [key, pl.col("posted_at"), spoken, single, pl.col("title")]
    beside = posts.filter(pl.col("media_file").is_not_null()).select(
        *kept, name=BESIDE + pl.col("media_file"), whose=key, place=pl.lit(0, pl.Int64)
    )
    videos = posts.filter(_is_id(key)).select(*kept, name=key, whose=key, place=pl.lit(0, pl.Int64))
    urls = (
        posts.filter(~_is_id(key))
        .select(*kept, "media_urls", place=pl.int_ranges(pl.col("media_urls").list.len()))
        .explode("media_urls", "place")
        .filter(pl.col("media_urls").is_not_null())
        .with_columns(parts=pl.col("media_urls").str.extract_groups(r"^\w+://(?:[^/@]*@)?([^/:?#]+)[^?#]*/([^/?#]+)"))
        .with_columns(host=pl.col("parts").struct.field("1"), base=pl.col("parts").struct.field("2"))
        .filter(pl.col("base").is_not_null())
    )
    named = ["media_key", "posted_at", "spoken", "single", "title"]
    # One address is one file, whoever shows it: a post by itself, and another in its gallery.
    address = pl.col("media_urls").str.extract(r"^\w+://([^#]+)").alias("whose")
    plain = urls.select(*named, "place", address, name=pl.col("base"))
    with_host = urls.select(*named, "place", address, name=pl.concat_str("host", pl.lit("/"), "base"))
    by_address = urls.select(*named, "place", address, name="address:" + address)
    return arrow(pl.concat([beside, videos, plain, with_host, by_address], how="diagonal"), WANTED)


class Matches(NamedTuple):
    """What came of bringing names together.

    Attributes:
        found: files and their uses, as ``FOUND``, each pair once.
        ambiguous: names of files that different media claim; nobody gets them by that name.
    """

    found: pa.Table
    ambiguous: list[str]


def match_names(files: pl.DataFrame, wanted: pl.DataFrame) -> Matches:
    """Files and media that go by the same names."""
    use = pl.struct("media_key", "place")
    claims = wanted.group_by("name").agg(claims=pl.min_horizontal(pl.col("whose").n_unique(), use.n_unique()))
    of_files = claims.join(files.select("name").unique(), on="name")
    unclear = of_files.filter(pl.col("claims") > 1).get_column("name")
    clear = wanted.filter(~pl.col("name").is_in(unclear.implode()))
    found = (
        files.join(clear, on="name")
        .group_by(*[name for name in FOUND.names if name not in ("posted_at", "spoken", "single", "title")])
        .agg(pl.col("posted_at").min(), pl.col("spoken").any(), pl.col("single").any(), pl.col("title").min())
        .sort("path", "media_key", "place")
    )
    return Matches(arrow(found, FOUND), sorted(unclear))
