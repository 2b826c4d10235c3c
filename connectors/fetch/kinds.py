"""What the items and records of a fetch folder are: each platform states its own, and fetching itself knows none.

A kind is known by its name in the state of a fetch folder, which is one of its own among all platforms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import pyarrow as pa

from blift.connectors.fetch.items import FILE, MEDIA, Item, RawRecord
from blift.schemas.errors import InputError


class Role(StrEnum):
    """What an item is about, which decides what its key is and what its outcome changes."""

    LIST = "list"  # leads to posts; its key is its platform's own
    POST = "post"  # a post itself; its key is the post's native id
    PART = "part"  # something of a post, such as its comments; its key is the post's native id
    FILE = "file"  # a file, which does not change with time


@dataclass(frozen=True, kw_only=True)
class ItemKind:
    """One kind of things to ask for.

    Attributes:
        name: in the state of a fetch folder. Outside blift it begins with the platform's name: `lemmy-post`.
        role: what it is about. An item of the role ``FILE`` that a platform has asks for the file of a post: its key is
            the post's native id, and the address of its file the post's id, `<platform>:<native id>`.
        plural: for people, such as `comment trees`.
        service: who is asked. Each service has threads and a pace of its own.
        batch: how many items one call of the fetcher takes, at most.
    """

    name: str
    role: Role
    plural: str
    service: str
    batch: int = 1


@dataclass(frozen=True)
class Lines:
    """Records in `<platform>/<stem>-<shard>-of-<shards>.ndjson.zst`, one JSON object a line."""

    stem: str


@dataclass(frozen=True)
class OneFile:
    """Records in `<platform>/<aa>/<native id>.<time>.<ending>`, a file each; the records of one post have one stem.

    Native ids must be such that a file can have them in its name: without `/`.

    Attributes:
        ending: of the name; empty where it is what follows the first full stop of the record's key.
    """

    ending: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """One kind of raw records.

    Attributes:
        name: in the state of a fetch folder, as that of an item.
        plural: for people, such as `Reddit posts`; empty for what is not counted for them.
        archive: where its records are written, in the form that the platform's archives have.
        posted_at: from a record to when its post was posted, seconds since 1970, or None where it does not say; for
            records of posts, which are then observed again as `fetch.schedule` says. None for all others.
        posts: from records to a table of posts, as the platform's archives are read; for records whose posts show
            media that may be asked for. None for all others.
    """

    name: str
    plural: str
    archive: Lines | OneFile
    posted_at: Callable[[Mapping[str, Any]], float | None] | None = None
    posts: Callable[[Sequence[bytes]], pa.Table] | None = None


#: Any file that is asked for by its URL.
FILES = ItemKind(name=FILE, role=Role.FILE, plural="files", service=MEDIA)
_NO_PLATFORM = ""
_K = TypeVar("_K", ItemKind, RecordKind)


class Kinds:
    """The kinds of all platforms, by name, in the order in which they are shown.

    Args:
        items: the name of a platform, and a kind of its items.
        records: the name of a platform, and a kind of its records.

    Raises:
        InputError: two have one name.
    """

    def __init__(self, items: Iterable[tuple[str, ItemKind]], records: Iterable[tuple[str, RecordKind]]) -> None:
        self._items = _named([*items, (_NO_PLATFORM, FILES)], "items")
        self._records = _named(records, "records")

    @property
    def items(self) -> list[ItemKind]:
        """The kinds of items; what leads to others comes first."""
        return [kind for _, kind in self._items.values()]

    @property
    def records(self) -> list[tuple[str, RecordKind]]:
        """The name of the platform, and the kind of its records."""
        return list(self._records.values())

    def item(self, name: str) -> ItemKind:
        """The kind of items of a name.

        Raises:
            InputError: no platform has a kind of that name.
        """
        return _found(self._items, name)[1]

    def record(self, name: str) -> RecordKind:
        """The kind of records of a name.

        Raises:
            InputError: no platform has a kind of that name.
        """
        return _found(self._records, name)[1]

    def platform_of(self, record: str) -> str:
        """The name of the platform that records of a kind are of."""
        return _found(self._records, record)[0]

    def post_id(self, item: Item) -> str | None:
        """The id of the post that an item asks for, or for a part of; None where it asks for neither."""
        platform, kind = _found(self._items, item.kind)
        return f"{platform}:{item.key}" if kind.role in (Role.POST, Role.PART) else None

    def post_id_of(self, record: RawRecord) -> str:
        """The id of the post that a record belongs to."""
        return f"{self.platform_of(record.kind)}:{record.of}"

    def is_file_of_post(self, name: str) -> bool:
        """Whether items of a kind ask for the file of a post of their platform."""
        platform, kind = _found(self._items, name)
        return kind.role is Role.FILE and platform != _NO_PLATFORM

    def of_service(self, service: str) -> list[str]:
        """What a service is asked for; what leads to more comes last, so that little is under way at a time."""
        return [kind.name for kind in reversed(self.items) if kind.service == service]

    def changing(self) -> list[str]:
        """Kinds whose result changes with time, so that it is worth asking again."""
        return [kind.name for kind in self.items if kind.role is not Role.FILE]

    def posts(self) -> dict[str, tuple[str, list[str]]]:
        """By the kind of a record of a post: the kind of items that ask for the post, and all that observe it."""
        found = {}
        for platform, record in self._records.values():
            own = [kind for of, kind in self._items.values() if of == platform]
            asking = [kind.name for kind in own if kind.role is Role.POST]
            if record.posted_at and asking:
                found[record.name] = (asking[0], [k.name for k in own if k.role in (Role.POST, Role.PART)])
        return found

    def asked_by(self, platform: str) -> str | None:
        """The kind of items that ask for posts of a platform; None where it cannot be asked."""
        own = (kind for of, kind in self._items.values() if of == platform)
        return next((kind.name for kind in own if kind.role is Role.POST), None)


def _named(kinds: Iterable[tuple[str, _K]], what: str) -> dict[str, tuple[str, _K]]:
    found: dict[str, tuple[str, _K]] = {}
    for platform, kind in kinds:
        other = found.setdefault(kind.name, (platform, kind))
        if other[1] is not kind and other[0] == platform:
            raise InputError(
                f"The platform {platform!r} has {what} of the kind {str(kind.name)!r} twice. Update the package that "
                "brings it."
            )
        if other[1] is not kind:
            raise InputError(
                f"The platforms {other[0] or 'blift'!r} and {platform or 'blift'!r} both have {what} of the kind "
                f"{str(kind.name)!r}. Remove the package of one of them."
            )
    return {str(name): pair for name, pair in found.items()}


def _found(kinds: Mapping[str, tuple[str, _K]], name: str) -> tuple[str, _K]:
    if name not in kinds:
        raise InputError(
            f"No platform here has the kind {name!r}: the fetch folder is damaged, or the package that filled it is "
            "not installed. Install that package, or fetch into another folder."
        )
    return kinds[name]
