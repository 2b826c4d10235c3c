"""The datasets of a run folder: the present one, the one that a build is making beside it, and those before it."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from blift.connectors.filesystem import delete, exists, is_here, matching
from blift.connectors.inside import check_folder
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import (
    BUILDING,
    CARD,
    MANIFEST,
    REPLACED,
    Manifest,
    RunFolder,
    Version,
    manifest_text,
    mark_of,
    replaced_name,
    version_text,
)
from blift.pipelines.recipe.file import RecipeFile
from blift.pipelines.recipe.lists import FOLDER as LISTS
from blift.pipelines.recipe.lists import KEPT
from blift.pipelines.recipe.result import Card
from blift.schemas.errors import InputError

_NUMBERED = re.compile(r"(?P<number>[0-9]{5,})\.json")
#: Stages that describe the tables of a dataset and add none: without them it is there all the same.
_DESCRIBE = ("stats",)
#: Stages that add to a dataset that is whole without them: it may be of a recipe that did not ask for them.
_ADD = ("prefer", *_DESCRIBE)
#: `RUN@previous` is the dataset before the present one, and `RUN@3` the one of that number.
_NAMED = re.compile(r"(?P<path>.+)@(?P<which>previous|[0-9]{1,9})")


def is_run_folder(name: str) -> bool:
    """Whether a name is that of a folder of this machine, or of an earlier dataset of one, or an address."""
    found = _NAMED.fullmatch(name)
    return not is_here(name) or os.path.isdir(name) or bool(found and os.path.isdir(found["path"]))


def run_folder(name: str) -> RunFolder:
    """The run folder that a command names, as it is now, or as it was: `RUN@previous`, `RUN@3`.

    Raises:
        InputError: the folder keeps no such dataset.
    """
    found = _NAMED.fullmatch(name)
    if found is None or exists(name):
        return RunFolder(name)
    folder, which = RunFolder(found["path"]), found["which"]
    folder.require_manifest()
    kept = numbers(folder)
    number = (kept or [0])[-1] if which == "previous" else int(which)
    if number not in kept:
        have = ", ".join(f"{folder.path}@{each}" for each in kept)
        raise InputError(
            f"{folder.path} keeps no dataset under @{which}. Of those that updates have replaced it keeps "
            f"{have or 'none'}; `output.keep` in the recipe says how many stay."
        )
    return RunFolder(folder.path, number)


def numbers(folder: RunFolder) -> list[int]:
    """The numbers of the datasets that were replaced and are kept, the earliest first."""
    names = (posixpath.basename(entry.path) for entry in matching(folder.path, f"{REPLACED}/*.json"))
    return sorted(int(found["number"]) for name in names if (found := _NUMBERED.fullmatch(name)))


def referenced(folder: RunFolder, *others: Manifest) -> frozenset[str]:
    """The files of the present dataset, of all that are kept, and of those of a build that did not end."""
    every = (*others, *_manifests(folder))
    return frozenset(path for manifest in every for path in _files_of(manifest))


def shards_of_all(folder: RunFolder) -> frozenset[Shard]:
    """The shards of the present dataset, of all that are kept, and of those of a build that did not end."""
    return frozenset(shard for manifest in _manifests(folder) for shard in manifest.shards)


def _manifests(folder: RunFolder) -> list[Manifest]:
    return [version.manifest for version in _versions(folder)]


def _versions(folder: RunFolder) -> list[Version]:
    names = [MANIFEST, BUILDING, *(replaced_name(number) for number in numbers(folder))]
    return [version for version in map(folder.read_version, names) if version]


def _files_of(manifest: Manifest) -> list[str]:
    return [*(shard.path for shard in manifest.shards), *manifest.parts]


def amend(folder: RunFolder, card: Card, manifest: Manifest) -> None:
    """Write what was added to the present dataset, such as its release, and no file of it has changed."""
    _write_card(folder, card, manifest, manifest_text(manifest))
    folder.write_manifest(manifest)


def _write_card(folder: RunFolder, card: Card, manifest: Manifest, text: str) -> None:
    from blift.pipelines.engine.card import dataset_card  # noqa: PLC0415 - slow, and not all builds write one
    from blift.pipelines.engine.statistics import statistics_in  # noqa: PLC0415 - as the card

    statistics = statistics_in(folder, manifest)
    folder.write_text(CARD, f"{dataset_card(card, manifest, statistics=statistics)}\n{mark_of(text.encode())}\n")


def prune(folder: RunFolder, keep: int) -> list[str]:
    """Forget all datasets that were replaced but the last ``keep``; the paths of the files that were deleted.

    A manifest goes before its files: no reader is sent to a file that is not there.

    Raises:
        InputError: a manifest is damaged.
    """
    kept = numbers(folder)
    dropped = kept[: len(kept) - keep] if keep else kept
    versions = [folder.read_version(replaced_name(number)) for number in dropped]
    for number in dropped:
        delete(folder.file(replaced_name(number)))
    used = referenced(folder)
    paths = {path for version in versions if version for path in _files_of(version.manifest)}
    return _deleted(folder, sorted(paths - used))


def prune_unnamed(folder: RunFolder, tables: Iterable[str]) -> list[str]:
    """Delete files of tables (such as `posts/posts`) that no dataset of the folder has; their paths."""
    return folder.clear([f"{table}-" for table in tables], keep=referenced(folder))


def prune_lists(folder: RunFolder) -> list[str]:
    """Delete files that recipes named (lists of words, templates) and that no dataset's recipe names any more."""
    texts = [folder.recipe_text(), *(version.recipe_text for version in _versions(folder))]
    named = {name for text in texts for name in KEPT.findall(text)}
    found = [entry for pattern in ("*", "*/*") for entry in matching(folder.file(LISTS), pattern)]
    paths = [entry.path[len(folder.file("")) :] for entry in found]
    ours = {path: kept[0] for path in paths if (kept := KEPT.match(path))}
    return _deleted(folder, sorted(path for path, name in ours.items() if name not in named))


def _deleted(folder: RunFolder, paths: Iterable[str]) -> list[str]:
    gone = []
    for path in paths:
        check_folder(folder.path, posixpath.dirname(path))
        if exists(folder.file(path)):
            folder.delete(path)
            gone.append(path)
    return gone


@dataclass(frozen=True)
class Update:
    """The way of a build from the dataset of a folder to the next one.

    Attributes:
        folder: which the build holds.
        source: the recipe.
        order: the stages of builds, in order; ``needed`` those of them that this recipe asks for.
        before: the present dataset; None where there is none.
    """

    folder: RunFolder
    source: RecipeFile
    order: Sequence[str]
    needed: Sequence[str]
    before: Manifest | None

    def begun(self) -> Manifest | None:
        """What a build before this one has finished and not brought to an end; else the present dataset.

        Of either, without the stages that the recipe does not ask for any more.
        """
        try:
            version = self.folder.read_version(BUILDING)
        except InputError:  # half of it is as good as none: its stages run again
            version = None
        name = self.source.recipe.name
        found = version.manifest if version and version.manifest.recipe == name else self.before
        if found is None:
            return None
        asked = {
            stage: record for stage, record in found.stages.items() if stage not in self.order or stage in self.needed
        }
        return replace(found, recipe=name, stages=asked)

    def save(self, manifest: Manifest) -> None:
        """Take note of a stage that is done.

        While a whole dataset is there, it stays until the new one is whole. Else the folder holds what there is.
        """
        if self.holds_whole and not self.is_whole(manifest):
            self.folder.write_text(BUILDING, version_text(self._version(manifest)))
        else:
            self.install(manifest)

    def install(self, manifest: Manifest) -> None:
        """Let a dataset take the place of the present one; the writing of the card is the step that does it."""
        text = version_text(self._version(manifest))
        self.folder.write_text(BUILDING, text)
        _write_card(self.folder, self.source.recipe.card, manifest, text)
        self.folder.switch()

    def finish(self, manifest: Manifest) -> bool:
        """End a build whose stages are done or were skipped; whether the folder now holds their dataset.

        Raises:
            InputError: a manifest of the folder is damaged.
        """
        if self.holds_whole and not self.is_whole(manifest):
            return False
        present = self.folder.read_manifest()
        if manifest.stages and (present != manifest or self.folder.recipe_beside() != self.source.text):
            self.install(manifest)
        prune(self.folder, self.source.recipe.output.keep)
        return True

    def open(self) -> None:
        """Make a folder of an earlier version ready: its card names files by patterns, which new files would match."""
        card = self.folder.file(CARD)
        if self.before and not (exists(card) and "<!-- blift: " in self.folder.read_text(CARD)):
            _write_card(self.folder, self.source.recipe.card, self.before, manifest_text(self.before))

    def is_whole(self, manifest: Manifest) -> bool:
        """All stages of the recipe are done."""
        return all(name in manifest.stages for name in self.needed)

    @property
    def holds_whole(self) -> bool:
        """The present dataset is whole: the last stage that every dataset has is done, after those before it."""
        last = [name for name in self.needed if name not in _ADD][-1]
        return self.before is not None and last in self.before.stages

    def _version(self, manifest: Manifest) -> Version:
        keeps = self.holds_whole and self.before is not None and not self._is_of(self.before, manifest)
        return Version(manifest, self.source.text, max([0, *numbers(self.folder)]) + 1 if keeps else 0)

    def _is_of(self, old: Manifest, new: Manifest) -> bool:
        """All files that a build made of one dataset are files of another."""
        made = [old.stages[name] for name in self.needed if name in old.stages and name not in _DESCRIBE]
        return {shard.path for record in made for shard in record.shards} <= {shard.path for shard in new.shards}
