"""Posts with their comments to those that rules keep."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, TALLY, Tally, TallyKey
from blift.transforms.growth import with_growth
from blift.transforms.judge import RuleBook, judge_comments, judge_posts
from blift.transforms.measured import UNITED
from blift.transforms.normalise import PROVENANCE
from blift.transforms.post_language import ONLY_WHILE_JUDGED
from blift.transforms.reactions import with_marks
from blift.transforms.rejects import reject_rows
from blift.transforms.rules.python_file import RuleFile
from blift.transforms.shuffle import ShardedTable
from blift.transforms.tables import concat, frame

_COMMENTS = "comments"
#: What of a comment travels to its sample.
COMMENT_COLUMNS = ("media_key", "comment_id", "post_id", "platform", "text", "score", "rank", "marks")
#: What of a post does not: earlier observations stay in the post table.
_POST_ONLY = {
    *("history", "tags", "categories", "bot", "nsfw", "deleted", "removed", "live", "comments_disabled"),
    *("author_deleted", "edited", "edited_at", "distinguished", "stickied", "promoted", "is_robot_indexable"),
    *("num_crossposts", "awards"),
}

#: A table of posts, and one of comments on them. Both may have ``source`` and ``line``, for rejects.
PostsWithComments = tuple[pa.Table, pa.Table]


@dataclass(frozen=True)
class RuleOptions:
    """The rules that are on.

    Attributes:
        posts: by name of the platform, options of rules for posts by name of the rule, as in a recipe; each platform
            that occurs has an entry. ``comments``: the same for comments.
        python: a file of rules of your own, whose rules may have options, too.
        counted: platforms whose rules are counted where none of their records came.
        identify_language: of the titles of kept posts, also where no rule asks for it.
        reject_payload: rejects hold the record itself, as JSON.
        reject_out_of_scope: comments on rejected posts are listed among the rejects.
    """

    posts: Mapping[str, Mapping[str, Any]]
    comments: Mapping[str, Mapping[str, Any]]
    python: RuleFile | None = None
    counted: Collection[str] = ()
    identify_language: bool = True
    reject_payload: bool = False
    reject_out_of_scope: bool = False


class Judged(NamedTuple):
    """What ``ApplyRules`` gives.

    Attributes:
        posts: tables with the columns of `post` that samples need, ``growth``, ``judged`` (false: a post that broke a
            rule, kept for what it tells of the media), ``identified_language``, ``language_confidence`` and
            ``own_media``; and ``source`` and ``line``, where posts came with them.
        comments: tables with the columns that were asked for; ``media_key`` is that of the post, and ``marks`` are the
            seconds of the media that a comment names.
        rejects: tables of `reject`.
        tallies: counts for a funnel.
    """

    posts: beam.PCollection[pa.Table]
    comments: beam.PCollection[pa.Table]
    rejects: beam.PCollection[pa.Table]
    tallies: beam.PCollection[tuple[TallyKey, int]]


class ApplyRules(beam.PTransform[beam.PCollection[PostsWithComments], Judged]):
    """Pairs of a table of posts and a table of their comments to the posts and comments that rules keep.

    Nothing is shuffled: a post and its comments come together, as in two shards with one number.

    Args:
        options: the rules that are on.
        same: tables of ``media_key`` and ``unite_as``: keys of media that show the same as others, and the key that
            takes their place. Each worker holds all of them. None: no media are united.
        stage: name of the stage in counts and rejects.
        columns: of comments that are given.
    """

    def __init__(
        self,
        options: RuleOptions,
        same: beam.PCollection[pa.Table] | None = None,
        stage: str = "curate",
        columns: Sequence[str] = COMMENT_COLUMNS,
    ) -> None:
        super().__init__()
        self._options, self._same, self._stage, self._columns = options, same, stage, columns

    def expand(self, found: beam.PCollection[PostsWithComments]) -> Judged:
        """The transform."""
        same = beam.pvalue.AsIter(self._same) if self._same is not None else ()
        judged = found | "Judge" >> beam.ParDo(
            _Judge(self._options, self._stage, self._columns), same=same
        ).with_output_types(pa.Table).with_outputs(_COMMENTS, REJECTS, TALLY, main="main")
        return Judged(judged.main, judged[_COMMENTS], judged[REJECTS], judged[TALLY])


class _Judge(beam.DoFn):
    """Posts and their comments to those that the rules keep."""

    def __init__(self, options: RuleOptions, stage: str, columns: Sequence[str]) -> None:
        self._options, self._stage, self._columns = options, stage, columns

    def setup(self) -> None:
        options = self._options
        self._rules = RuleBook.of(options.posts, options.comments, options.counted, options.python)

    def process(self, found: PostsWithComments, same: Iterable[pa.Table]) -> Iterator[pa.Table | TaggedOutput]:
        tally, read, replies = Tally(self._stage), frame(found[0]), frame(found[1])
        posts = judge_posts(read, self._rules, tally, replies)
        if self._options.identify_language:
            posts = posts.with_languages()
        own_keys = posts.kept.select("post_id", "media_key")
        posts = posts.with_united_media(frame(concat(same, UNITED)))
        comments = judge_comments(replies, posts, self._rules, tally)
        yield _arrow(with_growth(posts.kept).drop(*_POST_ONLY, *ONLY_WHILE_JUDGED, strict=False))
        kept = with_marks(comments.kept, own_keys) if "marks" in self._columns else comments.kept
        places = [name for name in PROVENANCE if name in kept.columns]
        yield TaggedOutput(_COMMENTS, _arrow(kept.select(*self._columns, *places)))
        yield TaggedOutput(REJECTS, self._rejects(posts.rejected, "post"))
        yield TaggedOutput(REJECTS, self._rejects(comments.rejected, "comment", read))
        yield from tally.emit()

    def _rejects(self, rows: pl.DataFrame, record: str, posts: pl.DataFrame | None = None) -> pa.Table:
        options = self._options
        payload, out_of_scope = options.reject_payload, options.reject_out_of_scope
        return reject_rows(
            rows, self._stage, record, f"{record}_id", payload=payload, out_of_scope=out_of_scope, posts=posts
        )


class PairByShard(beam.PTransform[dict[str, beam.PCollection[ShardedTable]], beam.PCollection[PostsWithComments]]):
    """``posts`` and ``comments`` in shards by post, as `KeepLatest` gives them, to what `ApplyRules` takes."""

    def expand(self, parts: dict[str, beam.PCollection[ShardedTable]]) -> beam.PCollection[PostsWithComments]:
        """The transform."""
        return (
            {"posts": parts["posts"], "comments": parts["comments"]}
            | "Group shards" >> beam.CoGroupByKey()
            | "Pair" >> beam.MapTuple(_paired).with_output_types(PostsWithComments)
        )


def _paired(_: int, found: Mapping[str, Iterable[pa.Table]]) -> PostsWithComments:
    return concat(found["posts"], SCHEMAS["post"]), concat(found["comments"], SCHEMAS["comment"])


def _arrow(rows: pl.DataFrame) -> pa.Table:
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def no_rows(table: str) -> pa.Table:
    """A table of the contract without rows, where posts have no comments, or comments no posts."""
    return SCHEMAS[table].empty_table()
