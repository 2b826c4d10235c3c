"""A store on loopback: its only bucket, and how its clients find it."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.runners.processes import Processes
from tests.runners.tools import Missing, Tool

BUCKET = "datasets"


class Store(ABC):
    """What is in the bucket, by a client that is not Beam's.

    Attributes:
        variables: of the environment, by which clients find the server.
        address: of the bucket.
        elsewhere: an address in a bucket that does not exist.
    """

    variables: dict[str, str]
    address: str
    elsewhere: str

    @abstractmethod
    def put(self, name: str, content: bytes) -> None:
        """Write an object."""

    @abstractmethod
    def get(self, name: str) -> bytes:
        """The content of an object."""

    @abstractmethod
    def names(self, prefix: str) -> list[str]:
        """Names that begin so, sorted."""

    def upload(self, folder: Path) -> None:
        """Put the files of a folder under its name."""
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.put(f"{folder.name}/{path.relative_to(folder)}", path.read_bytes())

    def copy(self, source: str, target: str) -> None:
        """Copy all that lies under one name to another."""
        for name in self.names(f"{source}/"):
            self.put(f"{target}/{name.removeprefix(f'{source}/')}", self.get(name))

    def download(self, name: str, folder: Path) -> Path:
        """Get all that lies under a name into a new folder; gives that folder."""
        for key in self.names(f"{name}/"):
            path = folder / key.removeprefix(f"{name}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.get(key))
        return folder


@contextmanager
def server(tool: Tool, client: str, extra: str) -> Iterator[tuple[Path, Path, Processes]]:
    """What a server needs: its program, an empty folder of its own, and processes, which end with it.

    The test is skipped where the program, or the Python client that ``extra`` brings, is missing.
    """
    pytest.importorskip(client, reason=f"pip install 'blift[{extra}]' brings the client")
    try:
        program = tool.find()
    except Missing as missing:
        pytest.skip(str(missing))
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        yield program, Path(folder), processes


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """These variables are set."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in variables.items():
            patched.setenv(name, value)
        yield
