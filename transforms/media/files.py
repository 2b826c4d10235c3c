"""Which file is whose: files found in folders, and the media of posts, brought together by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from blift.schemas.media import MediaForm
from blift.schemas.parts import MediaKind
from blift.schemas.platform import platforms
from blift.transforms.media.file_names import ID, POST, Surety, is_still, key_beginnings, names_of
from blift.transforms.tables import arrow
from blift.transforms.urls import media_key

#: A name of a file, and the file: ``path`` to open, ``file`` relative to its source, size in bytes; ``surety`` says how
#: surely the name tells whose it is (``Surety``), ``still`` that it ends as a still picture does. ``sha256`` is that of
#: the file as it was changed at ``changed_ns``, null where it is not known.
FILES = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("path", pa.string()),
        pa.field("file", pa.string()),
        pa.field("size_bytes", pa.int64()),
        pa.field("surety", pa.int64()),
        pa.field("still", pa.bool_()),
        pa.field("sha256", pa.string()),
        pa.field("changed_ns", pa.int64()),
    ]
)
#: A name that the media of a post may have as a file; ``whose`` tells different files of one name apart;
#: ``spoken``: the post has subtitles. ``single``: the media is this one file, not a gallery. ``title``: of a post.
#: ``film``: the media is a video, and ``stated_s`` its length, seconds, as its record states it.
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
        pa.field("film", pa.bool_()),
        pa.field("stated_s", pa.float64()),
    ]
)
#: A file and a use of it.
FOUND = pa.schema([*list(FILES)[1:], *list(WANTED)[2:]])

#: Lengths are stated in whole seconds, and streams are cut at keyframes.
_SLACK_S = 2.0
#: Before the name of a file that lies beside the record that names it.
BESIDE = "beside:"


class ListedFile(NamedTuple):
    """A file: path to open, name relative to its source, size, and whether it lies beside a record that names it.

    ``addresses`` are those that it was downloaded from, where that is known; its own name says nothing then. ``sha256``
    is its digest where that is known, as of the time of change ``changed_ns``, nanoseconds.
    """

    path: str
    name: str
    size_bytes: int
    beside: bool
    addresses: tuple[str, ...] = ()
    sha256: str | None = None
    changed_ns: int | None = None


def file_names(files: Iterable[ListedFile]) -> pa.Table:
    """All names of some files, as ``FILES``."""
    rows = [
        (name, file.path, file.name, file.size_bytes, surety.value, is_still(file.path), file.sha256, file.changed_ns)
        for file in files
        for name, surety in sorted(set(_names_of_file(file)))
    ]
    return pa.Table.from_pylist([dict(zip(FILES.names, row, strict=True)) for row in rows], FILES)


def _names_of_file(file: ListedFile) -> list[tuple[str, Surety]]:
    if file.beside:
        return [(BESIDE + file.name, Surety.BESIDE)]
    if file.addresses:
        names = [
            address if address.startswith(key_beginnings()) else _of_address(address) for address in file.addresses
        ]
        return [(name, Surety.BESIDE) for name in names]
    return names_of(file.path)


def _is_id(key: pl.Expr) -> pl.Expr:
    """Boolean: the media key is the id of a post that is the media itself."""
    return pl.any_horizontal(key.str.starts_with(beginning) for beginning in key_beginnings())


def _of_address(address: str) -> str:
    return f"address:{address.partition('://')[2].partition('#')[0]}"


#: Host and last part of an address, and all of it without scheme and fragment.
_PARTS, _ADDRESS = r"^\w+://(?:[^/@]*@)?([^/:?#]+)[^?#]*/([^/?#]+)", r"^\w+://([^#]+)"
#: Ids in media keys: those of hosts whose files have no other name, and those in addresses of pages.
_ID_IN_KEY = r"^(?:(?:imgur|reddit-image|reddit-video):|url:https://(?:streamable\.com|gfycat\.com|giphy\.com/gifs|redgifs\.com/watch|vimeo\.com|dailymotion\.com/video|clips\.twitch\.tv|twitch\.tv/videos)/)([A-Za-z0-9_-]+)$"
#: Columns of ``WANTED`` that say of a post what it is.
_OF_POST = ["media_key", "posted_at", "spoken", "single", "title", "film", "stated_s"]


def wanted_names(posts: pl.DataFrame) -> pa.Table:
    """Names that the files of some posts may have, as ``WANTED``.

    A file beside the record goes by its own name; where posts are media themselves, it goes by the id of the post;
    others by the last part of their URL, as downloaders name them, alone or with the host as its folder, by the id that
    the host gave them, and by the id of the post.

    Args:
        posts: ``media_key`` not null, and the other columns of the post table.
    """
    rows = posts.with_columns(
        spoken=pl.col("speech").list.len() > 0,
        single=pl.col("media_kind") != MediaKind.GALLERY.value,
        film=pl.col("media_kind") == MediaKind.VIDEO.value,
        stated_s=pl.col("duration_s"),
    )
    first, key = pl.lit(0, pl.Int64).alias("place"), pl.col("media_key")
    beside = rows.filter(pl.col("media_file").is_not_null()).select(
        *_OF_POST, first, name=BESIDE + pl.col("media_file"), whose=key
    )
    videos = rows.filter(_is_id(key)).select(*_OF_POST, first, name=key, whose=key)
    others = rows.filter(~_is_id(key))
    alone = others.filter("single")
    urls = _addresses(others)
    # One address is one file, whoever shows it: a post by itself, and another in its gallery.
    address = pl.col("media_urls").str.extract(_ADDRESS).alias("whose")
    ids = [
        _by_id(alone.with_columns(first, id=key.str.extract(_ID_IN_KEY))),
        _by_id(urls.with_columns(id=media_key(pl.col("media_urls")).str.extract(_ID_IN_KEY))),
        _by_id(alone.filter(_is_of_own_site()).with_columns(first, id="native_id")),
    ]
    named = [
        urls.select(*_OF_POST, "place", address, name="base"),
        urls.select(*_OF_POST, "place", address, name=pl.concat_str("host", pl.lit("/"), "base")),
        urls.select(*_OF_POST, "place", address, name="address:" + address),
        alone.select(
            *_OF_POST, first, whose=pl.col("url").str.extract(_ADDRESS), name=pl.col("url").str.extract(_PARTS, 2)
        ),
        alone.select(*_OF_POST, first, whose=key, name=POST + pl.col("native_id")),
    ]
    every = pl.concat([beside, videos, *ids, *named], how="diagonal").filter(pl.col("name").is_not_null())
    return arrow(every, WANTED)


def _addresses(posts: pl.DataFrame) -> pl.DataFrame:
    """The addresses of the files of posts, each with its place, host, and last part."""
    parts = pl.col("media_urls").str.extract_groups(_PARTS)
    return (
        posts.select(*_OF_POST, "media_urls", place=pl.int_ranges(pl.col("media_urls").list.len()))
        .explode("media_urls", "place")
        .filter(pl.col("media_urls").is_not_null())
        .with_columns(host=parts.struct.field("1"), base=parts.struct.field("2"))
    )


def _by_id(posts: pl.DataFrame) -> pl.DataFrame:
    return posts.filter(pl.col("id").is_not_null()).select(*_OF_POST, "place", whose="id", name=ID + pl.col("id"))


def _is_of_own_site() -> pl.Expr:
    """Boolean: a post of a site that has no row of its own; yt-dlp names its file after its id."""
    own = [name for name, platform in platforms().items() if not platform.covers_others]
    return ~pl.col("platform").is_in(own)


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
    return Matches(_each_use_once(files.join(clear, on="name")), sorted(unclear))


def best_files(found: pl.DataFrame) -> pa.Table:
    """Of the files of each media the most surely named ones, as ``FOUND``: those beside the record come first.

    A still picture is no file of a video: thumbnails lie beside videos under the same name.

    Args:
        found: all files of some media, as ``FOUND``; a file may be in it several times.
    """
    fit = found.filter(~(pl.col("film") & pl.col("still")))
    best = fit.filter(pl.col("surety") == pl.col("surety").min().over("media_key", "place"))
    return _each_use_once(best)


def with_misfits(uses: pl.DataFrame, form: pl.Expr, duration_s: pl.Expr) -> pl.DataFrame:
    """Uses of files with ``misfit``: why it is not the file of that media; null where it may be.

    A picture is no file of a video. A file that does not lie beside the record is none of a video that is more than
    twice as long, or less than two thirds as long: it is a part of it, or another one.

    Args:
        uses: as ``FOUND``.
        form: of the file of each, as measured (``MediaForm``).
        duration_s: of the file of each; null where it has none.
    """
    own, stated = duration_s.cast(pl.Float64), pl.col("stated_s")
    length = pl.format("it lasts {} s, and the record says {} s", own.round(1), stated.round(1))
    far = (own < stated / 2 - _SLACK_S) | (own > stated * 1.5 + _SLACK_S)
    return uses.with_columns(
        misfit=pl.when(pl.col("film") & (form == MediaForm.IMAGE.value))
        .then(pl.lit("it is a still picture, and the media is a video"))
        .when(pl.col("film") & (pl.col("surety") > Surety.BESIDE.value) & far)
        .then(length)
    )


def _each_use_once(found: pl.DataFrame) -> pa.Table:
    uses = found.group_by("path", "file", "size_bytes", "still", "sha256", "changed_ns", "media_key", "place").agg(
        pl.col("surety", "posted_at", "title").min(),
        pl.col("spoken", "single", "film").any(),
        pl.col("stated_s").max(),
    )
    return arrow(uses.sort("path", "media_key", "place"), FOUND)
