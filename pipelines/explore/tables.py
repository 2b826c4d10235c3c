"""The tables of a dataset that can be queried: their names, and their files on this machine."""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.parquet as pq

from blift.connectors.filesystem import open_to_read
from blift.connectors.parquet import file_sha256
from blift.connectors.shard import Shard, table_folder
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.schemas.configs import CONFIGS
from blift.schemas.errors import InputError, did_you_mean
from blift.schemas.registry import SCHEMAS

#: What people call a table, beside the name of its configuration and of its folder.
_ALSO_CALLED = {"pairs": "instructions", "pairs_without_media": "instructions_without_media"}


def _types(table: str) -> list[tuple[str, pa.DataType]]:
    return [(field.name, field.type) for field in SCHEMAS[table]]


@dataclass(frozen=True)
class QueryTable:
    """A table of a dataset.

    Attributes:
        name: of its configuration, such as `samples` or `instructions_without_media`.
        table: the table of blift that it holds, such as `sample`; empty where it is none.
        shards: its files, in the order in which their rows are numbered.
        folder: where these lie, on this machine or in a store.
    """

    name: str
    table: str
    shards: Sequence[Shard] = field(repr=False)
    folder: str

    @property
    def rows(self) -> int:
        """The rows of all files, as the manifest counts them."""
        return sum(shard.rows for shard in self.shards)

    @property
    def size_bytes(self) -> int:
        """The size of all files, packed as they are."""
        return sum(shard.size_bytes for shard in self.shards)

    @property
    def is_present(self) -> bool:
        """Its columns have the types of the present version of its table, whoever wrote the files; some may be missing.

        Raises:
            InputError: the first file cannot be read.
        """
        if self.table not in SCHEMAS:
            return False
        try:
            there = pq.read_schema(self.paths()[0])
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"Cannot read {self.paths()[0]}: {str(error).rstrip('.')}.") from error
        return all(name not in there.names or there.field(name).type == type_ for name, type_ in _types(self.table))

    def paths(self) -> list[str]:
        """The full paths of the files."""
        return [posixpath.join(self.folder, shard.path) for shard in self.shards]


def tables_of(folder: RunFolder, manifest: Manifest) -> dict[str, QueryTable]:
    """The tables of a run folder that have files, by name, in the order of the card."""
    found = {}
    for name, place, table in CONFIGS:
        shards = sorted(shard for shard in manifest.shards if table_folder(shard.path) == place)
        if shards:
            found[name] = QueryTable(name, table, shards, folder.path)
    return found


def require_tables(folder: RunFolder, manifest: Manifest) -> dict[str, QueryTable]:
    """The same, of a run folder that must have some.

    Raises:
        InputError: it has none yet.
    """
    tables = tables_of(folder, manifest)
    if not tables:
        raise InputError(f"{folder.path} has no table yet. Build it: blift build RECIPE --out {folder.path}.")
    return tables


def named_table(tables: Mapping[str, QueryTable], name: str) -> QueryTable:
    """The table that a person names: by its configuration, its folder (`instructions/llava`), or as `pairs`.

    Raises:
        InputError: there is no such table; the sentence names those that are there.
    """
    by_folder = {folder: config for config, folder, _ in CONFIGS}
    plain = name.strip("/")
    chosen = tables.get(_ALSO_CALLED.get(plain, by_folder.get(plain, plain)))
    if chosen is None:
        hint = did_you_mean(plain, [*tables, *_ALSO_CALLED]) or "."
        raise InputError(f"The dataset has no table {name!r}{hint} Its tables: {', '.join(tables)}.")
    return chosen


def check_digests(tables: Iterable[QueryTable]) -> None:
    """Check that the files of tables are what was written.

    Raises:
        InputError: a file is missing, or has another digest than the manifest says.
    """
    for table in tables:
        for path, shard in zip(table.paths(), table.shards, strict=True):
            if file_sha256(path) != shard.sha256:
                raise InputError(
                    f"The shard {path} is not what was written: its sha256 is another. Run `blift build` with the "
                    "recipe again."
                )


def copied(tables: Mapping[str, QueryTable], scratch: str) -> dict[str, QueryTable]:
    """The same tables with their files copied from a store into a folder of this machine.

    Raises:
        InputError: a file cannot be read.
    """
    for table in tables.values():
        for path, shard in zip(table.paths(), table.shards, strict=True):
            target = os.path.join(scratch, shard.path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            try:
                with open_to_read(path) as source, open(target, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
            except OSError as error:
                raise InputError(f"Cannot read {path}: {error}.") from error
    return {name: replace(table, folder=scratch) for name, table in tables.items()}
