"""Files of a git repository at some commit, by the `git` of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from blift.schemas.errors import InputError


def root_of(folder: Path) -> tuple[Path, str] | None:
    """The top of the checkout that a folder is in, and the folder's path below it; None where it is in none."""
    done = _run(folder, "rev-parse", "--show-toplevel", "--show-prefix")
    if done is None or done.returncode:
        return None
    top, _, prefix = done.stdout.decode().partition("\n")
    return Path(top), prefix.strip().rstrip("/")


def commit_of(folder: Path, ref: str) -> str | None:
    """The commit that a branch, tag or other ref names; None where there is no such ref."""
    done = _run(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    return None if done is None or done.returncode else done.stdout.decode().strip()


def why_no_commit(folder: Path, ref: str) -> str:
    """Why `commit_of` found no commit, and what to do about it, in a sentence; empty where there is no more to say."""
    done = _run(folder, "rev-parse", "--is-shallow-repository")
    if done is None:
        return "git is not installed."
    if done.returncode:
        return f"git says: {_complaint(done)}."
    if ref and commit_of(folder, f"origin/{ref}"):
        return f"The remote branch is called 'origin/{ref}'."
    if done.stdout.strip() == b"true":
        return "This clone is shallow, so fetch the commit first, for example with `git fetch --unshallow`."
    return ""


def export(root: Path, commit: str, path: str, folder: Path) -> bool:
    """Write the files that the checkout ``root`` has below a path at a commit to a folder.

    Args:
        root: the top of the checkout.
        commit: which commit.
        path: a folder of the repository; empty for all of it.
        folder: an empty folder.

    Returns:
        Whether the commit has that path.

    Raises:
        InputError: git cannot write them.
    """
    tree = f"{commit}:{path}"
    there = _run(root, "cat-file", "-e", tree)
    if there is not None and there.returncode:
        return False
    with tempfile.TemporaryDirectory() as scratch:
        # An index of its own: that of the checkout stays as it is. `git archive` would honour `export-ignore`.
        index = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
        for arguments in (("read-tree", tree), ("checkout-index", "--all", f"--prefix={folder}/")):
            done = _run(root, "-c", "core.sparseCheckout=false", *arguments, **index)
            if done is None or done.returncode:
                reason = "git is not installed" if done is None else _complaint(done)
                raise InputError(f"Cannot read {path or 'the files'} of {root} at {commit[:12]}: {reason}.")
    return True


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    """What git printed, in one line."""
    words = done.stderr.decode(errors="replace").split()
    return " ".join(words).removeprefix("fatal: ").rstrip(".") or f"exit code {done.returncode}"


def _run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes] | None:
    program = shutil.which("git")
    if program is None:
        return None
    command = [program, "-C", str(folder), *arguments]
    given = {**os.environ, "LC_ALL": "C", **environment}
    return subprocess.run(command, check=False, capture_output=True, env=given)  # noqa: S603 - a list, no shell
