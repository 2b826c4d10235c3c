"""`python -m tests.training PYTHON`: exports of the demo through each trainer's own loader, as a table of Markdown."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from blift.pipelines.cli import main as blift
from blift.pipelines.export.formats import FORMATS
from blift.pipelines.export.source import PAIRS, PREFERENCES, PREFERENCES_AS_TEXT

#: What a trainer takes; the formats of other datasets are no trainer's.
_TRAINED_ON = (PAIRS, PREFERENCES, PREFERENCES_AS_TEXT)


def main(arguments: list[str]) -> int:
    """Build the demo or take a run folder, export it for each trainer, and show what its loader takes."""
    python, *given = arguments
    with tempfile.TemporaryDirectory(prefix="blift-training-") as scratch:
        run = Path(given[0]) if given else _demo(Path(scratch))
        print("| trainer | pairs offered | rows written | rows taken | by | shown |\n|---|---|---|---|---|---|")
        taken_all = True
        for name in (name for name, each in FORMATS.items() if each.source in _TRAINED_ON):
            out = Path(scratch) / "exports" / name
            if blift(["export", str(run), "--to", name, "--out", str(out), "--quiet"]):
                return 2
            about = json.loads((out / ".blift-export.json").read_text())
            pairs = sum(about["rows"].values()) + sum(about["left_out"].values())
            offered, taken, by, note = _taken(python, name, out)
            taken_all &= 0 < taken == offered == sum(about["rows"].values())
            print(f"| {name} | {pairs} | {offered} | {taken} | {by} | {note} |", flush=True)
    return 0 if taken_all else 1


def _demo(folder: Path) -> Path:
    if blift(["demo", str(folder / "corpus")]):
        raise SystemExit(2)
    if blift(["build", str(folder / "corpus" / "demo.yaml"), "--out", str(folder / "run"), "--quiet"]):
        raise SystemExit(2)
    return folder / "run"


def _taken(python: str, name: str, out: Path) -> tuple[int, int, str, str]:
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "DISABLE_VERSION_CHECK": "1", "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("PYTHONSAFEPATH", None)  # which `blift` sets, and hides this folder
    said, errors = out.with_suffix(".said"), out.with_suffix(".errors")
    with (
        open(said, "wb") as stdout,
        open(errors, "wb") as stderr,
    ):  # no pipe: what a loader leaves running would hold it
        done = subprocess.run(
            [python, "-m", "tests.training.loaders", name, str(out)],
            stdout=stdout, stderr=stderr, check=False, env=environment, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    if done.returncode:
        return 0, 0, "failed", errors.read_text().strip().splitlines()[-1]
    offered, taken, by, note = json.loads(said.read_text().strip().splitlines()[-1])
    return offered, taken, by, note


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
