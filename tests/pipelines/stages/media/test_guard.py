"""A decoder that crashes, hangs or grows takes nothing with it, and knows no secrets."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from blift.connectors.media.limits import Limits, Refused
from blift.connectors.media.settings import MeasureConfig
from blift.pipelines.stages.media.child import Greeting, Question, send
from blift.pipelines.stages.media.guard import Guard, Guards
from blift.pipelines.stages.media.measure import Measured, measure
from blift.schemas.reasons import Reason
from tests.connectors.media.conftest import Render, clip, render  # noqa: F401 - fixtures

_CONFIG = MeasureConfig()


@pytest.fixture
def slow(render: Render) -> Path:  # noqa: F811
    source = "testsrc2=size=640x360:rate=50:duration=60"
    return render("slow.mp4", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "ultrafast")


def process_of(guard: Guard) -> int:
    assert guard._process is not None
    return guard._process.pid


def test_the_row_is_the_one_that_measuring_here_gives(clip: Path) -> None:  # noqa: F811
    with Guard(_CONFIG) as guard:
        apart, here = guard.measure(str(clip)), measure(str(clip), _CONFIG)
    assert apart == here


def test_a_crash_is_a_reason_and_the_next_file_is_measured(
    clip: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Guard(_CONFIG) as guard:
        guard.measure(str(clip))
        process = process_of(guard)
        # It stands still until it was asked, and crashes when it goes on.
        os.kill(process, signal.SIGSTOP)
        os.kill(process, signal.SIGSEGV)

        def sent(stream: BinaryIO, message: Greeting | Question) -> None:
            send(stream, message)
            os.kill(process, signal.SIGCONT)

        monkeypatch.setattr("blift.pipelines.stages.media.guard.send", sent)
        with pytest.raises(Refused) as refused:
            guard.measure(str(clip))
        monkeypatch.undo()
        assert (refused.value.reason, refused.value.detail) == (
            Reason.DECODER_CRASHED,
            "the decoding process ended with SIGSEGV",
        )
        assert guard.measure(str(clip)).row["frames"] == 50


def test_ctrl_c_of_a_terminal_is_not_for_the_process_that_decodes(clip: Path) -> None:  # noqa: F811
    with Guard(_CONFIG) as guard:
        guard.measure(str(clip))
        assert os.getpgid(process_of(guard)) == process_of(guard) != os.getpgrp()


def test_the_process_ends_in_the_middle_of_a_file_when_its_guard_is_killed(slow: Path) -> None:
    program = (
        "import sys, threading; from blift.connectors.media.settings import MeasureConfig; "
        "from blift.pipelines.stages.media.guard import Guard; guard = Guard(MeasureConfig()); "
        "threading.Thread(target=guard.measure, args=(sys.argv[1],)).start(); "
        "print(guard._running().pid, flush=True)"
    )
    asks = subprocess.Popen(
        [sys.executable, "-c", program, str(slow)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert asks.stdout is not None
    ends = os.pidfd_open(int(asks.stdout.readline()))
    asks.stdout.close()
    assert select.select([ends], [], [], 0)[0] == []
    asks.kill()
    asks.wait()
    select.select([ends], [], [])  # the test's own time limit says that it did not end
    os.close(ends)


def test_a_file_that_takes_too_long_is_a_reason(clip: Path) -> None:  # noqa: F811
    with Guard(replace(_CONFIG, limits=Limits(timeout_s=0.1))) as guard:
        os.kill(guard._running().pid, signal.SIGSTOP)  # however fast the machine is, it does not answer
        with pytest.raises(Refused) as refused:
            guard.measure(str(clip))
    assert (refused.value.reason, refused.value.detail) == (Reason.TIMED_OUT, "decoding took more than 0.1 s")


def test_memory_is_limited(clip: Path, render: Render) -> None:  # noqa: F811
    source = "testsrc2=size=8192x6144:rate=5:duration=1"
    large = render("large.mp4", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "ultrafast")
    with Guard(replace(_CONFIG, limits=Limits(memory_bytes=260 << 20))) as guard:
        assert guard.measure(str(clip)).row["frames"] == 50
        with pytest.raises(Refused) as refused:
            guard.measure(str(large))
    assert refused.value.reason in (Reason.DECODER_CRASHED, Reason.DAMAGED)


def test_a_refusal_travels_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "words.mp4"
    path.write_text("words")
    with Guard(_CONFIG) as guard, pytest.raises(Refused) as refused:
        guard.measure(str(path))
    assert refused.value.reason is Reason.NOT_MEDIA


def test_the_process_knows_no_secrets_and_ends_with_its_guard(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("BLIFT_AUTHOR_KEY", "another secret")
    with Guard(_CONFIG) as guard:
        guard.measure(str(clip))
        process = process_of(guard)
        assert b"secret" not in Path(f"/proc/{process}/environ").read_bytes()
    assert not Path(f"/proc/{process}").exists()


def test_files_are_measured_at_a_time_each_in_a_process_of_its_own(clip: Path) -> None:  # noqa: F811
    guards, both = Guards(_CONFIG, 2), threading.Barrier(2, timeout=120)

    def measured(_: int) -> Measured:
        both.wait()
        return guards.measure(str(clip))

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(measured, range(2))
    assert first == second == measure(str(clip), _CONFIG)
    assert len({process_of(guard) for guard in guards._all}) == 2
    guards.close()


def test_what_is_to_stop_measures_nothing_more(clip: Path) -> None:  # noqa: F811
    guards = Guards(_CONFIG, 1)
    with ThreadPoolExecutor(1) as pool:
        os.kill(guards._all[0]._running().pid, signal.SIGSTOP)  # it would answer never
        asked = pool.submit(guards.measure, str(clip))
        while guards._free.qsize():  # until the other thread has taken the process
            time.sleep(0.001)
        guards.stop()
        with pytest.raises(Refused, match=r"ended with SIGKILL|was to stop"):
            asked.result()
    with pytest.raises(Refused, match="was to stop"):
        guards.measure(str(clip))
    guards.close()
