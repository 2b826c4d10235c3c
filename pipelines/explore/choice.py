"""What is asked of the tables of a dataset, and what is found: choices of rows, and the places of rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

#: Columns by which a row of a table is found, by table; a column in a list of structs is named as `list.member`.
KEYS = {
    "sample": ("sample_id", "media_key", "sha256", "permalink", "audiences.post_id"),
    "post": ("post_id", "native_id", "permalink"),
    "comment": ("comment_id", "native_id"),
    "media": ("sha256",),
    "instruction": ("id", "sample_id"),
    "chat": ("id", "sample_id"),
    "preference": ("id", "sample_id"),
    "instruction_with_media": ("id", "sample_id"),
    "chat_with_media": ("id", "sample_id"),
    "preference_with_media": ("id", "sample_id"),
    "origin": ("record_id",),
    "reject": ("record_id",),
}


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, its type as DuckDB calls it, and whether no row has a value."""

    name: str
    kind: str
    is_empty: bool = False

    @property
    def is_plain(self) -> bool:
        """The values are neither lists nor structs."""
        return not self.kind.endswith("]") and not self.kind.startswith(("STRUCT", "MAP", "UNION"))


@dataclass(frozen=True)
class Choice:
    """Which rows of a table are wanted, and in which order.

    Attributes:
        where: a condition in SQL that a person wrote; empty for all rows.
        filters: one that holds as well, of which the values of others are quoted.
        order: the column to sort by; empty for the order of the files.
        seed: None for rows one after the other; else that many are drawn at random, the same for the same seed.
    """

    where: str = ""
    filters: str = ""
    order: str = ""
    descending: bool = False
    limit: int = 50
    offset: int = 0
    seed: int | None = None


@dataclass(frozen=True, order=True)
class Place:
    """Where a row lies: the number of its file in the table, and its number in that file."""

    file: int
    row: int


@dataclass(frozen=True)
class Found:
    """The places of the rows that were chosen, and how many rows meet the condition."""

    places: list[Place]
    total: int


def quoted_name(name: str) -> str:
    """A name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(value: str) -> str:
    """A string as SQL quotes it."""
    return "'" + value.replace("'", "''") + "'"


def quoted_texts(values: Iterable[str]) -> str:
    """A list of strings as SQL writes it."""
    return f"[{', '.join(map(quoted_text, values))}]"


def among(column: str, values: Collection[str]) -> str:
    """The condition that a column has one of some values, of which there is one at least."""
    return f"{quoted_name(column)} IN ({', '.join(map(quoted_text, sorted(set(values))))})"
