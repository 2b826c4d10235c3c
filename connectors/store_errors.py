"""What the errors of object stores mean: each client has exceptions of its own, and Beam collects them by address."""

from __future__ import annotations

#: The status of an HTTP answer where there is no such file.
NOT_FOUND = 404


def sentence_on_store(error: Exception) -> str | None:
    """A sentence that explains a store's error to the person who gave its address; None for any other error.

    Args:
        error: of one of Beam's filesystems, which name every address with its own reason.
    """
    causes = getattr(error, "exception_details", None)
    if not isinstance(error, OSError) or not isinstance(causes, dict) or not causes:
        return None
    named = next(iter(causes))
    address = named if isinstance(named, str) else " to ".join(named)
    return (
        f"Cannot reach {address}: {reason_of(error)}. Check the address, the credentials and the region; "
        "docs/runners.md says what each store needs."
    )


def reason_of(error: Exception) -> str:
    """Why a file could not be read or written, without a full stop; where a store said why, in its words."""
    causes = getattr(error, "exception_details", None)
    if isinstance(causes, dict) and causes:
        cause = next(iter(causes.values()))
        return reason_of(cause if isinstance(cause, Exception) else _Answered(cause))
    if status_of(error) == NOT_FOUND:
        return "there is no such bucket or file"
    said = getattr(error, "message", None) or error
    return " ".join(str(said).split()).rstrip(".")


def is_absent(error: object) -> bool:
    """Whether a store's answer was that there is no such file."""
    causes = getattr(error, "exception_details", None)
    if causes:
        return all(map(is_absent, causes.values()))
    if getattr(error, "exception", None) == "FileNotFoundException":  # of HDFS
        return True
    if str(getattr(error, "message", "")).endswith(" is not a directory."):  # of HDFS's client, which lists a file
        return True
    return isinstance(error, FileNotFoundError) or status_of(error) == NOT_FOUND or error == NOT_FOUND


class _Answered(Exception):
    """The status of an HTTP answer, where a client tells nothing else."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the store answers {status}")
        self.code = status


def status_of(error: object) -> object:
    """The status of an HTTP answer that the client of a store made an exception of; None where it was none."""
    named = getattr(error, "code", None) or getattr(error, "status_code", None)
    return named or getattr(getattr(error, "response", None), "status_code", None)
