"""What the page of `blift explore` asks for: tables, rows, one row with its media and pairs, and ids."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from blift.pipelines.explore.choice import Choice, Found, Place
from blift.pipelines.explore.conditions import Filter, condition
from blift.pipelines.explore.ids import hint_of_id, rows_with_id
from blift.pipelines.explore.kept_media import KeptMedia
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.tables import named_table
from blift.pipelines.explore.values import as_json
from blift.pipelines.report.clusters import clusters
from blift.pipelines.report.pairs import pairs
from blift.pipelines.report.samples import plain
from blift.pipelines.stages.release.layout import PUBLISHED
from blift.schemas.errors import InputError
from blift.schemas.registry import SCHEMAS

#: Rows of a page at most, characters of a cell of it, rows of each table with an id.
MOST_ROWS, _CELL, _ROWS_OF_ID = 200, 200, 20
#: Columns of a page at most, and those that people look at first; the others follow in the order of the table.
_COLUMNS = 8
FIRST = (
    *("title", "reason", "detail", "media_kind", "template", "score", "likes", "views", "num_comments", "subreddit"),
    *("posted_at", "text", "channel_name", "language", "rule", "record_id", "source", "line", "split"),
)
#: Columns that are left out of a page where rows have titles: their texts are long, and take longest to read.
_LONG = frozenset(["text"])
#: Parameters of an address, each with all its values.
Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Dataset:
    """A dataset that is looked at.

    Attributes:
        name: of its recipe, or of the dataset on the Hub.
        where: the folder or the address, for people.
        funnel: as ``blift.pipelines.report.funnel`` tells it; empty where it is not known.
        media: the files of media that may be shown; None where there are none.
    """

    name: str
    where: str
    database: Database
    funnel: Sequence[Mapping[str, Any]] = ()
    media: KeptMedia | None = None


class Explorer:
    """Answers the page, as values of JSON.

    Args:
        dataset: which is looked at.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._database = dataset.database
        # Rows of others, and those of another version, are shown field by field.
        self._kinds = {name: table.table for name, table in self._database.tables.items() if table.is_present}

    def tables(self, _: Parameters) -> dict[str, Any]:
        """The tables, their columns and rows, and the funnel."""
        tables = [
            {
                "name": name,
                "rows": self._database.count(name),
                "columns": [{**asdict(column), "plain": column.is_plain} for column in self._database.columns(name)],
            }
            for name in self._database.tables
        ]
        told = {"name": self._dataset.name, "where": self._dataset.where, "tables": tables}
        return {**told, "funnel": list(self._dataset.funnel)}

    def rows(self, parameters: Parameters) -> dict[str, Any]:
        """A page of rows: their plain columns, long texts cut, and where each lies.

        Raises:
            InputError: a parameter, a condition or a column is wrong.
        """
        table = self._table(parameters)
        columns, filters = self._database.columns(table), _filters(parameters)
        choice = Choice(
            where=_one(parameters, "where"),
            filters=condition(columns, filters, _one(parameters, "search")),
            order=_one(parameters, "order"),
            descending=_one(parameters, "descending") == "1",
            limit=min(_number(parameters, "limit", 50), MOST_ROWS),
            offset=_number(parameters, "offset", 0),
            seed=_number(parameters, "seed", 0) if _one(parameters, "seed") else None,
        )
        names = self._shown(table, [choice.order, *(one.column for one in filters)])
        return self._listed(table, names, self._database.find(table, choice))

    def _shown(self, table: str, asked: Sequence[str]) -> list[str]:
        """The columns of a page: those that are asked for, then the ones with values that people look at first.

        To read a column of some rows costs as much as to find them, and a row shows all its columns when it is opened.
        """
        plain = [column.name for column in self._database.columns(table) if column.is_plain]
        filled = [column.name for column in self._database.columns(table) if column.is_plain and not column.is_empty]
        told = [name for name in filled if name not in _LONG or "title" not in filled]
        first = sorted(told, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
        wanted = dict.fromkeys([name for name in asked if name in plain] + first)
        return list(wanted)[:_COLUMNS]

    def row(self, parameters: Parameters) -> dict[str, Any]:
        """One row whole with its media; of a sample also its pictures, pairs, and what was merged into it.

        Raises:
            InputError: there is no such row.
        """
        table = self._table(parameters)
        place = Place(_number(parameters, "file", 0), _number(parameters, "row", 0))
        rows = self._database.rows(table, [place])
        if not rows:
            raise InputError(f"{table} has no row {place.row} in file {place.file}.")
        kind, media = self._kinds.get(table, ""), self._dataset.media
        row = {**_without_values(kind), **rows[0]}
        told = {
            "table": table,
            "kind": kind,
            "row": row,
            "media": media.of_row(kind, row) if media else [],
            **(self._of_sample(row) if kind == "sample" else {}),
        }
        return {name: as_json(plain(value, sys.maxsize)) for name, value in told.items()}

    def _of_sample(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What `blift report` shows of a sample beside its row."""
        media = self._dataset.media
        merged = next(iter(clusters(self._pick, [row])), None)
        for member in merged["members"] if merged else ():
            member["picture"] = media.picture(member["sha256"], member["file"]) if media and member["sha256"] else None
        return {
            "pictures": media.of_sample(row) if media else {"file": None, "video": None, "scenes": []},
            "merged": merged,
            "pairs": pairs(self._pick, [row["sample_id"]]).get(row["sample_id"], []),
        }

    def _pick(
        self, dataset: str, column: str, values: Sequence[str], columns: Sequence[str], /
    ) -> Iterator[dict[str, Any]]:
        name = next((name for name, folder, _ in PUBLISHED if folder == dataset), "")
        return self._database.having(name, column, values, columns)

    def by_id(self, parameters: Parameters) -> dict[str, Any]:
        """The rows of all tables with an id.

        Raises:
            InputError: no row has it.
        """
        wanted = _one(parameters, "id").strip()
        found = rows_with_id(self._database, wanted, self._database.tables, _ROWS_OF_ID)
        there = [self._listed(table, self._shown(table, ()), rows) for table, rows in found.items()]
        if not there:
            raise InputError(f"No row has the id {wanted!r}{hint_of_id(self._database, wanted)}")
        return {"tables": there}

    def _listed(self, table: str, names: Sequence[str], found: Found) -> dict[str, Any]:
        rows = [
            {"place": [place.file, place.row], "cells": [_cell(row[name]) for name in names]}
            for place, row in zip(found.places, self._database.rows(table, found.places, names), strict=True)
        ]
        return {"table": table, "total": found.total, "columns": list(names), "rows": rows}

    def _table(self, parameters: Parameters) -> str:
        return named_table(self._database.tables, _one(parameters, "table") or next(iter(self._database.tables))).name


def _without_values(kind: str) -> dict[str, Any]:
    """A row of a table of blift without any value."""
    return {field.name: [] if pa.types.is_list(field.type) else None for field in SCHEMAS.get(kind, ())}


def _one(parameters: Parameters, name: str) -> str:
    return next(iter(parameters.get(name, ())), "")


def _number(parameters: Parameters, name: str, default: int) -> int:
    text = _one(parameters, name)
    if text and not (text.isascii() and text.isdecimal() and len(text) < 16):  # noqa: PLR2004 - of 64 bits
        raise InputError(f"{name} is {text!r}; it must be a number of 0 or more.")
    return int(text) if text else default


def _filters(parameters: Parameters) -> list[Filter]:
    found = []
    for text in parameters.get("filter", ()):
        try:
            column, operator, value = map(str, json.loads(text))
        except (ValueError, TypeError, RecursionError) as error:
            raise InputError(f"A filter is {text!r}; it must be a list of column, operator and value.") from error
        found.append(Filter(column, operator, value))
    return found


def _cell(value: Any) -> Any:
    shown = as_json(value)
    if isinstance(shown, str) and len(shown) > _CELL:
        return f"{shown[:_CELL]}..."
    return shown
