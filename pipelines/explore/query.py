"""Queries over the tables of a dataset, by DuckDB on their Parquet files: nothing is imported, nothing is written.

The database may read the files of the tables and no others, reaches no network, loads no extension, and its settings
are locked before it sees a condition that a person or a page wrote. A condition is one expression: DuckDB's own parser
refuses statements, further clauses and lists in its place.
"""

from __future__ import annotations

import os
import random
import re
import threading
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from blift.connectors.parquet_parts import rows_with_member
from blift.pipelines.explore.choice import KEYS, Choice, Column, Found, Place, quoted_name, quoted_text
from blift.pipelines.explore.tables import QueryTable
from blift.schemas.errors import InputError, cut, did_you_mean

if TYPE_CHECKING:
    import duckdb

#: Columns that say where a row lies: the number of its file, and its number in that file.
_FILE, _ROW = "blift:file", "blift:row"
#: Seconds after which a query is given up.
LONGEST_S = 60.0
#: Memory of the database, MB. What a sort holds is only the sorted column.
_MEMORY_MB = 2_048
#: Seconds between two interrupts of a query that goes on.
_AGAIN_S = 0.1
_CLOSED = "The dataset is no longer open."
#: Conditions whose number of rows is remembered.
_TOTALS = 100
_NO_COLUMN = re.compile(r'Referenced column "(?P<name>.+?)" not found')
_EXAMPLE = "A condition is one SQL expression, such as \"score > 100 AND title ILIKE '%cat%'\"."


def require_duckdb() -> None:
    """Check that the extra `explore` is installed.

    Raises:
        InputError: it is not.
    """
    if find_spec("duckdb") is None:
        raise InputError("Looking at rows needs duckdb. Install it: pip install 'blift[explore]'.")


class Database:
    """Tables that can be queried from several threads.

    Args:
        tables: by name; their files lie on this machine.
        longest_s: seconds after which a query is given up.

    Raises:
        InputError: DuckDB is not installed, or cannot read a file.
    """

    def __init__(self, tables: Mapping[str, QueryTable], longest_s: float = LONGEST_S) -> None:
        require_duckdb()
        import duckdb  # noqa: PLC0415 - an extra

        self.tables = dict(tables)
        self._longest_s = longest_s
        self._mixed: set[str] = set()
        self._totals: dict[tuple[str, str, str], int] = {}
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._running, self._closed = threading.Condition(), False
        self._connection = duckdb.connect(":memory:", config={"temp_directory": "", "threads": os.cpu_count() or 1})
        paths = [path for table in self.tables.values() for path in map(os.path.abspath, table.paths())]
        with self._told(""):
            self._lock(paths)
            for name, table in self.tables.items():
                self._connection.execute(f"CREATE VIEW {quoted_name(name)} AS {self._select(table)}")
            self._connection.execute("SET lock_configuration = true")
            self._columns = {name: self._described(name) for name in self.tables}
            self._starts = {name: [0, *accumulate(self._counted(name))] for name in self.tables}

    def _select(self, table: QueryTable) -> str:
        """All rows of a table, with their places. Files of one schema are read without looking into the others."""
        files = _list(map(os.path.abspath, table.paths()))
        layouts = self._connection.execute(
            "SELECT count(DISTINCT layout) FROM (SELECT list(name || ':' || coalesce(type, '')) AS layout "  # noqa: S608
            f"FROM parquet_schema({files}) GROUP BY file_name)"
        ).fetchall()
        if layouts[0][0] > 1:
            self._mixed.add(table.name)
        return _selected(files, ", union_by_name = true" if table.name in self._mixed else "")

    def _lock(self, paths: Sequence[str]) -> None:
        for setting in (
            f"allowed_paths = {_list(paths)}",
            "enable_external_access = false",
            "python_enable_replacements = false",
            "autoload_known_extensions = false",
            "autoinstall_known_extensions = false",
            "allow_community_extensions = false",
            "TimeZone = 'UTC'",
            f"memory_limit = '{_MEMORY_MB}MB'",
        ):
            self._connection.execute(f"SET {setting}")

    def _described(self, name: str) -> list[Column]:
        described = self._connection.execute(f"DESCRIBE {quoted_name(name)}").fetchall()
        empty = self._without_values(name)
        return [Column(column, kind, column in empty) for column, kind, *_ in described if column not in (_FILE, _ROW)]

    def _without_values(self, name: str) -> set[str]:
        """The columns without any value, as the statistics in the files say."""
        files = _list(map(os.path.abspath, self.tables[name].paths()))
        found = self._connection.execute(
            f"SELECT path_in_schema FROM parquet_metadata({files}) GROUP BY ALL "  # noqa: S608 - names are quoted
            "HAVING coalesce(sum(stats_null_count) = sum(num_values), false) AND count(stats_null_count) = count(*)"
        ).fetchall()
        return {path for (path,) in found}

    def _counted(self, name: str) -> list[int]:
        """The rows of each file, as the file itself says."""
        counts = dict(self._connection.table(quoted_name(name)).aggregate(f"{quoted_name(_FILE)}, count(*)").fetchall())
        return [counts.get(file, 0) for file in range(len(self.tables[name].shards))]

    def _place(self, table: str, number: int) -> Place:
        """The place of a row by its number in the table."""
        file = bisect_right(self._starts[table], number) - 1
        return Place(file, number - self._starts[table][file])

    def close(self) -> None:
        """Give up the queries that run, wait for their ends, and let the files go."""
        with self._running:
            self._closed = True
            while self._cursors:
                for cursor in self._cursors:
                    cursor.interrupt()
                self._running.wait(_AGAIN_S)
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
        wanted = columns or [column.name for column in self._columns[table]]
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
        with self._chosen(
            table, f"{quoted_name(column)} IN ({', '.join(map(quoted_text, sorted(set(values))))})"
        ) as rows:
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
        wanted = columns or [column.name for column in self._columns[table]]
        with self._chosen(table, where) as rows:
            ordered = rows.order(quoted_name(order)) if order else rows
            read = ordered.limit(limit).project(", ".join(map(quoted_name, wanted))).to_arrow_table()
            found: list[dict[str, Any]] = read.to_pylist()
            return found

    def by_id(self, table: str, wanted: str, limit: int) -> Found:
        """Where the rows of a table lie whose id, or address, is this one; of samples, also the id of a post.

        Raises:
            InputError: a file cannot be read.
        """
        there = {column.name: column for column in self._columns[table]}
        keys = KEYS.get(self.tables[table].table, ("id", "sample_id", "post_id", "permalink"))
        # One by one: row groups are left out by the least and the largest value of one column, not of several.
        found: set[Place] = set()
        for key in (key for key in keys if key.partition(".")[0] in there):
            found.update(self._with_id(table, key, wanted))
        return Found(sorted(found)[:limit], len(found))

    def _with_id(self, table: str, key: str, wanted: str) -> list[Place]:
        """The places of the rows with an id in one column, or as a member of what its lists hold."""
        column, _, member = key.partition(".")
        if member:
            return [
                Place(file, row)
                for file, path in enumerate(self.tables[table].paths())
                for row in rows_with_member(path, column, member, wanted)
            ]
        with self._chosen(table, f"{quoted_name(column)} = {quoted_text(wanted)}") as rows:
            page = rows.project(f"{quoted_name(_FILE)}, {quoted_name(_ROW)}")
            return [Place(*place) for place in page.fetchall()]

    def hint_of_id(self, wanted: str) -> str:
        """The end of a sentence that says that no row has an id: which one may be meant, or a full stop."""
        near = next(filter(None, (self.nearest_id(table, wanted) for table in self.tables)), "")
        return f", did you mean {near!r}?" if near else "."

    def nearest_id(self, table: str, wanted: str) -> str:
        """The id of a table that is most like a text; empty where none is near."""
        key = KEYS.get(self.tables[table].table, ("id",))[0]
        if key not in {column.name for column in self._columns[table]}:
            return ""
        with self._chosen(table, f"{quoted_name(key)} IS NOT NULL") as rows:
            near = f"jaro_winkler_similarity({quoted_name(key)}, {quoted_text(wanted)})"
            best = rows.aggregate(f"max_by({quoted_name(key)}, {near}), max({near})").fetchall()
        return str(best[0][0]) if best and best[0][1] is not None and best[0][1] > 0.9 else ""  # noqa: PLR2004 - near

    def _check_column(self, table: str, name: str) -> None:
        names = [column.name for column in self._columns[table]]
        if name not in names:
            raise InputError(f"{table} has no column {name!r}{_hint(name, names)}")

    def _select_rows(self, table: str, file: int, numbers: Sequence[int], columns: Sequence[str]) -> str:
        """Some rows of a file as SQL: once they are there, the rest of the file is not read."""
        among = f"IN ({', '.join(map(str, numbers))}) LIMIT {len(numbers)}"
        names = ", ".join(map(quoted_name, columns))
        if table in self._mixed:
            return (
                f"SELECT {names}, {quoted_name(_ROW)} FROM {quoted_name(table)} "  # noqa: S608 - names are quoted
                f"WHERE {quoted_name(_FILE)} = {file} AND {quoted_name(_ROW)} {among}"
            )
        path = os.path.abspath(self.tables[table].paths()[file])
        return (
            f"SELECT {names}, file_row_number AS {quoted_name(_ROW)} "  # noqa: S608 - names are quoted
            f"FROM read_parquet({_list([path])}) WHERE file_row_number {among}"
        )

    @contextmanager
    def _chosen(self, table: str, *conditions: str) -> Iterator[duckdb.DuckDBPyRelation]:
        """The rows of a table that meet all conditions, each parsed by itself, until the time is up."""
        with self._cursor(table) as cursor:
            rows = cursor.table(quoted_name(table))
            for condition in filter(str.strip, conditions):
                rows = rows.filter(condition)
            yield rows

    @contextmanager
    def _cursor(self, table: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for one question on a table, until the time is up."""
        cursor = self._registered()
        done = threading.Event()
        threading.Thread(target=self._interrupt, args=(cursor, done), daemon=True).start()
        try:
            with self._told(table):
                yield cursor
        finally:
            done.set()
            with self._running:
                self._cursors.discard(cursor)
                cursor.close()
                self._running.notify()

    def _registered(self) -> duckdb.DuckDBPyConnection:
        """A cursor that ``close`` knows of."""
        with self._running:
            if self._closed:
                raise InputError(_CLOSED)
            cursor = self._connection.cursor()
            self._cursors.add(cursor)
        return cursor

    def _interrupt(self, cursor: duckdb.DuckDBPyConnection, done: threading.Event) -> None:
        """Interrupt a cursor when the time is up, again and again: what starts after an interrupt goes on."""
        waiting = self._longest_s
        while not done.wait(waiting):
            cursor.interrupt()
            waiting = _AGAIN_S

    @contextmanager
    def _told(self, table: str) -> Iterator[None]:
        """What DuckDB says of a condition or a file, in one sentence.

        Raises:
            InputError: DuckDB refused something.
        """
        import duckdb  # noqa: PLC0415 - an extra

        try:
            yield
        except UnicodeEncodeError as error:
            raise InputError("DuckDB reads names and conditions in UTF-8 alone; rename the folder.") from error
        except duckdb.InterruptException as error:
            if self._closed:
                raise InputError(_CLOSED) from error
            raise InputError(f"The query took more than {self._longest_s:g} s and was given up. Narrow it.") from error
        except duckdb.Error as error:
            raise InputError(self._sentence(table, str(error))) from error

    def _sentence(self, table: str, said: str) -> str:
        if not table:
            return f"A file of the dataset cannot be read: {_first_line(said)}. `blift verify` says which are damaged."
        if found := _NO_COLUMN.search(said):
            names = [column.name for column in self._columns[table]]
            return f"{table} has no column {found['name']!r}{_hint(found['name'], names)}"
        return f"The condition cannot be used: {_first_line(said)}. {_EXAMPLE}"


def _selected(files: str, options: str) -> str:
    """All rows of files, with the number of the file and of the row in it."""
    places = f"file_index AS {quoted_name(_FILE)}, file_row_number AS {quoted_name(_ROW)}"
    return f"SELECT *, {places} FROM read_parquet({files}{options})"  # noqa: S608 - names are quoted


def _drawn(total: int, wanted: int, seed: int) -> list[int]:
    """Numbers of rows drawn at random: the same for the same seed and number of rows, whatever DuckDB does."""
    return random.Random(seed).sample(range(total), min(wanted, total))


def _hint(name: str, names: Sequence[str]) -> str:
    return f"{did_you_mean(name, names) or '.'} Its columns: {', '.join(names)}."


def _first_line(said: str) -> str:
    """The sentence of a message of DuckDB, without the query that it quotes."""
    return cut(said.strip().partition("\n")[0], 400).rstrip(".")


def _list(values: Iterator[str] | Sequence[str] | Any) -> str:
    return f"[{', '.join(map(quoted_text, values))}]"
