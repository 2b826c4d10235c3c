"""The files that a recipe's sources name, found: archives, fetch folders, published datasets, media."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from blift.connectors.fetch.archives import VIDEOS, read_withdrawn
from blift.connectors.files import InputFile, list_files, literal, match, refuse_broken_links
from blift.connectors.filesystem import is_here
from blift.connectors.hub.dataset import HubFile, find_files
from blift.connectors.hub.extra import require_hub
from blift.connectors.youtube.beside import group_siblings
from blift.pipelines.engine.stage import Request
from blift.pipelines.recipe.model import HubSource, RedditSource, YoutubeSource
from blift.pipelines.stages.fetch import pipeline as fetch
from blift.pipelines.stages.ingest.pipeline import VideoBatch
from blift.schemas.reasons import Absent, Reason

#: Videos that a worker reads together: a few seconds' work.
_BATCH_FILES = 500


def archives(patterns: Sequence[str], folders: Sequence[str], of_fetch: str) -> list[InputFile]:
    """Files that patterns name, and those of fetch folders.

    Raises:
        InputError: a pattern matches nothing, a folder, or a link to nothing.
    """
    for pattern in patterns:
        refuse_broken_links(pattern)
    return [*match(patterns), *_in_fetch_folders(folders, of_fetch)]


def info_files(request: Request) -> list[InputFile]:
    """The info.json files of videos."""
    youtube = request.recipe.sources.youtube
    if youtube is None:
        return []
    resolve = request.source.resolve
    return archives(resolve(youtube.info), fetch_folders(request, youtube), VIDEOS)[: request.limit]


def fetch_folders(request: Request, source: RedditSource | YoutubeSource | None) -> list[str]:
    """The fetch folders of a source, and those that the stage before filled."""
    if source is None:
        return []
    fetched = request.recipe.fetch is not None and request.recipe.fetch.stage is not None
    return [
        *request.source.resolve(source.fetched),
        *(fetch.whole_parts(request.folder.path) if fetched else []),
    ]


def _in_fetch_folders(folders: Sequence[str], pattern: str) -> list[InputFile]:
    """Files of fetch folders; one that has none of a kind is as good as any other."""
    found = []
    for folder in folders:
        entries = list_files(posixpath.join(literal(folder), pattern))
        found += [
            InputFile(entry.path, entry.size_bytes, entry.path.removeprefix(folder).lstrip("/")) for entry in entries
        ]
    return sorted(found, key=lambda file: (file.name, file.path))


def withdrawn_posts(folders: Sequence[str]) -> dict[str, Reason]:
    """Posts that were taken back after they were collected, as the fetch folders noted.

    Raises:
        InputError: a folder is no fetch folder.
    """
    return {
        post_id: fetch.reason_of(Absent(reason))
        for folder in folders
        for post_id, reason in read_withdrawn(folder).items()
    }


def published_files(source: HubSource | None) -> list[HubFile]:
    """The files of a dataset on the Hub."""
    if source is None:
        return []
    require_hub()
    return find_files(source.repo, source.revision)


def batches(videos: Sequence[InputFile]) -> Iterator[list[InputFile]]:
    """Files of one folder, so many at a time."""
    for _, group in groupby(sorted(videos, key=_folder_and_name), key=_folder):
        files = list(group)
        for first in range(0, len(files), _BATCH_FILES):
            yield files[first : first + _BATCH_FILES]


def _folder(file: InputFile) -> str:
    return posixpath.dirname(file.path)


def _folder_and_name(file: InputFile) -> tuple[str, str]:
    return _folder(file), file.name


def batch_of(files: Sequence[InputFile], siblings: Mapping[str, Sequence[str]]) -> VideoBatch:
    """Some info.json files, and the files beside each."""
    return VideoBatch(files, {file.path: siblings[file.path] for file in files if file.path in siblings})


def beside_them(videos: Sequence[InputFile]) -> tuple[dict[str, list[str]], str, dict[str, int]]:
    """For every info.json that has some, the files of its video beside it; a digest of names and sizes; the sizes."""
    folders = sorted({_folder(file) for file in videos})
    sizes = {entry.path: entry.size_bytes for folder in folders for entry in list_files(f"{literal(folder)}/*")}
    siblings = group_siblings(sizes)
    facts = sorted((posixpath.basename(path), sizes[path]) for paths in siblings.values() for path in paths)
    return siblings, hashlib.sha256(json.dumps(facts).encode()).hexdigest(), sizes


def changed(path: str) -> int | None:
    """When a file on this machine was changed, nanoseconds; None elsewhere."""
    return os.stat(path).st_mtime_ns if is_here(path) else None
