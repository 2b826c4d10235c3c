"""What all tests share: real data where it is there, Beam's options, Hypothesis' profile."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("blift", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("blift")

_SHARED = Path(os.environ.get("BLIFT_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--test-pipeline-options", default="", help="options of Beam's TestPipeline")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real archives."""
    if not _SHARED.is_dir():
        pytest.skip(f"no real archives at {_SHARED}; set BLIFT_SHARED_DATA to their folder")
    return _SHARED
