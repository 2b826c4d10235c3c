"""`blift verify`: whether a run folder still is what was written."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from blift.connectors.parquet import file_sha256
from blift.connectors.shard import Shard
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.stage_run import dataset_fingerprint
from blift.schemas.errors import InputError
from blift.schemas.printable import printable
from blift.transforms.accounting import unbalanced

_EXIT_DIFFERS = 1
#: Folders of tables whose rows are looked at.
_TABLES = ("posts/", "comments/", "media/", "samples/", "instructions/")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify`."""
    parser.description = (
        "Recompute the sha256 of every shard, and check that every step of the funnel lost nothing, and that every "
        "value is within its range and every key is there once. Exit code 1 where something differs."
    )
    parser.add_argument("folder", metavar="DIR", help="a run folder")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift verify`."""
    folder = RunFolder(args.folder)
    manifest = folder.require_manifest()
    problems = unbalanced(list(funnel_rows(manifest)))
    shards = [shard for record in manifest.stages.values() for shard in record.shards]
    for shard in shards:
        try:
            found = file_sha256(folder.file(shard.path))
        except InputError as error:
            problems.append(str(error))
            continue
        if found != shard.sha256:
            problems.append(f"{shard.path} has changed: sha256 {found[:16]}..., written as {shard.sha256[:16]}...")
    if dataset_fingerprint(shards) != manifest.fingerprint:
        problems.append("The manifest was edited: its fingerprint is not that of its shards. Delete it.")
    for problem in problems:
        print(printable(problem))
    if problems:
        print("Delete the files that have changed, and run `blift build` again: it writes what is missing.")
        return _EXIT_DIFFERS
    wrong = list(_wrong_values(folder, shards))
    for sentence in wrong:
        print(printable(sentence))
    if wrong:
        print("The files are as they were written, and some values are wrong. Build again with a new version of blift.")
        return _EXIT_DIFFERS
    fingerprint = printable(manifest.fingerprint)
    print(
        f"{len(shards)} files are as they were written; every step of the funnel balances, and every value is within "
        f"its range. {fingerprint}"
    )
    return 0


def _wrong_values(folder: RunFolder, shards: Sequence[Shard]) -> Iterator[str]:
    """Sentences on values out of their range, keys that are there twice, and rows that break what holds of all."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - slow, and needed only where all files are whole

    from blift.connectors.filesystem import open_to_read  # noqa: PLC0415 - the same
    from blift.pipelines.engine.invariants import violations  # noqa: PLC0415 - the same
    from blift.pipelines.engine.validate import validate_files  # noqa: PLC0415 - the same
    from blift.schemas.arrow import TABLE_KEY  # noqa: PLC0415 - the same

    tables = [shard for shard in shards if shard.path.startswith(_TABLES)]
    for finding in validate_files(folder.file(shard.path) for shard in tables):
        yield f"{finding.file}: {finding.sentence}"
    for shard in tables:
        with open_to_read(folder.file(shard.path)) as stream, pq.ParquetFile(stream) as parquet:
            table = (parquet.schema_arrow.metadata or {}).get(TABLE_KEY, b"").decode()
            yield from (f"{shard.path}: {sentence}" for sentence in violations(parquet.read(), table))
