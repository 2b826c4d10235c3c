"""A measuring process and its guard: a time limit for each file, a fresh process after a crash, no secrets in it."""

from __future__ import annotations

import os
import queue
import select
import signal
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

import msgspec

from blift.connectors.media.limits import Refused
from blift.connectors.media.settings import MeasureConfig
from blift.pipelines.stages.media.child import Answer, Greeting, Question, length_of, send
from blift.pipelines.stages.media.measure import Measured
from blift.schemas.errors import OutputError
from blift.schemas.reasons import Reason

#: What the process may know of this one's environment; keys and tokens are not in it.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
_GPU_ENVIRONMENT = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "CUDA_PATH")
#: Answers above this are no rows: a video of 12 hours gives some 100 MB of keyframes.
_MOST_BYTES = 2 << 30
_PIECE = 1 << 20


class Guard:
    """Measures files, one at a time, in a process that it starts when the first comes."""

    def __init__(self, config: MeasureConfig, *, gpu: bool = False) -> None:
        self._config, self._gpu = config, gpu
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def measure(self, path: str) -> Measured:
        """Measure a local file.

        Raises:
            Refused: the file gives no row; a crash and a time limit are reasons like others.
            OutputError: the process does not start.
        """
        process = self._running()
        if self._stopped:
            self.close()
            raise Refused(Reason.DECODER_CRASHED, "it was to stop")
        deadline = time.monotonic() + self._config.limits.timeout_s
        try:
            assert process.stdin is not None
            send(process.stdin, Question(path))
            answer = msgspec.msgpack.decode(self._received(process, deadline), type=Answer)
            if answer.row is None or answer.traits is None:
                raise Refused(Reason(answer.reason or Reason.DAMAGED), answer.detail or "")
        except (BrokenPipeError, EOFError):
            raise self._crashed() from None
        except (msgspec.MsgspecError, ValueError):
            self.close()
            raise Refused(Reason.DECODER_CRASHED, "the decoding process gave no answer that can be read") from None
        except KeyboardInterrupt:
            self.close()  # or the next question would get this one's answer
            raise
        except TimeoutError:
            self.close()
            limit = self._config.limits.timeout_s
            raise Refused(Reason.TIMED_OUT, f"decoding took more than {limit:g} s") from None
        return Measured(answer.row, answer.keyframes, answer.traits)

    def stop(self) -> None:
        """End the process while another thread waits for its answer; no file is measured any more."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        names = _ENVIRONMENT + (_GPU_ENVIRONMENT if self._gpu else ())
        environment = {name: os.environ[name] for name in names if name in os.environ}
        environment["OPENBLAS_NUM_THREADS"] = "1"  # workers run side by side; waking threads costs more than products
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "blift.pipelines.stages.media.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                process_group=0,  # Ctrl-C is for this process, which ends that one
            )
            assert self._process.stdin is not None
            send(self._process.stdin, Greeting(self._config, self._gpu))
        except OSError as error:
            raise OutputError(f"Cannot start a process to decode media: {error}.") from error
        return self._process

    def _received(self, process: subprocess.Popen[bytes], deadline: float) -> bytes:
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        length = length_of(_read(descriptor, 8, deadline))
        if length > _MOST_BYTES:
            raise ValueError(length)
        return _read(descriptor, length, deadline)

    def _crashed(self) -> Refused:
        process = self._process
        code = process.wait() if process else 0
        self.close()
        what = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Refused(Reason.DECODER_CRASHED, f"the decoding process ended with {what}")


class Guards:
    """Measures files for several threads at a time, each in a process of its own.

    Args:
        number: of processes.
    """

    def __init__(self, config: MeasureConfig, number: int, *, gpu: bool = False) -> None:
        self._all = [Guard(config, gpu=gpu) for _ in range(number)]
        self._free: queue.SimpleQueue[Guard] = queue.SimpleQueue()
        for guard in self._all:
            self._free.put(guard)

    def measure(self, path: str) -> Measured:
        """As ``Guard.measure``, in the next process that is free."""
        guard = self._free.get()
        try:
            return guard.measure(path)
        finally:
            self._free.put(guard)

    def stop(self) -> None:
        """End what is under way; no file is measured any more."""
        for guard in self._all:
            guard.stop()

    def close(self) -> None:
        """End the processes, none of which is at work."""
        for guard in self._all:
            guard.close()


def _read(descriptor: int, size: int, deadline: float) -> bytes:
    """Exactly ``size`` bytes.

    Raises:
        TimeoutError: they did not come in time.
        EOFError: the other side is gone.
    """
    parts: list[bytes] = []
    while size:
        wait_s = deadline - time.monotonic()
        if wait_s <= 0 or not select.select([descriptor], [], [], wait_s)[0]:
            raise TimeoutError
        part = os.read(descriptor, min(size, _PIECE))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
