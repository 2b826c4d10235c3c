"""The language of a post: of its title, and where that does not tell, of what else is known about the post."""

from __future__ import annotations

from collections.abc import Callable, Collection

import polars as pl

from blift.transforms.language import ISO, SURE, identify, known_languages

#: Columns that are added: the language, the confidence in it, and the confidence that it is none of those wanted.
LANGUAGE, CONFIDENCE, OUTSIDE = "identified_language", "language_confidence", "outside_languages"
#: The column of comments that judging posts needs for a while, and how much of them it holds.
_COMMENTS, _MOST_COMMENTS, _MOST_CHARS = "comments_text", 10, 200
#: How much of a description is read.
_MOST_DESCRIPTION = 1_000
#: Added columns that no table has.
ONLY_WHILE_JUDGED = (OUTSIDE, _COMMENTS)

#: The columns that are added, and their types.
ADDED = {LANGUAGE: pl.String, CONFIDENCE: pl.Float64, OUTSIDE: pl.Float64}


def with_comments(posts: pl.DataFrame, comments: pl.DataFrame) -> pl.DataFrame:
    """Posts with the beginnings of the first ten of their comments, by id, as one text."""
    texts = (
        comments.filter(pl.col("text").is_not_null() & ~pl.col("deleted") & ~pl.col("removed"))
        .sort("post_id", "comment_id")
        .group_by("post_id", maintain_order=True)
        .agg(pl.col("text").head(_MOST_COMMENTS).str.slice(0, _MOST_CHARS).str.join("\n").alias(_COMMENTS))
    )
    return posts.join(texts, on="post_id", how="left", maintain_order="left")


def with_language(posts: pl.DataFrame, codes: Collection[str] = (), sure: float = SURE) -> pl.DataFrame:
    """Add ``identified_language`` and ``language_confidence``, and ``outside_languages``.

    The title decides. Where no language is known of it with the confidence ``sure``, nor that it is in none of
    ``codes``, the first of these that tells decides: the language that the platform states (then without a confidence),
    the title and the description, the title and the comments that ``with_comments`` adds.

    Args:
        posts: the columns of the post table.
        codes: languages that are wanted; none where only the language matters.
        sure: confidence from which something counts as known.
    """
    known = posts.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in ADDED.items())
    known = _where_unknown(known, sure, lambda rows: _of_texts(rows["title"], codes, sure))
    known = _where_unknown(known, sure, lambda rows: _stated(rows["language"], codes))
    known = _where_unknown(known, sure, lambda rows: _of_context(rows, "text", _MOST_DESCRIPTION, codes, sure))
    if _COMMENTS in posts.columns:
        most = _MOST_CHARS * _MOST_COMMENTS
        known = _where_unknown(known, sure, lambda rows: _of_context(rows, _COMMENTS, most, codes, sure))
    return known


def _where_unknown(posts: pl.DataFrame, sure: float, found: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """Posts with what is ``found`` for those of which nothing is known yet."""
    unknown = posts[LANGUAGE].is_null() & (posts[OUTSIDE].fill_null(0.0) < sure)
    if not unknown.any():
        return posts
    placed = posts.with_row_index("place")
    news = pl.concat([placed.filter(unknown).select("place"), found(posts.filter(unknown))], how="horizontal")
    return placed.update(news, on="place", how="left").drop("place")


def _of_texts(texts: pl.Series, codes: Collection[str], sure: float) -> pl.DataFrame:
    found = identify(texts, sure=sure, wanted=codes)
    return found.select(
        pl.col("language").alias(LANGUAGE), pl.col("confidence").alias(CONFIDENCE), pl.col("outside").alias(OUTSIDE)
    )


def _stated(languages: pl.Series, codes: Collection[str]) -> pl.DataFrame:
    """What the platform states; nothing where that is no language that a text could be known to be in."""
    stated = pl.col("stated")
    code = stated.str.to_lowercase().str.replace("[-_].*", "").replace(ISO)
    other = pl.when(pl.lit(bool(codes)) & stated.is_not_null()).then((~stated.is_in(list(codes))).cast(pl.Float64))
    return (
        languages.alias("stated")
        .to_frame()
        .with_columns(pl.when(code.is_in(sorted(known_languages()))).then(code).alias("stated"))
        .select(stated.alias(LANGUAGE), pl.lit(None, dtype=pl.Float64).alias(CONFIDENCE), other.alias(OUTSIDE))
    )


def _of_context(rows: pl.DataFrame, column: str, most: int, codes: Collection[str], sure: float) -> pl.DataFrame:
    """What the title and the beginning of another text tell together."""
    both = rows.select(pl.concat_str("title", pl.col(column).str.slice(0, most), separator="\n", ignore_nulls=True))
    return _of_texts(both.to_series(), codes, sure)
