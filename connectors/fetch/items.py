"""An item is one thing to ask a platform for; its outcome says what came of asking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

import msgspec

from blift.schemas.errors import InputError
from blift.schemas.reasons import Absent

_T = TypeVar("_T")


#: The kind of items that ask for a file by its URL, and the service that stands for all hosts of files.
FILE, MEDIA = "file", "media"


class Item(NamedTuple):
    """One thing to ask for.

    Attributes:
        kind: name of an `ItemKind` of a platform.
        key: what is asked for, in the platform's own terms.
        detail: JSON of its fetcher's own: where to go on, what to leave out.
    """

    kind: str
    key: str
    detail: str = "{}"


def progress_of(item: Item, form: type[_T]) -> _T:
    """How far an item is, as its ``detail`` says.

    Args:
        item: out of the state of a fetch folder, which a stranger may have written.
        form: a type of `msgspec` or a dataclass, all of whose fields have defaults.

    Raises:
        InputError: its detail is of no such form.
    """
    try:
        return msgspec.json.decode(item.detail, type=form)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise InputError(
            f"The state of the fetch folder is damaged: how far the {item.kind} {item.key!r} is ({why}). Fetch into "
            "another folder."
        ) from error


class RawRecord(NamedTuple):
    """A record as the platform gave it.

    Attributes:
        kind: name of a `RecordKind` of a platform.
        key: native id; for a file beside that of a post, such as subtitles, ``<native id>.<end of the file's name>``.
        of: native id of the post that it belongs to; its own for a post.
        retrieved_at: seconds since 1970 at which it was read.
        data: one JSON object without newlines, in the form in which the archives have it; other files as they came.
    """

    kind: str
    key: str
    of: str
    retrieved_at: float
    data: bytes


class StoredFile(NamedTuple):
    """A file in the store.

    Attributes:
        address: URL that it came from; of the file of a post that is media, the post's id.
        sha256: of its content, hexadecimal.
        name: in the store, such as ``files/ab/<sha256>.jpg``.
        size_bytes: its size.
        content_type: by its bytes, such as ``image/jpeg``.
    """

    address: str
    sha256: str
    name: str
    size_bytes: int
    content_type: str


@dataclass(frozen=True)
class Done:
    """All that was asked for is here. ``found`` are items to ask for next.

    ``note`` is a sentence on what the platform keeps back, such as all of a listing but its first thousand.
    """

    records: Sequence[RawRecord] = ()
    files: Sequence[StoredFile] = ()
    found: Sequence[Item] = ()
    note: str = ""


@dataclass(frozen=True)
class GoesOn:
    """A part is here; the item is asked for again with ``detail``."""

    detail: str
    records: Sequence[RawRecord] = ()
    found: Sequence[Item] = ()


@dataclass(frozen=True)
class NotThere:
    """It is not to be had. ``records`` are what the platform still says of it."""

    reason: Absent
    detail: str = ""
    records: Sequence[RawRecord] = field(default=())


@dataclass(frozen=True)
class Failed:
    """Something went wrong that may pass.

    Attributes:
        error: one sentence.
        wait_s: how long the server asks to wait; None where it does not say.
        counts: whether it counts as an attempt. A server that is merely busy does not.
    """

    error: str
    wait_s: float | None = None
    counts: bool = True


Outcome: TypeAlias = Done | GoesOn | NotThere | Failed


class Fetcher(Protocol):
    """Asks one service. A worker thread has one of its own.

    Raises of its own mean that the service cannot be asked at all (``FetchError``: credentials, for one) or that the
    budget is spent (``blift.connectors.web.manners.BudgetSpent``); all else is an outcome.
    """

    def fetch(self, items: Sequence[Item]) -> Iterator[tuple[Item, Outcome]]:
        """Outcomes of items of one kind, each as soon as it is known; every item gets one."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
