"""A dataset or a Space on the Hub: its head, its tags, uploads before a commit, and commits that are made once."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.util import find_spec
from typing import TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.tqdm import disable_progress_bars

from blift.connectors.hub.failures import (
    NO_TOKEN,
    Kind,
    hinted_wait_s,
    is_stale,
    is_unreachable,
    passes,
    sentence,
)
from blift.schemas.errors import PublishError

Operation = CommitOperationAdd | CommitOperationDelete
#: Digest by path, as in a snapshot; None where there is to be no file.
Digests = Mapping[str, str | None]
_T = TypeVar("_T")

MAIN = "main"
_CONFLICT = 409


@dataclass(frozen=True)
class Patience:
    """How long to go on with what may pass.

    Attributes:
        tries: how often.
        longest_s: the longest wait between two that the server did not name.
        sleep: waits so many seconds.
    """

    tries: int = 10
    longest_s: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def wait_s(self, attempt: int, error: BaseException) -> float:
        """Seconds to wait after the attempt (0 first): the server's hint, else twice as long each time."""
        hint = hinted_wait_s(error)
        return hint + 1 if hint is not None else min(self.longest_s, 2.0**attempt)


@dataclass(frozen=True)
class Snapshot:
    """The files of one commit: for each path its digest, sha256 in LFS and git's digest of a blob otherwise."""

    commit: str
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Position:
    """Where a commit goes: a branch or the ref of a pull request, and the commit that is its head."""

    head: str
    revision: str = MAIN


@dataclass(frozen=True)
class Words:
    """Title and description of a commit or a pull request."""

    title: str
    description: str


class Line(StrEnum):
    """How contents travel; the value is what people are told."""

    XET = "by Xet"
    LFS_ASKED = "whole files by LFS, as HF_HUB_DISABLE_XET says"
    LFS_ALONE = "whole files by LFS, since hf_xet is not installed"


def line() -> Line:
    """How contents travel from this machine."""
    if constants.HF_HUB_DISABLE_XET:
        return Line.LFS_ASKED
    return Line.XET if find_spec("hf_xet") else Line.LFS_ALONE


class Moved(PublishError):
    """Somebody else committed meanwhile."""


@dataclass(frozen=True)
class Standing:
    """Who may read a repository, and what shows it.

    Attributes:
        private: only its owner may read it.
        gated: readers must ask for access.
        sdk: what runs a Space, such as `static` or `gradio`; None for a dataset.
    """

    private: bool
    gated: bool
    sdk: str | None

    @property
    def is_restricted(self) -> bool:
        """Not everybody may read it."""
        return self.private or self.gated


class Hub:
    """One repository on the Hub. The token is found as huggingface_hub finds it, and kept nowhere here.

    Args:
        repo: `OWNER/NAME`.
        kind: a dataset, or a static Space.
        endpoint: address of the Hub; None for the one of the environment.
        patience: how long to go on with what may pass.
    """

    def __init__(
        self, repo: str, endpoint: str | None = None, patience: Patience | None = None, kind: Kind = Kind.DATASET
    ) -> None:
        disable_progress_bars()
        self.repo = repo
        self._kind = kind
        self.endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")
        self._answered = False
        self._patience = patience or Patience()
        self._api = HfApi(endpoint=self.endpoint)

    @property
    def page(self) -> str:
        """Address of its page."""
        return f"{self.endpoint}/{self._kind}s/{self.repo}"

    def require_token(self) -> None:
        """Check that there is a token.

        Raises:
            PublishError: there is none.
        """
        if get_token() is None:
            raise PublishError(NO_TOKEN)

    def find(self) -> Snapshot | None:
        """The files of the main branch; None where there is no such repository, or none that may be seen.

        Raises:
            PublishError: the Hub cannot be reached, or does not know the token.
        """
        return _unless_missing(self.snapshot)

    def standing(self) -> Standing | None:
        """Who may read it, and what shows it; None where there is no such repository, or none that may be seen.

        Raises:
            PublishError: as ``find``.
        """
        info = _unless_missing(
            lambda: self._patiently(lambda: self._api.repo_info(self.repo, repo_type=self._kind.value))
        )
        if info is None:
            return None
        return Standing(bool(info.private), bool(getattr(info, "gated", False)), getattr(info, "sdk", None))

    def has_history(self) -> bool:
        """Whether anybody committed after the Hub's first commit.

        Raises:
            PublishError: the commits cannot be read.
        """
        commits = self._patiently(lambda: self._api.list_repo_commits(self.repo, repo_type=self._kind.value))
        return len(commits) > 1

    def create(self, *, private: bool) -> None:
        """Create the repository, unless it exists; a Space is a static one.

        Raises:
            PublishError: it may not be created.
        """
        sdk = "static" if self._kind is Kind.SPACE else None
        self._patiently(
            lambda: self._api.create_repo(
                self.repo, repo_type=self._kind.value, private=private, exist_ok=True, space_sdk=sdk
            )
        )

    def gate(self, gated: str) -> None:
        """Let readers ask for access, granted `auto` or `manual`.

        Raises:
            PublishError: the settings may not be changed.
        """
        self._patiently(lambda: self._api.update_repo_settings(self.repo, repo_type=self._kind.value, gated=gated))  # type: ignore[arg-type]

    def snapshot(self, revision: str = MAIN) -> Snapshot:
        """The files of a branch, tag, commit or pull request.

        Raises:
            PublishError: there is no such revision, or it may not be read.
        """
        info = self._patiently(lambda: self._api.repo_info(self.repo, repo_type=self._kind.value, revision=revision))
        commit = str(info.sha)
        entries = self._patiently(
            lambda: list(
                self._api.list_repo_tree(self.repo, recursive=True, revision=commit, repo_type=self._kind.value)
            )
        )
        files = [entry for entry in entries if isinstance(entry, RepoFile)]
        return Snapshot(commit, {file.path: file.lfs.sha256 if file.lfs else file.blob_id for file in files})

    def tags(self) -> dict[str, str]:
        """Every tag and the commit that it names.

        Raises:
            PublishError: they cannot be read.
        """
        refs = self._patiently(lambda: self._api.list_repo_refs(self.repo, repo_type=self._kind.value))
        return {tag.name: tag.target_commit for tag in refs.tags}

    def read(self, path: str, revision: str) -> bytes:
        """The content of a file.

        Raises:
            PublishError: it is not there, or may not be read.
        """
        with tempfile.TemporaryDirectory() as scratch, open(self.download(path, revision, scratch), "rb") as stream:
            return stream.read()

    def download(self, path: str, revision: str, folder: str) -> str:
        """Fetch a file into a folder of this machine; its path there.

        Raises:
            PublishError: it is not there, or may not be read.
        """
        return self._patiently(
            lambda: self._api.hf_hub_download(
                self.repo, path, repo_type=self._kind.value, revision=revision, local_dir=folder
            )
        )

    def preupload(self, additions: Sequence[CommitOperationAdd], *, for_pull_request: bool = False) -> Line:
        """Send the contents of large files, and say how; what the Hub holds already does not travel.

        Afterwards the operations no longer name a file of this machine: a commit takes them from anywhere.

        Raises:
            PublishError: the Hub does not take them, or would not keep one of them in LFS.
        """
        self._patiently(
            lambda: self._api.preupload_lfs_files(
                self.repo, additions, repo_type=self._kind.value, create_pr=for_pull_request or None
            )
        )
        for addition in additions:
            if addition.path_or_fileobj:  # what was sent holds nothing any more
                raise PublishError(
                    f"{self.repo} does not keep {addition.path_in_repo} in LFS. Restore the lines of its "
                    ".gitattributes that the Hub writes into a new dataset, name no such file in its .gitignore, and "
                    "publish again."
                )
        return line()

    def commit(self, operations: Sequence[Operation], wanted: Digests, words: Words, at: Position) -> str:
        """Make one commit, once, whatever becomes of the answer; its digest.

        Args:
            operations: what to add and to delete; contents of large files were sent before.
            wanted: digest of every path that the operations touch; None where it is to be gone.
            words: title and description.
            at: where, and the commit that must still be its head.

        Raises:
            Moved: somebody else committed meanwhile; nothing was changed.
            PublishError: the Hub refuses the commit.
        """
        attempt = 0
        while True:
            try:
                made = self._api.create_commit(
                    self.repo,
                    operations,
                    commit_message=words.title,
                    commit_description=words.description,
                    repo_type=self._kind.value,
                    revision=at.revision,
                    parent_commit=at.head,
                )
            except Exception as error:
                if not (passes(error) or is_stale(error)):
                    raise sentence(error, self.repo, self.endpoint, self._kind) from error
                if made_after_all := self._made_after_all(wanted, at, error):
                    return made_after_all
                attempt = self._wait(attempt, error)
            else:
                return str(made.oid)

    def _made_after_all(self, wanted: Digests, at: Position, error: Exception) -> str | None:
        """The commit, where it was made and only its answer was lost; None where it was not and may be tried again."""
        now = self.snapshot(at.revision)
        if holds(now, wanted):
            return now.commit
        if now.commit != at.head:
            raise Moved(
                f"Somebody else committed to {self.repo} while this was published: its head is {now.commit[:10]} and "
                f"was {at.head[:10]}. Nothing of this was committed. Look at what came, and publish again."
            ) from error
        return None

    def tag(self, name: str, commit: str) -> None:
        """Let a tag name a commit.

        Raises:
            PublishError: the tag names another commit, or may not be made.
        """
        try:
            self._patiently(
                lambda: self._api.create_tag(self.repo, tag=name, revision=commit, repo_type=self._kind.value)
            )
        except PublishError as error:
            cause = error.__cause__
            if not (isinstance(cause, HfHubHTTPError) and cause.response.status_code == _CONFLICT):
                raise
            if self.tags().get(name) != commit:
                raise PublishError(
                    f"The tag {name} of {self.repo} names another commit. Choose a higher --tag; tags are never moved."
                ) from error

    def pull_request(self, words: Words) -> int:
        """The number of the open pull request of that title; opened where there is none.

        Raises:
            PublishError: it may not be opened.
        """

        def find_or_open() -> int:
            found = self._api.get_repo_discussions(
                self.repo, discussion_type="pull_request", discussion_status="open", repo_type=self._kind.value
            )
            number = next((entry.num for entry in found if entry.title == words.title), None)
            if number is None:
                made = self._api.create_pull_request(
                    self.repo, words.title, description=words.description, repo_type=self._kind.value
                )
                number = made.num
            return int(number)

        return self._patiently(find_or_open)

    def address_of(self, number: int) -> str:
        """Where people look at a pull request."""
        return f"{self.page}/discussions/{number}"

    def offer(self, number: int) -> None:
        """Let a pull request be no draft any more.

        Raises:
            PublishError: it may not be changed.
        """

        def do() -> None:
            if self._api.get_discussion_details(self.repo, number, repo_type=self._kind.value).status == "draft":
                self._api.change_discussion_status(self.repo, number, "open", repo_type=self._kind.value)

        self._patiently(do)

    def merge(self, number: int) -> None:
        """Merge a pull request.

        Raises:
            PublishError: it conflicts with what somebody else committed, or may not be merged.
        """

        def do() -> None:
            if self._api.get_discussion_details(self.repo, number, repo_type=self._kind.value).status != "merged":
                self._api.merge_pull_request(self.repo, number, repo_type=self._kind.value)

        self._patiently(do)

    def _patiently(self, call: Callable[[], _T]) -> _T:
        """Call until it succeeds, or fails in a way that does not pass. Who has never answered is not there."""
        attempt = 0
        while True:
            try:
                answer = call()
            except Exception as error:
                if not passes(error) or (is_unreachable(error) and not self._answered):
                    raise sentence(error, self.repo, self.endpoint, self._kind) from error
                attempt = self._wait(attempt, error)
            else:
                self._answered = True
                return answer

    def _wait(self, attempt: int, error: Exception) -> int:
        """Wait after a failure; the number of the next attempt."""
        if attempt + 1 >= self._patience.tries:
            raise sentence(error, self.repo, self.endpoint, self._kind) from error
        self._patience.sleep(self._patience.wait_s(attempt, error))
        return attempt + 1


def _unless_missing(call: Callable[[], _T]) -> _T | None:
    """What a call gives; None where the Hub says that there is no such repository."""
    try:
        return call()
    except PublishError as error:
        if isinstance(error.__cause__, RepositoryNotFoundError):
            return None
        raise


def holds(snapshot: Snapshot, wanted: Digests) -> bool:
    """Whether a commit has every file as it is wanted."""
    return all(snapshot.files.get(path) == digest for path, digest in wanted.items())
