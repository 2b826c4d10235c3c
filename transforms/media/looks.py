"""What of a file is compared with other files: the hashes of an image, the sampled hashes of a video."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from itertools import groupby

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from blift.schemas.media import FramePart, MediaForm
from blift.transforms.tables import arrow

#: Mirroring a picture turns the sign of every second horizontal frequency: its hash differs in these bits, and in a few
#: whose coefficient is near the median (3 on average, 10 at most, in 116 pictures).
MIRROR = np.uint64(0x5555_5555_5555_5555)
#: Of the pictures of the lens through which a video shows most, the share that counts through any other: whole frames
#: change where a part does, as far as their hashes tell; a part may stand still (docs/benchmarks.md).
_LEAST = (Fraction(2, 3), Fraction(1, 2))
_NO_RING = pl.lit(None, pl.UInt64)
#: Turning a picture upside down turns the sign of every second vertical frequency.
_UPSIDE_DOWN = np.uint64(0x00FF_00FF_00FF_00FF)
#: The turns of a picture, in quarters, and whether it is mirrored before; without itself and without its mirror image.
TURNS = tuple((turns, mirrored) for turns in (1, 2, 3) for mirrored in (False, True))
#: Samples of a video that are looked for in its turns, about, and the first lens of these.
_TURNED, _FIRST_TURN = 16, 5
#: Sums of frame lengths miss a tick of the clock by less than this, in samples.
_ALMOST = 1e-6


Hashes = NDArray[np.uint64]


class Kind(IntEnum):
    """Which hashes are compared with which."""

    IMAGE = 0
    RING = 1  # the hash of an image that stays under any turn
    VIDEO = 2
    PART = 3  # the hash of a part of a video's sample
    MARK = 4  # a mark of an image, of which several must match

    @property
    def moves(self) -> bool:
        """These are samples of videos, of which several must match in their order."""
        return self in (Kind.VIDEO, Kind.PART)


@dataclass(frozen=True)
class DuplicateOptions:
    """When two files show the same.

    Attributes:
        distance: bits in which two hashes may differ.
        ring_distance: the same for ring hashes.
        sure: bits up to which two hashes are of one picture whatever the ring hashes say.
        ring_alike: bits in which ring hashes may differ where the hashes differ in more (docs/benchmarks.md).
        video_distance: the same for samples of videos, of which several must match in their order.
        part_distance: the same for parts of samples, of which a logo may fill so much that they are never far apart.
        mark_distance: the same for marks of images, of which two must match.
        share: of the different pictures of the shorter video that must match.
        min_matches: different pictures that must match, at least.
        turned: look for flipped and turned images, and mirrored videos.
        min_detail: standard deviation of luma below which a picture has no telling hash.
        still: neighbouring samples of a video that differ in no more bits are one.
        common: a sample that more videos have, bit for bit, is a logo or a test card, and finds no pairs.
        per_s: samples a second.
        groups: into how many parts the search of a block is divided.
    """

    distance: int = 6
    ring_distance: int = 6
    sure: int = 4
    ring_alike: int = 24
    video_distance: int = 8
    part_distance: int = 4
    mark_distance: int = 6
    share: float = 0.2
    min_matches: int = 3
    turned: bool = True
    min_detail: float = 4.0
    still: int = 3
    common: int = 100
    per_s: float = 2.0
    groups: int = 1

    def distance_of(self, kind: Kind) -> int:
        """Bits in which two hashes of a kind may differ."""
        return {
            Kind.IMAGE: self.distance,
            Kind.RING: self.ring_distance,
            Kind.VIDEO: self.video_distance,
            Kind.PART: self.part_distance,
            Kind.MARK: self.mark_distance,
        }[kind]


#: One hash of a file. ``asks``: it looks for others; a hash of a flipped picture is only found. ``lens``: 0 for the
#: whole of a sample, 1 to 4 for its parts, from 5 on for its turns; ``place``: of a sample, or of a mark;
#: ``picture``: of the first sample of its video that shows the same; ``pictures``: how many the video counts as
#: showing; ``ring``: the ring hash of the picture that has the hash, which was not taken of what is inside bars.
LOOKS = pa.schema(
    [
        pa.field("sha256", pa.string()),
        pa.field("kind", pa.int8()),
        pa.field("hash", pa.uint64()),
        pa.field("asks", pa.bool_()),
        pa.field("lens", pa.int8()),
        pa.field("place", pa.int32()),
        pa.field("picture", pa.int32()),
        pa.field("pictures", pa.int32()),
        pa.field("ring", pa.uint64()),
    ]
)

#: What of a file is needed: columns of the media table, and of what the media store keeps beside it.
MEDIA_COLUMNS = [
    "sha256",
    "form",
    "phash",
    "phash_turned",
    "phash_unboxed",
    "ring_hash",
    "detail",
    "part_hashes",
    "marks",
    "glimpses",
]


def looks(media: pl.DataFrame, options: DuplicateOptions) -> pa.Table:
    """The hashes of some files that tell something, as ``LOOKS``. ``media``: ``MEDIA_COLUMNS``."""
    telling = media.filter((pl.col("form") == MediaForm.IMAGE.value) & (pl.col("detail") >= options.min_detail))
    ring, inside = _number("ring_hash"), pl.col("phash_unboxed")
    parts = [
        _images(telling, pl.concat_list("phash"), Kind.IMAGE, asks=True, ring=ring),
        _images(telling, inside.list.head(1), Kind.IMAGE, asks=True),
    ]
    if options.turned:
        parts += [
            _images(telling, pl.col("phash_turned").list.slice(1), Kind.IMAGE, asks=False, ring=ring),
            _images(telling, inside.list.slice(1), Kind.IMAGE, asks=False),
            _images(telling, pl.concat_list("ring_hash"), Kind.RING, asks=True),
            _marks(telling),
        ]
    moving = media.filter(pl.col("form") != MediaForm.IMAGE.value)
    return arrow(pl.concat([*parts, _samples(moving, options)]).unique(maintain_order=True), LOOKS)


def _images(media: pl.DataFrame, hashes: pl.Expr, kind: Kind, *, asks: bool, ring: pl.Expr = _NO_RING) -> pl.DataFrame:
    found = media.select("sha256", hash=hashes, ring=ring).explode("hash").filter(pl.col("hash").is_not_null())
    return _as_looks(found.with_columns(hash=_number("hash")), kind, asks=asks)


def _as_looks(found: pl.DataFrame, kind: Kind, *, asks: bool) -> pl.DataFrame:
    return found.select(
        "sha256",
        kind=pl.lit(kind.value, pl.Int8),
        hash="hash",
        asks=pl.lit(asks),
        lens=pl.lit(0, pl.Int8),
        place=pl.lit(0, pl.Int32),
        picture=pl.lit(0, pl.Int32),
        pictures=pl.lit(1, pl.Int32),
        ring="ring",
    )


def _marks(media: pl.DataFrame) -> pl.DataFrame:
    marks = media.select("sha256", hash=pl.col("marks"), ring=_NO_RING).explode("hash")
    return _as_looks(marks.filter(pl.col("hash").is_not_null()), Kind.MARK, asks=True).with_columns(
        place=pl.int_range(pl.len(), dtype=pl.Int32).over("sha256")
    )


def _samples(media: pl.DataFrame, options: DuplicateOptions) -> pl.DataFrame:
    """The sampled frames of videos through every lens: whole frames, and each of their parts."""
    glimpses = _glimpses(media, options)
    parts = _sampled(media, options)
    lenses = [(Kind.VIDEO, 0, glimpses.filter("asks"))]
    lenses += [(Kind.PART, lens, parts.filter(pl.col("part") == part.value)) for lens, part in enumerate(FramePart, 1)]
    shown = _counted(pl.concat([_through(kind, lens, frames, options) for kind, lens, frames in lenses]))
    found = [shown, _between(glimpses, shown, options)]
    if options.turned:
        mirrored = pl.Series(shown["hash"].to_numpy() ^ MIRROR, dtype=pl.UInt64)
        found += [shown.with_columns(hash=mirrored, asks=pl.lit(value=False)), *_turned(shown)]
    return pl.concat(found)


def _glimpses(media: pl.DataFrame, options: DuplicateOptions) -> pl.DataFrame:
    """The glimpses of videos; of those that fall on one place the first asks, and is a sample."""
    place = (pl.col("time_s") * options.per_s + _ALMOST).floor().cast(pl.Int32)
    return (
        media.select("sha256", pl.col("glimpses"))
        .explode("glimpses")
        .filter(pl.col("glimpses").is_not_null())
        .with_columns(pl.col("glimpses").struct.field("time_s", "whole", "inside"))
        .select("sha256", place=place, hash="whole", inside="inside")
        .with_columns(asks=pl.struct("sha256", "place").is_first_distinct())
    )


def _between(glimpses: pl.DataFrame, shown: pl.DataFrame, options: DuplicateOptions) -> pl.DataFrame:
    """Glimpses between samples, which are found only: they count as the picture of the sample before them."""
    samples = shown.filter(pl.col("lens") == 0).unique(["sha256", "place"], keep="first", maintain_order=True)
    changes = glimpses.filter(pl.Series(_changes(glimpses, options.still), dtype=pl.Boolean)).filter(~pl.col("asks"))
    joined = changes.sort("place").join_asof(
        samples.select("sha256", "place", "picture", "pictures").sort("place"),
        on="place",
        by="sha256",
        check_sortedness=False,
    )
    known = joined.filter(pl.col("picture").is_not_null()).sort("sha256", "place", maintain_order=True)
    return _at_lens(known, Kind.VIDEO, 0, asks=False)


def _turned(shown: pl.DataFrame) -> list[pl.DataFrame]:
    """A few samples of each video as they are in the other turns of its pictures; each turn is a lens of its own."""
    whole = shown.filter(pl.col("lens") == 0)
    rank, rows = pl.int_range(pl.len()).over("sha256"), pl.len().over("sha256")
    some = whole.filter((rank * _TURNED // rows) != ((rank - 1) * _TURNED // rows))
    some = some.with_columns(
        pictures=pl.col("picture").n_unique().over("sha256").cast(pl.Int32), asks=pl.lit(value=False)
    )
    hashes = some["hash"].to_numpy()
    return [
        some.with_columns(
            hash=pl.Series(turned_hashes(hashes, turns, mirrored=mirrored), dtype=pl.UInt64),
            lens=pl.lit(_FIRST_TURN + place, pl.Int8),
        )
        for place, (turns, mirrored) in enumerate(TURNS)
    ]


def turned_hashes(hashes: Hashes, turns: int, *, mirrored: bool) -> Hashes:
    """The hashes of pictures mirrored, and then turned by so many quarters counterclockwise, but for a few bits.

    A turn swaps the frequencies across and down, and changes the sign of the odd ones along one axis.
    """
    found = hashes ^ MIRROR if mirrored else hashes.copy()
    for _ in range(turns):
        bits = np.unpackbits(found.astype(">u8")[:, np.newaxis].view(np.uint8), axis=1).reshape(-1, 8, 8)
        swapped = np.ascontiguousarray(np.packbits(bits.transpose(0, 2, 1).reshape(-1, 64), axis=1))
        found = swapped.view(">u8").ravel().astype(np.uint64) ^ _UPSIDE_DOWN
    return found


def _counted(shown: pl.DataFrame) -> pl.DataFrame:
    """The same, with no lens counting far fewer pictures than the one through which the video shows most.

    Behind a logo, different pictures look alike: a few of them would be a large share of the few that are told apart.
    """
    most = pl.col("pictures").max().over("sha256")
    whole, part = ((most * share.numerator + share.denominator - 1) // share.denominator for share in _LEAST)
    least = pl.when(pl.col("lens") == 0).then(whole).otherwise(part)
    return shown.with_columns(pictures=pl.max_horizontal("pictures", least.cast(pl.Int32)))


def _sampled(media: pl.DataFrame, options: DuplicateOptions) -> pl.DataFrame:
    """The parts of sampled frames, in their order."""
    return (
        media.select("sha256", "part_hashes")
        .explode("part_hashes")
        .filter(pl.col("part_hashes").is_not_null())
        .with_columns(pl.col("part_hashes").struct.field("time_s", "part", "phash", "phash_unboxed"))
        .select(
            "sha256",
            "part",
            place=(pl.col("time_s") * options.per_s).round().cast(pl.Int32),
            hash=_number("phash"),
            inside=_number("phash_unboxed"),
        )
    )


def _through(kind: Kind, lens: int, frames: pl.DataFrame, options: DuplicateOptions) -> pl.DataFrame:
    """What is seen through a lens, with the pictures that are different through it."""
    kept = frames.filter(pl.Series(_changes(frames, options.still), dtype=pl.Boolean))
    kept = kept.with_columns(picture=pl.Series(_pictures(kept, options.video_distance), dtype=pl.Int32))
    kept = kept.with_columns(pictures=pl.col("picture").n_unique().over("sha256").cast(pl.Int32))
    return _at_lens(kept, kind, lens, asks=True)


def _at_lens(kept: pl.DataFrame, kind: Kind, lens: int, *, asks: bool) -> pl.DataFrame:
    """Samples, and what is inside their bars."""
    inside = kept.filter(pl.col("inside").is_not_null()).with_columns(hash="inside")
    return pl.concat([kept, inside]).select(
        "sha256",
        kind=pl.lit(kind.value, pl.Int8),
        hash="hash",
        asks=pl.lit(asks),
        lens=pl.lit(lens, pl.Int8),
        place="place",
        picture="picture",
        pictures="pictures",
        ring=_NO_RING,
    )


def _number(column: str) -> pl.Expr:
    """A column of hashes of 16 hex digits, as numbers."""
    return pl.col(column).str.to_integer(base=16, dtype=pl.UInt64)


def _changes(frames: pl.DataFrame, still: int) -> np.ndarray:
    """Which samples differ from the last kept one of their video; a picture that stands still is one sample."""
    keep = np.zeros(frames.height, dtype=bool)
    hashes = frames["hash"].to_list()
    for _, run in groupby(enumerate(frames["sha256"].to_list()), key=lambda entry: entry[1]):
        last: int | None = None
        for place, _ in run:
            if last is None or (hashes[place] ^ last).bit_count() > still:
                keep[place], last = True, hashes[place]
    return keep


def _pictures(samples: pl.DataFrame, distance: int) -> np.ndarray:
    """The place of the first sample of its video that is as near to each as the samples of two videos must be.

    A title card that comes again between scenes is one picture, and tells once that two videos are the same.
    """
    places, hashes = samples["place"].to_numpy(), samples["hash"].to_numpy()
    pictures = places.copy()
    for _, run in groupby(enumerate(samples["sha256"].to_list()), key=lambda entry: entry[1]):
        rows = [row for row, _ in run]
        seen, count = np.empty(len(rows), dtype=np.int64), 0
        for row in rows:
            near = np.flatnonzero(np.bitwise_count(hashes[seen[:count]] ^ hashes[row]) <= distance)
            if len(near):
                pictures[row] = places[seen[near[0]]]
            else:
                seen[count] = row
                count += 1
    return pictures


def kinds(looks: pl.DataFrame) -> list[tuple[Kind, pl.DataFrame]]:
    """The hashes by kind, those that occur."""
    found = ((kind, looks.filter(pl.col("kind") == kind.value)) for kind in Kind)
    return [(kind, some) for kind, some in found if some.height]
