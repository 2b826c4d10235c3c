"""The notebook of the documentation: every cell runs and prints what it shows; on real archives it runs, too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.notebook import code_cells, stored

_ROOT = Path(__file__).parents[2]


def printed(folder: Path, **environment: str) -> list[str]:
    """What each cell of the notebook prints, run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.docs.notebook", "print"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(_ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_every_cell_prints_what_the_notebook_shows(tmp_path: Path) -> None:
    assert printed(tmp_path) == stored()
    assert len(code_cells()) > 5


@pytest.mark.long
@pytest.mark.shared
def test_the_notebook_reads_real_archives(tmp_path: Path, shared_data: Path) -> None:
    found = printed(tmp_path, BLIFT_ARCHIVES=str(shared_data / "reddit"))
    assert " comments repeat a better one on the same post" in found[3]
    assert "[gpt]" in found[-1]
