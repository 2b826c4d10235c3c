"""What was measured of files, brought to the samples whose media they are."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from blift.schemas.media import MediaForm
from blift.schemas.reasons import Reason, ReplayAbsent
from blift.schemas.registry import SCHEMAS
from blift.transforms.tables import arrow, frame, rows_of
from blift.transforms.timelines import one_length, within_media

_MEDIA = SCHEMAS["media"]

#: Media keys that posts have, and the key under which they are united, where it is another one.
UNITED = pa.schema([pa.field("media_key", pa.string()), pa.field("unite_as", pa.string())])

#: Where a file is used: members of `uses`.
_USE = [pl.col("uses").struct.field(name) for name in ("media_key", "place")]

_COLUMNS = ("sha256", "file", "width", "height", "duration_s", "cluster", "scenes", "speech")
#: What was measured of the file at ``place`` of a media item; ``stays``: of its cluster, this one.
MEASURED = pa.schema(
    [
        pa.field("media_key", pa.string()),
        pa.field("place", pa.int64()),
        pa.field("stays", pa.bool_()),
        pa.field("hashes", pa.list_(pa.string())),
        *[_MEDIA.field(name) for name in _COLUMNS],
    ]
)

_KEYFRAME = pa.struct([pa.field("keyframe", pa.string()), pa.field("keyframe_s", pa.float64())])
#: A file at ``place`` of a media item: its digest, its name and where it may lie, what it holds, and its keyframes.
FILES = pa.schema(
    [
        *[pa.field(name, MEASURED.field(name).type) for name in ("media_key", "place", "stays", "sha256", "file")],
        pa.field("paths", pa.list_(pa.string())),
        pa.field("form", pa.string()),
        pa.field("duration_s", pa.float64()),
        pa.field("keyframes", pa.list_(_KEYFRAME)),
    ]
)


def united_keys(media: pa.Table) -> pa.Table:
    """The keys of media that show the same as others, and what takes their place. ``media``: of the media table."""
    uses = frame(media.select(["uses", "unite_as"])).explode("uses").with_columns(_USE).drop("uses")
    return arrow(uses.filter((pl.col("place") == 0) & (pl.col("media_key") != pl.col("unite_as"))).unique(), UNITED)


def media_by_key(media: pa.Table) -> pa.Table:
    """Rows of the media table by the keys under which samples look for them: the one that is united, and their own."""
    rows = frame(media).with_columns(
        stays=pl.col("cluster").is_null() | (pl.col("cluster") == pl.col("sha256")),
        hashes=pl.when(pl.col("form") == MediaForm.IMAGE.value)
        .then(pl.concat_list("phash"))
        .otherwise(pl.col("frame_hashes").list.eval(pl.element().struct.field("phash"))),
    )
    return arrow(_by_key(rows), MEASURED)


def _by_key(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of files, one for each key and place at which a sample looks for them."""
    own = rows.explode("uses").with_columns(_USE).drop("uses")
    united = own.filter((pl.col("place") == 0) & (pl.col("media_key") != pl.col("unite_as")))
    return pl.concat([own, united.with_columns(media_key=pl.col("unite_as"))])


def files_by_key(media: pa.Table) -> pa.Table:
    """Files by the keys under which samples look for them, as ``FILES``, without ``paths``.

    Args:
        media: rows of the media table.
    """
    scene = pl.element().struct
    keyframes = pl.col("scenes").list.eval(
        pl.struct(scene.field("keyframe"), scene.field("keyframe_s")).filter(scene.field("keyframe").is_not_null())
    )
    rows = frame(media.select(["sha256", "file", "form", "duration_s", "cluster", "scenes", "uses", "unite_as"]))
    made = rows.with_columns(
        stays=pl.col("cluster").is_null() | (pl.col("cluster") == pl.col("sha256")),
        keyframes=keyframes,
        paths=pl.lit([], dtype=pl.List(pl.String)),
    )
    return arrow(_by_key(made), FILES)


def with_paths(files: pl.DataFrame, lists: pl.DataFrame) -> pa.Table:
    """Files with the places at which each may lie.

    Args:
        files: the columns of ``FILES``. ``lists``: ``file`` and ``path``.
    """
    places = lists.group_by("file").agg(paths=pl.col("path").unique().sort())
    joined = files.drop("paths").join(places, on="file", how="left")
    return arrow(joined.with_columns(pl.col("paths").fill_null([])), FILES)


def without_cuts(media: pa.Table) -> pa.Table:
    """Rows of the media table where no frames were compared: what moves has no scenes of its own."""
    still = pl.col("form") == MediaForm.IMAGE.value
    rows = frame(media).with_columns(scenes=pl.when(still).then("scenes").otherwise(pl.col("scenes").list.head(0)))
    return rows_of(rows, "media")


def with_measured(samples: pl.DataFrame, media: pl.DataFrame) -> pl.DataFrame:
    """Samples with what was measured of their files: digest, hashes, cluster, size, duration, and ``measured`` scenes.

    Of several files at one place, the one that stays of its cluster speaks. What platforms state stays where nothing
    was measured, and subtitles go before speech that a model heard. Where the file is of another length than the record
    says (``off_record``), nothing of the record's timelines is laid over the file. Of files of one media those count
    first that have the length of the record. Every interval of a timeline ends with the media.

    Args:
        samples: ``media_key`` and the columns that platforms state.
        media: the columns of ``MEASURED``.
    """
    stated = samples.select("media_key", stated_s="duration_s")
    fits = one_length(pl.col("stated_s"), pl.col("duration_s")).fill_null(value=True)
    best = media.join(stated, on="media_key", how="left").sort(
        "media_key", "place", fits, "stays", "sha256", descending=[False, False, True, True, False]
    )
    of_media = (
        best.unique(["media_key", "place"], keep="first", maintain_order=True)
        .group_by("media_key", maintain_order=True)
        .agg(
            *[
                pl.col(name).first().alias(f"{name}_measured")
                for name in ("file", "width", "height", "duration_s", "speech")
            ],
            pl.col("sha256", "cluster").first(),
            phash=pl.col("hashes").list.explode(keep_nulls=False, empty_as_null=False),
            measured=pl.col("scenes").list.explode(keep_nulls=False, empty_as_null=False),
        )
    )
    joined = samples.join(of_media, on="media_key", how="left", maintain_order="left").with_columns(
        off_record=~one_length(pl.col("duration_s"), pl.col("duration_s_measured")).fill_null(value=True),
        stated_s="duration_s",
    )
    joined = _without_timelines(joined)
    names = [("media_file", "file"), ("width", "width"), ("height", "height"), ("duration_s", "duration_s")]
    full = joined.with_columns(
        *[pl.coalesce(f"{found}_measured", name).alias(name) for name, found in names],
        pl.when(pl.col("speech").list.len() > 0)
        .then("speech")
        .otherwise("speech_measured")
        .fill_null([])
        .alias("speech"),
        pl.col("phash", "measured").fill_null([]),
    )
    return within_media(full, ("replay", "speech", "chapters"))


def off_records(samples: pl.DataFrame) -> pl.DataFrame:
    """The samples whose file is of another length than the record says, with ``rule``, ``reason`` and ``detail``."""
    lengths = [pl.col(name).round(1) for name in ("stated_s", "duration_s_measured")]
    left_out = "replay graph, chapters and subtitles are left out"
    return samples.filter("off_record").with_columns(
        rule=pl.lit("one_length"),
        reason=pl.lit(Reason.OTHER_MEDIA.value),
        detail=pl.format(f"the record says {{}} s, and the file lasts {{}} s: {left_out}", *lengths),
    )


def _without_timelines(samples: pl.DataFrame) -> pl.DataFrame:
    """Samples without the record's timelines where the file has another length."""
    had_replay = pl.col("replay").list.len().fill_null(0) > 0
    return samples.with_columns(
        replay_absent=pl.when(pl.col("off_record") & had_replay)
        .then(pl.lit(ReplayAbsent.MALFORMED.value))
        .otherwise("replay_absent"),
        **{
            name: pl.when("off_record").then(pl.col(name).list.head(0)).otherwise(name)
            for name in ("replay", "speech", "chapters")
        },
    )
