"""What commands say on standard error while they run: lines for people, or one JSON object a line for programs."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4


class Level(StrEnum):
    """How much a line matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


#: The option that chooses the format.
OPTION = "--log-format"
#: Before lines for people, by event; others stand as they are.
_BEFORE = {"note": "note: ", "warning": "warning: ", "failed": "blift: "}


class _Log:
    """The format that the command was asked for, and the id of its run."""

    def __init__(self) -> None:
        self.run: str | None = None


_log = _Log()


class _LogsOfLibraries(logging.Handler):
    """What libraries log, said as events."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            facts = {"traceback": "".join(traceback.format_exception(*record.exc_info))} if record.exc_info else {}
            say("log", record.getMessage(), _level(record.levelno), logger=record.name, **facts)
        except Exception:  # noqa: BLE001 - as every handler does: what cannot be logged ends no program
            self.handleError(record)


def _level(number: int) -> Level:
    if number >= logging.ERROR:
        return Level.ERROR
    return Level.WARNING if number >= logging.WARNING else Level.INFO


_of_libraries = _LogsOfLibraries()


def choose_format(*, as_json: bool) -> None:
    """Say everything from here on as JSON, under a new run id, or as lines for people."""
    _log.run = uuid4().hex if as_json else None
    logging.getLogger().removeHandler(_of_libraries)
    if as_json:
        logging.getLogger().addHandler(_of_libraries)


def is_json() -> bool:
    """Whether lines are JSON."""
    return _log.run is not None


def say(event: str, text: str, level: Level = Level.INFO, **fields: Any) -> None:
    """Write one line to standard error.

    Args:
        event: its name, such as ``stage_done``.
        text: for people, and the field ``message``.
        fields: of the JSON object, beside ``time`` (UTC), ``level``, ``run`` (the same for all lines of a command),
            ``event`` and ``message``.
    """
    sys.stderr.write(f"{_as_json(event, text, level, fields) if is_json() else _BEFORE.get(event, '') + text}\n")
    sys.stderr.flush()


def _as_json(event: str, text: str, level: Level, fields: dict[str, Any]) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": now, "level": level, "run": _log.run, "event": event, "message": text.strip(), **fields})
