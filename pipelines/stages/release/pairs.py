"""Media of a release within the pairs that show them: shards whose rows hold whole files, bounded in bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import TaggedOutput

from blift.connectors.parquet import read_shard
from blift.connectors.shard import Shard
from blift.pipelines.stages.release.bared import Withheld
from blift.pipelines.stages.release.embedded import CELL_BYTES, GROUP_BYTES, Cell, cell_of, shards_of
from blift.pipelines.stages.release.layout import IN_PAIRS, Part, ReleasedMedia
from blift.pipelines.stages.release.media_work import DIGESTS, FINDINGS, NOTES, Account, MediaRelease, said
from blift.schemas.arrow import conform, embedded
from blift.schemas.reasons import Unpublished
from blift.schemas.records import RECORDS
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import TALLY
from blift.transforms.published_pairs import digest_of
from blift.transforms.shuffle import SplitByShard

#: Pairs of one sample follow each other, so that a file which several of them show is read once.
_ORDER = [("split", "ascending"), ("sample_id", "ascending"), ("id", "ascending")]


def release_in_pairs(pipeline: beam.Pipeline, work: beam.PCollection[pa.Table], config: MediaRelease) -> ReleasedMedia:
    """The transform, for each configuration of pairs. Bytes of media stay in the worker that reads them.

    Args:
        work: where each file lies, as ``WORK``.
    """
    made = [_embedded(pipeline, work, config, of) for of in IN_PAIRS if any(part.config == of for part in config.pairs)]
    outputs = {tag: [each[tag] for each in made] for tag in ("main", DIGESTS, TALLY, FINDINGS, NOTES)}
    all_of = {tag: tuple(each) | f"All {tag} in pairs" >> beam.Flatten() for tag, each in outputs.items()}
    return ReleasedMedia(all_of["main"], all_of[DIGESTS], all_of[TALLY], all_of[FINDINGS], all_of[NOTES], None)


def _embedded(
    pipeline: beam.Pipeline, work: beam.PCollection[pa.Table], config: MediaRelease, of: str
) -> Mapping[str, beam.PCollection[Any]]:
    parts = [part for part in config.pairs if part.config == of]
    made: Mapping[str, beam.PCollection[Any]] = (
        pipeline
        | f"Shards of {of}" >> beam.Create(parts)
        | f"Read {of}" >> beam.Map(partial(_read, folder=config.folder)).with_output_types(pa.Table)
        | f"By sample of {of}"
        >> beam.ParDo(SplitByShard("sample_id", config.shards)).with_output_types(tuple[int, pa.Table])
        | f"Group {of}" >> beam.GroupByKey()
        | f"Embed in {of}"
        >> beam.ParDo(EmbedInPairs(config, of), work=beam.pvalue.AsIter(work)).with_outputs(
            TALLY, DIGESTS, FINDINGS, NOTES, main="main"
        )
    )
    return made


def _read(part: Part, folder: str) -> pa.Table:
    return read_shard(folder, part.shard, part.table)


class EmbedInPairs(beam.DoFn):
    """The pairs of one bucket of samples to shards that hold the files of each."""

    def __init__(self, config: MediaRelease, of: str) -> None:
        self._config = config
        self._name, self._folder, self._table = IN_PAIRS[of]

    def process(
        self, element: tuple[int, Iterable[pa.Table]], work: Iterable[pa.Table]
    ) -> Iterator[Shard | TaggedOutput]:
        bucket, tables = element
        rows = pa.concat_tables(tables).sort_by(_ORDER)
        cells = _Cells(_places(_shown(rows, self._table), work), self._name, self._table)
        written: list[TaggedOutput] = []
        for split in rows.column("split").unique().to_pylist():
            own = rows.filter(pc.equal(rows.column("split"), split))
            groups = _groups(own, cells, written)
            yield from shards_of(groups, self._table, self._config, f"{self._folder}/{split}-{bucket:05d}")
        yield from written
        yield from cells.account.emit()


class _Cells:
    """The cells of pairs, and the account of them. Files of one pair are kept for the next, and no longer."""

    def __init__(self, places: Mapping[str, Sequence[str]], name: str, table: str) -> None:
        self.name, self.table, self.account = name, table, Account()
        self._places = places
        self._kept: dict[str, Cell] = {}
        self._seen: set[str] = set()
        self._lost: dict[str, Withheld] = {}

    def of(self, shown: Mapping[str, Sequence[str]]) -> dict[str, list[Cell]]:
        """The cells of a pair, by column.

        Raises:
            Withheld: one of its files is not published, or all together are more than a cell holds.
        """
        features = embedded(RECORDS[self.table])
        cells = {
            column: [self._cell(digest, video=features[column] == "Video") for digest in digests]
            for column, digests in shown.items()
        }
        self._kept = {digest: self._kept[digest] for digests in shown.values() for digest in digests}
        if (size := size_of(cells)) > CELL_BYTES:
            raise Withheld(Unpublished.TOO_MANY_BYTES, f"The files of a pair have {size:,} bytes together")
        return cells

    def _cell(self, digest: str, *, video: bool) -> Cell:
        if digest in self._lost:
            raise self._lost[digest]
        if digest not in self._kept:
            try:
                file, self._kept[digest] = cell_of(digest, self._places.get(digest, ()), video=video)
            except Withheld as why:
                self._lost[digest] = why
                raise
            if digest not in self._seen:
                self._seen.add(digest)
                self.account.found.update((self.name, removed) for removed in file.removed)
        return self._kept[digest]


def size_of(cells: Mapping[str, Sequence[Cell]]) -> int:
    """Bytes of the files of a pair."""
    return sum(len(cell.bytes) for column in cells.values() for cell in column)


def _shown(rows: pa.Table, table: str) -> list[dict[str, list[str]]]:
    """Digests of the files that each pair shows, by the column that will hold them."""
    columns = list(embedded(RECORDS[table]))
    return [
        {column: [digest_of(name) for name in _names(row[column])] for column in columns}
        for row in rows.select(columns).to_pylist()
    ]


def _names(found: str | list[str] | None) -> list[str]:
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _places(pairs: Iterable[Mapping[str, Sequence[str]]], work: Iterable[pa.Table]) -> dict[str, list[str]]:
    """Where the files that some pairs show may lie, by digest."""
    wanted = {digest for pair in pairs for digests in pair.values() for digest in digests}
    listed = (row for table in work for row in table.select(["content", "paths"]).to_pylist())
    return {row["content"]: row["paths"] for row in listed if row["content"] in wanted}


def _groups(rows: pa.Table, cells: _Cells, written: list[TaggedOutput]) -> Iterator[pa.Table]:
    """Row groups of about the same bytes; what is to be said of them is added to ``written``."""
    places: list[int] = []
    held: list[dict[str, list[Cell]]] = []
    digests: list[list[str]] = []
    size = 0
    for place, shown in enumerate(_shown(rows, cells.table)):
        cells.account.seen[cells.name] += 1
        try:
            own = cells.of(shown)
        except Withheld as why:
            cells.account.withheld(cells.name, 1, why)
            continue
        if held and size + size_of(own) > GROUP_BYTES:
            yield _group(rows.take(places), held, digests, cells, written)
            places, held, digests, size = [], [], [], 0
        places.append(place)
        held.append(own)
        digests.append([digest for column in shown.values() for digest in column])
        size += size_of(own)
    if held:
        yield _group(rows.take(places), held, digests, cells, written)


def _group(
    rows: pa.Table,
    held: Sequence[Mapping[str, Sequence[Cell]]],
    digests: Sequence[Sequence[str]],
    cells: _Cells,
    written: list[TaggedOutput],
) -> pa.Table:
    """A row group: some pairs as they may leave, and the files that they show."""
    schema = SCHEMAS[cells.table]
    holding = [schema.field(column) for column in embedded(RECORDS[cells.table])]
    if "sha256" not in rows.column_names:  # LLaVA's shape has one file
        rows = rows.append_column("sha256", pa.array([digest for [digest] in digests], pa.string()))
    facts = pa.schema([field for field in schema if field not in holding])
    released = said(cells.name, conform(rows, facts), cells.table)
    written += released.outputs
    table = released.rows
    for field in holding:
        files = [[cell._asdict() for cell in own[field.name]] for own in held]
        one = files if pa.types.is_list(field.type) else [next(iter(column), None) for column in files]
        table = table.append_column(field, pa.array(one, field.type))
    return conform(table, schema)
