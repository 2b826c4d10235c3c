"""What the page of `blift explore` asks for: tables, rows, one row with its media and pairs, and ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from blift.pipelines.explore.conditions import Filter, condition
from blift.pipelines.explore.kept_media import KeptMedia
from blift.pipelines.explore.query import Choice, Database, Found, Place
from blift.pipelines.explore.tables import named_table
from blift.pipelines.explore.values import as_json
from blift.schemas.errors import InputError
from blift.transforms.accounting import FunnelRow

#: Rows of a page at most, characters of a cell of it, rows of each table with an id, and pairs of a sample.
MOST_ROWS, _CELL, _ROWS_OF_ID, _PAIRS = 200, 200, 20, 50
#: Tables with the pairs of samples, the first that has some is shown.
_OF_PAIRS = ("instructions", "instructions_without_media")
#: Parameters of an address, each with all its values.
Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Dataset:
    """A dataset that is looked at.

    Attributes:
        name: of its recipe, or of the dataset on the Hub.
        where: the folder or the address, for people.
        funnel: empty where it is not known.
        media: the files of media that may be shown; None where there are none.
    """

    name: str
    where: str
    database: Database
    funnel: Sequence[FunnelRow] = ()
    media: KeptMedia | None = None


class Explorer:
    """Answers the page, as values of JSON.

    Args:
        dataset: which is looked at.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._database = dataset.database

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
        funnel = [asdict(row) for row in self._dataset.funnel]
        return {"name": self._dataset.name, "where": self._dataset.where, "tables": tables, "funnel": funnel}

    def rows(self, parameters: Parameters) -> dict[str, Any]:
        """A page of rows: their plain columns, long texts cut, and where each lies.

        Raises:
            InputError: a parameter, a condition or a column is wrong.
        """
        table = self._table(parameters)
        columns = self._database.columns(table)
        choice = Choice(
            where=_one(parameters, "where"),
            filters=condition(columns, _filters(parameters), _one(parameters, "search")),
            order=_one(parameters, "order"),
            descending=_one(parameters, "descending") == "1",
            limit=min(_number(parameters, "limit", 50), MOST_ROWS),
            offset=_number(parameters, "offset", 0),
            seed=_number(parameters, "seed", 0) if _one(parameters, "seed") else None,
        )
        return self._listed(table, self._database.find(table, choice))

    def _listed(self, table: str, found: Found) -> dict[str, Any]:
        plain = [column.name for column in self._database.columns(table) if column.is_plain]
        rows = self._database.rows(table, found.places, plain)
        return {
            "table": table,
            "total": found.total,
            "columns": plain,
            "rows": [
                {"place": [place.file, place.row], "cells": [_cell(row[name]) for name in plain]}
                for place, row in zip(found.places, rows, strict=True)
            ],
        }

    def row(self, parameters: Parameters) -> dict[str, Any]:
        """One row whole, the addresses of its media, and the pairs of a sample.

        Raises:
            InputError: there is no such row.
        """
        table = self._table(parameters)
        place = Place(_number(parameters, "file", 0), _number(parameters, "row", 0))
        rows = self._database.rows(table, [place])
        if not rows:
            raise InputError(f"{table} has no row {place.row} in file {place.file}.")
        row = rows[0]
        kind = self._database.tables[table].table
        media = self._dataset.media.of_row(kind, row) if self._dataset.media else []
        pairs = self._pairs(str(row["sample_id"])) if kind == "sample" else []
        return {"table": table, "kind": kind, "row": as_json(row), "media": media, "pairs": pairs}

    def _pairs(self, sample_id: str) -> list[Any]:
        for table in _OF_PAIRS:
            if table in self._database.tables:
                found = self._database.by_id(table, sample_id, _PAIRS)
                if found.total:
                    wanted = ["id", "template", "split", "system", "conversations"]
                    return [as_json(pair) for pair in self._database.rows(table, found.places, wanted)]
        return []

    def by_id(self, parameters: Parameters) -> dict[str, Any]:
        """The rows of all tables with an id.

        Raises:
            InputError: no row has it.
        """
        wanted = _one(parameters, "id").strip()
        found = {table: self._database.by_id(table, wanted, _ROWS_OF_ID) for table in self._database.tables}
        there = [self._listed(table, rows) for table, rows in found.items() if rows.total]
        if not there:
            raise InputError(f"No row has the id {wanted!r}{self._database.hint_of_id(wanted)}")
        return {"tables": there}

    def _table(self, parameters: Parameters) -> str:
        return named_table(self._database.tables, _one(parameters, "table") or next(iter(self._database.tables))).name


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
