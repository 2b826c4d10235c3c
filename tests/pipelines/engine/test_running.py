"""What surrounds a run: temporary folders go with the process, and nothing outlasts Ctrl-C or a lost worker."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import apache_beam as beam
import pytest

from blift.pipelines.engine.running import running
from blift.schemas.errors import RecipeError


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, whose temporary files lie in a folder."""
    code = f"import blift.pipelines.engine.running as r; r._GRACE_S = 0.3\n{code}"
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def interrupted_step() -> None:
    """Ctrl-C in a step, as Beam's local runner hands it on."""
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt as pressed:
        raise RuntimeError("KeyboardInterrupt [while running 'Measure']") from pressed


def test_ctrl_c_is_no_error_of_a_step() -> None:
    with pytest.raises(KeyboardInterrupt), running():
        interrupted_step()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_errors_stay_as_they_are() -> None:
    with pytest.raises(RuntimeError, match="a fault"), running():
        raise RuntimeError("a fault")


def mistaken(row: int) -> int:
    raise RecipeError(f"Row {row} asks for a GPU, and there is none.")


def faulty(row: int) -> float:
    return row / 0


def test_a_mistake_that_a_step_finds_is_its_sentence_alone(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(RecipeError) as told, running(), beam.Pipeline(runner="FnApiRunner") as pipeline:
        _ = pipeline | beam.Create([1]) | beam.Map(mistaken)
    assert str(told.value) == "Row 1 asks for a GPU, and there is none."
    assert caplog.text == ""


def test_a_fault_of_a_step_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError), running(), beam.Pipeline(runner="FnApiRunner") as pipeline:
        _ = pipeline | beam.Create([1]) | beam.Map(faulty)
    assert "Traceback" in caplog.text


def test_temporary_folders_lie_in_one_only_while_it_runs() -> None:
    before = tempfile.gettempdir()
    with running():
        inside = tempfile.gettempdir()
    assert Path(inside).parent == Path(before)
    assert tempfile.gettempdir() == before


@pytest.mark.parametrize("end", ["", "raise SystemExit(0)", "r.leave(0)"], ids=["end", "exit", "left"])
def test_what_a_runner_forgets_goes_with_the_process(end: str, tmp_path: Path) -> None:
    done = python(f"import tempfile\nwith r.running(): tempfile.mkdtemp()\n{end}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(tmp_path.iterdir())


def test_a_connection_of_a_thread_that_breaks_is_no_news(tmp_path: Path) -> None:
    code = """
import threading, grpc
def work():
    raise grpc.RpcError("Socket closed")
with r.running():
    thread = threading.Thread(target=work, name="run_worker_7-1")
    thread.start()
    thread.join()
"""
    done = python(code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_that_a_runner_started_is_stopped_with_a_process_that_ends_at_once(tmp_path: Path) -> None:
    code = """
from blift.pipelines.engine.ending import stop_at_the_end
def stop():
    print("stopped", flush=True)
def fail():
    raise OSError
stop_at_the_end(fail)
stop_at_the_end(stop)
stop_at_the_end(stop)
r.leave(4, "blift: A worker ended.")
"""
    done = python(code, tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (4, "blift: A worker ended.\n", "stopped\n")


def test_a_runner_that_swallows_ctrl_c_ends_all_the_same(tmp_path: Path) -> None:
    code = """
import os, signal, threading
with r.running():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        threading.Event().wait()
"""
    done = python(code, tmp_path)
    assert done.returncode == 130
    assert done.stderr == "\nInterrupted. Finished stages are kept: run the same command again to go on.\n"
    assert not list(tmp_path.iterdir())


def test_a_runner_that_waits_for_a_worker_that_never_began_ends_with_a_sentence(tmp_path: Path) -> None:
    code = """
import threading
def wait():
    raise RuntimeError("Worker subprocess exited with return code 137")
with r.running():
    threading.Thread(target=wait, name="run_worker").start()
    threading.Event().wait()
"""
    done = python(code, tmp_path)
    assert done.returncode == 4
    assert done.stderr.startswith("blift: A worker ended in the middle")
    assert "Traceback" not in done.stderr
