"""Parts of the fetch stage in a run folder: which items each has ended, and what is left to ask for."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import pyarrow as pa

from blift.connectors.fetch.archives import table_rows
from blift.connectors.fetch.changes import ItemState
from blift.connectors.fetch.items import Item
from blift.connectors.fetch.kinds import Kinds
from blift.connectors.filesystem import matching
from blift.connectors.inside import check_paths
from blift.schemas.errors import FetchError
from blift.schemas.reasons import Absent, Reason

STAGE = "fetch"
#: Where parts lie in the run folder, and what makes one whole.
PARTS, ENDED = "fetched", "ended.parquet"
#: The list of ended items.
ENDED_ITEMS = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("state", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("message", pa.string()),
    ]
)
#: What of it says how each item ended.
_STATES = pa.schema(list(ENDED_ITEMS)[:3])
#: The reason in a build for what a fetch could not get; `unavailable` for all that are not listed.
_REASON_OF = {
    Absent.DELETED: Reason.DELETED,
    Absent.REMOVED: Reason.REMOVED,
    Absent.BANNED: Reason.REMOVED,
    Absent.LIVE: Reason.LIVE,
    Absent.NO_MEDIA: Reason.NO_FILE,
    Absent.NOT_MEDIA: Reason.NOT_MEDIA,
    Absent.TOO_MANY_BYTES: Reason.TOO_MANY_BYTES,
    Absent.BOMB: Reason.BOMB,
}


def reason_of(absent: Absent) -> Reason:
    """The reason in a build for what a fetch could not get."""
    return _REASON_OF.get(absent, Reason.UNAVAILABLE)


@dataclass(frozen=True)
class Part:
    """Some items, by whose names the part is called."""

    items: tuple[Item, ...]

    @property
    def name(self) -> str:
        """The part's folder in the run folder: equal items have an equal one, so that a retry replaces a half."""
        names = "\n".join(sorted(f"{item.kind} {item.key}" for item in self.items))
        return posixpath.join(PARTS, sha256(names.encode()).hexdigest()[:32])


def parts_of(items: Iterable[Item], kinds: Kinds, ended: Iterable[tuple[str, str]], size: int) -> list[Part]:
    """The items that no part has ended yet, in parts; those of one kind together, in the order of the kinds."""
    known = set(ended)
    left = sorted({item for item in items if (item.kind, item.key) not in known})
    found = []
    for kind in kinds.items:
        own = [item for item in left if item.kind == kind.name]
        found += [Part(tuple(own[first : first + size])) for first in range(0, len(own), size)]
    return found


@dataclass(frozen=True)
class EndedItems:
    """Kind and key of the items that parts have ended.

    Attributes:
        well: done, or known to be absent.
        failed: in all parts that have them.
        parts: how many parts there are.
    """

    well: frozenset[tuple[str, str]]
    failed: frozenset[tuple[str, str]]
    parts: int


def ended_items(folder: str) -> EndedItems:
    """The items that the parts in a run folder have ended."""
    well: set[tuple[str, str]] = set()
    failed: set[tuple[str, str]] = set()
    lists = _lists(folder)
    for path in lists:
        for row in table_rows(path, _STATES, "Delete it, and run the same command again: it asks for its items anew."):
            (failed if row["state"] == ItemState.FAILED else well).add((row["kind"], row["key"]))
    return EndedItems(frozenset(well), frozenset(failed - well), len(lists))


def warnings(folder: str) -> list[str]:
    """A sentence where some of the items failed that a build asked for.

    Raises:
        FetchError: all of them did.
    """
    ended = ended_items(folder)
    failed = len(ended.failed)
    if not failed:
        return []
    asked = failed + len(ended.well)
    if not ended.well:
        raise FetchError(
            f"Nothing was got: {asked:,} of {asked:,} items failed; the rejects of `{STAGE}` say why. Run the same "
            "command again to ask for them again."
        )
    return [
        f"{failed:,} of {asked:,} items failed; the rejects of `{STAGE}` say why. The next build asks for them again."
    ]


def whole_parts(folder: str) -> list[str]:
    """Folders of the parts that are whole: fetch folders, as a build reads them."""
    return [posixpath.dirname(path) for path in _lists(folder)]


def _lists(folder: str) -> list[str]:
    found = [entry.path for entry in matching(folder, posixpath.join(PARTS, "*", ENDED))]
    check_paths(folder, [path[len(posixpath.join(folder, "")) :] for path in found])
    return found
