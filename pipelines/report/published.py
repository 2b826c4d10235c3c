"""Publication of a dataset with its report: a static Space of the Hub that shows what the release holds."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from blift.connectors.hub.client import Hub, Operation, Position, Snapshot, Words
from blift.connectors.hub.failures import Kind
from blift.connectors.hub.plan import Changes, Wanted, blob_digest, changes
from blift.connectors.inside import fault_of_path
from blift.connectors.parquet import replace_file
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.out_folder import files_in
from blift.pipelines.engine.run_folder import CARD, RunFolder
from blift.pipelines.engine.stage_run import Report
from blift.pipelines.recipe.file import RecipeFile
from blift.pipelines.recipe.result import Card
from blift.pipelines.report.page_folder import ABOUT
from blift.pipelines.report.report import report
from blift.pipelines.report.space import space_card
from blift.pipelines.stages.publish.publish import Wish, publish
from blift.schemas.counted import counted
from blift.schemas.errors import BliftError, InputError, PublishError

_STATIC = "static"
#: What the Hub puts into a new static Space, apart from its .gitattributes.
_TEMPLATE = frozenset({CARD, "index.html", "style.css"})
_GITATTRIBUTES = ".gitattributes"
#: A larger file is kept in LFS, by its sha256.
_LFS_BYTES = 10 << 20
_SHOWN = 3


def publish_with_report(
    source: RecipeFile, folder: RunFolder, beam: BeamArguments, wish: Wish, space: str, progress: Report
) -> list[str]:
    """Publish a run folder, and its report as a static Space; the lines to print of it.

    The dataset is published first. A run that stops between the two is finished by the same command.

    Raises:
        PublishError: the Hub refuses, cannot be reached, or holds what must not be overwritten.
        InputError: the run folder has nothing to publish or to show, or the privacy gate is shut.
    """
    if not source.recipe.publish.has_samples:
        raise InputError(
            "A Space shows samples, and `publish.configs` has none. Add `samples` there, or name no Space."
        )
    shown = _Space(wish, Hub(space, kind=Kind.SPACE))
    shown.check()
    result = publish(source, folder, beam, wish, progress)
    told = result.told(wish)
    if wish.create_pr:
        return [told, f"The Space {space} stays as it is: publish without --create-pr when the proposal is merged."]
    try:
        return [told, shown.write(folder, source.recipe.card, result.edition.version)]
    except BliftError as error:
        raise PublishError(f"{told} Its report was not published: {error}") from error


@dataclass
class _Space:
    """The Space of one publication."""

    wish: Wish
    hub: Hub
    restricted: bool = False

    def check(self) -> None:
        """Refuse a Space that cannot show a page as it is, or that more people may read than the dataset."""
        self.hub.require_token()
        dataset, there = Hub(self.wish.repo).standing(), self.hub.standing()
        as_asked = self.wish.private or bool(self.wish.gated)
        self.restricted = as_asked if dataset is None else dataset.is_restricted or bool(self.wish.gated)
        if there is None:
            return
        if there.sdk != _STATIC:
            raise PublishError(
                f"{self.hub.repo} is a Space with the SDK {there.sdk}; a report needs one with the SDK {_STATIC}. "
                "Choose another --space."
            )
        if self.restricted and not there.private:
            raise PublishError(
                f"The Space {self.hub.repo} is public and the dataset {self.wish.repo} is not, and the report shows "
                f"samples of it. Make the Space private at {self.hub.page}/settings, or choose another --space."
            )

    def write(self, folder: RunFolder, card: Card, version: str) -> str:
        """Make the Space show the report of the release; what to print of it."""
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch, "report")
            report(folder, out, released=True)
            replace_file(str(out / CARD), space_card(card, self.wish.repo, version).encode())
            return self._send(out, _listed(out, self.wish.repo, version), version)

    def _send(self, out: Path, wanted: Mapping[str, Wanted], version: str) -> str:
        repo, head = self.hub.repo, self.hub.find()
        if head is None and not self.wish.dry_run:
            self.hub.create(private=self.restricted)
            head = self.hub.snapshot()
        todo = self._changes(head or Snapshot(""), wanted)
        size = sum(wanted[path].size for path in todo.send)
        travels = f"{counted(len(todo.send), 'file')}, {counted(size, 'byte')}; {len(todo.delete):,} deleted"
        if self.wish.dry_run:
            return f"The Space {repo} would show the report: {travels}. Nothing was sent."
        if head is None or todo.none:
            return f"The Space {repo} shows this report already."
        operations: list[Operation] = [
            *(CommitOperationAdd(path, str(out / path)) for path in todo.send),
            *(CommitOperationDelete(path) for path in todo.delete),
        ]
        digests = {**{path: wanted[path].digest for path in todo.send}, **dict.fromkeys(todo.delete)}
        words = Words(f"Report of {self.wish.repo} {version}", "")
        commit = self.hub.commit(operations, digests, words, Position(head.commit))
        return f"The Space {repo} shows the report, commit {commit[:10]} ({travels})."

    def _changes(self, head: Snapshot, wanted: Mapping[str, Wanted]) -> Changes:
        known = self._published(head)
        todo = changes(head, wanted, known)
        if todo.strangers and not self.wish.force:
            some = ", ".join(todo.strangers[:_SHOWN])
            more = f" and {len(todo.strangers) - _SHOWN:,} more" if len(todo.strangers) > _SHOWN else ""
            if known is None:
                raise PublishError(
                    f"The Space {self.hub.repo} is taken: it holds files that blift did not write ({some}{more}). "
                    "Choose another --space, or use --force to publish beside them."
                )
            raise PublishError(
                f"Somebody else changed {some}{more} in the Space {self.hub.repo} since blift published it. "
                "--force overwrites the change."
            )
        return todo

    def _published(self, head: Snapshot) -> dict[str, str] | None:
        """Digests of what an earlier publication, or the Hub itself, wrote; None where the Space is somebody's."""
        if ABOUT in head.files:
            try:
                known = _files_of(self.hub.read(ABOUT, head.commit), f"{ABOUT} of the Space {self.hub.repo}")
            except InputError:
                if self.wish.force:
                    return None
                raise
            return {**known, ABOUT: head.files[ABOUT]}
        files = {path: digest for path, digest in head.files.items() if path != _GITATTRIBUTES}
        if files.keys() <= _TEMPLATE and (not files or not self.hub.has_history()):
            return files
        return None


class _File(msgspec.Struct):
    digest: Annotated[str, msgspec.Meta(pattern=r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]


class _About(msgspec.Struct):
    """The part of a published report's list that is read again."""

    files: dict[str, _File]


def _files_of(text: bytes, where: str) -> dict[str, str]:
    """The digests in the list of a published report.

    Raises:
        InputError: it is none.
    """
    try:
        files = msgspec.json.decode(text, type=_About).files
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"{where} is no list of a report that blift published ({error}). Choose another --space, or use --force."
        ) from error
    for path in files:
        if fault := fault_of_path(path):
            raise InputError(f"{where} names the file {path!r}, which {fault}: blift did not write that.")
    return {path: file.digest for path, file in files.items()}


def _listed(out: Path, dataset: str, version: str) -> dict[str, Wanted]:
    """The files of a report as they are to be, and the list of them written beside them."""
    files = {path: _wanted(out / path) for path in files_in(out) if path != ABOUT}
    content = {
        "format": 1,
        "dataset": dataset,
        "version": version,
        "files": {path: {"bytes": file.size, "digest": file.digest} for path, file in files.items()},
    }
    replace_file(str(out / ABOUT), json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")
    return {**files, ABOUT: _wanted(out / ABOUT)}


def _wanted(path: Path) -> Wanted:
    content = path.read_bytes()
    in_lfs = len(content) > _LFS_BYTES
    return Wanted(len(content), hashlib.sha256(content).hexdigest() if in_lfs else blob_digest(content))
