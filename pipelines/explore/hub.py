"""The tables of a dataset on the Hub, downloaded to a folder of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from blift.connectors.hub.client import MAIN, Hub
from blift.connectors.inside import fault_of_path
from blift.connectors.parquet import file_sha256
from blift.connectors.shard import Shard, table_folder
from blift.pipelines.explore.tables import QueryTable
from blift.pipelines.stages.release.layout import PUBLISHED
from blift.schemas.errors import InputError

_CONVERTED = "refs/convert/parquet"
_OF_FOLDER = {folder: (name, table) for name, folder, table in PUBLISHED}
_LFS_DIGEST = 64


@dataclass(frozen=True)
class Downloaded:
    """The tables of a dataset at one commit."""

    tables: dict[str, QueryTable]
    commit: str


def download(repo: str, revision: str | None, scratch: str, tell: Callable[[str], None]) -> Downloaded:
    """Download the Parquet files of a dataset on the Hub; those of a folder are one table.

    Args:
        repo: `OWNER/NAME`.
        revision: a branch, a tag or a commit; None for the main branch, or the Hub's conversion to Parquet.
        scratch: the folder of this machine.
        tell: is told how much there is.

    Raises:
        InputError: the dataset holds no Parquet files, or one of them arrived damaged.
        PublishError: the dataset is not there, or may not be read.
    """
    hub = Hub(repo)
    snapshot = hub.snapshot(revision or MAIN)
    files = _parquet(snapshot.files)
    if not files and not revision:
        snapshot = hub.snapshot(_CONVERTED)
        files = _parquet(snapshot.files)
    if not files:
        raise InputError(f"{repo} holds no Parquet files. Name another revision: {repo}@REVISION.")
    tell(f"Downloading {len(files)} Parquet files of {repo} at {snapshot.commit[:10]}.")
    for path, digest in files.items():
        local = hub.download(path, snapshot.commit, scratch)
        if len(digest) == _LFS_DIGEST and file_sha256(local) != digest:
            raise InputError(f"{path} of {repo} arrived damaged: its sha256 is another. Run it again.")
    return Downloaded(_tables(files, scratch), snapshot.commit)


def _parquet(files: Mapping[str, str]) -> dict[str, str]:
    """The Parquet files among those of a dataset, with their digests.

    Raises:
        InputError: one has a path that leads out of a folder.
    """
    found = {path: digest for path, digest in sorted(files.items()) if path.endswith(".parquet")}
    for path in found:
        if fault := fault_of_path(path):
            raise InputError(f"The dataset names the file {path!r}, which {fault}.")
    return found


def _tables(paths: Iterable[str], scratch: str) -> dict[str, QueryTable]:
    by_folder: dict[str, list[Shard]] = {}
    for path in paths:
        by_folder.setdefault(table_folder(path), []).append(Shard(path, 0, 0, hashlib.sha256().hexdigest()))
    ordered = sorted(
        by_folder, key=lambda folder: (list(_OF_FOLDER).index(folder) if folder in _OF_FOLDER else 99, folder)
    )
    tables = {}
    for folder in ordered:
        name, table = _OF_FOLDER.get(folder, (folder or "data", ""))
        tables[name] = QueryTable(name, table, by_folder[folder], scratch)
    return tables
