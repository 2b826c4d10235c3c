"""The files that media may lie in."""

from __future__ import annotations

import posixpath

from blift.connectors.fetch.archives import read_files
from blift.connectors.fetch.items import StoredFile
from blift.connectors.files import match
from blift.connectors.youtube.beside import is_media
from blift.pipelines.engine.stage import Request
from blift.pipelines.recipe.media import Media
from blift.pipelines.stages.fetch.pipeline import PARTS
from blift.pipelines.stages.ingest.inputs import beside_them, fetch_folders, info_files
from blift.transforms.media.files import ListedFile


def media_files(request: Request, section: Media) -> list[ListedFile]:
    """Files that media may lie in: those beside the records of videos, and those that the recipe names."""
    videos = info_files(request)
    names = {file.path: posixpath.dirname(file.name) for file in videos}
    siblings, _, sizes = beside_them(videos)
    beside = [
        ListedFile(path, posixpath.join(names[info], posixpath.basename(path)), sizes[path], beside=True)
        for info, paths in siblings.items()
        for path in paths
        if info in names and is_media(path)
    ]
    named = match(request.source.resolve(section.files)) if section.files else []
    given = [ListedFile(file.path, file.name, file.size_bytes, beside=False) for file in named]
    return sorted([*beside, *given, *_fetched_files(request)])


def _fetched_files(request: Request) -> list[ListedFile]:
    """Files of fetch folders, which are known by their addresses."""
    sources = request.recipe.sources
    folders = {*fetch_folders(request, sources.reddit), *fetch_folders(request, sources.youtube)}
    parts = posixpath.join(request.folder.path, PARTS)
    listed: dict[tuple[str, str], list[StoredFile]] = {}
    for folder in sorted(folders):
        store = parts if posixpath.dirname(folder) == parts else folder
        for file in read_files(folder):
            listed.setdefault((store, file.name), []).append(file)
    return [
        ListedFile(
            posixpath.join(folder, name), name, files[0].size_bytes, beside=False,
            addresses=tuple(file.address for file in files),
        )
        for (folder, name), files in listed.items()
    ]  # fmt: skip
