"""Folders and distributions of other people that are called as packages of blift: none is imported in their place."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

#: The names of the folders at the top of the repository; each is a distribution on PyPI, too.
_NAMES = ("schemas", "transforms", "connectors", "pipelines")
_TRAP = "raise SystemExit('a module of somebody else was imported')\n"
_TWO_WORKERS = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with blift and four distributions of these names."""
    folder = tmp_path_factory.mktemp("foreign") / "venv"
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python3.*/site-packages")
    for name in _NAMES:
        (packages / name).mkdir()
        (packages / name / "__init__.py").write_text(_TRAP)
        facts = packages / f"{name}-0.7.1.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.7.1\n")
    ours = [path for path in (*site.getsitepackages(), *sys.path) if path.endswith("site-packages")]
    lines = [f"import site; site.addsitedir({path!r})\n" for path in dict.fromkeys(ours)]
    (packages / "blift.pth").write_text("".join(lines))
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of somebody's own with modules and folders of these names, in which they work."""
    found = tmp_path_factory.mktemp("own")
    (found / "schemas.py").write_text(_TRAP)
    for name in _NAMES[1:]:
        (found / name).mkdir()
        (found / name / "__init__.py").write_text(_TRAP)
    (found / "program.py").write_text("import blift\nimport blift.beam\n\nprint(*blift.table_names())\n")
    return found


def run(python: Path, folder: Path, *arguments: str) -> str:
    """What an interpreter prints that is started in a folder; it must end well."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    done = subprocess.run(
        [str(python), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "somebody else" not in done.stdout + done.stderr
    return done.stdout


def blift(python: Path, folder: Path, *arguments: str) -> str:
    """What the command prints, as the script of an installation starts it."""
    script = python.parent / "blift"
    script.write_text("import sys\nfrom blift.pipelines.cli import main\nsys.exit(main())\n")
    return run(python, folder, str(script), *arguments)


def test_the_distributions_are_there_and_are_traps(python: Path, tmp_path: Path) -> None:
    said = run(
        python, tmp_path, "-c", "import importlib.metadata as m; print(m.version('schemas'), m.version('blift'))"
    )
    assert said.startswith("0.7.1 ")
    done = subprocess.run([str(python), "-c", "import schemas"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 1


def test_blift_is_imported_beside_them(python: Path, folder: Path) -> None:
    assert "sample" in run(python, folder, "-c", "import blift; print(*blift.table_names())")
    assert "sample" in run(python, folder, "program.py")


def test_schemas_are_checked_beside_them(python: Path, folder: Path) -> None:
    blift(python, folder, "schema", "check")


def test_the_demo_is_built_beside_them_with_one_process_and_with_two(python: Path, folder: Path) -> None:
    blift(python, folder, "demo", "corpus")
    fingerprints = []
    for out, more in (("one", ()), ("two", _TWO_WORKERS)):
        blift(python, folder, "build", "corpus/demo.yaml", "--out", out, "--quiet", *more)
        fingerprints.append(json.loads((folder / out / "manifest.json").read_text())["fingerprint"])
    assert fingerprints[0] == fingerprints[1]
