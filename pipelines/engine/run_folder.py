"""The run folder: where each dataset lies, what the manifest says of it, and that one build uses it at a time."""

from __future__ import annotations

import fcntl
import glob
import hashlib
import json
import os
import posixpath
import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec

from blift.connectors.filesystem import delete, exists, is_here, make_folder, matching, read_bytes, require_bucket
from blift.connectors.inside import check_file, check_folder, check_paths, open_lock
from blift.connectors.shard import Shard, month_of
from blift.pipelines.engine.strangers import refuse_strangers
from blift.pipelines.recipe.renamed import STAGES as OLD_STAGES
from blift.schemas.count import Count
from blift.schemas.errors import InputError, OutputError
from blift.transforms.accounting import FunnelRow

MANIFEST, RECIPE, CARD = "manifest.json", "recipe.yaml", "README.md"
MANIFEST_FORMAT = 1
#: The manifest of the dataset that a build is making. It is the dataset from the moment at which the card names it.
BUILDING = ".building.json"
#: Manifests of the datasets that were replaced, by number.
REPLACED = "versions"
#: Files of the folder itself, that each of its commands writes anew.
_AT_THE_TOP = (MANIFEST, RECIPE, CARD, BUILDING, f"{REPLACED}/")
#: Names that blift gives, after the prefix of a stage: of shards, of files of media, of what is half written.
_WHOLE = (
    r"(?:[0-9]{5,}-(?:of-[0-9]{5,}|[0-9]{3,})(?:-[0-9a-f]{16})?\.parquet|(?:-[0-9a-f]{16})?\.parquet"
    r"|[0-9a-f]{64}\.[a-z0-9]+|[0-9a-f]{32}(?:-[0-9a-f]{16})?\.part)?"
)
_HALF = rf"{_WHOLE}\.[0-9a-f]{{32}}\.partial"
#: A mistyped address, which would be the path of a folder of this machine.
_NO_ADDRESS = re.compile(r"(?:gs|s3|azfs|hdfs):(?:/*|/[^/].*)", re.DOTALL)
_WRITTEN, _HALF_WRITTEN = re.compile(rf"{_WHOLE}|{_HALF}"), re.compile(_HALF)
#: A sha256 in hex; empty where nothing is written yet.
Fingerprint = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{64})?\Z")]


@dataclass(frozen=True)
class StageRecord:
    """What one stage did: from what (fingerprint), how (versions), and what came of it."""

    fingerprint: Fingerprint
    inputs: dict[str, Any]
    shards: list[Shard]
    funnel: list[FunnelRow]
    seconds: float
    versions: dict[str, str]
    notes: list[str]
    """Sentences on parts of records that could not be used, such as broken subtitles."""
    findings: dict[str, Count] = field(default_factory=dict)
    """Counts of what was found in rows, such as personal data that the release replaced."""
    parts: list[str] = field(default_factory=list)
    """Paths of files that are no part of the dataset: what the stage keeps of its input for its next run."""


@dataclass
class Manifest:
    """The account of a run folder."""

    recipe: str
    blift: str
    stages: dict[str, StageRecord] = field(default_factory=dict)
    fingerprint: Fingerprint = ""
    """sha256 over the digests of all data shards; equal fingerprints mean equal datasets."""

    @property
    def shards(self) -> list[Shard]:
        """The files of all stages."""
        return [shard for record in self.stages.values() for shard in record.shards]

    @property
    def parts(self) -> list[str]:
        """Paths of what all stages keep of their input."""
        return [path for record in self.stages.values() for path in record.parts]


class _Format(msgspec.Struct):
    """The part of a manifest that says how to read the others."""

    format: int


class _Inputs(msgspec.Struct):
    """What of the inputs of a stage is read again: files with size and digest (or time of change), and shards."""

    files: list[tuple[str, Count, int | str | None]] = []
    times: list[int | None] = []
    shards: Annotated[int, msgspec.Meta(ge=1)] | dict[str, str] = {}


class _Content(msgspec.Struct):
    """The others."""

    recipe: str
    blift: str
    stages: dict[str, StageRecord]
    fingerprint: Fingerprint
    recipe_text: str = ""
    replaces: Count = 0


def manifest_text(manifest: Manifest) -> str:
    """A manifest as it is written."""
    return _text(asdict(manifest))


def version_text(version: Version) -> str:
    """A manifest as it is written, with the recipe that does not lie beside it."""
    return _text({**asdict(version.manifest), "recipe_text": version.recipe_text, "replaces": version.replaces})


def _text(content: dict[str, Any]) -> str:
    return json.dumps({"format": MANIFEST_FORMAT, **content}, indent=1, sort_keys=False) + "\n"


def mark_of(building: bytes) -> str:
    """The line at the end of a card by which it names the manifest of its dataset."""
    return f"<!-- blift: this is the dataset {hashlib.sha256(building).hexdigest()[:32]} -->"


def replaced_name(number: int) -> str:
    """The file with the manifest of a dataset that was replaced."""
    return f"{REPLACED}/{number:05d}.json"


def _is_half(entry: Path) -> bool:
    """A file of the folder itself that a killed build left half written, which is no stranger's."""
    own = next((name for name in _AT_THE_TOP if entry.name.startswith(name)), None)
    return own is not None and _HALF_WRITTEN.fullmatch(entry.name.removeprefix(own)) is not None


@dataclass(frozen=True)
class Version:
    """A dataset of a run folder.

    Attributes:
        manifest: what it is.
        recipe_text: the recipe, where that does not lie beside the manifest.
        replaces: the number under which the dataset before it is kept; 0 where it is not.
    """

    manifest: Manifest
    recipe_text: str = ""
    replaces: int = 0


class RunFolder:
    """A folder, local or on any filesystem that Beam knows.

    Args:
        path: of the folder.
        replaced: the number of an earlier dataset, which is read in place of the present one; None for that.

    Raises:
        InputError: the path begins as an address does, and is none.
    """

    def __init__(self, path: str, replaced: int | None = None) -> None:
        if _NO_ADDRESS.fullmatch(path):
            raise InputError(
                f"{path!r} is no address of a store; docs/runners.md has the form of each, such as s3://BUCKET/FOLDER."
            )
        self.path = path.rstrip("/") or "/"
        self.replaced = replaced

    @property
    def manifest_name(self) -> str:
        """The file that says what the dataset is."""
        if self.replaced is not None:
            return replaced_name(self.replaced)
        return BUILDING if self.is_switching() else MANIFEST

    def is_switching(self) -> bool:
        """The dataset that was being built is complete, and the card names it: it is the dataset."""
        check_file(self.path, BUILDING)
        if not exists(self.file(BUILDING)) or not exists(self.file(CARD)):
            return False
        check_file(self.path, CARD)
        try:
            return mark_of(read_bytes(self.file(BUILDING))).encode() in read_bytes(self.file(CARD))
        except FileNotFoundError:  # the build that wrote it has just ended
            return False

    def switch(self) -> None:
        """Where the card names the dataset that was being built, put its manifest and its recipe in their places.

        The manifest of the dataset before it is kept by number, where it says so. A process that dies here leaves the
        new dataset to readers, and the rest to whoever holds the folder next.
        """
        if self.replaced is not None or not self.is_switching():
            return
        new, old = self.read_version(BUILDING), self.read_version(MANIFEST)
        if new is None:
            return
        kept = replaced_name(new.replaces)
        if old and new.replaces and not exists(self.file(kept)):
            self.write_text(kept, version_text(replace(old, recipe_text=self.recipe_beside())))
        self.write_text(RECIPE, new.recipe_text)
        self.write_manifest(new.manifest)
        delete(self.file(BUILDING))

    def recipe_beside(self) -> str:
        """The text of the recipe that lies at the top of the folder; empty where none does.

        Raises:
            InputError: it cannot be read.
        """
        return self.read_text(RECIPE) if exists(self.file(RECIPE)) else ""

    @property
    def is_local(self) -> bool:
        """The folder is on this machine's filesystem."""
        return is_here(self.path)

    def file(self, name: str) -> str:
        """The full path of a file in the folder."""
        return posixpath.join(self.path, name)

    def create(self) -> None:
        """Make the folder.

        Raises:
            OutputError: it cannot be made, or holds something that blift did not write.
            InputError: the store of its address has no such bucket, or lacks a package, an option or credentials.
        """
        self.check_own()
        if not self.is_local:
            require_bucket(self.path)
            return
        try:
            Path(self.path).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"Cannot make the run folder {self.path}: {error.strerror}. Choose another --out."
            ) from error

    def check_own(self) -> None:
        """Check that the folder, if it is there, is one that blift wrote, or empty.

        Raises:
            OutputError: it is none, or cannot be read.
        """
        if self.is_local:
            refuse_strangers(Path(self.path), (MANIFEST, RECIPE), _is_half)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against a second build; a lock of a process that died does not count.

        Whoever holds it is alone, so what a killed process left half written at the top of the folder is deleted.

        Raises:
            OutputError: another build holds it.
        """
        if not self.is_local:
            self.switch()
            yield
            return
        with open(open_lock(self.file(".lock")), "wb", buffering=0) as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OutputError(
                    f"Another build is writing to {self.path}. Wait until it ends, or choose another --out."
                ) from error
            self.sweep(_AT_THE_TOP)
            self.switch()
            yield

    def read_manifest(self) -> Manifest | None:
        """The manifest, or None where there is none yet.

        Raises:
            InputError: there is one, and it cannot be read, or names files that are not the folder's own.
        """
        version = self.read_version(self.manifest_name)
        return version.manifest if version else None

    def read_version(self, name: str) -> Version | None:
        """The dataset that a file of the folder describes, or None where there is no such file.

        Raises:
            InputError: there is one, and it cannot be read, or names files that are not the folder's own.
        """
        path = self.file(name)
        check_file(self.path, name)
        if not exists(path):
            return None
        try:
            content = json.loads(read_bytes(path))
            found = msgspec.convert(content, _Format).format
            if found != MANIFEST_FORMAT:
                raise InputError(f"{path} has format {found}, and this blift reads {MANIFEST_FORMAT}.")
            read = msgspec.convert(content, _Content)
            for record in read.stages.values():
                msgspec.convert(record.inputs, _Inputs)
        except (OSError, ValueError, RecursionError) as error:
            why = "it is nested too deeply" if isinstance(error, RecursionError) else error
            raise InputError(f"{path} is damaged ({why}). Delete it and build again.") from error
        stages = {OLD_STAGES.get(name, name): record for name, record in read.stages.items()}
        manifest = Manifest(read.recipe, read.blift, stages, read.fingerprint)
        self._check(manifest, path)
        return Version(manifest, read.recipe_text, read.replaces)

    def _check(self, manifest: Manifest, named: str) -> None:
        """Check the files that a manifest names.

        Raises:
            InputError: one does not lie in the folder, is no plain file, or is named twice.
        """
        paths = [*(shard.path for shard in manifest.shards), *manifest.parts]
        check_paths(self.path, paths)
        twice, times = next(iter(Counter(paths).most_common(1)), ("", 0))
        if times > 1:
            raise InputError(f"{named} is damaged (it lists {twice} {times} times). Delete it and build again.")

    def require_manifest(self) -> Manifest:
        """The manifest.

        Raises:
            InputError: there is none, or it cannot be read.
        """
        manifest = self.read_manifest()
        if manifest is None:
            raise InputError(
                f"{self.path} has no {MANIFEST}: it is no run folder, or its build did not finish a stage."
            )
        return manifest

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest, whole or not at all."""
        self.write_text(MANIFEST, manifest_text(manifest))

    def recipe_text(self) -> str:
        """The text of the recipe of the dataset.

        Raises:
            InputError: there is none, or it cannot be read.
        """
        if self.replaced is not None or self.is_switching():
            version = self.read_version(self.manifest_name)
            return version.recipe_text if version else ""
        if text := self.recipe_beside():
            return text
        raise InputError(f"{self.path} has no {RECIPE}: it is no run folder.")

    def read_text(self, name: str) -> str:
        """The text of a file in the folder.

        Raises:
            InputError: it is a link, no plain file, or not UTF-8.
            OSError: it cannot be read.
        """
        check_file(self.path, name)
        try:
            return read_bytes(self.file(name)).decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{self.file(name)} is damaged ({error}). Restore it, or build again.") from error

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""
        from blift.connectors.parquet import replace_file  # noqa: PLC0415 - slow, and whoever only reads needs none

        replace_file(self.file(name), text.encode("utf-8"))

    def clear(self, prefixes: Sequence[str], keep: Container[str] = ()) -> list[str]:
        """Delete the shards under ``prefixes`` (such as `posts/posts-`), and what was half written.

        Only files with names that blift gives, and none behind a symbolic link.

        Args:
            keep: paths of shards that stay.

        Returns:
            the paths of those that were deleted.

        Raises:
            OutputError: a folder of the run is a symbolic link or a file.
        """
        return self._delete(prefixes, _WRITTEN, keep)

    def sweep(self, prefixes: Sequence[str]) -> None:
        """Delete parts under ``prefixes`` that a killed worker left half written.

        Raises:
            OutputError: as ``clear``.
        """
        self._delete(prefixes, _HALF_WRITTEN, ())

    def _delete(self, prefixes: Sequence[str], names: re.Pattern[str], keep: Container[str]) -> list[str]:
        gone = []
        for prefix in prefixes:
            for entry in matching(self.path, f"{prefix}*"):
                name = entry.path[len(self.file("")) :]
                check_folder(self.path, posixpath.dirname(name))
                if name not in keep and names.fullmatch(posixpath.basename(name)[len(posixpath.basename(prefix)) :]):
                    self.delete(name)
                    gone.append(name)
        return gone

    def delete(self, name: str) -> None:
        """Delete a file of the folder, and the folder of its month when it was the last one there.

        Raises:
            OSError: it is not there, or may not be deleted.
        """
        delete(self.file(name))
        if self.is_local and month_of(name) is not None:
            with suppress(OSError):  # it holds other files
                os.rmdir(posixpath.dirname(self.file(name)))

    def make_folders(self, prefixes: Sequence[str]) -> None:
        """Make the local folders under which shards will lie.

        Raises:
            OutputError: one of them is there and is a symbolic link or a file.
        """
        if self.is_local:
            for folder in sorted({posixpath.dirname(prefix) for prefix in prefixes}):
                for found in glob.iglob(f"{folder}/", root_dir=self.path) if folder.endswith("*") else (folder,):
                    check_folder(self.path, found)
                    make_folder(self.file(found))
