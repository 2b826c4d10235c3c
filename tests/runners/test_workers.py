"""Workers that die or are not fit: the same dataset after a rerun, or one clear sentence; never another dataset."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runners.builds import BLIFT, build_on, finished
from tests.runners.conftest import Run
from tests.runners.engines import ENGINES, Engine, external, job_service, pool_of_beam
from tests.runners.processes import Processes
from tests.runners.tools import Missing

pytestmark = [pytest.mark.runner, pytest.mark.timeout(1800)]

_WITH_POOLS = [engine for engine in ENGINES if "worker pool" in engine.name]
#: How long a runner may take to see that a worker is gone.
_NOTICED_S = 60
#: And a whole build on a busy machine, where the runner goes on without the worker.
_BUILT_S = 1500

#: What a worker's interpreter runs first: it hides the package, as in an image that does not have it.
_WITHOUT_PACKAGE = """
import sys

class Hidden:
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] == "blift":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden)
"""
#: Or it says that a library is of another version, as in an image that was built at another time.
_OTHER_VERSION = """
from importlib import metadata

true = metadata.version
metadata.version = lambda name: "1.2.3" if name == "pyarrow" else true(name)
"""


@pytest.mark.parametrize("engine", _WITH_POOLS, ids=lambda engine: engine.name)
def test_a_worker_killed_in_the_middle_never_leads_to_another_dataset(
    engine: Engine, corpora: Callable[[str], Path], run: Run, tmp_path: Path
) -> None:
    try:
        engine.find_tools()
        recipe = corpora("real")
    except Missing as missing:
        pytest.skip(str(missing))
    expected = run(ENGINES[0], "real")
    out = tmp_path / "out"
    with Processes(tmp_path / "engine") as processes:
        build = [BLIFT, "build", str(recipe), "--out", str(out), *engine.start(processes)]
        command = processes.start("blift", build)
        _kill_a_worker(processes, out, command)
        killed = time.monotonic()
        code, printed = command.wait(_BUILT_S), processes.log("blift")
        noticed_s, usage = time.monotonic() - killed, processes.usage()
    assert "Traceback" not in printed
    if code:
        assert code == 4, printed
        assert noticed_s < _NOTICED_S
        assert "blift: A worker ended in the middle" in printed
        assert build_on(engine, recipe, tmp_path).digests == expected.digests
    else:
        assert finished(out, usage).digests == expected.digests
    assert not list(out.rglob("*.partial"))


def _kill_a_worker(processes: Processes, out: Path, command: subprocess.Popen[bytes]) -> None:
    """SIGKILL one worker while ingest reads and writes."""
    deadline = time.monotonic() + _BUILT_S
    while command.poll() is None and time.monotonic() < deadline:
        workers = [pid for pid in processes.alive() if "--provision_endpoint" in processes.command_line(pid)]
        if workers and any(out.glob("posts/*")):
            os.kill(workers[0], signal.SIGKILL)
            return
        time.sleep(0.02)
    pytest.fail(f"the build ended before a worker could be killed: {processes.log('blift')}")


@pytest.mark.parametrize(
    ("at_start", "sentence"),
    [
        (_WITHOUT_PACKAGE, "blift: The workers have no blift (No module named"),
        (_OTHER_VERSION, "blift: The workers have pyarrow 1.2.3 instead of"),
    ],
    ids=["without the package", "with another version of a library"],
)
def test_workers_that_do_not_fit_are_told_in_one_sentence(
    at_start: str, sentence: str, corpora: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(at_start)
    with Processes(tmp_path / "engine") as processes:
        pool = pool_of_beam(processes, {"PYTHONPATH": str(tmp_path)})
        options = [*job_service(processes), *external(pool)]
        build = [BLIFT, "build", str(corpora("demo")), "--out", str(tmp_path / "out"), "--quiet", *options]
        code, printed = processes.run("blift", build, timeout_s=_NOTICED_S)
    assert code == 2, printed
    assert [line for line in printed.splitlines() if line.startswith("blift: ")][-1].startswith(sentence)
    assert not (tmp_path / "out" / "manifest.json").exists()
