"""Column lineage, measured: a source field is changed, the code is run again, and the columns that change come from it.

Nothing is declared, so nothing can be out of date. What the demo corpus does not show is not found.
"""

from __future__ import annotations

import glob
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from blift.connectors.annotations import KEYS
from blift.connectors.connector import Archive, Unit
from blift.connectors.files import InputFile, open_bytes
from blift.connectors.parquet import read_shard
from blift.pipelines.build.build import build
from blift.pipelines.demo.corpus import write_corpus
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.stage_run import Report
from blift.pipelines.recipe.file import RecipeFile, load_recipe
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.rules import comment_rules, post_rules
from blift.pipelines.schema.remade import (
    Records,
    Tables,
    annotations_of_some,
    joined_annotations,
    judge,
    pairs,
    preferences,
    ranked,
    records,
    samples,
    shown,
)
from blift.schemas.errors import BliftError
from blift.schemas.platform import Platform
from blift.schemas.records import RECORDS
from blift.transforms.judge import RuleBook
from blift.transforms.normalise import comments as comments_of
from blift.transforms.normalise import posts as posts_of
from blift.transforms.preferences.options import PreferenceOptions
from blift.transforms.tables import frame
from blift.transforms.templates.template import load_template, shipped_path

#: Records of an archive that are looked at: enough for every field of the corpus to occur.
_RECORDS = 150
#: Samples of which pairs are made again.
_SAMPLES = 20
_KEY = b"lineage"
#: How much of each file is looked at.
_READ_BYTES = 4 << 20

#: Columns by the table that they are of, and the fields that each comes from.
Sources: TypeAlias = dict[tuple[str, str], set[str]]
#: One of so many samples has its comments and titles compared; of channels all have, so that some have two posts.
_COMPARED = 4
#: Columns of a few words, which code looks up.
_CODES = ("platform", "matched_by")
#: Rows of files of annotations, and the templates that ask for what they say.
_ANNOTATIONS, _ANNOTATED = "annotations", ("memorability", "saliency-objects")


def lineage(source: RecipeFile, run: RunFolder) -> dict[str, dict[str, list[str]]]:
    """For every table, the fields that each of its columns comes from.

    Args:
        source: a recipe whose archives are read again.
        run: what was built by it.
    """
    found: Sources = {}
    for name, section in source.recipe.sources.platforms.items():
        for archive in section.connector.archives:
            paths = [path for each in source.resolve(section.patterns[archive.key]) for path in sorted(glob.glob(each))]
            for key, columns in _of_archive(archive, section.connector.platform, paths):
                _note(found, columns, f"{name} {archive.key}: `{key}`")
    for table, column, columns in _of_tables(_read(run), source.recipe):
        _note(found, columns, f"`{table}.{column}`" if table in RECORDS else f"{table}: `{column}`")
    return {
        table: {column: sorted(found.get((table, column), ())) for column in record.model_fields}
        for table, record in RECORDS.items()
        if any(key[0] == table for key in found)
    }


def rules_on_columns(source: RecipeFile) -> dict[tuple[str, str], list[str]]:
    """The rules that a recipe turns on and that look at each column of posts and comments."""
    book = RuleBook.of(post_rules(source.recipe), comment_rules(source.recipe), ())
    found: dict[tuple[str, str], set[str]] = {}
    for (record, platform), rules in book.rules.items():
        for rule, check in rules:
            expressions = [check.broken] + ([] if check.detail is None else [check.detail])
            names = {name for each in expressions for name in each.meta.root_names()} | (
                {rule.of} if rule.of else set()
            )
            for name in names & RECORDS[record.value].model_fields.keys():
                found.setdefault((record.value, name), set()).add(f"{platform} `{rule.name}`")
    return {key: sorted(rules) for key, rules in found.items()}


def _note(found: Sources, columns: set[tuple[str, str]], field: str) -> None:
    for column in columns:
        found.setdefault(column, set()).add(field)


# From archives to posts and comments.


def _of_archive(
    archive: Archive, platform: Platform, paths: Sequence[str]
) -> Iterator[tuple[str, set[tuple[str, str]]]]:
    records = _records(archive, paths)
    with tempfile.TemporaryDirectory() as folder:
        before = _rows(archive, platform, records, Path(folder))
        for key in sorted({key for record in records for key in record}):
            changed: set[tuple[str, str]] = set()
            without = [{name: value for name, value in record.items() if name != key} for record in records]
            for others in (without, _with_values_of_others(records, key)):
                if others != records:
                    changed |= _differing(before, _rows(archive, platform, others, Path(folder)))
            if changed:
                yield key, changed


def _records(archive: Archive, paths: Sequence[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in paths:
        lines: list[bytes] = []
        try:
            with open_bytes(path) as stream:
                content = stream.read(_READ_BYTES)
                lines = [content] if archive.is_one_post else content.splitlines()
        except (BliftError, OSError, EOFError):
            continue  # the corpus has broken files, too
        found += [record for line in lines for record in _parsed(line)]
    step = max(1, len(found) // _RECORDS)
    return found[::step]


def _parsed(line: bytes) -> list[dict[str, Any]]:
    try:
        record = json.loads(line)
    except ValueError:
        return []
    return [record] if isinstance(record, dict) else []


def _with_values_of_others(records: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """The records that have a field, each with the value of the next one: values that such a field does have."""
    having = [record for record in records if key in record]
    moved = iter([record[key] for record in having[1:] + having[:1]])
    return [{**record, key: next(moved)} if key in record else record for record in records]


def _rows(archive: Archive, platform: Platform, records: Sequence[dict[str, Any]], folder: Path) -> Tables:
    """Posts and comments out of records, by the line or file that each is from."""
    files = []
    contents = [[record] for record in records] if archive.is_one_post else [records]
    for place, content in enumerate(contents):
        path = folder / f"{place:06}.json"
        path.write_text("\n".join(map(json.dumps, content)), encoding="utf-8")
        files.append(InputFile(str(path), path.stat().st_size, path.name))
    posts, comments = [], []
    if archive.posts is not None:
        for part in archive.posts(Unit(files), {}):
            posts.append(frame(posts_of(part.posts.table, platform)))
            if part.comments is not None:
                comments.append(frame(comments_of(part.comments.table, platform, _KEY)))
    elif archive.comments is not None:
        for file in files:
            comments += [frame(comments_of(part.table, platform, _KEY)) for part in archive.comments(file, None)]
    found = {"post": posts, "comment": comments}
    return {table: _placed(pl.concat(parts)) for table, parts in found.items() if parts}


def _placed(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with their places, which tell them apart: file, line, and position among the rows of that line."""
    place = pl.concat_str("source", pl.col("line").cast(pl.String), separator=" ", ignore_nulls=True)
    nth = pl.int_range(pl.len()).over("source", "line").cast(pl.String)
    return rows.select(place + " " + nth, pl.all().exclude("source", "line")).rename({"source": "place"})


# From table to table.


def _read(run: RunFolder) -> Tables:
    found: dict[str, list[pl.DataFrame]] = {}
    folders = {"posts": "post", "comments": "comment", "media": "media", "samples": "sample"}
    for record in run.require_manifest().stages.values():
        for shard in record.shards:
            table = folders.get(shard.path.partition("/")[0])
            if table:
                found.setdefault(table, []).append(frame(read_shard(run.path, shard, table)))
    return {table: pl.concat(parts) for table, parts in found.items()}


def _of_tables(tables: Tables, recipe: Recipe) -> Iterator[tuple[str, str, set[tuple[str, str]]]]:
    """Of what is read from tables: the table, a column, and the columns of other tables that come from it.

    What a change leaves as it is, is not made again.
    """
    posts = judge(tables["post"])
    found = records(posts, tables["comment"], recipe)
    compared = recipe.preferences.options() if recipe.preferences else PreferenceOptions()
    is_one_of_some = pl.int_range(pl.len()) % _COMPARED == 0
    media = shown(tables).filter(pl.col("channel_id").is_not_null() | is_one_of_some)

    def of_records(changed: Records) -> Tables:
        return {"sample": samples(changed, tables["media"]), "preference": preferences(changed, media, compared)}

    yield from _changes(
        tables, "post", lambda given: of_records(records(judge(given["post"]), given["comment"], recipe))
    )
    yield from _changes(tables, "comment", lambda given: of_records(records(posts, given["comment"], recipe)))
    yield from _changes(tables, "media", lambda given: {"sample": samples(found, given["media"])})
    yield from _changes(tables, "sample", ranked)
    some = {**tables, "sample": tables["sample"].gather_every(max(1, tables["sample"].height // _SAMPLES))}
    templates = recipe.instruct.templates
    # Files are the same in the pairs of all templates.
    for table, asked in (("sample", templates), ("media", templates[:1])):
        yield from _changes(some, table, partial(pairs, templates=asked))
        yield from _changes(some, table, lambda given: {"preference": preferences(found, shown(given), compared)})
    yield from _of_annotations(tables)


def _of_annotations(tables: Tables) -> Iterator[tuple[str, str, set[tuple[str, str]]]]:
    """The same of annotations, of which the corpus has none: of a few rows that are made here."""
    asked = annotations_of_some(tables)
    given = {**tables, _ANNOTATIONS: asked, "annotation": joined_annotations(asked, tables)}
    given["sample"] = tables["sample"].filter(pl.col("sample_id").is_in(given["annotation"]["sample_id"].implode()))
    for table in (_ANNOTATIONS, "sample", "media"):
        yield from _changes(given, table, lambda each: {"annotation": joined_annotations(each[_ANNOTATIONS], each)})
    templates = [load_template(shipped_path(name)) for name in _ANNOTATED]
    yield from _changes(given, "annotation", partial(pairs, templates=templates))


def _changes(
    tables: Tables, table: str, make: Callable[[Tables], Tables]
) -> Iterator[tuple[str, str, set[tuple[str, str]]]]:
    """A table, each of its columns, and the columns that change where it does."""
    before = make(tables)
    for column in RECORDS[table].model_fields if table in RECORDS else tables[table].columns:
        changed: set[tuple[str, str]] = set()
        others = _others(tables[table], column, nullable=_nullable(table, column))
        is_name = table == _ANNOTATIONS and column in KEYS
        for other in (*others, _rotated(tables[table], column)) if is_name else others:
            changed |= _differing(before, make({**tables, table: other}))
        if changed:
            yield table, column, changed


def _nullable(table: str, column: str) -> bool:
    return table not in RECORDS or type(None) in getattr(RECORDS[table].model_fields[column].annotation, "__args__", ())


def _others(rows: pl.DataFrame, column: str, *, nullable: bool) -> Iterator[pl.DataFrame]:
    """The rows with other values in a column: none, and others."""
    kind = rows.schema[column]
    if isinstance(kind, pl.List):
        yield rows.with_columns(pl.col(column).list.head(0))
    elif nullable:
        yield rows.with_columns(pl.lit(None, dtype=kind).alias(column))
    if kind == pl.String and column not in _CODES:
        yield rows.with_columns(pl.col(column) + "0")
    elif kind.is_numeric():
        yield rows.with_columns((pl.col(column) + 1 + pl.int_range(pl.len()) % 2).cast(kind))
    elif kind.is_temporal():
        yield rows.with_columns(pl.col(column) + pl.duration(days=1 + pl.int_range(pl.len()) % 2))
    elif kind == pl.Boolean:
        yield rows.with_columns(~pl.col(column))


def _rotated(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """The rows, each with what the row before it has in a column."""
    return rows.with_columns(rows[column].gather([(place - 1) % rows.height for place in range(rows.height)]))


def _differing(before: Tables, after: Tables) -> set[tuple[str, str]]:
    """The columns of tables that are not the same in the rows that are on both sides."""
    found: set[tuple[str, str]] = set()
    for table, rows in before.items():
        others, name = after.get(table), rows.columns[0]
        if others is None or not rows.height:
            continue
        both = rows.select(name).join(others.select(name), on=name, how="semi")
        own = [column for column in RECORDS[table].model_fields if column in rows.columns]
        if not both.height:  # what tells rows apart has changed: the columns are compared as they are
            found |= {(table, each) for each in own if _has_changed(rows[each], others[each])}
            continue
        left, right = (
            side.join(both.unique(), on=name, how="semi").unique(name, keep="first").sort(name)
            for side in (rows, others)
        )
        found |= {(table, each) for each in own if not left[each].equals(right[each])}
    return found


def _has_changed(before: pl.Series, after: pl.Series) -> bool:
    """Whether a column has other values; of another number of rows, whether it has values that were nowhere before."""
    old, new = (sorted(map(str, values.to_list())) for values in (before, after))
    return old != new if len(old) == len(new) else not set(new) <= set(old)


# The page.

_HEAD = """\
# Where columns come from

Generated by `blift schema lineage`: each field of a record and each column of a table was changed in the demo corpus,
and the columns that then changed come from it. The corpus has no annotations: a few rows on its samples stand for them.
What is in neither is not listed: fields that the records do not have, and columns that only a model or a platform's own
answer fills.
"""


def page_of_demo() -> str:
    """The page, after a build of the demo corpus in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        source = load_recipe(str(write_corpus(Path(folder, "corpus")).recipe))
        run = RunFolder(str(Path(folder, "run")))
        build(source, run, BeamArguments(), None, None, Report())
        return page_of(lineage(source, run), source)


def page_of(found: Mapping[str, Mapping[str, Sequence[str]]], source: RecipeFile) -> str:
    """The lineage of every table as Markdown, with the rules that a recipe turns on."""
    rules = rules_on_columns(source)
    parts = [_HEAD]
    for table, columns in found.items():
        judged = any((table, column) in rules for column in columns)
        parts.append(f"\n## `{table}`\n\n| column | comes from |{' rules on it |' if judged else ''}\n")
        parts.append(f"|---|---|{'---|' if judged else ''}\n")
        for column, fields in columns.items():
            of_rules = f" {', '.join(rules.get((table, column), ()))} |" if judged else ""
            parts.append(f"| `{column}` | {', '.join(fields)} |{of_rules}\n")
    return "".join(parts)
