"""How people name a repository of the Hub: `OWNER/NAME`, or with a branch, a tag or a commit, `OWNER/NAME@v1.0.0`."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: A repository, as a regular expression that JSON Schema can have.
REPO = r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$"
_NAMED = re.compile(rf"(?P<repo>{REPO[1:-1]})(?:@(?P<revision>[^@\s]+))?")


@dataclass(frozen=True)
class Named:
    """A repository of the Hub, and its revision where the name has one."""

    repo: str
    revision: str | None


def named_on_hub(name: str) -> Named | None:
    """What a name means on the Hub; None where it can be no name of a repository."""
    found = _NAMED.fullmatch(name)
    return Named(found["repo"], found["revision"]) if found else None
