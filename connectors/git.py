"""Files of a git repository at some commit, by the `git` of this machine."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
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


def files_at(root: Path, commit: str, path: str) -> dict[str, bytes]:
    """The contents of the files below a path of the checkout ``root`` at a commit, by their path below it.

    Raises:
        InputError: git cannot read them; a path that is not there has no files.
    """
    there = _run(root, "cat-file", "-e", f"{commit}:{path}")
    if there is not None and there.returncode:
        return {}
    with _archive(root, f"{commit}:{path}") as archive:
        return {
            member.name: stream.read()
            for member in archive.getmembers()
            if member.isfile() and (stream := archive.extractfile(member)) is not None
        }


def export(root: Path, commit: str, folder: Path) -> None:
    """Write all files of a commit of the checkout ``root`` to a folder.

    Raises:
        InputError: git cannot read them.
    """
    with _archive(root, commit) as archive:
        archive.extractall(folder, filter="data")


def _archive(root: Path, tree: str) -> tarfile.TarFile:
    done = _run(root, "archive", "--format=tar", tree)
    if done is None or done.returncode:
        reason = "git is not installed" if done is None else done.stderr.decode(errors="replace").strip()
        raise InputError(f"Cannot read {tree} of {root}: {reason}.")
    return tarfile.open(fileobj=io.BytesIO(done.stdout))


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    program = shutil.which("git")
    if program is None:
        return None
    command = [program, "-C", str(folder), "-c", "core.autocrlf=false", *arguments]
    return subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - a list of arguments, no shell
