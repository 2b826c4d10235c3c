"""Why YouTube does not hand out a video or a list: from the words that it says to a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

from blift.schemas.reasons import Absent

#: Words of YouTube's player, lists and pages in English, with what they mean; the first that fits counts. Sources: the
#: reasons and messages that yt-dlp 2026.10.26 looks for, and those that its tests name (extractor/youtube/_video.py,
#: _tab.py, _base.py).
_MEANINGS: tuple[tuple[Absent, str], ...] = (
    (Absent.AGE_RESTRICTED, r"confirm your age|age[- ]restricted|age[-_ ]verification|appropriate for some users"),
    # The video is there, and only this way of playing it is not.
    (Absent.NO_MEDIA, r"not available on this app|latest version of youtube|drm[- ]protected"),
    (Absent.REGION_BLOCKED, r"available (?:in|from) your (?:country|location|region)|geo[- ]?restrict"),
    (Absent.REGION_BLOCKED, r"(?:blocked|not allowed) .{0,40}in your (?:country|location|region)"),
    (Absent.MEMBERS_ONLY, r"members[- ]only|this channel's members|join this channel"),
    (Absent.MEMBERS_ONLY, r"(?:youtube|music) premium|requires payment|requires a (?:purchase|rental)"),
    (Absent.PRIVATE, r"private (?:video|playlist|channel)|(?:video|playlist|channel) is private"),
    (Absent.LIVE, r"(?:live event|premiere|live ?stream|video) will begin|premieres? (?:in|on)\b|is offline"),
    (Absent.DELETED, r"closed their youtube account|account associated with this video has been closed"),
    (Absent.DELETED, r"(?:removed|deleted|taken down) by (?:the|its) (?:uploader|author|user|owner)"),
    (
        Absent.BANNED,
        r"(?:account|channel|with this video) (?:has been|was) (?:terminated|suspended|removed)",
    ),
    (Absent.REMOVED, r"has been removed|removed (?:for|because|due to)|violat(?:es|ed|ing|ion)|community guidelines"),
    (Absent.REMOVED, r"copyright (?:claim|grounds|infringement)|trademark claim|blocked it"),
    (Absent.REMOVED, r"court order|(?:legal|government) (?:complaint|request)"),
    (Absent.NOT_FOUND, r"(?:video|channel|playlist|page|account) (?:does not|doesn't) exist|http error 404"),
    (Absent.NOT_FOUND, r"does not have a \S+ tab|incomplete youtube id"),
    # Said of videos of all sorts, and where YouTube does not like the one who asks.
    (Absent.UNAVAILABLE, r"(?:video|recording|playlist|channel|content|clip) (?:is not|isn't) available(?! any ?more)"),
    # All that YouTube says of an id that never was, or is no more.
    (Absent.NOT_FOUND, r"(?:video|playlist|channel|recording) (?:is )?unavailable|(?:is no longer|isn't) available"),
)
_COMPILED = tuple((reason, re.compile(pattern)) for reason, pattern in _MEANINGS)

#: Words that speak of the one who asks, and not of the video; with how long to leave YouTube alone, seconds.
_BLOCKS = (
    (re.compile(r"not a (?:bot|robot)|captcha|ip is likely being blocked|unusual traffic"), 900.0),
    (re.compile(r"rate-limited|try again later|too many requests"), 3600.0),  # "for up to an hour"
)


@dataclass(frozen=True)
class Blocked:
    """YouTube does not trust the one who asks: that says nothing of the video.

    Attributes:
        wait_s: how long to leave it alone, seconds.
    """

    wait_s: float


#: What a person can do about being blocked.
ADVICE = (
    "YouTube treats these requests as automated, or there are too many. Name a `cookies_file`, lower "
    "`requests_per_minute`, or use a `proxy`."
)


def meaning(said: str) -> Absent | Blocked | None:
    """What YouTube's words mean; None where they are not known, and nobody may call the video absent.

    ``Absent.NO_MEDIA`` means that the video is there, and just cannot be played by us.
    """
    words = " ".join(said.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower().split())
    for pattern, wait_s in _BLOCKS:
        if pattern.search(words):
            return Blocked(wait_s)
    return next((reason for reason, pattern in _COMPILED if pattern.search(words)), None)
