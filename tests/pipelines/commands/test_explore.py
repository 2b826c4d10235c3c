"""`blift explore` as a command: it serves until it is interrupted, and says what is wrong in one sentence."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_interrupted(built: tuple[Path, Manifest], ending: signal.Signals) -> None:
    command = [sys.executable, "-P", "-m", "blift.pipelines.cli", "explore", str(built[0]), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        found = re.fullmatch(r"demo is at (http://127\.0\.0\.1:\d+/[\w-]{32}/)\n", first)
        assert found
        assert process.stdout.readline() == "Ctrl-C ends it.\n"
        with urllib.request.urlopen(f"{found[1]}api/rows?table=rejects&limit=1") as answer:  # noqa: S310 - loopback
            assert json.load(answer)["total"] == 1068
        process.send_signal(ending)
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out == "\nStopped. The dataset is as it was.\n"


@pytest.mark.parametrize(
    ("dataset", "more", "sentence"),
    [
        ("nowhere", [], "nowhere has no manifest.json: it is no run folder"),
        ("./a/b/c", [], "has no manifest.json"),
        ("RUN", ["--port", "99999"], "--port is 99999; it must be 0 to 65,535"),
        ("RUN@7", [], "keeps no dataset under @7"),
    ],
)
def test_a_mistake_is_one_sentence(
    built: tuple[Path, Manifest], dataset: str, more: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explore", dataset.replace("RUN", str(built[0])), "--no-browser", *more]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)
