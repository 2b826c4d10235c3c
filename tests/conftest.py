"""What all tests share: the demo, real data where it is there, Beam's options, Hypothesis' profile."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from blift.pipelines.engine.run_folder import Manifest

settings.register_profile("blift", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("blift")

_SHARED = Path(os.environ.get("BLIFT_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--test-pipeline-options", default="", help="options of Beam's TestPipeline")


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> None:
    """Ctrl-C interrupts, here and in the processes that tests start, even where a shell started pytest with ``&``."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real archives."""
    if not _SHARED.is_dir():
        pytest.skip(f"no real archives at {_SHARED}; set BLIFT_SHARED_DATA to their folder")
    return _SHARED


@pytest.fixture(scope="session", autouse=True)
def temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests, Beam's runners and killed workers leave behind lies in pytest's own folder, which pytest clears."""
    folder = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)  # of the processes that tests start
        patch.setattr(tempfile, "tempdir", folder)
        yield


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first of pytest's workers who needs it makes, and all of them read.

    Args:
        name: of the folder, which no other one has.
        make: fills it.
    """
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, made = shared / name, shared / f"{name}.made"
    with FileLock(shared / f"{name}.lock"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a test run that was interrupted while it was made
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demo corpus; tests that change it copy it first."""
    from blift.pipelines.demo.corpus import write_corpus  # noqa: PLC0415 - slow

    return made_once(tmp_path_factory, "demo-corpus", write_corpus)


@pytest.fixture(scope="session")
def built(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """The run folder of the demo, and its manifest; tests that change it copy it first."""
    from blift.pipelines.engine.run_folder import RunFolder  # noqa: PLC0415 - slow
    from tests.pipelines.conftest import run_build  # noqa: PLC0415 - slow

    made = made_once(tmp_path_factory, "demo-run", lambda out: run_build(corpus / "demo.yaml", out))
    # A copy of this worker's own: commands lock a run folder.
    out = Path(shutil.copytree(made, tmp_path_factory.mktemp("built") / "run"))
    return out, RunFolder(str(out)).require_manifest()
