"""One info.json of yt-dlp, from its fields to the values of a post."""

from __future__ import annotations

import re
from typing import Any

from blift.connectors.malformed import Malformed
from blift.connectors.yt_dlp.decode import LONGEST_S, Fields, count, day, flag, is_number, moment, pixels, text, texts
from blift.connectors.yt_dlp.identity import Identity
from blift.connectors.yt_dlp.timeline import ReplayGraph, Window, chapters, cut_graph, replay_graph, window
from blift.schemas.reasons import Reason, ReplayAbsent

#: Names of the caption tracks that the video has; many, and read only where subtitle files are there.
CAPTION_FIELDS = frozenset({"subtitles", "automatic_captions"})

#: What our own fetch adds to a record: the order in which it asked for comments, `top` or `new`.
COMMENT_ORDER = "_comment_sort"

#: The fields of an info.json that make a post and its comments.
POST_FIELDS = frozenset(
    {"id", "_type", "extractor_key", "extractor", "webpage_url", "original_url", "ext", "vcodec"}
    | {"width", "height", "duration", "language", "section_start", "section_end"}
    | {"title", "description", "tags", "categories", "age_limit", "availability"}
    | {"channel_id", "channel", "channel_follower_count", "uploader_id", "uploader"}
    | {"timestamp", "upload_date", "release_timestamp", "epoch", "live_status", "is_live"}
    | {"like_count", "view_count", "comment_count", "comments", "heatmap", "chapters", COMMENT_ORDER}
)

#: How yt-dlp names the codec of the pictures of what is sound alone.
_NO_PICTURES = "none"
_ADULT_AGE = 18

#: A stream or premiere that runs or is to come. `was_live` and `post_live` are over: their record is whole.
_LIVE = frozenset({"is_live", "is_upcoming"})

#: ISO 639-2 codes that name no language: undetermined, no linguistic content, several, uncoded.
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis"})


def post_values(info: Fields, video: Identity) -> tuple[dict[str, Any], list[str]]:
    """The values of the post table that the record tells, and what is wrong with parts it can do without.

    Broken chapters and a broken replay graph cost only themselves; any other field of a wrong type costs the
    record, for nobody can tell what else its writer got wrong.

    Raises:
        Malformed: a field has a wrong type.
    """
    part, no_part = window(info, duration(info))
    named_chapters, problem = chapters(info.get("chapters"), part) if no_part is None else ([], None)
    replay, replay_absent, no_replay = _replay(info, part, known=no_part is None)
    values = {
        "post_id": video.post_id,
        "platform": video.platform,
        "native_id": video.native_id,
        "permalink": video.address,
        "url": video.address,
        "media_urls": [video.address],
        "is_video": video.is_of_own_row or text(info, "vcodec") != _NO_PICTURES,
        "width": pixels(info, "width"),
        "height": pixels(info, "height"),
        "duration_s": part.duration_s,
        "section_start_s": part.start_s or None,
        "title": text(info, "title"),
        "text": text(info, "description"),
        "tags": texts(info, "tags"),
        "categories": texts(info, "categories"),
        "language": _language(info),
        "replay": replay,
        "replay_absent": replay_absent,
        "chapters": named_chapters,
        **_channel(info, video),
        **_times(info),
        **_state(info),
        **_behaviour(info),
    }
    return values, [each for each in (no_part, problem, no_replay) if each]


def _replay(info: Fields, part: Window, *, known: bool) -> tuple[ReplayGraph, ReplayAbsent | None, str | None]:
    """The replay graph of the part of the video that the media is, why there is none, and what is wrong with it."""
    graph, absent = replay_graph(info.get("heatmap"))
    if absent is not None:
        return graph, absent, None
    cut = cut_graph(graph, part)
    end_s = float(graph[-1, 1])
    if not known or not len(cut):
        return graph[:0], ReplayAbsent.MALFORMED, f"the replay graph ends at {end_s:g} s, before the section"
    if not part.start_s and end_s > part.last_s:
        why = f"the replay graph ends at {end_s:g} s, and the video at {part.end_s:g} s"
        return graph[:0], ReplayAbsent.MALFORMED, why
    return cut, None, None


def duration(info: Fields) -> float | None:
    """The duration as stated. Many records have none; the replay graph's end, 0-1 s later, is not it."""
    value = info.get("duration")
    if value is None:
        return None
    if not is_number(value) or not 0 <= value <= LONGEST_S:
        raise Malformed(Reason.WRONG_TYPE, f"duration is not a number of seconds up to {LONGEST_S:,.0f}")
    return float(value) or None  # yt-dlp's extractors write 0 where they do not know


def _language(info: Fields) -> str | None:
    """ISO 639 code of the sound's language: `en` out of `en-US`."""
    stated = text(info, "language")
    code = stated.lower().partition("-")[0] if stated else None
    return None if code in _NO_LANGUAGE else code


def _channel(info: Fields, video: Identity) -> dict[str, Any]:
    """The channel; the uploader where an old record names no channel.

    An uploader's handle (`@name`) can change and is no channel id; where the platform's ids have a known form, only one
    of that form counts.
    """
    uploader = text(info, "uploader")
    uploader_id = text(info, "uploader_id")
    is_id = uploader_id is not None and re.fullmatch(video.row.channel_id, uploader_id)
    return {
        "channel_id": text(info, "channel_id") or (uploader_id if is_id else None),
        "channel_name": text(info, "channel") or uploader,
        "channel_subscribers": count(info, "channel_follower_count"),
        "author_name": uploader,
    }


def _times(info: Fields) -> dict[str, Any]:
    """When it was posted (to the second, else the day, else when its premiere began) and when it was read."""
    stated = moment(info, "timestamp"), day(info, "upload_date"), moment(info, "release_timestamp")
    return {
        "posted_at": next((time for time in stated if time is not None), None),
        "retrieved_at": moment(info, "epoch"),
    }


def _state(info: Fields) -> dict[str, Any]:
    age_limit = count(info, "age_limit")
    status = text(info, "live_status")
    live = status in _LIVE if status else flag(info, "is_live") is True
    return {
        "nsfw": None if age_limit is None else age_limit >= _ADULT_AGE,
        "live": live,
        "comments_disabled": _comments_disabled(info),
        "availability": text(info, "availability"),
    }


def _comments_disabled(info: Fields) -> bool | None:
    """Whether the uploader turned comments off; null where the record does not tell.

    yt-dlp writes both fields as null when it asked for comments and YouTube answered with a message in their
    place ("Comments are turned off"), and in no other case: a record without comments asked for has no field
    `comments`. Records written with `--clean-infojson`, yt-dlp's default, lose their nulls, and do not tell.
    """
    asked = "comments" in info and "comment_count" in info
    if asked and info["comments"] is None and info["comment_count"] is None:
        return True
    return False if info.get("comments") or info.get("comment_count") else None


def _behaviour(info: Fields) -> dict[str, Any]:
    """Likes, views and comments as the platform counts them; null where it hides them.

    Where yt-dlp fetched comments, it overwrites `comment_count` with how many: so in all of 252 real records,
    and in 177 of those that is 0 for a video with over a million views. Such a number says nothing of the
    video. Only one that is larger than the list, or stands without a list, can be YouTube's own.
    """
    comment_count = count(info, "comment_count")
    fetched = info.get("comments")
    if comment_count is not None and isinstance(fetched, list) and comment_count <= len(fetched):
        comment_count = None
    return {
        "likes": count(info, "like_count"),
        "views": count(info, "view_count"),
        "num_comments": comment_count,
    }
