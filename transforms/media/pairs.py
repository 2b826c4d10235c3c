"""Files that show the same: links between them, out of the hashes that meet in one block."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from blift.transforms.media.hamming import similar_pairs
from blift.transforms.media.looks import DuplicateOptions, Kind
from blift.transforms.tables import arrow

#: Two files that belong together.
LINKS = pa.schema([pa.field("left", pa.string()), pa.field("right", pa.string())])
#: Two samples of two videos that are alike: through which lens, their places, the pictures that they show, and how many
#: pictures each video counts as showing.
MATCHES = pa.schema(
    [
        pa.field("pair", pa.string()),
        pa.field("left", pa.string()),
        pa.field("right", pa.string()),
        pa.field("left_lens", pa.int8()),
        pa.field("right_lens", pa.int8()),
        pa.field("left_place", pa.int32()),
        pa.field("right_place", pa.int32()),
        pa.field("left_picture", pa.int32()),
        pa.field("right_picture", pa.int32()),
        pa.field("left_pictures", pa.int32()),
        pa.field("right_pictures", pa.int32()),
    ]
)
#: Two marks of two images that are alike.
MARKED = pa.schema(
    [
        pa.field("pair", pa.string()),
        pa.field("left", pa.string()),
        pa.field("right", pa.string()),
        pa.field("left_mark", pa.int32()),
        pa.field("right_mark", pa.int32()),
    ]
)
#: Marks that two images have in common, at least; and marks of others in a block up to which one says something.
_LEAST_MARKS, _COMMON_MARK = 2, 50
#: Two videos, each through one lens.
_PAIR = ["left", "right", "left_lens", "right_lens"]
#: Offsets of two videos, in samples, that count as one: their clocks do not tick together.
_DRIFT = 1
#: The share of the pictures that two videos have in common which must come in one order.
_IN_ORDER = 0.75

#: How many pictures of the other video a picture may match, on average.
_MATCHES_OF_A_PICTURE = 2.5


def image_links(looks: pl.DataFrame, kind: Kind, options: DuplicateOptions, place: int) -> pa.Table:
    """Links between images, as ``LINKS``, whose hashes have block ``place`` first in common.

    ``looks`` may be all of a kind, or all whose hashes have one of some values in that block. Block 0 also links what
    is equal. Where hashes differ in more than ``sure`` bits, ring hashes must be alike: two pictures that are near in
    one hash by chance are seldom near in the other. What is inside bars has no ring hash, and is believed without.
    Of images with one hash in common, the first that asks is linked to the others: k images give k - 1 links.
    """
    hashes, near = _search(looks, options.distance_of(kind), place)
    ends = pl.DataFrame({"hash": hashes[near[0]], "hash_two": hashes[near[1]]})
    sure = _bits("hash") <= options.sure
    ring = (_bits("ring") <= options.ring_alike).fill_null(value=True)
    parts = [
        _ends(ends.filter(sure), _spokesmen(looks, "hash")),
        _ends(ends.filter(~sure), _spokesmen(looks, "hash", "ring")).filter(ring),
    ]
    links = [part.select(left="files", right="files_two").explode("left").explode("right") for part in parts]
    if not place:
        first = _spokesmen(looks, "hash").filter("asks").select("hash", left=pl.col("files").list.first())
        links.append(first.join(looks.select("hash", right="sha256"), on="hash").select("left", "right"))
    every = pl.concat(links)
    return arrow(every.filter(pl.col("left") != pl.col("right")).unique(), LINKS)


def _spokesmen(looks: pl.DataFrame, *by: str) -> pl.DataFrame:
    """The files whose links connect all that have a hash: the first that asks, to which others are linked, or each."""
    files = looks.sort("asks", "sha256", descending=[True, False]).group_by(by).agg("asks", files="sha256")
    asks = pl.col("asks").list.first()
    return files.with_columns(asks=asks, files=pl.when(asks).then(pl.col("files").list.head(1)).otherwise("files"))


def _ends(ends: pl.DataFrame, of: pl.DataFrame) -> pl.DataFrame:
    """Both sides of pairs of hashes, of which one asks."""
    sides = ends.join(of, on="hash").join(of, left_on="hash_two", right_on="hash", suffix="_two")
    return sides.filter(pl.col("asks") | pl.col("asks_two"))


def _bits(column: str) -> pl.Expr:
    """In how many bits the two sides differ."""
    return (pl.col(column) ^ pl.col(f"{column}_two")).bitwise_count_ones()


class VideoMatches(NamedTuple):
    """Samples that are alike, as ``MATCHES``, and how many hashes were too common to be looked at."""

    matches: pa.Table
    common: int


def video_matches(looks: pl.DataFrame, distance: int, common: int, place: int) -> VideoMatches:
    """Samples of different videos that are alike, whose hashes have block ``place`` first in common, or are equal.

    Args:
        looks: of one kind.
        distance: bits in which two hashes may differ.
        common: hashes that more videos have are not looked at.
        place: of the block.
    """
    spread = looks.group_by("hash").agg(videos=pl.col("sha256").n_unique())
    too_common = spread.filter(pl.col("videos") > common).get_column("hash")
    telling = looks.filter(~pl.col("hash").is_in(too_common.implode()))
    hashes, near = _search(telling, distance, place)
    ends = [pl.DataFrame({"one": hashes[near[0]], "two": hashes[near[1]]})]
    if not place:
        ends.append(pl.DataFrame({"one": hashes, "two": hashes}))
    of = telling.select("hash", "sha256", "asks", "lens", "place", "picture", "pictures")
    alike = (
        pl.concat(ends)
        .join(of, left_on="one", right_on="hash")
        .join(of, left_on="two", right_on="hash", suffix="_two")
        .filter(pl.col("sha256") != pl.col("sha256_two"), pl.col("asks") | pl.col("asks_two"))
    )
    swapped = pl.col("sha256") > pl.col("sha256_two")
    sides = {"left": ("sha256_two", "sha256"), "right": ("sha256", "sha256_two")}
    sides |= {"left_lens": ("lens_two", "lens"), "right_lens": ("lens", "lens_two")}
    sides |= {"left_place": ("place_two", "place"), "right_place": ("place", "place_two")}
    sides |= {"left_picture": ("picture_two", "picture"), "right_picture": ("picture", "picture_two")}
    sides |= {"left_pictures": ("pictures_two", "pictures"), "right_pictures": ("pictures", "pictures_two")}
    pairs = alike.select(
        **{name: pl.when(swapped).then(one).otherwise(other) for name, (one, other) in sides.items()}
    ).unique()
    named = pairs.with_columns(pair=pl.concat_str("left", pl.lit(" "), "right"))
    own = looks.filter("asks").get_column("hash").unique()
    return VideoMatches(arrow(named, MATCHES), int(own.is_in(too_common.implode()).sum()) if not place else 0)


def mark_matches(looks: pl.DataFrame, distance: int, place: int) -> pa.Table:
    """Marks of different images that are alike, as ``MARKED``, whose hashes have block ``place`` first in common.

    A mark that is like those of very many images says nothing: letters and buttons are in all screenshots.

    Args:
        looks: of the kind ``MARK``.
        distance: bits in which two hashes may differ.
        place: of the block.
    """
    hashes, near = _search(looks, distance, place)
    ends = [pl.DataFrame({"one": hashes[near[0]], "two": hashes[near[1]]})]
    if not place:
        ends.append(pl.DataFrame({"one": hashes, "two": hashes}))
    of = looks.select("hash", "sha256", "place")
    alike = (
        pl.concat([*ends, *(end.select(one="two", two="one") for end in ends)])
        .unique()
        .join(of, left_on="one", right_on="hash")
        .join(of, left_on="two", right_on="hash", suffix="_two")
        .filter(pl.col("sha256") != pl.col("sha256_two"))
        .filter(pl.len().over("sha256", "place") <= _COMMON_MARK)
    )
    return arrow(
        alike.filter(pl.col("sha256") < pl.col("sha256_two")).select(
            pair=pl.concat_str("sha256", pl.lit(" "), "sha256_two"),
            left="sha256",
            right="sha256_two",
            left_mark="place",
            right_mark="place_two",
        ),
        MARKED,
    )


def mark_links(matches: pl.DataFrame) -> pa.Table:
    """Links between images, as ``LINKS``, that have at least two marks each in common. ``matches``: as ``MARKED``."""
    found = matches.group_by("left", "right").agg(pl.col("left_mark", "right_mark").n_unique())
    return arrow(found.filter(pl.min_horizontal("left_mark", "right_mark") >= _LEAST_MARKS), LINKS)


def video_links(matches: pl.DataFrame, options: DuplicateOptions) -> pa.Table:
    """Links between videos, as ``LINKS``, out of all matches of their samples.

    Two videos belong together if, through one lens and with one of them shifted by some time, enough of the pictures of
    the shorter one match, each counted once, in the same order; and if what they have in common through that lens comes
    in one order at any shift.
    """
    every = _telling(matches.unique()).with_columns(shift=pl.col("left_place") - pl.col("right_place"))
    near = pl.concat([every.with_columns(shift=pl.col("shift") + drift) for drift in range(-_DRIFT, _DRIFT + 1)])
    columns = ["left_place", "right_place", "left_picture", "right_picture"]
    fewest = pl.min_horizontal("left_pictures", "right_pictures").first()
    least = pl.max_horizontal(pl.min_horizontal(pl.lit(options.min_matches), fewest), options.share * fewest)
    in_common = pl.min_horizontal(pl.col("left_picture").n_unique(), pl.col("right_picture").n_unique())
    likely = (
        near.group_by(*_PAIR, "shift")
        .agg(*columns, least=least, in_common=in_common)
        .filter(pl.col("in_common") >= pl.col("least"))
        .filter(pl.struct(*columns, "least").map_elements(_enough_in_order, return_dtype=pl.Boolean))
        .select(_PAIR)
        .unique()
    )
    ordered = (
        every.join(likely, on=_PAIR)
        .group_by(_PAIR)
        .agg(*columns, least=_IN_ORDER * in_common)
        .filter(pl.struct(*columns, "least").map_elements(_enough_in_order, return_dtype=pl.Boolean))
    )
    return arrow(ordered.select("left", "right").unique(), LINKS)


def _telling(matches: pl.DataFrame) -> pl.DataFrame:
    """Matches of pairs whose pictures match one each; through a large logo that is in both, all match all."""
    pictures = [pl.col("left_picture"), pl.col("right_picture")]
    fewest = _MATCHES_OF_A_PICTURE * pl.max_horizontal(side.n_unique() for side in pictures)
    return matches.join(
        matches.group_by(_PAIR).agg(telling=pl.struct(pictures).n_unique() <= fewest).filter("telling").select(_PAIR),
        on=_PAIR,
    )


def _enough_in_order(matches: Mapping[str, Any]) -> bool:
    """Whether at least ``least`` different pictures of either side match one after the other."""
    places = list(zip(matches["left_place"], matches["right_place"], strict=True))
    chain = longest_chain(places)
    lefts, rights = (len({matches[side][row] for row in chain}) for side in ("left_picture", "right_picture"))
    return bool(min(lefts, rights) >= matches["least"])


def longest_chain(pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Which of some pairs of numbers make the longest sequence in which both numbers grow; places in ``pairs``."""
    tails: list[int] = []  # the pair with which the best sequence of each length ends
    before: dict[int, int] = {}
    # Of pairs with one left number the largest right one comes first, so that no two of them follow each other.
    for row in sorted(range(len(pairs)), key=lambda row: (pairs[row][0], -pairs[row][1])):
        length = bisect_left(tails, pairs[row][1], key=lambda tail: pairs[tail][1])
        if length:
            before[row] = tails[length - 1]
        tails[length : length + 1] = [row]
    chain = tails[-1:]
    while chain and chain[-1] in before:
        chain.append(before[chain[-1]])
    return chain[::-1]


def _search(looks: pl.DataFrame, distance: int, place: int) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Different hashes, ascending, and the places of pairs of them that are near."""
    distinct = looks.group_by("hash").agg(asks=pl.col("asks").any()).sort("hash")
    hashes, asking = distinct["hash"].to_numpy(), distinct["asks"].to_numpy()
    found = list(similar_pairs(hashes, asking, distance, place)) if len(hashes) else []
    empty = np.empty(0, dtype=np.int64)
    left, right = (np.concatenate([empty, *(pair[side] for pair in found)]) for side in (0, 1))
    return hashes, (left, right)
