"""The files that a recipe's sources name, found: archives, fetch folders, published datasets, media."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from blift.connectors.connector import Archive, Connector, Unit
from blift.connectors.fetch.archives import read_withdrawn
from blift.connectors.files import InputFile, list_files, literal, match, refuse_broken_links
from blift.connectors.hub.dataset import HubFile, find_files
from blift.connectors.hub.extra import require_hub
from blift.connectors.inside import check_paths
from blift.pipelines.engine.stage import Request
from blift.pipelines.recipe.sources import HubSource, PlatformSource
from blift.pipelines.stages.fetch.parts import reason_of, whole_parts
from blift.pipelines.stages.ingest.units import ArchiveUnit
from blift.schemas.reasons import Reason

#: Files of one post each that a worker reads together: a few seconds' work.
_BATCH_FILES = 500


def archives(patterns: Sequence[str], folders: Sequence[str], of_fetch: str) -> list[InputFile]:
    """Files that patterns name, and those of fetch folders.

    Raises:
        InputError: a pattern matches nothing, a folder, or a link to nothing.
    """
    for pattern in patterns:
        refuse_broken_links(pattern)
    return [*match(patterns), *_in_fetch_folders(folders, of_fetch)]


@dataclass(frozen=True)
class NamedFiles:
    """The files of one archive of one platform that a recipe names.

    Attributes:
        connector: of the platform; ``archive``: which of its archives.
        files: to read.
        beside: by path, what lies beside a file; ``facts`` are names and sizes of that; ``sizes`` are by path.
    """

    connector: Connector
    archive: Archive
    files: Sequence[InputFile]
    beside: Mapping[str, Sequence[str]] = field(default_factory=dict)
    facts: Sequence[tuple[str, int]] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)

    def units(self) -> Iterator[ArchiveUnit]:
        """The files as workers take them: one by one, or many of one folder where each holds one post."""
        groups = _batches(self.files) if self.archive.is_one_post else ([file] for file in self.files)
        for files in groups:
            beside = {file.path: self.beside[file.path] for file in files if file.path in self.beside}
            yield ArchiveUnit(self.connector.name, self.archive.key, Unit(files, beside))


def named_files(request: Request) -> list[NamedFiles]:
    """The files of every archive that the recipe's sources name, and those of fetch folders.

    Raises:
        InputError: a pattern matches nothing, a folder, or a link to nothing.
    """
    found = []
    for section in request.recipe.sources.platforms.values():
        folders = fetch_folders(request, section)
        for archive in section.connector.archives:
            patterns = request.source.resolve(section.patterns[archive.key])
            files = archives(patterns, folders if archive.fetched else [], archive.fetched)
            if archive.is_one_post:
                files = files[: request.limit]
            found.append(with_beside(section.connector, archive, files))
    return found


def with_beside(connector: Connector, archive: Archive, files: Sequence[InputFile]) -> NamedFiles:
    """The files of an archive, with the files beside each; a folder is listed once, however many files are in it."""
    if archive.beside is None:
        return NamedFiles(connector, archive, files)
    folders = sorted({_folder(file) for file in files})
    sizes = {entry.path: entry.size_bytes for folder in folders for entry in list_files(f"{literal(folder)}/*")}
    beside = archive.beside.group(sizes)
    facts = sorted((posixpath.basename(path), sizes[path]) for paths in beside.values() for path in paths)
    return NamedFiles(connector, archive, files, beside, facts, sizes)


def fetch_folders(request: Request, source: PlatformSource) -> list[str]:
    """The fetch folders of a source, and those that the stage before filled."""
    fetched = request.recipe.fetch is not None and request.recipe.fetch.stage is not None
    return [
        *request.source.resolve(source.fetched),
        *(whole_parts(request.folder.path) if fetched else []),
    ]


def all_fetch_folders(request: Request) -> list[str]:
    """The fetch folders of all sources, sorted."""
    return sorted(
        {folder for source in request.recipe.sources.platforms.values() for folder in fetch_folders(request, source)}
    )


def _in_fetch_folders(folders: Sequence[str], pattern: str) -> list[InputFile]:
    """Files of fetch folders; one that has none of a kind is as good as any other.

    Raises:
        InputError: one of them is a link, or no plain file.
    """
    found = []
    for folder in folders:
        entries = list_files(posixpath.join(literal(folder), pattern))
        of_folder = [
            InputFile(entry.path, entry.size_bytes, entry.path.removeprefix(folder).lstrip("/")) for entry in entries
        ]
        check_paths(folder, [file.name for file in of_folder])
        found += of_folder
    return sorted(found, key=lambda file: (file.name, file.path))


def withdrawn_posts(folders: Sequence[str]) -> dict[str, Reason]:
    """Posts that were taken back after they were collected, as the fetch folders noted.

    Raises:
        InputError: a folder is no fetch folder.
    """
    return {post_id: reason_of(reason) for folder in folders for post_id, reason in read_withdrawn(folder).items()}


def published_files(source: HubSource | None) -> list[HubFile]:
    """The files of a dataset on the Hub."""
    if source is None:
        return []
    require_hub()
    return find_files(source.repo, source.revision)


def _batches(files: Sequence[InputFile]) -> Iterator[list[InputFile]]:
    """Files of one folder, so many at a time."""
    for _, group in groupby(sorted(files, key=_folder_and_name), key=_folder):
        of_folder = list(group)
        for first in range(0, len(of_folder), _BATCH_FILES):
            yield of_folder[first : first + _BATCH_FILES]


def _folder(file: InputFile) -> str:
    return posixpath.dirname(file.path)


def _folder_and_name(file: InputFile) -> tuple[str, str]:
    return _folder(file), file.name
