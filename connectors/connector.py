"""What a platform brings: its row, the archives that can be read of it, and how it is fetched where it can be.

One `Connector` per platform, in `connectors/<platform>/connector.py`, or in a package of its own that names it under
the entry point `blift.platforms`. See docs/platforms.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from blift.connectors.fetching import Fetching
from blift.connectors.files import Chunk, InputFile
from blift.schemas.platform import Platform

#: For a column of ``post_id``s, which of them are wanted.
OfPosts: TypeAlias = Callable[[pl.Series], NDArray[np.bool_]]


@dataclass(frozen=True)
class Unit:
    """Files that one worker reads together, and for each (by its path) the paths of what lies beside it."""

    files: Sequence[InputFile]
    beside: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Records:
    """What was read of a part of a unit.

    Attributes:
        posts: rows with the columns of the post table that the platform states, ``author_name``, ``source``, ``line``
            and the flags ``is_self``, ``is_gallery``, ``is_video``, ``has_poll``.
        comments: comments that stand in the same files, with the columns of the comment table, ``author_name``,
            ``source`` and ``line``; None where such files hold none.
        warnings: sentences on parts of posts that could not be read; the posts are there.
    """

    posts: Chunk
    comments: Chunk | None = None
    warnings: Sequence[str] = ()


#: Reads a unit; the second argument are the options of the section `scope`, by which a reader may leave records out
#: before it builds them (``Chunk.skipped``). It need not: the rules of the section are applied to what it gives.
ReadPosts: TypeAlias = Callable[[Unit, Mapping[str, Any]], Iterator[Records]]
#: Reads a file of comments. Where the second argument is given, comments on other posts are only counted
#: (``Chunk.skipped``, as ``orphan_comment``).
ReadComments: TypeAlias = Callable[[InputFile, OfPosts | None], Iterator[Chunk]]


@dataclass(frozen=True)
class Beside:
    """Files that lie beside others.

    Attributes:
        group: from the paths of whole folders to the paths beside each file of the archive, by its path.
        is_media: whether a path beside a file is that of its media.
    """

    group: Callable[[Iterable[str]], Mapping[str, Sequence[str]]]
    is_media: Callable[[str], bool]


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One kind of files that hold records of a platform: a key of its section in `sources`.

    Attributes:
        key: in the recipe.
        description: of the key, for documentation.
        posts: reads files of posts, which may hold comments too.
        comments: reads files of comments alone; they are read when the posts are known. One of the two is set.
        comments_of_any: comments that ``posts`` gives may be on posts of other files.
        is_one_post: each file holds one post: many are read together.
        beside: what may lie beside such a file.
        fetched: glob of such files within a folder that `blift fetch` filled; empty where it makes none.
    """

    key: str
    description: str
    posts: ReadPosts | None = None
    comments: ReadComments | None = None
    comments_of_any: bool = False
    is_one_post: bool = False
    beside: Beside | None = None
    fetched: str = ""


@dataclass(frozen=True, kw_only=True)
class Connector:
    """All that blift needs to know to read a platform, and to fetch it.

    Attributes:
        platform: its row.
        about: a sentence on what can be read, for documentation.
        archives: the files that can be read.
        fetching: how the platform is fetched; None where it cannot be.
    """

    platform: Platform
    about: str
    archives: Sequence[Archive]
    fetching: Fetching | None = None

    @property
    def name(self) -> str:
        """The platform's name."""
        return self.platform.name

    def archive(self, key: str) -> Archive:
        """The archive of a key."""
        return next(archive for archive in self.archives if archive.key == key)
