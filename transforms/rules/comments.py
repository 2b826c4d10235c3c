"""Rules for comments that need nothing but the comment; near-duplicates and the choice of the top are later."""

from __future__ import annotations

from typing import Annotated

import polars as pl
from pydantic import Field

from blift.schemas.reasons import Reason
from blift.transforms.bots import says_bot
from blift.transforms.rules.options import Number, WordList
from blift.transforms.rules.registry import Check, RecordKind, rule


@rule(RecordKind.COMMENT, Reason.DELETED)
def deleted() -> Check:
    """Comments that their author deleted go."""
    return Check(pl.col("deleted"))


@rule(RecordKind.COMMENT, Reason.REMOVED)
def removed() -> Check:
    """Comments that moderators or the platform removed go."""
    return Check(pl.col("removed"))


@rule(RecordKind.COMMENT, Reason.ACCOUNT_DELETED, of="author_deleted")
def deleted_accounts() -> Check:
    """Drops comments whose author's account is gone. The comment itself is still there."""
    return Check(pl.col("author_deleted"))


@rule(RecordKind.COMMENT, Reason.STICKIED)
def stickied() -> Check:
    """Drops comments that moderators or the uploader pinned to the top: votes did not bring them there."""
    return Check(pl.col("stickied"))


@rule(RecordKind.COMMENT, Reason.DISTINGUISHED, of="stickied")
def distinguished() -> Check:
    """Drops comments in which moderators or the platform's staff speak as such, notices of removals among them."""
    return Check(pl.col("distinguished").is_not_null())


@rule(RecordKind.COMMENT, Reason.KNOWN_BOT, of="bot")
def known_bots() -> Check:
    """Comments by accounts that are known to be programs go."""
    return Check(pl.col("bot") == Reason.KNOWN_BOT.value)


@rule(RecordKind.COMMENT, Reason.BOT_NAME, of="bot")
def bot_names() -> Check:
    """Comments by accounts whose name ends in `bot` go."""
    return Check(pl.col("bot") == Reason.BOT_NAME.value)


@rule(RecordKind.COMMENT, Reason.FEW_WORDS)
def min_words(words: Number) -> Check:
    """Comments with fewer words than this go; a word is a run of anything but white space."""
    count = _words()
    return Check(count < words, count)


@rule(RecordKind.COMMENT, Reason.MANY_WORDS)
def max_words(words: Annotated[int, Field(ge=1)]) -> Check:
    """Comments with more words than this go."""
    count = _words()
    return Check(count > words, count)


@rule(RecordKind.COMMENT, Reason.SAYS_BOT)
def self_declared_bots() -> Check:
    """Comments that say that a program wrote them go."""
    return Check(says_bot(pl.col("text")))


@rule(RecordKind.COMMENT, Reason.NSFW_WORD)
def nsfw_words(words: WordList) -> Check:
    """Comments with a word of an NSFW vocabulary go; `builtin` or a file of one's own, as for posts."""
    vocabulary = words.vocabulary
    return Check(vocabulary.matches(pl.col("text")), vocabulary.first_match(pl.col("text")))


def _words() -> pl.Expr:
    return pl.col("text").fill_null("").str.count_matches(r"\S+")
