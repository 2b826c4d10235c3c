"""What surrounds a pipeline while it runs: a folder for what runners leave behind, and an end where they would wait."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import grpc

from blift.pipelines.engine.ending import EXIT_INTERRUPTED, EXIT_WORKER_LOST, INTERRUPTED, leave, scratch
from blift.pipelines.engine.runner_failures import WORKER_ENDED
from blift.schemas.errors import BliftError

#: How long a runner may take to end by itself, once it was interrupted or has lost a worker.
_GRACE_S = 10.0
#: Where Beam logs, with a traceback, what a step raised before it raises it again with the step's name behind it.
_STEPS = logging.getLogger("apache_beam.runners.common")
_STEP = " [while running '"
#: Beam's thread that waits for a process of a worker, and fails with it.
_WORKER_THREAD = "run_worker"


@contextmanager
def running() -> Iterator[None]:
    """Surround the making and running of a pipeline.

    Temporary folders lie in one of our own, which goes when the process does: Beam deletes some of its own never.
    Ctrl-C comes out as such, which a runner makes an error of a step, and a user's mistake as its sentence alone.
    Where a runner waits for a worker that has ended, as Beam's local one does for workers that had not begun, the
    process ends with a sentence.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, whatever the runner made of it.
        BliftError: a step raised it.
    """
    ending = _Ending()
    folder, variable, hook = tempfile.tempdir, os.environ.get("TMPDIR"), threading.excepthook
    ours = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    tempfile.tempdir, threading.excepthook = scratch(), ending.thread_failed
    os.environ["TMPDIR"] = scratch()  # of the processes that are started
    _STEPS.addFilter(_is_no_users_mistake)
    if ours:
        signal.signal(signal.SIGINT, ending.pressed)
    try:
        yield
    except BliftError as error:
        raise type(error)(*str(error).partition(_STEP)[0].split("\n")) from error
    except Exception as error:
        if ending.interrupted:
            raise KeyboardInterrupt from error
        raise
    finally:
        ending.cancel()
        _STEPS.removeFilter(_is_no_users_mistake)
        tempfile.tempdir, threading.excepthook = folder, hook
        if variable is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = variable
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    if ending.interrupted:
        raise KeyboardInterrupt


def _is_no_users_mistake(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], BliftError))


class _Ending:
    """Sees to it that a run ends that cannot go on."""

    def __init__(self) -> None:
        self.interrupted = False
        self._timers: list[threading.Timer] = []

    def pressed(self, _: int, __: FrameType | None) -> None:
        """Ctrl-C: the first is raised, a second ends the process."""
        if self.interrupted:
            leave(EXIT_INTERRUPTED, INTERRUPTED)
        self.interrupted = True
        logging.disable()  # runners log it with a traceback, as a fault of a step
        self._end_soon(EXIT_INTERRUPTED, INTERRUPTED)
        raise KeyboardInterrupt

    def thread_failed(self, failure: threading.ExceptHookArgs) -> None:
        """A thread of the runner failed; where it waited for a worker, nothing more may come."""
        if self.interrupted:
            return  # as was to be expected
        if failure.thread is not None and failure.thread.name == _WORKER_THREAD:
            self._end_soon(EXIT_WORKER_LOST, f"blift: {WORKER_ENDED}")
        elif not isinstance(failure.exc_value, grpc.RpcError):  # a connection broke: the pipeline fails, if it needs it
            threading.__excepthook__(failure)

    def cancel(self) -> None:
        """The run has ended by itself."""
        for timer in self._timers:
            timer.cancel()
        if self.interrupted:
            logging.disable(logging.NOTSET)

    def _end_soon(self, code: int, sentence: str) -> None:
        timer = threading.Timer(_GRACE_S, partial(leave, code, sentence))
        timer.daemon = True
        timer.start()
        self._timers.append(timer)
