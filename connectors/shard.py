"""What is said of one file of a dataset; who only reads accounts needs no Arrow."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from blift.schemas.count import Count

#: How the name of a folder with the rows of one month begins, as Hive names partitions.
_MONTH = "month="
#: Of the sha256 of its content, what stands in the name of a Parquet file.
_OF_CONTENT = re.compile(r"-[0-9a-f]{16}(?=\.parquet\Z)")


@dataclass(frozen=True, order=True)
class Shard:
    """One file of a dataset: path within the run folder, rows, bytes, and the sha256 of its content."""

    path: str
    rows: Count
    size_bytes: Count
    sha256: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]

    @property
    def name(self) -> str:
        """The path without the digest of the content: the same in every version of the dataset."""
        return name_of(self.path)

    @property
    def place(self) -> tuple[int, int]:
        """The number of this file among those of its table, 0 first, and how many they are, as its name says."""
        _, index, _, total = self.name.removesuffix(".parquet").rsplit("-", 3)
        return int(index), int(total)


def in_month(path: str, month: str | None) -> str:
    """The path of a file in the folder of a month: ``samples/month=2024-03/samples-00003-of-00016.parquet``.

    Args:
        path: without that folder.
        month: such as ``2024-03``; ``*`` gives a pattern for all months, and None the path itself.
    """
    folder, name = posixpath.split(path)
    return path if month is None else posixpath.join(folder, f"{_MONTH}{month}", name)


def month_of(path: str) -> str | None:
    """The month whose folder a file lies in; None where it lies in no such folder."""
    above = posixpath.basename(posixpath.dirname(path))
    return above.removeprefix(_MONTH) if above.startswith(_MONTH) else None


def table_folder(path: str) -> str:
    """The folder of the table that a file belongs to, above the folders of its months."""
    folder = posixpath.dirname(path)
    return folder if month_of(path) is None else posixpath.dirname(folder)


def by_place(shard: Shard) -> tuple[int, Shard]:
    """The number of a file among those of its table, by which files of one number meet, and the file."""
    return shard.place[0], shard


def name_of(path: str) -> str:
    """The path of a file without the digest of its content, where it has one."""
    return _OF_CONTENT.sub("", path)


def content_path(name: str, sha256: str) -> str:
    """The path of a file with this content: ``samples-00003-of-00016-1a2b3c4d5e6f7081.parquet``.

    Other content has another path, so that a file is never changed once it is there.
    """
    stem, ending = posixpath.splitext(name_of(name))
    return f"{stem}-{sha256[:16]}{ending}"
