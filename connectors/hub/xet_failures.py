"""What goes wrong between here and Xet's storage.

hf_xet tells it in words alone: builtin errors of the operating system's family whose text begins with the kind, and
names the status and the address. It has then tried six times by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus as codes  # noqa: N813 - as HTTP clients call them
from urllib.parse import urlsplit

#: Requests that hf_xet makes before it gives up (its setting `client.retry_max_attempts`, and the first).
OWN_TRIES = 6
_KIND = re.compile(
    r"(Network error|Server error|Rate limited|Timeout|Authentication error|Request (middleware )?error): "
)
_STATUS = re.compile(r"HTTP status \w+ error \((\d{3})")
_ADDRESS = re.compile(r"https?://[^\s()]+")
_TOKEN_PATH = re.compile(r"/xet-(read|write)-token/")


@dataclass(frozen=True)
class XetFailure:
    """What was said.

    Attributes:
        status: of the answer; None where there was none.
        host: who was asked.
        by_hub: the Hub was asked for a token of the storage, not the storage itself.
    """

    status: int | None
    host: str
    by_hub: bool

    @property
    def passes(self) -> bool:
        """Whether the same may succeed later. Who does not answer has been waited for, for minutes."""
        return self.status is not None and (
            self.status == codes.TOO_MANY_REQUESTS or self.status >= codes.INTERNAL_SERVER_ERROR
        )


def xet_failure(error: BaseException) -> XetFailure | None:
    """What an error of hf_xet says; None where it is none."""
    said = str(error)
    if not isinstance(error, (OSError, RuntimeError)) or not _KIND.search(said):
        return None
    status, address = _STATUS.search(said), _ADDRESS.search(said)
    parts = urlsplit(address[0] if address else "")
    return XetFailure(int(status[1]) if status else None, parts.netloc, _TOKEN_PATH.search(parts.path) is not None)


def storage_sentence(failure: XetFailure) -> str:
    """One sentence on a failure of the storage: what is wrong, and what to do."""
    storage = f"Xet's storage at {failure.host}" if failure.host else "Xet's storage"
    if failure.status is None:
        return (
            f"Cannot reach {storage}. Let this machine reach it and run the same command again, or set "
            "HF_HUB_DISABLE_XET=1: whole files travel then, without it."
        )
    if failure.passes:
        said = "that there were too many requests" if failure.status == codes.TOO_MANY_REQUESTS else failure.status
        return f"{storage} still answers {said}. Run the same command later."
    if failure.status in (codes.UNAUTHORIZED, codes.FORBIDDEN):
        return (
            f"{storage} does not take what the Hub gave as a token for it ({failure.status}). Check the clock of this "
            "machine, and run the same command again."
        )
    return f"{storage} refused it with {failure.status}. Set HF_HUB_DISABLE_XET=1: whole files travel then, without it."
