"""Names of the places on platforms in which posts stand, as people write them."""

from __future__ import annotations

import re

#: What stands for the profile of an account among subreddits: its name is a person's.
PROFILE = "[user]"

_AROUND = re.compile(r"^(?:https?://)?(?:[\w-]+\.)*reddit\.com/|^/+", re.IGNORECASE)


def subreddit_name(text: str) -> str:
    """A subreddit as the column has it, in lower case: `pics` out of `r/Pics`, `/r/pics/` or its address.

    Profiles (`u_<name>`, `u/<name>`) have one name in common.
    """
    name = _AROUND.sub("", text.strip()).lower()
    place = re.match(r"(?:(r|u|user)/+)?([^/?#]*)", name)
    kind, plain = (place[1], place[2]) if place else (None, name)
    return PROFILE if kind in ("u", "user") or plain.startswith("u_") else plain
