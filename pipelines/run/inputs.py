"""The files that a recipe's sources name, found: archives, collections, published datasets, media."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from blift.connectors.collection.archives import VIDEOS, read_files, read_withdrawn
from blift.connectors.collection.items import StoredFile
from blift.connectors.files import InputFile, list_files, literal, match, refuse_broken_links
from blift.connectors.hub.dataset import HubFile, find_files
from blift.connectors.hub.extra import require_hub
from blift.connectors.youtube.beside import group_siblings, is_media
from blift.pipelines.collect import VideoBatch
from blift.pipelines.collection import stage as gather
from blift.pipelines.media.recipe import Media
from blift.pipelines.recipe.model import HubSource, RedditSource, YoutubeSource
from blift.pipelines.run.request import Request
from blift.schemas.reasons import Absent, Reason
from blift.transforms.media.files import ListedFile

#: Videos that a worker reads together: a few seconds' work.
_BATCH_FILES = 500


def archives(patterns: Sequence[str], collections: Sequence[str], of_collection: str) -> list[InputFile]:
    """Files that patterns name, and those of collections.

    Raises:
        InputError: a pattern matches nothing, a folder, or a link to nothing.
    """
    for pattern in patterns:
        refuse_broken_links(pattern)
    return [*match(patterns), *_in_collections(collections, of_collection)]


def info_files(request: Request) -> list[InputFile]:
    """The info.json files of videos."""
    youtube = request.recipe.sources.youtube
    if youtube is None:
        return []
    resolve = request.source.resolve
    return archives(resolve(youtube.info), collections(request, youtube), VIDEOS)[: request.limit]


def collections(request: Request, source: RedditSource | YoutubeSource | None) -> list[str]:
    """Folders of the collections of a source, and of what the stage before gathered."""
    if source is None:
        return []
    gathered = request.recipe.collect is not None and request.recipe.collect.stage is not None
    return [
        *request.source.resolve(source.collections),
        *(gather.whole_parts(request.folder.path) if gathered else []),
    ]


def _in_collections(folders: Sequence[str], pattern: str) -> list[InputFile]:
    """Files of collections; one that has none of a kind is as good as any other."""
    found = []
    for folder in folders:
        entries = list_files(posixpath.join(literal(folder), pattern))
        found += [
            InputFile(entry.path, entry.size_bytes, entry.path.removeprefix(folder).lstrip("/")) for entry in entries
        ]
    return sorted(found, key=lambda file: (file.name, file.path))


def withdrawn_posts(folders: Sequence[str]) -> dict[str, Reason]:
    """Posts that were taken back after they were collected, as the collections noted.

    Raises:
        InputError: a folder is no collection.
    """
    return {
        post_id: gather.reason_of(Absent(reason))
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
    return sorted([*beside, *given, *_collected_files(request)])


def _collected_files(request: Request) -> list[ListedFile]:
    """Files of collections, which are known by their addresses."""
    sources = request.recipe.sources
    folders = {*collections(request, sources.reddit), *collections(request, sources.youtube)}
    parts = posixpath.join(request.folder.path, gather.PARTS)
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
