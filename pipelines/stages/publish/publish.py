"""Publication: the release goes to the Hub whole, once, in one commit, and gets a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from blift.connectors.hub.client import Hub, Line, Moved, Operation, Position, Snapshot, Words, holds
from blift.connectors.hub.plan import Changes, Wanted, changes
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.run_folder import MANIFEST, RunFolder
from blift.pipelines.engine.stage import Request
from blift.pipelines.engine.stage_run import Place, Report, run_unless_done
from blift.pipelines.engine.statistics import statistics_in
from blift.pipelines.engine.versions import amend
from blift.pipelines.recipe.file import RecipeFile
from blift.pipelines.stages.publish.edition import Edition, Facts
from blift.pipelines.stages.publish.files import Publication, PublishedManifest
from blift.pipelines.stages.publish.lists import lists_of
from blift.pipelines.stages.publish.sender import Target
from blift.pipelines.stages.publish.upload import upload
from blift.pipelines.stages.publish.valid import refuse_invalid
from blift.pipelines.stages.publish.versions import Difference, chosen_tag
from blift.pipelines.stages.release import layout
from blift.pipelines.stages.release import stage as release
from blift.schemas.counted import counted
from blift.schemas.errors import InputError, PublishError

#: Files of one commit; the Hub takes 25,000 in LFS.
FILES_PER_COMMIT = 25_000
_SHOWN = 3


@dataclass(frozen=True)
class Wish:
    """How to publish.

    Attributes:
        repo: the dataset, `OWNER/NAME`.
        space: the Space for its report, `OWNER/NAME`; None for none.
        private: make it private, where it is made.
        gated: let readers ask for access, `auto` or `manual`.
        tag: the version; None for the lowest that says what changed.
        create_pr: propose the publication as a pull request, untagged.
        dry_run: change nothing on the Hub.
        force: overwrite what somebody else wrote or changed in files that this publishes.
        files_per_commit: more files take several commits, in a pull request that is merged when it is whole.
    """

    repo: str
    space: str | None = None
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
        lines: how contents travelled; none where only texts were committed.
    """

    edition: Edition
    sent: int
    sent_bytes: int
    deleted: int
    commit: str | None
    pull_request: str | None = None
    there_before: bool = False
    lines: tuple[Line, ...] = ()

    def told(self, wish: Wish) -> str:
        """What to print of it."""
        version, repo = self.edition.version, wish.repo
        travels = "; ".join(
            [
                f"{counted(self.sent, 'file')}, {counted(self.sent_bytes, 'byte')}",
                f"{self.deleted:,} deleted",
                *self.lines,
            ]
        )
        if wish.dry_run:
            return f"{repo} would become {version}: {travels}. Nothing was sent."
        if self.there_before:
            return f"{repo} holds this already, as {version}."
        if self.pull_request:
            return f"{repo} {version} is proposed: {self.pull_request} ({travels})."
        return f"{repo} is {version}, commit {(self.commit or '')[:10]} ({travels})."


def publish(
    source: RecipeFile,
    folder: RunFolder,
    beam: BeamArguments,
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
    place = Place(source, folder, beam, partial(amend, folder, source.recipe.card))
    with folder.locked():
        publication = _released(place, wish.repo, report)
        head = hub.find()
        if head is None and not wish.dry_run:
            hub.create(private=wish.private)
            head = hub.snapshot()
        result = _Publisher(place, publication, hub, wish, head or Snapshot("")).run()
    if result.commit and result.pull_request is None and not wish.dry_run:
        report.published(f"hf://datasets/{wish.repo}")
    return result


def _released(place: Place, repo: str, report: Report) -> Publication:
    """The run folder's release, made where it is not there, and the gate passed."""
    manifest = place.folder.read_manifest()
    prepared = release.prepare(Request(place.source, place.folder, None, manifest))
    if manifest is None:
        raise InputError(f"{place.folder.path} has no {MANIFEST}: it is no run folder.")
    manifest = run_unless_done(release.STAGE, prepared, manifest, place, report) or manifest
    release.gate(manifest.stages[layout.STAGE].findings)
    refuse_invalid(place.folder, manifest)
    statistics = statistics_in(place.folder, manifest)
    text = place.folder.recipe_text()
    facts = Facts(manifest, place.source.recipe.card, repo, statistics)
    return Publication(facts, text, lists_of(place.folder, text))


@dataclass
class _Publisher:
    """One publication on its way: what is there, what is wanted, what is done about it."""

    place: Place
    publication: Publication
    hub: Hub
    wish: Wish
    head: Snapshot
    lines: set[Line] = field(default_factory=set)

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
        result = Result(edition, len(todo.send), size, len(todo.delete), self.head.commit, there_before=todo.none)
        if todo.none:
            self.hub.tag(edition.version, self.head.commit)
            return result
        self._check_tag(edition.version)
        if self.wish.create_pr:
            number = self._propose(known, wanted, edition)
            return replace(result, commit=None, pull_request=self.hub.address_of(number), lines=self._lines())
        if len(todo.send) + len(todo.delete) > self.wish.files_per_commit:
            commit = self._merge(self._propose(known, wanted, edition), wanted)
        else:
            commit = self._commit(todo, wanted, edition)
        self.hub.tag(edition.version, commit)
        return replace(result, commit=commit, lines=self._lines())

    def _published(self) -> PublishedManifest | None:
        """What the head's manifest says, where the head is a publication of blift."""
        if MANIFEST not in self.head.files:
            return None
        where = f"{MANIFEST} of {self.wish.repo}"
        try:
            return PublishedManifest.parse(self.hub.read(MANIFEST, self.head.commit), where)
        except InputError:
            if self.wish.force:
                return None
            raise

    def _edition(self, published: PublishedManifest | None) -> tuple[Edition, dict[str, Wanted]]:
        """The version of this publication and its files; that of the head, where it holds the same."""
        publication, repo = self.publication, self.wish.repo
        if published is None:
            edition = Edition(chosen_tag(self.wish.tag, None, Difference()), None, Difference())
            return edition, publication.files(edition)
        if published.release == publication.fingerprint:
            wanted = publication.files(published.edition)
            # A manifest that differs in versions of libraries alone says nothing that a reader would miss.
            wanted[MANIFEST] = replace(wanted[MANIFEST], digest=self.head.files[MANIFEST])
            if holds(self.head, {path: file.digest for path, file in wanted.items()}):
                if self.wish.tag not in (None, published.edition.version):
                    raise PublishError(
                        f"{repo} holds the same already, as {published.edition.version}. Leave --tag out: nothing is "
                        "new."
                    )
                return published.edition, wanted
        from blift.pipelines.stages.publish.compare import changed_since  # noqa: PLC0415 - slow, and a first version is compared with none

        changed = changed_since(self.hub, self.head, published, publication.facts, self.place.folder)
        previous = published.edition.version
        edition = Edition(chosen_tag(self.wish.tag, previous, changed), previous, changed)
        return edition, publication.files(edition)

    def _check_tag(self, version: str) -> None:
        if not self.wish.create_pr and version in self.hub.tags():
            raise PublishError(
                f"The tag {version} of {self.wish.repo} exists and names other content. Choose a higher --tag."
            )

    def _commit(self, todo: Changes, wanted: Mapping[str, Wanted], edition: Edition) -> str:
        """All changes in one commit on the head."""
        words = self._words(edition)
        operations: list[Operation] = [*self._sent(todo.send), *_texts(todo.send, wanted), *_gone(todo.delete)]
        return self.hub.commit(operations, _digests(todo, wanted), words, Position(self.head.commit))

    def _propose(self, known: Mapping[str, str] | None, wanted: Mapping[str, Wanted], edition: Edition) -> int:
        """All changes as a pull request, in as many commits as they need; its number.

        What a run before this one has committed there already does not travel again.
        """
        words = self._words(edition)
        number = self.hub.pull_request(words)
        ref = f"refs/pr/{number}"
        there = self.hub.snapshot(ref)
        todo = changes(there, wanted, known)
        shards = self.publication.facts.shards
        data = [path for path in todo.send if path in shards]
        most = self.wish.files_per_commit
        parts = [data[first : first + most] for first in range(0, len(data), most)] or [[]]
        texts = [path for path in todo.send if path not in shards]
        head = there.commit
        for part in parts:
            last = part is parts[-1]
            step = Changes([*part, *(texts if last else [])], todo.delete if last else [], [])
            if step.none:
                continue
            operations: list[Operation] = [*self._sent(part), *_texts(step.send, wanted), *_gone(step.delete)]
            head = self.hub.commit(operations, _digests(step, wanted), words, Position(head, ref))
        self.hub.offer(number)
        return number

    def _merge(self, number: int, wanted: Mapping[str, Wanted]) -> str:
        """Let the main branch move to what a pull request holds, in one step; the commit."""
        if self.hub.snapshot().commit != self.head.commit:
            raise Moved(
                f"Somebody else committed to {self.wish.repo} while this was published. Nothing was merged: "
                f"{self.hub.address_of(number)} holds this version. Look at what came, and publish again."
            )
        self.hub.merge(number)
        merged = self.hub.snapshot()
        if not holds(merged, {path: file.digest for path, file in wanted.items()}):
            raise Moved(f"Somebody else changed {self.wish.repo} as this was merged. Publish again.")
        return merged.commit

    def _words(self, edition: Edition) -> Words:
        title = f"blift {edition.version}: {self.publication.facts.card.title} ({self.publication.fingerprint[:12]})"
        return Words(title, edition.description)

    def _sent(self, paths: Sequence[str]) -> list[CommitOperationAdd]:
        """The operations for shards, whose contents workers have sent."""
        shards = self.publication.facts.shards
        target = Target(self.wish.repo, self.hub.endpoint, self.wish.create_pr)
        chosen = [(path, shards[path]) for path in paths if path in shards]
        sent = upload(chosen, self.place.folder, target, self.place.beam)
        self.lines.update(one.line for one in sent)
        return [one.operation for one in sent]

    def _lines(self) -> tuple[Line, ...]:
        return tuple(sorted(self.lines))


def _texts(paths: Sequence[str], wanted: Mapping[str, Wanted]) -> list[CommitOperationAdd]:
    contents = ((path, wanted[path].content) for path in paths)
    return [CommitOperationAdd(path, content) for path, content in contents if content is not None]


def _gone(paths: Sequence[str]) -> list[CommitOperationDelete]:
    return [CommitOperationDelete(path) for path in paths]


def _digests(todo: Changes, wanted: Mapping[str, Wanted]) -> dict[str, str | None]:
    return {**{path: wanted[path].digest for path in todo.send}, **dict.fromkeys(todo.delete)}


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
