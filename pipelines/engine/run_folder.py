"""The run folder: where each dataset lies, what the manifest says of it, and that one build uses it at a time."""

from __future__ import annotations

import fcntl
import json
import os
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from blift.connectors.filesystem import delete, exists, is_here, matching, read_bytes
from blift.connectors.shard import Shard
from blift.schemas.errors import InputError, OutputError
from blift.transforms.accounting import FunnelRow

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1


@dataclass(frozen=True)
class StageRecord:
    """What one stage did: from what (fingerprint), how (versions), and what came of it."""

    fingerprint: str
    inputs: dict[str, Any]
    shards: list[Shard]
    funnel: list[FunnelRow]
    seconds: float
    versions: dict[str, str]
    notes: list[str]
    """Sentences on parts of records that could not be used, such as broken subtitles."""
    findings: dict[str, int] = field(default_factory=dict)
    """Counts of what was found in rows, such as personal data that the release replaced."""


@dataclass
class Manifest:
    """The account of a run folder."""

    recipe: str
    blift: str
    stages: dict[str, StageRecord] = field(default_factory=dict)
    fingerprint: str = ""
    """sha256 over the digests of all data shards; equal fingerprints mean equal datasets."""


class RunFolder:
    """A folder, local or on any filesystem that Beam knows."""

    def __init__(self, path: str) -> None:
        self.path = path.rstrip("/") or "/"

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
        """
        if not self.is_local:
            return
        path = Path(self.path)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"Cannot make the run folder {path}: {error.strerror}. Choose another --out.") from error
        strangers = [entry.name for entry in path.iterdir() if not entry.name.startswith(".")]
        if strangers and not (path / MANIFEST).exists() and not (path / "recipe.yaml").exists():
            raise OutputError(
                f"{path} holds files that blift did not write, such as {min(strangers)!r}. "
                "Choose an empty or new folder as --out."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against a second build; a lock of a process that died does not count.

        Raises:
            OutputError: another build holds it.
        """
        if not self.is_local:
            yield
            return
        with (Path(self.path) / ".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OutputError(
                    f"Another build is writing to {self.path}. Wait until it ends, or choose another --out."
                ) from error
            yield

    def read_manifest(self) -> Manifest | None:
        """The manifest, or None where there is none yet.

        Raises:
            InputError: there is one, and it cannot be read.
        """
        path = self.file(MANIFEST)
        if not exists(path):
            return None
        try:
            content = json.loads(self.read_text(MANIFEST))
            if content["format"] != MANIFEST_FORMAT:
                raise InputError(f"{path} has format {content['format']}, and this blift reads {MANIFEST_FORMAT}.")
            return _manifest(content)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} is damaged ({error}). Delete it and build again.") from error

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
        content = {"format": MANIFEST_FORMAT, **asdict(manifest)}
        self.write_text(MANIFEST, json.dumps(content, indent=1, sort_keys=False) + "\n")

    def read_text(self, name: str) -> str:
        """The text of a file in the folder."""
        return read_bytes(self.file(name)).decode("utf-8")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""
        from blift.connectors.parquet import replace_file  # noqa: PLC0415 - slow, and whoever only reads needs none

        replace_file(self.file(name), text.encode("utf-8"))

    def clear(self, prefixes: Sequence[str]) -> None:
        """Delete the shards under ``prefixes`` (such as `posts/` or `rejects/curate-`), and what was half written."""
        self._delete([f"{prefix}*" for prefix in prefixes])

    def sweep(self, prefixes: Sequence[str]) -> None:
        """Delete parts under ``prefixes`` that a killed worker left half written."""
        self._delete([f"{prefix}*.partial" for prefix in prefixes])

    def _delete(self, patterns: Sequence[str]) -> None:
        for pattern in patterns:
            for entry in matching(self.path, pattern):
                delete(entry.path)

    def make_folders(self, prefixes: Sequence[str]) -> None:
        """Make the local folders under which shards will lie."""
        if self.is_local:
            for prefix in prefixes:
                os.makedirs(self.file(posixpath.dirname(prefix)), exist_ok=True)


def _manifest(content: dict[str, Any]) -> Manifest:
    stages = {
        name: StageRecord(
            fingerprint=stage["fingerprint"],
            inputs=stage["inputs"],
            shards=[Shard(**shard) for shard in stage["shards"]],
            funnel=[FunnelRow(**row) for row in stage["funnel"]],
            seconds=stage["seconds"],
            versions=stage["versions"],
            notes=stage["notes"],
            findings=stage.get("findings", {}),
        )
        for name, stage in content["stages"].items()
    }
    return Manifest(content["recipe"], content["blift"], stages, content["fingerprint"])
