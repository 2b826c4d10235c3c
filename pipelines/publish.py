"""Publication: the release goes to the Hub whole, once, in one commit, and gets a version."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from apache_beam.options.pipeline_options import PipelineOptions
from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from connectors.hub.client import MAIN, Hub, Moved, Operation, Outcome, Snapshot, holds
from connectors.hub.plan import Changes, Wanted, changes
from connectors.parquet import Shard
from pipelines import release
from pipelines.build import Place, Report, run_unless_done
from pipelines.prepare import Request
from pipelines.publication import Edition, Publication, Published
from pipelines.recipe_file import RecipeFile
from pipelines.run_folder import MANIFEST, RunFolder
from pipelines.upload import Target, upload
from pipelines.versions import Difference, chosen_tag, definition_of, difference
from schemas.errors import InputError, PublishError
from transforms.digests import SCHEMA as DIGESTS
from transforms.digests import RowChanges, compare

#: Files of one commit; the Hub takes 25,000 in LFS.
FILES_PER_COMMIT = 25_000
_SHOWN = 3


@dataclass(frozen=True)
class Wish:
    """How to publish.

    Attributes:
        repo: the dataset, `OWNER/NAME`.
        private: make it private, where it is made.
        gated: let readers ask for access, `auto` or `manual`.
        tag: the version; None for the lowest that says what changed.
        create_pr: propose the publication as a pull request, untagged.
        dry_run: change nothing on the Hub.
        force: overwrite what somebody else wrote or changed in files that this publishes.
        files_per_commit: more files take several commits, in a pull request that is merged when it is whole.
    """

    repo: str
    private: bool = False
    gated: str | None = None
    tag: str | None = None
    create_pr: bool = False
    dry_run: bool = False
    force: bool = False
    files_per_commit: int = FILES_PER_COMMIT


@dataclass(frozen=True)
class Result:
    """What came of it.

    Attributes:
        edition: the version, and what it changes.
        sent: files that were added or replaced; ``sent_bytes`` of them.
        deleted: files of an earlier version that are gone.
        commit: the commit that holds it; None where nothing was committed on a dry run.
        pull_request: address of the pull request that proposes it.
        there_before: the Hub held this content already.
    """

    edition: Edition
    sent: int
    sent_bytes: int
    deleted: int
    commit: str | None
    pull_request: str | None = None
    there_before: bool = False


def publish(
    source: RecipeFile,
    folder: RunFolder,
    options: PipelineOptions,
    wish: Wish,
    report: Report,
    hub: Hub | None = None,
) -> Result:
    """Release what the run folder holds, and publish it.

    Raises:
        PublishError: the Hub refuses, cannot be reached, or holds what must not be overwritten.
        InputError: the run folder has nothing to publish, or the privacy gate is shut.
    """
    hub = hub or Hub(wish.repo)
    hub.require_token()
    place = Place(source, folder, options)
    with folder.locked():
        publication = _released(place, report)
        exists = hub.exists()
        if not exists and not wish.dry_run:
            hub.create(private=wish.private)
        head = hub.snapshot() if exists or not wish.dry_run else Snapshot("")
        return _Publisher(place, publication, hub, wish, head).run()


def _released(place: Place, report: Report) -> Publication:
    """The run folder's release, made where it is not there, and the gate passed."""
    manifest = place.folder.read_manifest()
    prepared = release.prepare(Request(place.source, place.folder, None, manifest))
    if manifest is None:
        raise InputError(f"{place.folder.path} has no {MANIFEST}: it is no run folder.")
    manifest = run_unless_done(release.STAGE, prepared, manifest, place, report)
    release.gate(manifest.stages[release.STAGE].findings)
    return Publication(place.source, manifest)


@dataclass
class _Publisher:
    """One publication on its way: what is there, what is wanted, what is done about it."""

    place: Place
    publication: Publication
    hub: Hub
    wish: Wish
    head: Snapshot

    def run(self) -> Result:
        published = self._published()
        edition, wanted = self._edition(published)
        known = {**published.files, MANIFEST: self.head.files[MANIFEST]} if published else None
        todo = changes(self.head, wanted, known)
        if todo.strangers and not self.wish.force:
            raise PublishError(_strangers(self.wish.repo, todo.strangers, published is None))
        size = sum(wanted[path].size for path in todo.send)
        if self.wish.dry_run:
            return Result(edition, len(todo.send), size, len(todo.delete), None, there_before=todo.none)
        if self.wish.gated:
            self.hub.gate(self.wish.gated)
        if todo.none:
            outcome = Outcome(self.head.commit)
        else:
            self._check_tag(edition.version)
            outcome = self._commit(todo, wanted, edition)
        if outcome.pull_request is None:
            self.hub.tag(edition.version, outcome.commit)
        return Result(
            edition, len(todo.send), size, len(todo.delete), outcome.commit, outcome.pull_request, todo.none
        )

    def _published(self) -> Published | None:
        """What the head's manifest says, where the head is a publication of blift."""
        if MANIFEST not in self.head.files:
            return None
        try:
            return Published.parse(self.hub.read(MANIFEST, self.head.commit), f"{MANIFEST} of {self.wish.repo}")
        except InputError:
            if self.wish.force:
                return None
            raise

    def _edition(self, published: Published | None) -> tuple[Edition, dict[str, Wanted]]:
        """The version of this publication and its files; that of the head, where it holds the same."""
        publication, repo = self.publication, self.wish.repo
        if published is None:
            edition = Edition(chosen_tag(self.wish.tag, None, Difference()), None, Difference())
            return edition, publication.files(edition, repo)
        if published.release == publication.fingerprint:
            wanted = publication.files(published.edition, repo)
            if holds(self.head, {path: file.digest for path, file in wanted.items()}):
                if self.wish.tag not in (None, published.version):
                    raise PublishError(
                        f"{repo} holds the same already, as {published.version}. Leave --tag out: nothing is new."
                    )
                return published.edition, wanted
        changed = self._difference(published)
        edition = Edition(chosen_tag(self.wish.tag, published.version, changed), published.version, changed)
        return edition, publication.files(edition, repo)

    def _difference(self, published: Published) -> Difference:
        rows = {}
        for config in self.publication.configs:
            path = f"digests/{config}.parquet"
            if path not in self.publication.shards:
                continue
            if published.files.get(path) != self.publication.shards[path].sha256:
                rows[config] = self._compared(path, path in self.head.files)
            else:
                rows[config] = RowChanges()
        old = {
            name: definition_of(self.hub.read(path, self.head.commit), f"{path} of {self.wish.repo}")
            for name, path in published.schemas.items()
        }
        return difference(rows, old, self.publication.definitions)

    def _compared(self, path: str, there: bool) -> RowChanges:  # noqa: FBT001 - one caller, beside it
        own = pq.read_table(self.place.folder.file(f"{release.FOLDER}{path}"))
        old = DIGESTS.empty_table()
        if there:
            import pyarrow as pa

            old = pq.read_table(pa.BufferReader(self.hub.read(path, self.head.commit)))
        return compare(old, own)

    def _check_tag(self, version: str) -> None:
        if not self.wish.create_pr and version in self.hub.tags():
            raise PublishError(
                f"The tag {version} of {self.wish.repo} exists and names other content. Choose a higher --tag."
            )

    def _commit(self, todo: Changes, wanted: Mapping[str, Wanted], edition: Edition) -> Outcome:
        shards = self.publication.shards
        target = Target(self.wish.repo, self.hub.endpoint, self.wish.create_pr)
        large = upload(
            [(path, shards[path]) for path in todo.send if path in shards],
            self.place.folder,
            target,
            self.place.options,
        )
        small = [CommitOperationAdd(path, wanted[path].content or b"") for path in todo.send if path not in shards]
        gone = [CommitOperationDelete(path) for path in todo.delete]
        digests: dict[str, str | None] = {path: wanted[path].digest for path in todo.send}
        digests |= dict.fromkeys(todo.delete)
        title = f"blift {edition.version}: {self.publication.source.recipe.card.title}"
        text = describe(edition)
        return self.hub.commit(
            [*large, *small, *gone], digests, title, text, self.head.commit, pull_request=self.wish.create_pr
        )


def _strangers(repo: str, paths: Sequence[str], none_published: bool) -> str:  # noqa: FBT001 - one caller, above
    some = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    if none_published:
        return (
            f"{repo} is taken: it holds files that blift did not write ({some}). Choose another --repo, or say "
            "--force to publish beside them."
        )
    return (
        f"Somebody else changed {some} in {repo} since blift published it. Look at the change there; "
        "--force overwrites it."
    )


def describe(edition: Edition) -> str:
    """What an edition changes, as Markdown."""
    if edition.previous is None:
        return "The first version."
    lines = [f"Since {edition.previous}:\n"]
    lines += [f"- {sentence}" for sentence in edition.changed.schemas]
    lines += [
        f"- `{config}`: {rows.added:,} rows added, {rows.removed:,} removed, {rows.changed:,} changed"
        for config, rows in edition.changed.rows.items()
        if rows.any
    ]
    return "\n".join(lines) if len(lines) > 1 else f"Since {edition.previous} only the card or the recipe changed."
