"""Events of OpenLineage, sent where OpenLineage is configured; a build neither fails nor waits for long over them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from blift.pipelines.engine.log import Level, say
from blift.schemas.counted import counted

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import RunEvent

#: How long the end of a build waits for events that were not taken yet.
WAIT_S = 5.0
_THREAD = "blift-openlineage"
_FILE = "openlineage.yml"
_DISABLED, _TRANSPORT, _NAMED = (
    "OPENLINEAGE_DISABLED",
    "OPENLINEAGE__TRANSPORT",
    ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG"),
)
#: Logs each try with its address; what came of all tries is said at the end.
_TRIES = logging.getLogger("urllib3.connectionpool")


def configured() -> OpenLineageClient | None:
    """OpenLineage's client, where its own environment variables or files name a place for events.

    Where they do, and nothing can be sent, that is said as a warning.
    """
    if not _is_asked_for():
        return None
    try:
        client = _client()
    except ModuleNotFoundError as error:
        _warn(f"{error.name} is not installed. Install blift[lineage], or set {_DISABLED}=true")
        return None
    except Exception as error:  # noqa: BLE001 - whatever is wrong with its configuration, the build can run
        _warn(f"its configuration is wrong ({_without_address(error)})")
        return None
    if client.transport.kind == "console" and not (client.config.transport or {}).get("type"):
        _warn("its configuration names no transport")
        return None
    return client


def _is_asked_for() -> bool:
    if os.environ.get(_DISABLED, "").strip().lower() == "true":
        return False
    files = (Path(_FILE), Path("~/.openlineage", _FILE).expanduser())
    named = any(name in _NAMED or name.startswith(_TRANSPORT) for name, value in os.environ.items() if value)
    return named or any(path.is_file() for path in files)


def _client() -> OpenLineageClient:
    """The client. It writes its key and address under other names into the environment, which is undone."""
    from openlineage.client import OpenLineageClient  # noqa: PLC0415 - an extra

    before = set(os.environ)
    try:
        return OpenLineageClient()
    finally:
        for name in set(os.environ) - before:
            del os.environ[name]


def _warn(why: str) -> None:
    say("warning", f"OpenLineage is configured, and no events are sent: {why}.", Level.WARNING)


def _without_address(error: Exception) -> str:
    """What is wrong, without addresses, which may hold keys."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"the server answers {status}"
    return type(error).__name__ if "://" in str(error) else f"{type(error).__name__}: {error}"


class Sender:
    """Sends events one after the other in a thread of its own.

    Args:
        client: of OpenLineage.
        wait_s: how long `close` waits.
    """

    def __init__(self, client: OpenLineageClient, wait_s: float = WAIT_S) -> None:
        self._client, self._wait_s = client, wait_s
        self._waiting: SimpleQueue[Callable[[], RunEvent] | None] = SimpleQueue()
        self._asked = self._sent = 0
        self._failures: list[str] = []
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name=_THREAD, daemon=True)
        self._thread.start()

    def send(self, event: Callable[[], RunEvent]) -> None:
        """Let an event be made and sent, soon."""
        self._asked += 1
        self._waiting.put(event)

    def close(self) -> None:
        """Wait for what is to be sent, for some seconds; what could not be sent is said as a warning."""
        self._waiting.put(None)
        self._thread.join(self._wait_s)
        self._given_up.set()
        if missing := self._asked - self._sent:
            why = self._failures[0] if self._failures else f"no answer in {self._wait_s:g} s"
            say(
                "warning",
                f"{missing:,} of {counted(self._asked, 'event')} could not be sent to OpenLineage ({why}). The dataset "
                "is not affected.",
                Level.WARNING,
            )

    def _run(self) -> None:
        _TRIES.addFilter(_is_of_others)
        while (event := self._waiting.get()) is not None and not self._given_up.is_set():
            try:
                self._client.emit(event())
                self._sent += 1
            except Exception as error:  # noqa: BLE001 - no fault of a server or a transport fails a build
                self._failures.append(_without_address(error))
        self._client.close(self._wait_s)


def _is_of_others(record: logging.LogRecord) -> bool:
    return record.threadName != _THREAD
