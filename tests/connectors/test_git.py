"""Files at a commit are those that were committed, whatever the repository says of archives; refs that are not there
are explained.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from blift.connectors import git

GIT = shutil.which("git") or ""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with `a/b.txt`, which archives leave out, and a link to a file elsewhere."""
    folder = tmp_path / "repository"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b.txt").write_text("b")
    (folder / ".gitattributes").write_text("a export-ignore\n")
    (folder / "link").symlink_to("/etc/hostname")
    run = runner(folder)
    run("init", "--quiet", "--initial-branch=main")
    run("add", ".")
    run("commit", "--quiet", "--message", "First")
    return folder


def runner(folder: Path) -> Callable[..., None]:
    def run(*arguments: str) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run([GIT, "-C", folder, *who, *arguments], check=True, capture_output=True)

    return run


def test_all_files_of_a_commit_are_written_and_the_index_stays(repository: Path, tmp_path: Path) -> None:
    (repository / "a" / "b.txt").write_text("changed")
    runner(repository)("add", ".")
    index = (repository / ".git" / "index").read_bytes()
    target = tmp_path / "out"
    target.mkdir()
    assert git.export(repository, git.commit_of(repository, "main") or "", "", target)
    assert (target / "a" / "b.txt").read_text() == "b"
    assert os.readlink(target / "link") == "/etc/hostname"
    assert (repository / ".git" / "index").read_bytes() == index


def test_a_folder_of_a_commit_is_written_by_itself(repository: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    assert git.export(repository, "main", "a", target)
    assert [path.name for path in target.iterdir()] == ["b.txt"]
    assert not git.export(repository, "main", "c", target)


def test_why_there_is_no_commit_is_told(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git.commit_of(repository, "nope") is None
    assert git.why_no_commit(repository, "nope") == ""
    runner(repository)("commit", "--quiet", "--allow-empty", "--message", "Second")
    shallow = tmp_path / "shallow"
    command = [GIT, "clone", "--quiet", "--depth=1", repository.as_uri(), shallow]
    subprocess.run(command, check=True, capture_output=True)
    runner(shallow)("switch", "--quiet", "--create", "feature")
    runner(shallow)("branch", "--delete", "--force", "main")
    assert git.why_no_commit(shallow, "main") == "The remote branch is called 'origin/main'."
    assert git.why_no_commit(shallow, "HEAD~1") == (
        "This clone is shallow, so fetch the commit first, for example with `git fetch --unshallow`."
    )
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert git.why_no_commit(nowhere, "main").startswith("git says: not a git repository")
    monkeypatch.setenv("PATH", str(nowhere))
    assert git.why_no_commit(repository, "main") == "git is not installed."
