"""The files that media may lie in."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from blift.connectors.fetch.archives import read_files
from blift.connectors.fetch.items import StoredFile
from blift.connectors.files import match
from blift.connectors.inside import check_paths
from blift.pipelines.engine.stage import Request
from blift.pipelines.recipe.media import Media
from blift.pipelines.stages.fetch.parts import PARTS
from blift.pipelines.stages.ingest.inputs import all_fetch_folders, named_files
from blift.transforms.media.files import ListedFile


def media_files(request: Request, section: Media) -> list[ListedFile]:
    """Files that media may lie in: those beside the records of posts, and those that the recipe names."""
    beside = [
        ListedFile(path, posixpath.join(folder, posixpath.basename(path)), found.sizes[path], beside=True)
        for found in named_files(request)
        for record, folder in {file.path: posixpath.dirname(file.name) for file in found.files}.items()
        for path in found.beside.get(record, ())
        if found.archive.beside and found.archive.beside.is_media(path)
    ]
    named = match(request.source.resolve(section.files)) if section.files else []
    given = [ListedFile(file.path, file.name, file.size_bytes, beside=False) for file in named]
    return sorted([*beside, *given, *_fetched_files(request)])


def with_digests(files: Sequence[ListedFile], facts: Mapping[str, Any]) -> list[ListedFile]:
    """Files of this machine with the digests that were noted of them.

    Args:
        facts: ``files`` and ``times``, in the order of ``files``, as noted of their contents.
    """
    return [
        file if time is None or not sha256 else file._replace(sha256=sha256, changed_ns=time)
        for file, (*_, sha256), time in zip(files, facts["files"], facts["times"], strict=True)
    ]


def _fetched_files(request: Request) -> list[ListedFile]:
    """Files of fetch folders, which are known by their addresses."""
    folders = all_fetch_folders(request)
    parts = posixpath.join(request.folder.path, PARTS)
    listed: dict[tuple[str, str], list[StoredFile]] = {}
    for folder in folders:
        store = parts if posixpath.dirname(folder) == parts else folder
        for file in read_files(folder):
            listed.setdefault((store, file.name), []).append(file)
    for store in {store for store, _ in listed}:
        check_paths(store, [name for of_store, name in listed if of_store == store])
    return [
        ListedFile(
            posixpath.join(folder, name), name, files[0].size_bytes, beside=False,
            addresses=tuple(file.address for file in files),
        )
        for (folder, name), files in listed.items()
    ]  # fmt: skip
