"""Folders of this machine that a command fills apart from a run folder: an export, a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from blift.connectors.filesystem import is_here
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.errors import OutputError


def check_apart(out: Path, folder: RunFolder, what: str) -> None:
    """Check that a folder is one of this machine, new or there, and outside of the run folder.

    Args:
        what: is written there, such as `a report`.

    Raises:
        OutputError: it is at an address, is itself a file, or lies in the run folder.
    """
    if not is_here(str(out)):
        raise OutputError(f"--out is {out}; {what} is written to a folder of this machine. Copy it from there.")
    if is_here(folder.path) and out.resolve().is_relative_to(Path(folder.path).resolve()):
        raise OutputError(f"{out} lies in the run folder {folder.path}. Choose a folder elsewhere as --out.")
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file. Choose a new or empty folder as --out.")


def files_in(out: Path) -> list[str]:
    """The files of a folder, by path, folders that are links among them."""
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir() or path.is_symlink())


def check_ours(out: Path, there: Iterable[str], is_ours: Callable[[str], object]) -> None:
    """Check that of the files in a folder all are such as the command writes.

    Raises:
        OutputError: it holds another one.
    """
    stranger = next((name for name in there if not is_ours(name)), None)
    if stranger is not None:
        raise OutputError(f"{out} holds {stranger!r}, which blift did not write. Move it elsewhere, and run again.")
