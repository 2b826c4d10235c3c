"""A git repository of somebody else, with tables of their own."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

GIT = shutil.which("git") or ""

MODELS = dedent('''\
    """Tables of a project that knows nothing of blift."""

    from typing import Literal

    from pydantic import BaseModel, Field


    class Line(BaseModel):
        """A line of an order."""

        item: str
        amount: int = Field(ge=1)


    class Order(BaseModel):
        """An order."""

        order_id: str
        state: Literal["open", "paid"]
        lines: list[Line]
        note: str | None = None
''')

Git = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with `shop/models.py`, committed on `main` and known to its origin; the working directory."""
    folder = tmp_path / "project"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "models.py").write_text(MODELS)
    git = git_in(folder)
    subprocess.run([GIT, "init", "--quiet", "--bare", tmp_path / "origin.git"], check=True)
    git("init", "--quiet", "--initial-branch=main")
    git("remote", "add", "origin", str(tmp_path / "origin.git"))
    git("add", ".")
    git("commit", "--quiet", "--message", "Tables")
    git("push", "--quiet", "origin", "main")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    forget_modules()
    return folder


def forget_modules() -> None:
    """Let the project's modules be imported anew, as in another process."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def git_in(folder: Path) -> Git:
    """What runs git in a folder, and gives what it printed."""

    def run(*arguments: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        command = [GIT, "-C", folder, *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return run


def edit(path: Path, old: str, new: str) -> None:
    """Replace a part of a file that is there once."""
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))


def line_of(path: Path, part: str) -> int:
    """The number of the line with that part."""
    [line] = [number for number, line in enumerate(path.read_text().splitlines(), 1) if part in line]
    return line
