"""A job server that a build starts itself ends with the build, and nothing of either ends in a traceback."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runners.builds import BLIFT
from tests.runners.engines import ENGINES, Engine
from tests.runners.processes import Processes
from tests.runners.tools import Missing

pytestmark = [pytest.mark.runner, pytest.mark.timeout(1800)]

_LOOPBACK = [engine for engine in ENGINES if "loopback" in engine.name]
_WAIT_S = 900


@pytest.mark.parametrize("engine", _LOOPBACK, ids=lambda engine: engine.name)
def test_a_build_that_is_ended_in_its_second_stage_leaves_no_job_server(
    engine: Engine, corpora: Callable[[str], Path], tmp_path: Path
) -> None:
    try:
        engine.find_tools()
    except Missing as missing:
        pytest.skip(str(missing))
    with Processes(tmp_path / "engine") as processes:
        build = [BLIFT, "build", str(corpora("demo")), "--out", str(tmp_path / "out"), *engine.start(processes)]
        command = processes.start("blift", build)
        deadline = time.monotonic() + _WAIT_S
        while "ingest    done" not in processes.log("blift"):
            assert command.poll() is None, processes.log("blift")
            assert time.monotonic() < deadline
            time.sleep(0.05)
        command.send_signal(signal.SIGTERM)
        code, printed = command.wait(_WAIT_S), processes.log("blift")
        assert not processes.alive()
    assert code == 130, printed
    assert printed.endswith("Interrupted. Finished stages are kept: run the same command again to go on.\n")
    assert "Traceback" not in printed
