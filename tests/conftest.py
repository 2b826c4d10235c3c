"""What all tests share: real data where it is there, Beam's options, Hypothesis' profile."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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
