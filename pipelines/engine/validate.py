"""`blift schema validate`: Parquet files against the version of the table that they say they are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from blift.connectors.filesystem import open_to_read
from blift.connectors.shard import table_folder
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.versions import numbers, referenced
from blift.schemas.arrow import TABLE_KEY, VERSION_KEY, definition_of
from blift.schemas.baseline import BASELINES, load
from blift.schemas.compatibility import Finding
from blift.schemas.definition import STATES_ALL, Column, Definition, definition, version_numbers
from blift.schemas.errors import InputError, SchemaError
from blift.schemas.records import RECORDS
from blift.schemas.rule_list import Rule
from blift.schemas.validation import FIELD_RULES, VALUE_RULES, Violation, check_fields, check_values, columns_to_read

#: Rows that are looked at together.
_BATCH_ROWS = 1 << 17


@dataclass(frozen=True)
class FileRule:
    """A rule on whole files: its id, and what it asks in one sentence."""

    id: str
    sentence: str


FILE_RULES = (
    FileRule("DATA_READABLE", "A file is Parquet and not damaged."),
    FileRule("DATA_VERSION", "A file says which version of which table it is, and that version has a baseline."),
    FileRule("DATA_KEY_UNIQUE", "The files of a table in one folder have one row for each key."),
)
#: Every rule on data.
DATA_RULES: Sequence[Rule] = (*FILE_RULES, *FIELD_RULES, *VALUE_RULES)


def validate_path(path: str, given: Definition | None = None) -> tuple[list[Finding], int]:
    """Findings on a file, or on the files below a folder, and how many files were looked at.

    Args:
        path: a Parquet file, or a folder; files below a folder that are of no table are left out.
        given: the definition for all of them; without it, each says which version it is.

    Raises:
        InputError: there is nothing to look at.
    """
    if os.path.isdir(path):
        replaced = _of_replaced_datasets(path)
        found = sorted(str(each) for each in Path(path).rglob("*.parquet") if os.path.realpath(each) not in replaced)
        files = [file for file in found if given is not None or not _is_of_no_table(file)]
    elif os.path.isfile(path):
        files = [path]
    else:
        raise InputError(f"{path!r} is no file and no folder.")
    if not files:
        if given is not None:
            raise InputError(f"{path} holds no Parquet file.")
        raise InputError(f"{path} holds no Parquet file of a table of blift. Name a table of yours with --schema.")
    return validate_files(files, given), len(files)


def _of_replaced_datasets(path: str) -> frozenset[str]:
    """The files of datasets that an update has replaced, where a folder is a run folder or in one."""
    for folder in (RunFolder(str(each)) for each in (Path(path).resolve(), *Path(path).resolve().parents)):
        if numbers(folder) and (manifest := folder.read_manifest()):
            gone = referenced(folder) - {shard.path for shard in manifest.shards}
            return frozenset(folder.file(name) for name in gone)
    return frozenset()


def _is_of_no_table(file: str) -> bool:
    try:
        with open_to_read(file) as stream:
            return TABLE_KEY not in (pq.read_schema(stream).metadata or {})
    except (OSError, pa.ArrowException, UnicodeDecodeError):
        return False


def validate_files(files: Iterable[str], given: Definition | None = None) -> list[Finding]:
    """Findings on Parquet files of any filesystem, each against ``given``, or the version that it says it is."""
    keys: dict[tuple[str, str], _Keys] = {}
    findings = [finding for file in files for finding in _check_file(file, given, keys)]
    return [*findings, *(finding for of_folder in keys.values() for finding in of_folder.findings())]


def _check_file(file: str, given: Definition | None, keys: dict[tuple[str, str], _Keys]) -> Iterator[Finding]:
    try:
        with open_to_read(file) as stream, pq.ParquetFile(stream) as parquet:
            expected = given or _expected(parquet.schema_arrow)
            for violation in _violations(parquet, expected):
                yield _finding(file, expected.table, violation)
            if expected.key and set(expected.key) <= set(parquet.schema_arrow.names):
                place = (table_folder(file), expected.table)
                keys.setdefault(place, _Keys(expected)).add(file, parquet)
    except SchemaError as error:
        yield Finding("DATA_VERSION", "", str(error), file=file)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        yield Finding("DATA_READABLE", "", f"The file cannot be read: {str(error).rstrip('.')}.", file=file)


def _expected(schema: pa.Schema) -> Definition:
    """The version that a file says it is, with keys and ranges of the present version where it is of the same major.

    Raises:
        SchemaError: it says none, or one that has no baseline.
    """
    metadata = schema.metadata or {}
    table, version = (metadata.get(key, b"").decode() for key in (TABLE_KEY, VERSION_KEY))
    if not table or not version:
        raise SchemaError("The file says of no table that it is one. Name a table with --schema.")
    if table not in RECORDS:
        raise SchemaError(f"The file is of the table {table!r}, which this blift does not have.")
    try:
        stated = load(BASELINES / f"{table}-{version}.json")
    except SchemaError as error:
        raise SchemaError(f"The file is {table} {version}, a version that this blift does not know.") from error
    now = definition(RECORDS[table])
    if stated.format == STATES_ALL or version_numbers(version)[0] != version_numbers(now.version)[0]:
        return stated
    names = {column.name for column in stated.fields}
    return stated.model_copy(
        update={
            "key": now.key if set(now.key) <= names else (),
            "fields": _with_ranges(stated.fields, now.fields),
        }
    )


def _with_ranges(columns: Sequence[Column], now: Sequence[Column]) -> tuple[Column, ...]:
    present = {column.name: column for column in now}
    return tuple(
        column.model_copy(update={"range": other.range, "fields": _with_ranges(column.fields, other.fields)})
        if (other := present.get(column.name))
        else column
        for column in columns
    )


def _violations(parquet: pq.ParquetFile, expected: Definition) -> Iterator[Violation]:
    actual = definition_of(parquet.schema_arrow, expected.table)
    wrong = check_fields(expected, actual)
    yield from wrong
    mistyped = {each.path.partition(".")[0].removesuffix("[]") for each in wrong if each.rule == "DATA_COLUMN_TYPE"}
    columns = [name for name in columns_to_read(expected, actual) if name not in mistyped]
    if columns:
        yield from _merged(_of_batches(parquet, expected, columns))


def _of_batches(parquet: pq.ParquetFile, expected: Definition, columns: list[str]) -> Iterator[Violation]:
    first = 0
    for batch in parquet.iter_batches(_BATCH_ROWS, columns=columns):
        yield from check_values(expected, pa.Table.from_batches([batch]), first)
        first += batch.num_rows


def _merged(violations: Iterator[Violation]) -> Iterator[Violation]:
    """The first violation of each rule and column, which stands for those of later batches."""
    seen: set[tuple[str, str]] = set()
    for violation in violations:
        if (violation.rule, violation.path) not in seen:
            seen.add((violation.rule, violation.path))
            yield violation


def _finding(file: str, table: str, violation: Violation) -> Finding:
    where = "" if violation.row is None else f" The first is in row {violation.row + 1:,}."
    return Finding(violation.rule, table, violation.sentence + where, column=violation.path, file=file)


class _Keys:
    """Keys of the files of a table in one folder, as hashes; those that come twice are compared as they are."""

    def __init__(self, expected: Definition) -> None:
        self._expected = expected
        self._files: list[str] = []
        self._hashes: list[np.ndarray] = []

    def add(self, file: str, parquet: pq.ParquetFile) -> None:
        """Take in the keys of a file."""
        hashes = [
            pl.DataFrame(pa.Table.from_batches([batch])).hash_rows(seed=0).to_numpy()
            for batch in parquet.iter_batches(_BATCH_ROWS, columns=list(self._expected.key))
        ]
        self._files.append(file)
        self._hashes.append(np.concatenate(hashes) if hashes else np.empty(0, np.uint64))

    def findings(self) -> Iterator[Finding]:
        """A finding on every file that repeats keys, its own or those of files before it."""
        every = np.sort(np.concatenate(self._hashes))
        twice = np.unique(every[1:][every[1:] == every[:-1]])
        if len(twice):
            yield from self._compared(twice)

    def _compared(self, hashes: np.ndarray) -> Iterator[Finding]:
        key, seen = list(self._expected.key), set()
        for file, own in zip(self._files, self._hashes, strict=True):
            rows = np.flatnonzero(np.isin(own, hashes))
            with open_to_read(file) as stream:
                found = pq.read_table(stream, columns=key).take(pa.array(rows)).select(key).to_pylist()
            repeated = []
            for row, values in zip(rows.tolist(), found, strict=True):
                named = tuple(values.values())
                if named in seen:
                    repeated.append((row, named))
                seen.add(named)
            if repeated:
                row, named = repeated[0]
                count = "1 row repeats" if len(repeated) == 1 else f"{len(repeated):,} rows repeat"
                violation = Violation(
                    "DATA_KEY_UNIQUE", ", ".join(key), f"{count} a key ({', '.join(key)}), such as {named!r}.", row
                )
                yield _finding(file, self._expected.table, violation)
