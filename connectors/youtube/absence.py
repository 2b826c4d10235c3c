"""Why a video is not to be had, out of what yt-dlp says: its own words, or YouTube's that it passes on."""

from __future__ import annotations

import re

from schemas.reasons import Absent

#: What YouTube says when it takes the one who asks for a program, or is asked too often. It says nothing of the video.
_BUSY = re.compile(
    r"not a bot|rate-limited|try again later|captcha|HTTP Error 429|Too Many Requests|HTTP Error 403", re.IGNORECASE
)

#: yt-dlp's own choice of what to download failed.
_ABOUT_FORMATS = "requested format"

#: Expressions, the more telling first: `Video unavailable. This video is private` is private.
_PATTERNS: dict[Absent, tuple[str, ...]] = {
    Absent.PRIVATE: (r"private video", r"(?:video|playlist|channel) is private"),
    Absent.MEMBERS_ONLY: (
        r"members[- ]only",
        r"join this channel",
        r"available to this channel's members",
        r"requires payment",
        r"rental",
    ),
    Absent.AGE_RESTRICTED: (
        r"confirm your age",
        r"age[- ]restricted",
        r"inappropriate for some users",
        r"not appropriate for some users",
    ),
    Absent.REGION_BLOCKED: (r"in your (?:country|location|region)", r"geo[- ]?restrict"),
    Absent.LIVE: (
        r"live event will begin",
        r"premieres? in\b",
        r"premiere will begin",
        r"live stream (?:is )?offline",
        r"will begin (?:in|shortly)",
    ),
    Absent.BANNED: (
        r"account (?:associated with this video )?has been (?:terminated|closed|suspended)",
        r"channel .{0,40}terminated",
    ),
    Absent.DELETED: (r"(?:removed|deleted) by the (?:uploader|user|owner)", r"closed their youtube account"),
    Absent.REMOVED: (
        r"has been removed",
        r"removed for violating",
        r"violates? youtube",
        r"copyright (?:claim|grounds|infringement)",
        r"blocked it",
        r"terms of service",
        r"community guidelines",
        r"no longer available due to",
    ),
    Absent.NOT_FOUND: (
        r"does not exist",
        r"incomplete youtube id",
        r"invalid video id",
        r"truncated",
        r"(?:is no longer|isn't|is not) available",
        r"video is unavailable",
        r"\bvideo unavailable\.?$",
    ),
    Absent.UNAVAILABLE: (r"unavailable", r"drm protected"),
}
_COMPILED = tuple(
    (reason, re.compile("|".join(parts), re.IGNORECASE | re.MULTILINE)) for reason, parts in _PATTERNS.items()
)


def is_busy(message: str) -> bool:
    """It is about who asks, and how often; another time, or with cookies, the answer may be another."""
    return bool(_BUSY.search(message))


def absence_of(message: str) -> Absent | None:
    """Why the video is absent; None where the message is about something else."""
    if is_busy(message) or _ABOUT_FORMATS in message.lower():
        return None
    return next((reason for reason, pattern in _COMPILED if pattern.search(message)), None)
