"""What the Hub remembers: accounts, datasets and Spaces with their commits, tags and pull requests, and LFS objects."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from tests.hub_server.xet_api import XetStorage

#: Tokens that the server knows: one may write to the namespaces `owner` and `other`, one may only read.
TOKEN = "hf_ownersSecretOfThisTestOnly"  # noqa: S105 - of this server alone
READER = "hf_readersSecretOfThisTestOnly"
_WRITES = {TOKEN: ("owner", "other"), READER: ()}
_NAMES = {TOKEN: "owner", READER: "reader"}

#: What the Hub's first commit of a dataset sends to LFS (the part that matters here).
GITATTRIBUTES = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n*.jpg filter=lfs diff=lfs merge=lfs -text\n"
_LFS_NAMES = ("*.parquet", "*.jpg", "*.jpeg", "*.png", "*.gif", "*.webp", "*.mp4", "*.webm")
#: What it writes into a new static Space beside that.
STATIC_TEMPLATE = {
    "README.md": b"---\ntitle: Demo\ncolorFrom: blue\ncolorTo: purple\nsdk: %s\npinned: false\n---\n",
    "index.html": b"<!doctype html><title>My static Space</title>\n",
    "style.css": b"body { padding: 2rem; }\n",
}
_SDKS = ("gradio", "docker", "static", "streamlit")
#: A regular file may not be larger.
_REGULAR_BYTES = 10 << 20


class Refused(Exception):
    """The request breaks a rule; the status and what the Hub says."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass(frozen=True)
class Blob:
    """A file of a commit; an LFS file has a digest, and its content lies with the objects."""

    size: int
    content: bytes = b""
    sha256: str | None = None

    @property
    def oid(self) -> str:
        """git's digest of the blob: of the pointer, where the file is in LFS."""
        stored = self.pointer if self.sha256 else self.content
        return hashlib.sha1(b"blob %d\0" % len(stored) + stored).hexdigest()  # noqa: S324 - what git uses

    @property
    def pointer(self) -> bytes:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n".encode()

    @property
    def remote_oid(self) -> str:
        """What a client compares with: sha256 in LFS, git's digest otherwise."""
        return self.sha256 or self.oid


@dataclass(frozen=True)
class Commit:
    """A commit: its tree and where it came from."""

    oid: str
    parent: str | None
    tree: dict[str, Blob]
    title: str
    description: str


@dataclass
class PullRequest:
    """A pull request and the head of its ref."""

    num: int
    title: str
    head: str
    status: str = "draft"


@dataclass
class Repo:
    """A dataset, or a Space, whose name begins with `spaces/`."""

    name: str
    private: bool
    gated: str | bool = False
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "space" if self.name.startswith("spaces/") else "dataset"

    @property
    def full_name(self) -> str:
        """`OWNER/NAME`."""
        return self.name.removeprefix("spaces/")

    @property
    def sdk(self) -> str:
        """What runs a Space: its card says it."""
        card = self.resolve("main").tree["README.md"].content.decode()
        return str(yaml.safe_load(card.split("---\n")[1])["sdk"])

    def add(self, parent: str | None, tree: dict[str, Blob], title: str, description: str = "") -> Commit:
        """A new commit; no branch points to it yet."""
        text = f"{parent} {title} {description} {sorted((path, blob.oid) for path, blob in tree.items())}"
        commit = Commit(hashlib.sha1(text.encode()).hexdigest(), parent, tree, title, description)  # noqa: S324
        self.commits[commit.oid] = commit
        return commit

    def resolve(self, revision: str) -> Commit:
        """The commit that a branch, tag, pull request's ref or digest names.

        Raises:
            Refused: there is none.
        """
        pull = re.fullmatch(r"refs/pr/(\d+)", revision)
        oid = (
            self.pulls[int(pull[1])].head
            if pull and int(pull[1]) in self.pulls
            else self.branches.get(revision) or self.tags.get(revision) or revision
        )
        if oid not in self.commits:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.commits[oid]

    def history(self, revision: str) -> list[Commit]:
        """Commits from a revision back to the first."""
        found, commit = [], self.resolve(revision)
        while True:
            found.append(commit)
            if commit.parent is None:
                return found
            commit = self.commits[commit.parent]

    def move(self, revision: str, commit: Commit) -> None:
        """Let a branch, or a pull request's ref, point to the commit."""
        if revision.startswith("refs/pr/"):
            self.pulls[int(revision.rsplit("/", 1)[1])].head = commit.oid
        else:
            self.branches[revision] = commit.oid


@dataclass
class HubState:
    """All that the server remembers, and what it counted."""

    folder: Path
    xet: XetStorage | None = None
    repos: dict[str, Repo] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.RLock = field(default_factory=threading.RLock)
    most_lfs_files: int = 25_000
    #: Seconds that a piece of 64 KiB takes to come in, as on a slow line.
    piece_s: float = 0.0
    #: Seconds before any request is served, as to a Hub far away.
    answer_s: float = 0.0

    def object_path(self, sha256: str) -> Path:
        return self.folder / sha256

    def has_object(self, sha256: str, size: int) -> bool:
        path = self.object_path(sha256)
        return path.exists() and path.stat().st_size == size

    def who(self, token: str | None) -> str | None:
        """The account of a token; None for a reader without one.

        Raises:
            Refused: the token is not known.
        """
        if token is None:
            return None
        if token not in _NAMES:
            raise Refused(401, "Invalid credentials in Authorization header")
        return _NAMES[token]

    def create(self, token: str | None, namespace: str, name: str, *, private: bool, sdk: str | None = None) -> Repo:
        """A new dataset, or a Space where there is an SDK, with the Hub's first commit.

        Raises:
            Refused: no account, no right, no such form of name, or the name is taken.
        """
        if self.who(token) is None or token is None:
            raise Refused(401, "Invalid username or password.")
        if namespace not in _WRITES[token]:
            raise Refused(403, f'You don\'t have the rights to create a dataset under the namespace "{namespace}"')
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}", name) or "--" in name or ".." in name:
            raise Refused(400, f"Invalid repo name: {name}")
        if sdk is not None and sdk not in _SDKS:
            raise Refused(400, f"Invalid SDK {sdk}")
        full = f"spaces/{namespace}/{name}" if sdk else f"{namespace}/{name}"
        if full in self.repos:
            raise Refused(409, f"You already created this {self.repos[full].kind} repo")
        repo = Repo(full, private)
        files = {".gitattributes": GITATTRIBUTES}
        if sdk:
            files |= {path: content.replace(b"%s", sdk.encode()) for path, content in STATIC_TEMPLATE.items()}
        tree = {path: Blob(len(content), content) for path, content in files.items()}
        first = repo.add(None, tree, "initial commit")
        repo.branches["main"] = first.oid
        self.repos[full] = repo
        return repo

    def repo(self, token: str | None, name: str, *, write: bool = False) -> Repo:
        """The dataset, for whoever may see it.

        Raises:
            Refused: there is none, it is private, or the token may not write.
        """
        self.who(token)
        repo = self.repos.get(name)
        may_write = token is not None and name.split("/")[-2] in _WRITES[token]
        if repo is None or (repo.private and not may_write):
            raise Refused(404 if token else 401, "Repository not found", "RepoNotFound")
        if write and token is None:
            raise Refused(401, "Invalid username or password.")
        if write and not may_write:
            raise Refused(403, "Forbidden: you must have write access to this repository")
        return repo

    def may_read_content(self, token: str | None, repo: Repo) -> None:
        """Check that a gated dataset is open to the reader.

        Raises:
            Refused: it is not.
        """
        if repo.gated and (token is None or repo.name.split("/")[-2] not in _WRITES[token]):
            raise Refused(401 if token is None else 403, f"Access to dataset {repo.name} is restricted", "GatedRepo")

    def commit(self, repo: Repo, revision: str, header: dict[str, str], lines: list[dict[str, object]]) -> Commit:
        """Apply a commit's operations.

        Raises:
            Refused: a stale parent, an object that was never uploaded, a file that is not there, or no change.
        """
        head = repo.resolve(revision)
        if (parent := header.get("parentCommit")) and not head.oid.startswith(parent):
            raise Refused(412, "A commit has happened since. Please refresh and try again.")
        tree = dict(head.tree)
        large = 0
        for line in lines:
            large += self._apply(tree, str(line["key"]), dict(line["value"]))  # type: ignore[call-overload]
        if large > self.most_lfs_files:
            raise Refused(413, f"Too many LFS files in one commit: {large}")
        if tree == head.tree:
            raise Refused(400, "No files have been modified since last commit")
        commit = repo.add(head.oid, tree, header["summary"], header.get("description", ""))
        repo.move(revision, commit)
        self.counts["commits"] += 1
        return commit

    def _apply(self, tree: dict[str, Blob], key: str, value: dict[str, object]) -> int:
        """One operation; 1 for an LFS file."""
        path = str(value["path"])
        if path.startswith("/") or ".." in path.split("/") or ".git" in path.split("/"):
            raise Refused(400, f"Invalid path: {path}")
        if key == "lfsFile":
            sha256, size = str(value["oid"]), int(str(value["size"]))
            if value["algo"] != "sha256" or not self.has_object(sha256, size):
                raise Refused(400, f"LFS object {sha256} of {path} was not uploaded")
            tree[path] = Blob(size, sha256=sha256)
            return 1
        if key == "file":
            content = value["content"]
            if not isinstance(content, bytes) or len(content) > _REGULAR_BYTES or mode_of(path, 1) == "lfs":
                raise Refused(400, f"{path} must be an LFS file")
            tree[path] = Blob(len(content), content)
        elif key == "deletedFile":
            if tree.pop(path, None) is None:
                raise Refused(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")
        else:
            raise Refused(400, f"Unknown operation {key}")
        return 0


def mode_of(path: str, size: int) -> str:
    """Whether the Hub takes a file through LFS or within the commit."""
    name = path.rsplit("/", 1)[-1]
    return "lfs" if size > _REGULAR_BYTES or any(fnmatch(name, pattern) for pattern in _LFS_NAMES) else "regular"
