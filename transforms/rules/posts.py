"""Rules for posts, before anything of them is shuffled."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import polars as pl
from pydantic import Field

from blift.schemas.parts import MediaKind
from blift.schemas.reasons import Reason
from blift.transforms.post_language import LANGUAGE, OUTSIDE, with_language
from blift.transforms.rules.options import Hours, IdFile, LanguageList, Names, Number, WordList
from blift.transforms.rules.registry import Check, RecordKind, rule


@rule(RecordKind.POST, Reason.DELETED)
def deleted() -> Check:
    """Posts that their author deleted go."""
    return Check(pl.col("deleted"))


@rule(RecordKind.POST, Reason.REMOVED)
def removed() -> Check:
    """Posts that moderators or the platform removed go."""
    return Check(pl.col("removed"))


@rule(RecordKind.POST, Reason.ACCOUNT_DELETED, of="author_deleted")
def deleted_accounts() -> Check:
    """Drops posts whose author's account is gone. The post itself is still there."""
    return Check(pl.col("author_deleted"))


@rule(RecordKind.POST, Reason.NOT_INDEXABLE, of="is_robot_indexable")
def unindexed() -> Check:
    """Drops posts that search engines may not list: what was taken down is marked so, and some that was not."""
    return Check(~pl.col("is_robot_indexable"))


@rule(RecordKind.POST, Reason.PROMOTED, of="promoted")
def promoted() -> Check:
    """Drops advertisements."""
    return Check(pl.col("promoted"))


@rule(RecordKind.POST, Reason.STICKIED, of="stickied")
def stickied() -> Check:
    """Drops posts that are pinned to the top of their subreddit, such as weekly threads."""
    return Check(pl.col("stickied"))


@rule(RecordKind.POST, Reason.TOO_FRESH)
def min_age_hours(hours: Hours) -> Check:
    """Drops posts whose numbers were read earlier than this many hours after posting: votes have hardly come then.
    A post whose times are unknown stays.
    """
    age = (pl.col("retrieved_at") - pl.col("posted_at")).dt.total_seconds() / 3600
    return Check(age < hours, age.round(2))


@rule(RecordKind.POST, Reason.NSFW)
def nsfw() -> Check:
    """Posts that the platform marks as not safe for work, or for adults only, go."""
    return Check(pl.col("nsfw"))


@rule(RecordKind.POST, Reason.KNOWN_BOT, of="bot")
def known_bots() -> Check:
    """Posts by accounts that are known to be programs go."""
    return Check(pl.col("bot") == Reason.KNOWN_BOT.value)


@rule(RecordKind.POST, Reason.BOT_NAME, of="bot")
def bot_names() -> Check:
    """Posts by accounts whose name ends in `bot` go."""
    return Check(pl.col("bot") == Reason.BOT_NAME.value)


@rule(RecordKind.POST, Reason.MEDIA_KIND)
def media_kinds(kinds: Annotated[list[MediaKind], Field(min_length=1)]) -> Check:
    """Only posts that show one of these: image, gif, gallery, video. Posts without media always go."""
    column = pl.col("media_kind")
    wanted = column.is_in([kind.value for kind in kinds]).fill_null(value=False)
    return Check(~wanted | pl.col("media_key").is_null(), column)


@rule(RecordKind.POST, Reason.MEDIA_HOST, of="media_host")
def image_hosts(hosts: Names) -> Check:
    """Images, GIFs and galleries only from these hosts (the paper: those of the platform itself)."""
    return _hosts([MediaKind.IMAGE, MediaKind.GIF, MediaKind.GALLERY], hosts)


@rule(RecordKind.POST, Reason.MEDIA_HOST, of="media_host")
def video_hosts(hosts: Names) -> Check:
    """Videos only from these hosts, such as `youtube`."""
    return _hosts([MediaKind.VIDEO], hosts)


def _hosts(kinds: list[MediaKind], hosts: list[str]) -> Check:
    host = pl.col("media_host")
    of_kind = pl.col("media_kind").is_in([kind.value for kind in kinds])
    return Check(of_kind & ~host.is_in(hosts).fill_null(value=False), host)


@rule(RecordKind.POST, Reason.CHANNEL_NOT_LISTED, of="channel_id")
def channels(listed: IdFile) -> Check:
    """Only videos of the channels in this file, one channel id a line (the paper: those in Wikidata)."""
    column = pl.col("channel_id")
    return Check(~column.is_in(list(listed.ids)).fill_null(value=False), column)


@rule(RecordKind.POST, Reason.LIVE, of="live")
def live() -> Check:
    """Live streams and premieres that run or are to come go."""
    return Check(pl.col("live"))


@rule(RecordKind.POST, Reason.UNAVAILABLE, of="availability")
def availabilities(words: Names) -> Check:
    """Only videos of these availabilities, such as `public`; one whose availability is unknown stays."""
    column = pl.col("availability")
    return Check(~column.is_in(words), column)


@rule(RecordKind.POST, Reason.COMMENTS_DISABLED, of="comments_disabled")
def comments_disabled() -> Check:
    """Videos whose uploader turned comments off go."""
    return Check(pl.col("comments_disabled"))


@rule(RecordKind.POST, Reason.FEW_VIEWS, of="views")
def views_above(views: Number) -> Check:
    """Only videos with more views than this; one that hides its views stays."""
    column = pl.col("views")
    return Check(column <= views, column)


@rule(RecordKind.POST, Reason.CATEGORY, of="categories")
def categories_out(names: Names) -> Check:
    """Videos of these categories of the platform go, such as `Music` or `Gaming`."""
    lowered = pl.col("categories").list.eval(pl.element().str.to_lowercase())
    found = lowered.list.set_intersection(pl.lit([name.lower() for name in names]))
    return Check(found.list.len() > 0, found.list.sort().list.join(", "))


@rule(RecordKind.POST, Reason.TOPIC_WORD)
def topic_words_out(words: WordList) -> Check:
    """Posts with one of these words or phrases in the title or a tag go (the paper leaves out sports
    commentary, anime, memes and news, which are no categories of their own).
    """
    vocabulary = words.vocabulary
    text = pl.concat_str(pl.col("title"), pl.col("tags").list.join("\n"), separator="\n", ignore_nulls=True)
    return Check(vocabulary.matches(text), vocabulary.first_match(text))


@rule(RecordKind.POST, Reason.NSFW_WORD)
def nsfw_words(words: WordList) -> Check:
    """Posts with a word of an NSFW vocabulary in the title or text go. `builtin` is the packaged list; a path
    names a file of one's own, one word or phrase a line. Addresses and the names of users and subreddits are not read.
    """
    vocabulary = words.vocabulary
    text = pl.concat_str("title", "text", separator="\n", ignore_nulls=True)
    return Check(vocabulary.matches(text), vocabulary.first_match(text))


@rule(RecordKind.POST, Reason.LANGUAGE)
def languages(wanted: LanguageList) -> Check:
    """Only posts in one of these languages, ISO 639-1. The title decides; where it does not tell, what the platform
    states, the description or the comments do. A post whose language nobody can tell stays. `{codes: [en],
    confidence: 0.9}` also sets the confidence from which a language counts as known; 0.9 is the default.
    """
    found = pl.coalesce(LANGUAGE, pl.lit(f"not {' or '.join(wanted.codes)}"))
    derive = partial(with_language, codes=wanted.codes, sure=wanted.confidence)
    return Check(pl.col(OUTSIDE) >= wanted.confidence, found, derive=derive)
