"""The HTTP client that huggingface_hub shares between its calls, made while Python does something else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from huggingface_hub import get_session


@contextmanager
def session_made() -> Iterator[None]:
    """Let the client be made meanwhile: it reads the certificates of this machine, some 40 ms without Python."""
    thread = Thread(target=_make, name="session")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _make() -> None:
    with suppress(Exception):  # the first request fails in the same way, where there are words for it
        get_session()
