"""How a command ends: its exit codes, what is said after Ctrl-C, and the temporary folder that goes with it."""

from __future__ import annotations

import atexit
import os
import sys
from functools import cache
from typing import NoReturn

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130
INTERRUPTED = "\nInterrupted. Finished stages are kept: run the same command again to go on."


@cache
def scratch() -> str:
    """The temporary folder of this process, made at the first call; it goes when the process ends."""
    import tempfile  # noqa: PLC0415 - most commands need none

    folder = tempfile.mkdtemp(prefix="blift-")
    atexit.register(_remove)
    return folder


def _remove() -> None:
    if not scratch.cache_info().currsize:
        return
    import shutil  # noqa: PLC0415 - the same

    shutil.rmtree(scratch(), ignore_errors=True)
    scratch.cache_clear()


def leave(code: int, sentence: str = "") -> NoReturn:
    """End the process at once: threads of a runner would keep it alive."""
    if sentence:
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h")  # the cursor, which a line that is alive hides
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()
    _remove()
    os._exit(code)
