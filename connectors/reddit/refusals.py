"""What Reddit answers in place of what was asked for, and the outcome that it makes."""

from __future__ import annotations

from blift.connectors.fetch.items import Failed, NotThere
from blift.schemas.reasons import Absent

#: Reddit's own words (``reason`` in the answer) for why a subreddit is not shown.
_BY_REASON = {
    "private": Absent.PRIVATE,
    "employees_only": Absent.PRIVATE,
    "gold_only": Absent.MEMBERS_ONLY,
    "quarantined": Absent.QUARANTINED,
    "banned": Absent.BANNED,
}
_BY_STATUS = {
    403: Absent.UNAVAILABLE,
    404: Absent.NOT_FOUND,
    410: Absent.NOT_FOUND,
    451: Absent.REGION_BLOCKED,
}
#: Where Reddit leads whoever asks for a subreddit that does not exist.
_SEARCH = "/subreddits/search"


class NotAnswered(Exception):
    """There was no answer, or none that can be read; this may pass."""

    def __init__(self, error: str, wait_s: float | None = None, *, counts: bool = True) -> None:
        super().__init__(error)
        self.failed = Failed(error, wait_s, counts)


class Refused(Exception):
    """Reddit answered that it does not give this.

    Args:
        status: of HTTP.
        reason: Reddit's word for it, where it has one.
        location: path to which it leads elsewhere.
    """

    def __init__(self, status: int, reason: str | None = None, location: str | None = None) -> None:
        super().__init__(f"Reddit answered {status}" + (f" ({reason})" if reason else ""))
        self.status = status
        self.reason = reason
        self.location = location

    def outcome(self) -> NotThere | Failed:
        """What it means for the item that was asked for."""
        if self.location is not None and self.location.startswith(_SEARCH):
            return NotThere(Absent.NOT_FOUND, "no such subreddit")
        absent = _BY_REASON.get(self.reason or "") or _BY_STATUS.get(self.status)
        if absent is None:
            return Failed(f"{self}{f', which leads to {self.location}' if self.location else ''}.")
        return NotThere(absent, str(self))
