"""Whether a folder is one that blift may write to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from blift.schemas.errors import OutputError


def refuse_strangers(folder: Path, marks: Sequence[str], is_own: Callable[[Path], bool]) -> None:
    """Check that a folder, if it is there, is empty, or one that blift wrote.

    Args:
        marks: files of which a folder of blift has one.
        is_own: of another file, whether blift may have left it.

    Raises:
        OutputError: it is a file or somebody else's folder, or cannot be read.
    """
    try:
        entries = list(folder.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise OutputError(f"{folder} is no folder, or lies below a file. Choose another --out.") from error
    except OSError as error:
        raise OutputError(f"Cannot read the run folder {folder}: {error.strerror}. Choose another --out.") from error
    strangers = [entry.name for entry in entries if not entry.name.startswith(".") and not is_own(entry)]
    if strangers and not any((folder / mark).exists() for mark in marks):
        raise OutputError(
            f"{folder} holds files that blift did not write, such as {min(strangers)!r}. "
            "Choose an empty or new folder as --out."
        )
