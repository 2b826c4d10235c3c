"""Tables made again from others, in this process: the transforms of the stages, without a runner and without rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from blift.connectors.annotations import ROWS
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.rules import selections
from blift.schemas.annotation import MEMORABILITY, SALIENCY_OBJECTS
from blift.schemas.platform import platforms
from blift.schemas.split import Split
from blift.transforms.accounting import Tally
from blift.transforms.annotations import (
    annotation_table,
    asked_names,
    judged,
    matched,
    media_names,
    names_of,
    of_samples,
)
from blift.transforms.growth import with_growth
from blift.transforms.instructions import instructions
from blift.transforms.judge import JudgedPosts, RuleBook, judge_comments, judge_posts
from blift.transforms.measured import files_by_key, media_by_key
from blift.transforms.pair_media import FoundFile, ShownFile, found_files
from blift.transforms.popularity import measured, popularity
from blift.transforms.preferences.compare import compare_channels, compare_media, posts_of_channels
from blift.transforms.preferences.options import PreferenceOptions
from blift.transforms.preferences.shown import show_media
from blift.transforms.reactions import Lags, with_marks
from blift.transforms.release import blift_rows
from blift.transforms.selection import choose
from blift.transforms.tables import arrow, frame, rows_of
from blift.transforms.templates import Template
from blift.transforms.unite import over_time, sample_table, unite

#: Frames by table. Their first column tells rows apart.
Tables = Mapping[str, pl.DataFrame]
#: That no two media show the same.
_NO_CLUSTERS = pl.DataFrame(schema={"media_key": pl.String, "unite_as": pl.String})
_LAGS = Lags()
_ANNOTATED = 3


def _no_rules() -> RuleBook:
    none: dict[str, dict[str, Any]] = {name: {} for name in platforms()}
    return RuleBook.of(none, none, ())


def judge(posts: pl.DataFrame) -> JudgedPosts:
    """Posts that show media, as the curate stage has them after its rules."""
    shown = judge_posts(posts.filter(pl.col("media_key").is_not_null()), _no_rules(), Tally("lineage"))
    return shown.with_languages().with_united_media(_NO_CLUSTERS)


class Records(NamedTuple):
    """Posts, and comments on them: all, those that samples have, and how often comments name a second."""

    posts: pl.DataFrame
    comments: pl.DataFrame
    chosen: pl.DataFrame
    marked: pl.DataFrame


def records(posts: JudgedPosts, comments: pl.DataFrame, recipe: Recipe) -> Records:
    """What samples and preferences are made of."""
    kept = judge_comments(comments, posts, _no_rules(), Tally("lineage")).kept
    marked = with_marks(kept, posts.kept.select("post_id", "media_key"))
    return Records(posts.kept, kept, choose(kept, selections(recipe)).kept, marked)


def samples(found: Records, media: pl.DataFrame) -> pl.DataFrame:
    """Samples out of posts, comments and media."""
    by_key = frame(media_by_key(rows_of(media, "media")))
    united = unite(found.posts, found.chosen, by_key)
    return frame(sample_table(over_time(united, with_growth(found.posts), found.marked, _LAGS), 5, 1.0))


def preferences(found: Records, media: pl.DataFrame, options: PreferenceOptions) -> pl.DataFrame:
    """Preferences out of posts and comments; ``media``: as ``shown`` gives it."""
    tables = [compare_media(found.posts, found.comments, media, options)[1]]
    if options.posts:
        tables.append(compare_channels(posts_of_channels(found.posts, media), options.posts)[1])
    return frame(pa.concat_tables(tables))


def shown(tables: Tables) -> pl.DataFrame:
    """The media of samples as preferences show them, all in one split."""
    rows = rows_of(tables["sample"], "sample")
    files = [each if isinstance(each, str) else _shown(each) for each in _files(rows, tables["media"])]
    splits = tables["sample"].select("sample_id", split=pl.lit(Split.TRAIN.value))
    return frame(show_media(rows, arrow(splits, _SPLITS), files))


_SPLITS = pa.schema([pa.field("sample_id", pa.string()), pa.field("split", pa.string())])


def pairs(tables: Tables, templates: Sequence[Template]) -> dict[str, pl.DataFrame]:
    """Instruction pairs, and the rows of BLIFT, out of samples, and annotations where there are some."""
    rows = rows_of(tables["sample"], "sample")
    splits = pl.Series("split", [Split.TRAIN.value] * rows.num_rows)
    files = [[] if isinstance(each, str) else _shown(each) for each in _files(rows, tables["media"])]
    annotated = rows_of(tables["annotation"], "annotation") if "annotation" in tables else None
    made = instructions(rows, templates, splits, files, annotations=annotated)
    blift = frame(blift_rows(rows)).select(pl.int_range(pl.len()).alias("row"), pl.all())
    return {"instruction": frame(made.llava), "chat": frame(made.chat), "blift": blift}


def ranked(tables: Tables) -> dict[str, pl.DataFrame]:
    """The popularity of pairs, by sample."""
    found = popularity(measured(tables["sample"]).with_columns(split=pl.lit(Split.TRAIN.value)))
    return {"instruction": found, "chat": found}


def annotations_of_some(tables: Tables) -> pl.DataFrame:
    """Three rows as a file of annotations has them, named by digest, by post and by address; two also by another."""
    some = tables["sample"].filter(pl.col("sha256").is_not_null()).head(_ANNOTATED)
    digest, posts = some["sha256"][0], [audiences[0]["post_id"] for audiences in some["audiences"]]
    urls = [addresses[0] for addresses in some["media_urls"]]
    asked = {"annotators": 40, "licence": "cc-by-4.0"}
    rows = [
        {"sha256": digest, "post_id": posts[1], "kind": MEMORABILITY, "value": 0.25},
        {"post_id": posts[1], "url": urls[2], "kind": "interest", "value": 3.5, "map": _OBJECTS},
        {"url": urls[0], "kind": SALIENCY_OBJECTS, "map": _OBJECTS},
    ]
    schema = pa.schema([field for field in ROWS if field.name not in _READ])
    return frame(pa.Table.from_pylist([row | asked for row in rows], schema))


#: Columns that the reader adds.
_READ = ("source", "line")
_OBJECTS = [{"name": "door", "value": 0.75}, {"name": "cat", "value": 0.5}]


def joined_annotations(asked: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Annotations of samples, out of rows of a file, by kind."""
    read = asked.with_columns(source=pl.lit("annotations.parquet"), line=pl.int_range(pl.len()))
    rows, _ = judged(arrow(read, ROWS))
    names = names_of(rows_of(tables["sample"], "sample"), media_names(rows_of(tables["media"], "media")))
    made = frame(annotation_table(of_samples(rows, matched(asked_names(rows), names))[0]))
    return made.select(pl.col("kind").alias("of"), pl.all())


def _files(samples: pa.Table, media: pl.DataFrame) -> list[list[FoundFile] | str]:
    return found_files(samples.to_pylist(), frame(files_by_key(rows_of(media, "media"))))


def _shown(files: Sequence[FoundFile]) -> list[ShownFile]:
    """Files as pairs show them; they lie nowhere."""
    return [ShownFile(file.sha256, file.sha256, file.is_video, file.keyframes) for file in files]
