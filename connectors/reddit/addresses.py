"""Addresses and names of places on Reddit without the names of accounts: a profile is a place named after its owner."""

from __future__ import annotations

import polars as pl

from blift.schemas.places import PROFILE

_HOST = r"(?i)^(?:https?:)?//(?:[\w-]+\.)*reddit\.com"
#: Profiles in addresses: `/user/<name>`, `/u/<name>`, `/r/u_<name>`.
_PROFILE_POST = r"(?i)^((?:(?:https?:)?//(?:[\w-]+\.)*reddit\.com)?)/+(?:(?:user|u)/+|r/+u_)[^/?#]+/+(comments/)"
_PROFILE_PAGE = r"(?i)^((?:https?:)?//(?:[\w-]+\.)*reddit\.com/+(?:user|u)/+|/+(?:user|u)/+)[^/?#]+"
_PROFILE_PLACE = r"(?i)^((?:(?:https?:)?//(?:[\w-]+\.)*reddit\.com)?/+r/+)u_[^/?#]+"


def path() -> pl.Expr:
    """The path of a post's address, from ``permalink``; null where it names an account, and where there is none."""
    given = pl.col("permalink").str.strip_chars().str.replace(_HOST, "")
    names = given.str.contains(r"(?i)^/+(?:(?:user|u)/|r/+u_)")
    return pl.when(given.str.starts_with("/") & ~names).then(given)


def subreddit() -> pl.Expr:
    """The name of the subreddit, without `r/`, from ``subreddit``, else ``permalink``; profiles have one in common."""
    given = pl.col("subreddit").str.strip_chars().str.replace(r"(?i)^/?r/", "").str.strip_chars("/")
    named = pl.coalesce(
        pl.when(given != "").then(given), pl.col("permalink").str.extract(r"(?i)^(?:https?://[^/]+)?/+r/+([^/?#]+)")
    )
    return pl.when(named.str.contains(r"(?i)^u_")).then(pl.lit(PROFILE)).otherwise(named)


def without_author(address: pl.Expr) -> pl.Expr:
    """An address without the name of the account whose profile, or post on it, it leads to."""
    plain = address.str.replace(_PROFILE_POST, "$1/$2").str.replace(_PROFILE_PAGE, rf"${{1}}{PROFILE}")
    return plain.str.replace(_PROFILE_PLACE, rf"${{1}}{PROFILE}")
