"""How Reddit and its clients write that a text was deleted or removed, in place of the text.

Patterns are for the lower-cased text without backslashes and blanks at its ends; of the Rust crate `regex`.
"""

from __future__ import annotations

import polars as pl

#: The longest text that is a placeholder or a notice.
_LONGEST = 300
_AUTHORS = r"(?:the |its )?(?:user|author|op|poster|redditor|account|person who originally posted it)"
_OTHERS = (
    r"(?:the |a )?(?:reddit(?:['\x{2019}]s? .{0,40})?|mod|mods|moderators?|moderation team|admins?|administrators?"
    r"|auto-?mod(?:erator)?|spam filters?|anti-?evil operations|legal|subreddit)"
)
_WHAT = r"(?:(?:sorry, )?(?:this |your |the |my )?(?:post|comment|submission|message|content|thread)s? )"
_IS = r"(?:has been |have been |was |were |is |are )?(?:automatically |temporarily |permanently )?"
_MORE = r"(?:[ ,.(:].{0,200})?"
_BARE = r"[.!]?(?: :\()?"

#: In brackets, as Reddit writes them: `[deleted]`, `[deleted by user]`, `[ Removed by Reddit on account of ... ]`.
_DELETED_BRACKETS = rf"\[ ?(?:{_WHAT})?{_IS}(?:deleted|(?:removed|deleted) by {_AUTHORS}{_MORE}) ?\]"
_REMOVED_BRACKETS = (
    rf"\[ ?(?:{_WHAT})?{_IS}(?:removed(?: (?:in|on|for|due|too|from) .{{0,200}})?"
    rf"|deleted too quickly .{{0,80}}|(?:removed|deleted) by {_OTHERS}{_MORE}) ?\]|\[ ?unavailable ?\]"
)
#: Without brackets, as notices: `Comment removed by moderator`, `Sorry, this post was deleted by the person who ...`.
_DELETED_NOTICE = (
    rf"(?:{_WHAT}{_IS})?(?:deleted|removed) by {_AUTHORS}{_BARE}|user deleted comment{_BARE}"
    r"|(?:[a-z]{2,20} ){0,20}\*?this (?:post|comment) was mass deleted and anonymized with.{0,80}"
    r"|\*?this comment has been overwritten by (?:this|an) open source script.{0,200}"
)
_REMOVED_NOTICE = (
    rf"{_WHAT}{_IS}(?:deleted|removed) by {_OTHERS}(?: of r/\w+)?{_BARE}"
    rf"|sorry, (?:this|your) (?:post|comment|submission) {_IS}(?:deleted|removed|no longer available){_MORE}"
)
_DELETED = rf"^(?s:{_DELETED_BRACKETS}|{_DELETED_NOTICE})$"
_REMOVED = rf"^(?s:{_REMOVED_BRACKETS}|{_REMOVED_NOTICE})$"
#: What every such text has.
_HINT = r"(?i)delete|remove|available|overwritten"

#: Names that stand in place of an author's.
_NOBODY = ("[deleted]", "[removed]", "[unavailable]", "[deleted by user]", "")


def placeholders(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Two booleans a text: it stands where its author deleted one; it stands where others removed one."""
    places = ((texts.str.len_bytes() <= _LONGEST) & texts.str.contains(_HINT)).fill_null(value=False).arg_true()
    plain = texts.gather(places).to_frame("text").select(_plain(pl.col("text"))).to_series()
    is_deleted = plain.str.contains(_DELETED)
    is_removed = plain.str.contains(_REMOVED) & ~is_deleted
    nowhere = pl.repeat(value=False, n=len(texts), dtype=pl.Boolean, eager=True)
    return nowhere.scatter(places, is_deleted), nowhere.clone().scatter(places, is_removed)


def is_nobody(author: pl.Expr) -> pl.Expr:
    """Boolean: the name stands in place of an author's, whose account is gone or hidden. Null for null."""
    return author.str.strip_chars().str.to_lowercase().is_in(_NOBODY)


def _plain(text: pl.Expr) -> pl.Expr:
    return (
        text.str.to_lowercase()
        .str.replace_all("\\", "", literal=True)
        .str.replace_all(r"&#91;", "[")
        .str.replace_all(r"&#93;", "]")
        .str.replace_all(r"[\s\x{200b}\x{a0}]+", " ")
        .str.strip_chars(" *_>~")
    )
