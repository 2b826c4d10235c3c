"""What a publication changes on the Hub: which files travel, which go, and whose work would be overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from blift.connectors.hub.client import Snapshot

#: What the Hub itself puts into a new dataset.
_HUBS_OWN = (".gitattributes",)


@dataclass(frozen=True)
class Wanted:
    """A file as it is to be: its size in bytes and its digest, as in a snapshot; its content where it is small."""

    size: int
    digest: str
    content: bytes | None = None


@dataclass(frozen=True)
class Changes:
    """What to do to make a snapshot hold what is wanted.

    Attributes:
        send: paths to add or replace.
        delete: paths that an earlier publication wrote, and that no longer belong.
        strangers: paths that would be overwritten or deleted, and that somebody else wrote or changed.
    """

    send: list[str]
    delete: list[str]
    strangers: list[str]

    @property
    def none(self) -> bool:
        """Nothing differs."""
        return not self.send and not self.delete


def text_file(text: str) -> Wanted:
    """A small file that goes into the commit itself."""
    return small_file(text.encode("utf-8"))


def small_file(content: bytes) -> Wanted:
    """The same of bytes; git's digest of a blob."""
    return Wanted(len(content), blob_digest(content), content)


def blob_digest(content: bytes) -> str:
    """Digest that git gives a file of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - git's own


def changes(head: Snapshot, wanted: Mapping[str, Wanted], published: Mapping[str, str] | None) -> Changes:
    """Compare.

    Args:
        head: what is there.
        wanted: what is to be there, by path.
        published: digests of what our last publication wrote, by path; None where there was none.
    """
    ours = published or {}
    send = sorted(path for path, file in wanted.items() if head.files.get(path) != file.digest)
    delete = sorted(path for path in ours if path not in wanted and path in head.files)
    if published is None:
        strangers = sorted(path for path in head.files if path not in _HUBS_OWN and path not in wanted)
        strangers += [path for path in send if path in head.files]
    else:
        strangers = [path for path in [*send, *delete] if path in head.files and head.files[path] != ours.get(path)]
    return Changes(send, delete, strangers)
