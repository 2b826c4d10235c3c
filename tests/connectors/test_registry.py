"""Platforms of other packages: found by their entry point, and told where they cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_CONNECTOR = """\
from blift.connectors.connector import Archive, Connector
from blift.schemas.platform import Platform

ROW = Platform(name="{name}", title="Lemmy", states=frozenset({{"score"}}), post_address="https://lemmy.example/{{post}}")
CONNECTOR = Connector(platform=ROW, about="Lemmy.", archives=[
    Archive(key="posts", description="Files.", posts=lambda unit, scope: iter(())),
])
"""


def installed(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """`blift recipe docs` where a package with this connector is installed."""
    (folder / "blift_lemmy.py").write_text(code)
    facts = folder / "blift_lemmy-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: blift-lemmy\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[blift.platforms]\nlemmy = blift_lemmy:CONNECTOR\n")
    command = [sys.executable, "-m", "blift.pipelines.cli", "recipe", "docs"]
    paths = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths})


def test_a_package_brings_a_platform_without_a_change_of_blift(tmp_path: Path) -> None:
    done = installed(tmp_path, _CONNECTOR.format(name="lemmy"))
    assert done.returncode == 0, done.stderr
    assert "### `sources.lemmy`" in done.stdout
    assert "### `curate.lemmy.posts`" in done.stdout


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (_CONNECTOR.format(name="reddit"), "A package brings the platform 'reddit', which blift has itself."),
        ("import no_such_module\n", "The platform 'lemmy' of blift-lemmy cannot be loaded (ModuleNotFoundError"),
        ("CONNECTOR = 7\n", "The platform 'lemmy' of blift-lemmy is no connector."),
    ],
)
def test_a_package_that_cannot_be_used_is_one_sentence(tmp_path: Path, code: str, said: str) -> None:
    done = installed(tmp_path, code)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr
