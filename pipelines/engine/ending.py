"""How a command ends: its exit codes, what is said after Ctrl-C, and the temporary folder that goes with it."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from types import FrameType
from typing import NoReturn

from blift.pipelines.engine.log import Level, say
from blift.pipelines.engine.streams import take_over, trouble_of

EXIT_USER_ERROR = 2
EXIT_WORKER_LOST = 4
EXIT_FAULT = 70
EXIT_INTERRUPTED = 130
#: Of a command that keeps nothing, and of one of stages.
STOPPED = "\nInterrupted. Run the same command again."
INTERRUPTED = "\nInterrupted. Finished stages are kept: run the same command again to go on."


def run_as_process(command: Callable[[], int]) -> int:
    """Run the command that this process is for; gives its exit code, with which the process ends whatever follows.

    What is printed cannot end the command: see `blift.pipelines.engine.streams`. And the interpreter is not taken down:
    threads of Arrow that still run while it is may abort the process, now and then, when all is done and said.
    """
    output = take_over()
    signal.signal(signal.SIGTERM, _as_interrupt)
    code = EXIT_FAULT

    def end() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    atexit.register(end)  # the first that is registered runs last
    try:
        code = command()
    except SystemExit as ended:  # of argparse: 0 after --help, 2 after a mistake
        code = ended.code if isinstance(ended.code, int) else EXIT_FAULT
    _mute()
    if trouble := trouble_of(output):
        code = code or EXIT_USER_ERROR
        say("failed", trouble, Level.ERROR, exit_code=code)
    return code


def _as_interrupt(_: int, __: FrameType | None) -> None:
    """What a scheduler sends to end a process is for it what Ctrl-C is: finished work is kept, and a sentence said."""
    signal.raise_signal(signal.SIGINT)


def _mute() -> None:
    """Show nothing more of libraries: their threads report servers that are stopped as errors, with tracebacks."""
    logging.disable()
    threading.excepthook = lambda _: None


@cache
def scratch() -> str:
    """The temporary folder of this process, made at the first call; it goes when the process ends.

    Those of processes that were killed go now.
    """
    from blift.pipelines.engine.scratch import new_folder, sweep  # noqa: PLC0415 - most commands need none

    sweep()
    folder = new_folder()
    atexit.register(_remove)
    return folder


def _remove() -> None:
    if not scratch.cache_info().currsize:
        return
    import shutil  # noqa: PLC0415 - the same

    shutil.rmtree(scratch(), ignore_errors=True)
    scratch.cache_clear()


#: Stop programs that runners started.
_stops: list[Callable[[], object]] = []


def stop_at_the_end(stop: Callable[[], object]) -> None:
    """Let `leave` stop a program that a runner started: it would outlive a process that ends at once."""
    if stop not in _stops:
        _stops.append(stop)


def leave(code: int, sentence: str = "") -> NoReturn:
    """End the process at once, with the programs that its runner started: threads of a runner would keep it alive."""
    _mute()
    if sentence:
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h")  # the cursor, which a line that is alive hides
        said = sentence.removeprefix("blift: ")
        event = "interrupted" if said == sentence else "failed"
        say(event, said, Level.ERROR, exit_code=code)
    for stop in _stops:
        with suppress(Exception):  # whatever became of the program, this process ends
            stop()
    _remove()
    os._exit(code)
