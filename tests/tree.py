"""A copy of blift's packages to change, and commands that run in it: blift as it may be one day."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_TOP = Path(__file__).parents[1]


@dataclass(frozen=True)
class Tree:
    """Packages of blift in a folder of their own."""

    folder: Path

    def file(self, path: str) -> Path:
        """A file by its path in the repository, such as `schemas/sample.py`."""
        return self.folder / "blift" / path

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a part of a file that is there once."""
        text = self.file(path).read_text()
        assert text.count(old) == 1, f"{old!r} in {path}: {text.count(old)}"
        self.file(path).write_text(text.replace(old, new))

    def run(self, *arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the `blift` command of this tree."""
        command = [sys.executable, "-m", "blift.pipelines.cli", *arguments]
        given = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", **environment}
        return subprocess.run(command, cwd=cwd, env=given, check=False, capture_output=True, text=True)

    def succeed(self, *arguments: str, cwd: Path | None = None, **environment: str) -> str:
        """Run the command, which must end with code 0; what it printed."""
        done = self.run(*arguments, cwd=cwd, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def copy(self, folder: Path) -> "Tree":
        """This tree once more, to be changed further."""
        return Tree(Path(shutil.copytree(self.folder, folder)))


def tree_in(folder: Path) -> Tree:
    """The packages as they are, in a new folder."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_TOP / "api", folder / "blift", ignore=ignored)
    for package in ("schemas", "transforms", "connectors", "pipelines"):
        shutil.copytree(_TOP / package, folder / "blift" / package, ignore=ignored)
    return Tree(folder)
