"""What was read of a file: rows within the scope of the recipe, rejects of the others, and counts of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.connector import Records
from blift.connectors.files import Chunk
from blift.pipelines.stages.ingest.units import STAGE
from blift.schemas.errors import TooManyRejects
from blift.schemas.platform import Platform
from blift.schemas.reasons import Reason
from blift.transforms.accounting import REJECTS, Tally
from blift.transforms.normalise import COMMENTS, POSTS
from blift.transforms.platforms import belongs_to, platforms_in
from blift.transforms.rejects import reject_rows, without_payload
from blift.transforms.rules.registry import RecordKind, apply_rules, checks
from blift.transforms.tables import arrow, frame

#: Steps of the funnel; rules of the scope come between.
READ, POST_INGESTED, _WITHDRAWN = 0, (1, "post_ingested"), 900
#: A file of which this many records could not be read, and more of them than the recipe allows, is not read to its end.
_STOP_AFTER = 50_000
#: Characters of what is wrong with a record that a message shows.
_SHOWN = 200


@dataclass(frozen=True)
class IngestConfig:
    """What the workers of the stage need to know. ``scopes`` are by name of the platform."""

    folder: str
    shards: int
    scopes: Mapping[str, Mapping[str, Any]]
    withdrawn: Mapping[str, Reason]
    author_key: bytes | None
    malformed_payload: bool
    max_malformed: float
    reject_payload: bool
    reject_out_of_scope: bool
    limit: int | None

    def scope(self, platform: str) -> Mapping[str, Any]:
        """The options of the scope of a platform; of one that is no source, none is set."""
        return self.scopes.get(platform, {})


def readable(parts: Iterable[Records], path: str, config: IngestConfig) -> Iterator[Records]:
    """What is read of a file, as long as it can be one of the records that are wanted.

    Raises:
        TooManyRejects: nothing could be read of it; or after `_STOP_AFTER` malformed records, where they are more than
            the recipe allows so far.
    """
    read, malformed, first = 0, Counter[Reason](), ""
    for part in parts:
        for chunk in (part.posts, part.comments):
            if chunk is not None:
                read += chunk.rows_in
                malformed.update(chunk.rejected())
                first = first or _first_problem(chunk)
        if malformed.total() > max(_STOP_AFTER, config.max_malformed * read):
            reasons = ", ".join(f"{rows:,} {reason.value}" for reason, rows in malformed.most_common(3))
            raise TooManyRejects(
                f"{malformed.total():,} of the first {read:,} records of {path} could not be read ({reasons}), "
                f"and the recipe allows {config.max_malformed:.1%}; the rest of the file was not read. Remove it from "
                "the recipe, or raise `rejects.max_malformed`."
            )
        yield part
    if read and malformed[Reason.TRUNCATED_FILE] + malformed[Reason.UNREADABLE_FILE] == read:
        raise TooManyRejects(
            f"Nothing could be read of {path}: it is damaged before its first record{first}. Get the file again, or "
            "remove it from the recipe."
        )
    if read and malformed.total() == read:
        raise TooManyRejects(
            f"Nothing could be read of {path}: none of its {read:,} records is what the recipe says it holds{first}. "
            "Name another file in the recipe, or convert this one to one JSON object a line."
        )


def _first_problem(chunk: Chunk) -> str:
    """What is wrong with the first record that could not be read, for a sentence; empty where all could be."""
    if not chunk.rejects.num_rows:
        return ""
    [row] = chunk.rejects.slice(0, 1).select(["line", "reason", "detail"]).to_pylist()
    where = "" if row["line"] is None else f" in line {row['line']:,}"
    return f" ({row['reason']}{where}: {(row['detail'] or '')[:_SHOWN]})"


def limited(parts: Iterable[Records], limit: int | None) -> Iterator[Records]:
    """The first ``limit`` posts of what is read."""
    for part in parts:
        if limit is None:
            yield part
            continue
        posts = part.posts
        table = posts.table.slice(0, limit)
        rows_in = posts.rows_in - posts.table.num_rows + table.num_rows
        yield replace(part, posts=replace(posts, rows_in=rows_in, table=table))
        limit -= table.num_rows
        if limit <= 0:
            return


#: Comments that a trial reads of a file of comments, for each post that it reads of a file of posts.
COMMENTS_OF_A_POST = 1_000


def limited_comments(parts: Iterable[Records], limit: int | None) -> Iterator[Records]:
    """What is read of a file of comments until it is a thousand for each of ``limit`` posts; blocks are read whole."""
    read = 0
    for part in parts:
        yield part
        read += part.posts.rows_in
        if limit is not None and read >= limit * COMMENTS_OF_A_POST:
            return


def read_tally(
    chunk: Chunk, platform: Platform, record: str, config: IngestConfig, tally: Tally
) -> Iterator[TaggedOutput]:
    """Count what was read of a file, and pass on what could not be read, which is of the platform that was read."""
    others = [row for row in platforms_in(pl.Series(chunk.table.column("platform"))) if row is not platform]
    counts = {row.name: count_of(chunk.table, row) for row in others}
    for name, rows in counts.items():
        tally.flow(READ, "read", f"{name} {record}", rows, rows, {})
    of_others, skipped = sum(counts.values()), sum(chunk.skipped.values())
    rows_in, rows_out = chunk.rows_in - of_others, chunk.table.num_rows - of_others + skipped
    tally.flow(READ, "read", f"{platform.name} {record}", rows_in, rows_out, chunk.rejected())
    if chunk.rejects.num_rows:
        yield TaggedOutput(REJECTS, chunk.rejects if config.malformed_payload else without_payload(chunk.rejects))


def in_scope(
    posts: pl.DataFrame,
    platform: Platform,
    scope: Mapping[str, Any],
    skipped: Mapping[Reason, int],
    config: IngestConfig,
    tally: Tally,
) -> Iterator[pa.Table | TaggedOutput]:
    """Posts within the scope, and rejects of the others. ``skipped`` are those that the reader left out already."""
    verdict = apply_rules(posts, checks(RecordKind.POST, platform, scope, stage=STAGE))
    left_out = {str(reason): rows for reason, rows in skipped.items()}
    for place, (rule, rows_in, lost) in enumerate(verdict.steps, start=1):
        # Of rules with one reason the first is the one by which a reader leaves records out.
        before = left_out.pop(rule.reason, 0)
        tally.step(place, rule.name, f"{platform.name} post", rows_in + before, {rule.reason: lost + before})
    if verdict.rejected.height:
        yield TaggedOutput(REJECTS, rejects(verdict.rejected, "post", "post_id", config))
    kept, gone = standing(verdict.kept, platform, config, tally)
    if gone.height:
        yield TaggedOutput(REJECTS, rejects(gone, "post", "post_id", config))
    if kept.height:
        yield arrow(kept, POSTS)


def standing(
    posts: pl.DataFrame, platform: Platform, config: IngestConfig, tally: Tally
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Posts that stand, and those that a fetch folder saw taken back, whichever archive they come from."""
    if not config.withdrawn:
        return posts, posts.clear()
    noted = {post_id: reason.value for post_id, reason in config.withdrawn.items()}
    judged = posts.with_columns(reason=pl.col("post_id").replace_strict(noted, default=None, return_dtype=pl.String))
    gone = judged.filter(pl.col("reason").is_not_null()).with_columns(
        rule=pl.lit("withdrawn"), detail=pl.lit("taken back after it was collected")
    )
    lost = {str(reason): rows for reason, rows in gone["reason"].value_counts().iter_rows()}
    tally.step(_WITHDRAWN, "withdrawn", f"{platform.name} post", posts.height, lost)
    return judged.filter(pl.col("reason").is_null()).drop("reason"), gone


def of_posts(
    rows: pl.DataFrame, keep: pl.Series, config: IngestConfig, tally: Tally
) -> Iterator[pa.Table | TaggedOutput]:
    """Comments whose post was ingested, and rejects of the others."""
    for platform in platforms_in(rows["platform"]):
        own = rows.select(belongs_to(platform)).to_series()
        lost = {Reason.ORPHAN_COMMENT: int((own & ~keep).sum())}
        tally.step(*POST_INGESTED, f"{platform.name} comment", int(own.sum()), lost)
    if rows.height and config.reject_out_of_scope and not keep.all():
        orphans = rows.filter(~keep).with_columns(
            rule=pl.lit("post_ingested"), reason=pl.lit(Reason.ORPHAN_COMMENT.value), detail=pl.col("post_id")
        )
        yield TaggedOutput(REJECTS, rejects(orphans, "comment", "comment_id", config))
    if rows.height:
        yield arrow(rows.filter(keep), COMMENTS)


def rejects(rows: pl.DataFrame, record: str, id_column: str, config: IngestConfig) -> pa.Table:
    """The rejects of the stage."""
    return reject_rows(
        rows, STAGE, record, id_column, payload=config.reject_payload, out_of_scope=config.reject_out_of_scope
    )


def count_of(table: pa.Table, platform: Platform) -> int:
    """How many rows are of a platform."""
    return frame(table.select(["platform"])).filter(belongs_to(platform)).height
