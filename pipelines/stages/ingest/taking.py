"""Which files of an update are read, and of which the run folder keeps what they gave when they were read before."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from blift.connectors.filesystem import matching
from blift.connectors.inside import check_folder
from blift.connectors.registry import connectors
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.run_report import library_versions
from blift.pipelines.engine.source import source_digest
from blift.pipelines.engine.stage import Reading
from blift.pipelines.stages.ingest.inputs import NamedFiles
from blift.pipelines.stages.ingest.units import ENDING, PREFIX, ArchiveUnit, Part

_NAME = re.compile(r"(?P<key>[0-9a-f]{32})-[0-9a-f]{16}\.part")
#: What makes rows of archives, beside the package of a connector that is not ours.
_READERS = ("blift.schemas", "blift.connectors", "blift.transforms", "blift.pipelines.stages.ingest")


@dataclass(frozen=True)
class Settings:
    """What decides what archive files give, beside their content.

    Attributes:
        everywhere: of files of comments alone as of files of posts, as JSON.
        scopes: options of the scope by platform, as JSON: of files of posts. ``withdrawn``: the same of posts.
    """

    everywhere: Mapping[str, Any]
    scopes: Mapping[str, Any]
    withdrawn: str

    def of(self, unit: ArchiveUnit) -> dict[str, Any]:
        """What decides what the files of a unit give."""
        archive = connectors()[unit.platform].archive(unit.archive)
        reader = archive.posts or archive.comments
        facts = {
            **self.everywhere,
            "libraries": library_versions(),
            "code": source_digest(*_READERS, *_package(reader)),
        }
        if archive.posts is None:
            return facts
        return {**facts, "scope": self.scopes.get(unit.platform), "withdrawn": self.withdrawn}


class Taking:
    """The parts of a run folder, by what they are of.

    Args:
        folder: the run folder.
        preferred: paths of parts that the dataset of the folder was made of.
        digests: of the content of input files, by path; those of which it is empty have no part.
        settings: see there.
        fresh: read all files again, whatever is kept.
    """

    def __init__(
        self,
        folder: RunFolder,
        preferred: Collection[str],
        digests: Mapping[str, str],
        settings: Settings,
        *,
        fresh: bool,
    ) -> None:
        self._folder, self._digests, self._settings, self._fresh = folder, digests, settings, fresh
        self._there = self._listed()
        self._preferred = set(preferred)
        self._parts: dict[str, Part] = {}

    def units(self, found: NamedFiles) -> list[ArchiveUnit]:
        """The files of an archive as workers take them, each with its part."""
        return [replace(unit, part=self._part(unit, found.sizes)) for unit in found.units()]

    def _part(self, unit: ArchiveUnit, sizes: Mapping[str, int]) -> Part | None:
        files = [[file.name, file.size_bytes, self._digests[file.path]] for file in unit.unit.files]
        if not all(digest for _, _, digest in files):
            return None
        beside = [
            [[posixpath.basename(path), sizes[path]] for path in unit.unit.beside.get(file.path, ())]
            for file in unit.unit.files
        ]
        facts = [unit.platform, unit.archive, files, beside, self._settings.of(unit)]
        key = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:32]
        there = sorted(self._there.get(key, []), key=lambda path: (path not in self._preferred, path))
        part = Part(key, None if self._fresh or not there else there[0])
        self._parts[key] = part
        return part

    def kept(self) -> list[str]:
        """The parts of these files in the run folder, once the stage has run: the new one of a file that was read."""
        now = self._listed()
        kept = []
        for key, part in self._parts.items():
            paths = sorted(now.get(key, []))
            new = [path for path in paths if path not in self._there.get(key, [])]
            kept += new[:1] or [path for path in paths if path == part.path] or paths[:1]
        return sorted(kept)

    def _listed(self) -> dict[str, list[str]]:
        """Paths in the run folder by key."""
        check_folder(self._folder.path, posixpath.dirname(PREFIX))
        found: dict[str, list[str]] = {}
        for entry in matching(self._folder.path, f"{PREFIX}*{ENDING}"):
            path = entry.path[len(self._folder.file("")) :]
            if name := _NAME.fullmatch(path.removeprefix(PREFIX)):
                found.setdefault(name["key"], []).append(path)
        return found


def reading(units: Sequence[ArchiveUnit]) -> Reading:
    """How many files are read, and of how many what they gave is taken over."""
    new, old = (
        [file.size_bytes for unit in units if bool(unit.part and unit.part.path) is kept for file in unit.unit.files]
        for kept in (False, True)
    )
    return Reading(len(new), sum(new), len(old), sum(old))


def _package(reader: Callable[..., Any] | None) -> list[str]:
    """The package of a reader that is not ours."""
    name = reader.__module__.partition(".")[0] if reader else "blift"
    return [] if name == "blift" else [name]
