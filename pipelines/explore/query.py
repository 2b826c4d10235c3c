"""Queries over the tables of a dataset, by DuckDB on their Parquet files: nothing is imported, nothing is written.

A condition is one expression: DuckDB's own parser refuses statements, further clauses and lists in its place.
"""

from __future__ import annotations

import os
import random
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from blift.connectors.parquet_parts import rows_with_member
from blift.pipelines.explore.choice import Choice, Column, Found, Place, among, quoted_name, quoted_text, quoted_texts
from blift.pipelines.explore.connection import Connection, no_column
from blift.pipelines.explore.tables import QueryTable
from blift.schemas.errors import InputError

if TYPE_CHECKING:
    import duckdb

#: Columns that say where a row lies: the number of its file, and its number in that file.
_FILE, _ROW = "blift:file", "blift:row"
#: The columns of files are theirs alone: DuckDB would add one for folders such as `month=2024-03`.
_AS_STORED = ", hive_partitioning = false"
#: Seconds after which a query is given up.
LONGEST_S = 60.0
#: Conditions whose number of rows is remembered.
_TOTALS = 100


class Database:
    """Tables that can be queried from several threads.

    Args:
        tables: by name; their files lie on this machine.
        longest_s: seconds after which a query is given up.

    Raises:
        InputError: DuckDB is not installed, or cannot read a file.
    """

    def __init__(self, tables: Mapping[str, QueryTable], longest_s: float = LONGEST_S) -> None:
        self.tables = dict(tables)
        self._mixed: set[str] = set()
        self._totals: dict[tuple[str, str, str], int] = {}
        self._columns: dict[str, list[Column]] = {}
        self._starts: dict[str, list[int]] = {}
        files = [path for table in self.tables.values() for path in map(os.path.abspath, table.paths())]
        self._connection = Connection(files, longest_s)
        with self._connection.prepared() as connection:
            for name, table in self.tables.items():
                connection.execute(f"CREATE VIEW {quoted_name(name)} AS {self._select(connection, table)}")
                self._columns[name] = self._described(connection, name)
                self._starts[name] = [0, *accumulate(self._counted(connection, name))]

    def _select(self, connection: duckdb.DuckDBPyConnection, table: QueryTable) -> str:
        """All rows of a table, with their places. Files of one schema are read without looking into the others."""
        files = quoted_texts(map(os.path.abspath, table.paths()))
        layouts = connection.execute(
            "SELECT count(DISTINCT layout) FROM (SELECT list(name || ':' || coalesce(type, '')) AS layout "  # noqa: S608
            f"FROM parquet_schema({files}) GROUP BY file_name)"
        ).fetchall()
        if layouts[0][0] > 1:
            self._mixed.add(table.name)
        return _selected(files, ", union_by_name = true" if table.name in self._mixed else "")

    def _described(self, connection: duckdb.DuckDBPyConnection, name: str) -> list[Column]:
        described = connection.execute(f"DESCRIBE {quoted_name(name)}").fetchall()
        empty = self._without_values(connection, name)
        return [Column(column, kind, column in empty) for column, kind, *_ in described if column not in (_FILE, _ROW)]

    def _without_values(self, connection: duckdb.DuckDBPyConnection, name: str) -> set[str]:
        """The columns without any value, as the statistics in the files say."""
        files = quoted_texts(map(os.path.abspath, self.tables[name].paths()))
        found = connection.execute(
            f"SELECT path_in_schema FROM parquet_metadata({files}) GROUP BY ALL "  # noqa: S608 - names are quoted
            "HAVING coalesce(sum(stats_null_count) = sum(num_values), false) AND count(stats_null_count) = count(*)"
        ).fetchall()
        return {path for (path,) in found}

    def _counted(self, connection: duckdb.DuckDBPyConnection, name: str) -> list[int]:
        """The rows of each file, as the file itself says."""
        counts = dict(connection.table(quoted_name(name)).aggregate(f"{quoted_name(_FILE)}, count(*)").fetchall())
        return [counts.get(file, 0) for file in range(len(self.tables[name].shards))]

    def _place(self, table: str, number: int) -> Place:
        """The place of a row by its number in the table."""
        file = bisect_right(self._starts[table], number) - 1
        return Place(file, number - self._starts[table][file])

    def close(self) -> None:
        """Give up the queries that run, wait for their ends, and let the files go."""
        self._connection.close()

    def columns(self, table: str) -> list[Column]:
        """The columns of a table."""
        return self._columns[table]

    def count(self, table: str) -> int:
        """The rows of a table."""
        return self._starts[table][-1]

    def find(self, table: str, choice: Choice) -> Found:
        """Where the rows lie that are wanted of a table.

        Raises:
            InputError: the condition or the column is wrong, or the query takes too long.
        """
        if choice.order:
            self._check_column(table, choice.order)
        elif not choice.where.strip() and not choice.filters:
            return self._of_all(table, choice)
        with self._chosen(table, choice.where, choice.filters) as rows:
            if choice.seed is not None:
                found = rows.project(f"{quoted_name(_FILE)}, {quoted_name(_ROW)}").fetchnumpy()
                drawn = _drawn(len(found[_ROW]), choice.limit, choice.seed)
                return Found(
                    [Place(int(found[_FILE][each]), int(found[_ROW][each])) for each in drawn], len(found[_ROW])
                )
            total = self._total(table, choice, rows)
            ordered = rows
            if choice.order:
                down = "DESC" if choice.descending else "ASC"
                ordered = rows.order(
                    f"{quoted_name(choice.order)} {down} NULLS LAST, {quoted_name(_FILE)}, {quoted_name(_ROW)}"
                )
            page = ordered.limit(choice.limit, choice.offset).project(f"{quoted_name(_FILE)}, {quoted_name(_ROW)}")
            return Found([Place(*place) for place in page.fetchall()], total)

    def _total(self, table: str, choice: Choice, rows: duckdb.DuckDBPyRelation) -> int:
        """How many rows meet a condition: remembered, since a page of the same rows is turned and sorted again."""
        condition = (table, choice.where.strip(), choice.filters)
        if not any(condition[1:]):
            return self.count(table)
        if condition not in self._totals:
            (total,) = rows.aggregate("count(*)").fetchall()[0]
            if len(self._totals) >= _TOTALS:
                self._totals.pop(next(iter(self._totals)), None)
            self._totals[condition] = int(total)
        return self._totals[condition]

    def _of_all(self, table: str, choice: Choice) -> Found:
        """Where rows lie that need meet no condition and are not sorted: no file is read for that."""
        total = self.count(table)
        if choice.seed is None:
            numbers = list(range(total)[choice.offset : choice.offset + choice.limit])
        else:
            numbers = _drawn(total, choice.limit, choice.seed)
        return Found([self._place(table, number) for number in numbers], total)

    def rows(self, table: str, places: Sequence[Place], columns: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Rows as Python values, in the order of the places.

        Args:
            columns: the ones that are read; all where none is named.

        Raises:
            InputError: a file cannot be read.
        """
        wanted = columns or self._names(table)
        by_file: dict[int, list[int]] = {}
        for place in places:
            if place.file >= len(self.tables[table].shards):
                continue
            by_file.setdefault(place.file, []).append(place.row)
        found: dict[Place, dict[str, Any]] = {}
        for file, numbers in sorted(by_file.items()):
            with self._cursor(table) as cursor:
                read = cursor.sql(self._select_rows(table, file, sorted(set(numbers)), wanted)).to_arrow_table()
                for row in read.to_pylist():
                    found[Place(file, row.pop(_ROW))] = row
        return [found[place] for place in places if place in found]

    def having(
        self, table: str, column: str, values: Sequence[str], columns: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        """The rows of a table whose ``column`` has one of some values, in the order of the files.

        There are none where there is no such table or column; of ``columns`` that it lacks, the values are None.

        Raises:
            InputError: a file cannot be read.
        """
        there = {each.name for each in self._columns.get(table, ())}
        if column not in there or not values:
            return
        known = [name for name in columns if name in there]
        with self._chosen(table, among(column, values)) as rows:
            ordered = rows.order(f"{quoted_name(_FILE)}, {quoted_name(_ROW)}")
            found = ordered.project(", ".join(map(quoted_name, known))).to_arrow_table().to_pylist()
        yield from ({name: row.get(name) for name in columns} for row in found)

    def pick(
        self, table: str, where: str, columns: Sequence[str] = (), order: str = "", limit: int = 1_000
    ) -> list[dict[str, Any]]:
        """The first rows of a table that meet a condition, as Python values, in one query.

        Args:
            columns: the ones that are read; all where none is named.
            order: the column to sort by; empty for any order.

        Raises:
            InputError: the condition or a column is wrong, or the query takes too long.
        """
        wanted = columns or self._names(table)
        with self._chosen(table, where) as rows:
            ordered = rows.order(quoted_name(order)) if order else rows
            read = ordered.limit(limit).project(", ".join(map(quoted_name, wanted))).to_arrow_table()
            found: list[dict[str, Any]] = read.to_pylist()
            return found

    def where_is(self, table: str, column: str, values: Collection[str]) -> list[Place]:
        """The places of the rows with one of some values in a column, or in a member of what its lists hold.

        Args:
            column: its name; `list.member` for a member.

        Raises:
            InputError: a file cannot be read.
        """
        column, _, member = column.partition(".")
        if not values:
            return []
        if member:
            return [
                Place(file, row)
                for file, path in enumerate(self.tables[table].paths())
                for value in values
                for row in rows_with_member(path, column, member, value)
            ]
        with self._chosen(table, among(column, values)) as rows:
            page = rows.project(f"{quoted_name(_FILE)}, {quoted_name(_ROW)}")
            return [Place(*place) for place in page.fetchall()]

    def most_like(self, table: str, column: str, wanted: str) -> tuple[str, float]:
        """The value of a column that is most like a text, and how like it is, from 0 to 1; empty where there is none.

        Raises:
            InputError: a file cannot be read.
        """
        with self._chosen(table, f"{quoted_name(column)} IS NOT NULL") as rows:
            near = f"jaro_winkler_similarity({quoted_name(column)}, {quoted_text(wanted)})"
            ((best, score),) = rows.aggregate(f"max_by({quoted_name(column)}, {near}), max({near})").fetchall()
        return ("", 0.0) if best is None or score is None else (str(best), float(score))

    def _check_column(self, table: str, name: str) -> None:
        if name not in self._names(table):
            raise InputError(no_column(table, name, self._names(table)))

    def _select_rows(self, table: str, file: int, numbers: Sequence[int], columns: Sequence[str]) -> str:
        """Some rows of a file as SQL: once they are there, the rest of the file is not read."""
        wanted = f"IN ({', '.join(map(str, numbers))}) LIMIT {len(numbers)}"
        names = ", ".join(map(quoted_name, columns))
        if table in self._mixed:
            return (
                f"SELECT {names}, {quoted_name(_ROW)} FROM {quoted_name(table)} "  # noqa: S608 - names are quoted
                f"WHERE {quoted_name(_FILE)} = {file} AND {quoted_name(_ROW)} {wanted}"
            )
        path = os.path.abspath(self.tables[table].paths()[file])
        return (
            f"SELECT {names}, file_row_number AS {quoted_name(_ROW)} "  # noqa: S608 - names are quoted
            f"FROM read_parquet({quoted_texts([path])}{_AS_STORED}) WHERE file_row_number {wanted}"
        )

    @contextmanager
    def _chosen(self, table: str, *conditions: str) -> Iterator[duckdb.DuckDBPyRelation]:
        """The rows of a table that meet all conditions, each parsed by itself, until the time is up."""
        with self._cursor(table) as cursor:
            rows = cursor.table(quoted_name(table))
            for condition in filter(str.strip, conditions):
                rows = rows.filter(condition)
            yield rows

    def _cursor(self, table: str) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A cursor for one question on a table, until the time is up."""
        return self._connection.cursor(table, self._names(table))

    def _names(self, table: str) -> list[str]:
        return [column.name for column in self._columns[table]]


def _selected(files: str, options: str) -> str:
    """All rows of files, with the number of the file and of the row in it."""
    places = f"file_index AS {quoted_name(_FILE)}, file_row_number AS {quoted_name(_ROW)}"
    return f"SELECT *, {places} FROM read_parquet({files}{_AS_STORED}{options})"  # noqa: S608 - names are quoted


def _drawn(total: int, wanted: int, seed: int) -> list[int]:
    """Numbers of rows drawn at random: the same for the same seed and number of rows, whatever DuckDB does."""
    return random.Random(seed).sample(range(total), min(wanted, total))
