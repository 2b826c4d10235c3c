"""Measures files in a process of its own, so that a decoder that crashes or hangs takes nothing with it.

The process is asked over its standard input and answers over its standard output, in MessagePack: what comes back
from code that read hostile media is data, never objects.
"""

from __future__ import annotations

import gc
import os
import resource
import struct
import sys
import threading
import time
from typing import IO, Any

import cv2
import msgspec

from blift.connectors.media.limits import Refused
from blift.connectors.media.settings import MeasureConfig
from blift.pipelines.stages.media.keyframes import Traits
from blift.pipelines.stages.media.measure import measure
from blift.schemas.reasons import Reason

_LENGTH = struct.Struct("<Q")
#: How often it is looked whether the process that asked is still there.
_WATCH_S = 0.5


class Question(msgspec.Struct):
    """A file to measure."""

    path: str


class Answer(msgspec.Struct):
    """What a file gave: a row, keyframes and traits, or the reason why not."""

    row: dict[str, Any] | None
    keyframes: list[bytes | None]
    traits: Traits | None
    reason: str | None
    detail: str | None


class Greeting(msgspec.Struct):
    """The first message: how to measure."""

    config: MeasureConfig
    gpu: bool


def send(stream: IO[bytes], message: msgspec.Struct) -> None:
    """Write one message."""
    content = msgspec.msgpack.encode(message)
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def length_of(prefix: bytes) -> int:
    """The length of the message that follows its eight bytes."""
    return int(_LENGTH.unpack(prefix)[0])


def _received(stream: IO[bytes]) -> bytes | None:
    prefix = stream.read(_LENGTH.size)
    return stream.read(length_of(prefix)) if len(prefix) == _LENGTH.size else None


def _answer(path: str, config: MeasureConfig, *, gpu: bool) -> Answer:
    try:
        measured = measure(path, config, gpu=gpu)
    except Refused as refused:
        return Answer(None, [], None, refused.reason.value, refused.detail)
    except MemoryError:
        allowed = config.limits.memory_bytes
        return Answer(None, [], None, Reason.DECODER_CRASHED.value, f"out of memory; {allowed} bytes are allowed")
    return Answer(measured.row, measured.keyframes, measured.traits, None, None)


def settle() -> None:
    """Make this process one that measures: one thread of OpenCV, and a collector that passes over what was imported."""
    cv2.setNumThreads(1)
    gc.freeze()


def _end_with(parent: int) -> None:
    """End in the middle of a file when the process that asked for it is gone."""
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os._exit(1)


def main() -> None:
    """Answer until the standard input ends."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a native library prints does not reach the answers
    content = _received(questions)
    if content is None:
        return
    greeting = msgspec.msgpack.decode(content, type=Greeting)
    limits = greeting.config.limits
    resource.setrlimit(resource.RLIMIT_DATA, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settle()
    while (content := _received(questions)) is not None:
        question = msgspec.msgpack.decode(content, type=Question)
        send(answers, _answer(question.path, greeting.config, gpu=greeting.gpu))


if __name__ == "__main__":
    main()
