"""What a build prints while it runs: one line a stage, alive on a terminal, plain in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from blift.pipelines.engine.run_folder import StageRecord
from blift.schemas.counted import counted
from blift.transforms import accounting

if TYPE_CHECKING:
    from rich.live import Live

_LOG_EVERY_S = 10.0


class Progress:
    """Rows and rejects of the stage that runs, counted in this process; other runners show theirs in their UI."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._stage: str | None = None
        self._since = 0.0
        self._logged = 0.0
        self._live: Live | None = None
        self._stop = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._ticker.join(timeout=1)
        if self._live:
            self._live.stop()

    def start(self, stage: str) -> None:
        """A stage begins."""
        accounting.live.clear()
        self._stage, self._since, self._logged = stage, time.monotonic(), time.monotonic()
        if self._live is None and not self._quiet and sys.stderr.isatty():
            self._live = self._display()

    def skip(self, stage: str, record: StageRecord) -> None:
        """A stage's result is already there."""
        self._say(f"{stage:<9} already done ({counted(len(record.shards), 'file')}, same inputs and recipe)")

    def submit(self, stage: str) -> None:
        """A stage was handed to its runner, and nobody waits for it."""
        self._stage = None
        self._say(f"{stage:<9} handed to the runner; when its job is done, run this again")

    def keep(self, missing: Sequence[str]) -> None:
        """The dataset before stays, since the new one is not whole."""
        self._say(f"The dataset before stays in its place until {' and '.join(missing)} have run.")

    def finish(self, stage: str, record: StageRecord) -> None:
        """A stage has ended, in this process or, where it was not started here, in a job that nobody waited for."""
        seconds = time.monotonic() - self._since if self._stage == stage else record.seconds
        self._stage = None
        rows = sum(shard.rows for shard in record.shards if not shard.path.startswith("rejects/"))
        rejects = sum(shard.rows for shard in record.shards if shard.path.startswith("rejects/"))
        self._say(
            f"{stage:<9} done in {seconds:.1f} s: {counted(rows, 'row')} in {counted(len(record.shards), 'file')}, "
            f"{counted(rejects, 'reject')} listed"
        )

    def _tick(self) -> None:
        while not self._stop.wait(0.25):
            if self._live:
                self._live.refresh()
            elif self._stage and time.monotonic() - self._logged >= _LOG_EVERY_S:
                self._logged = time.monotonic()
                self._say(self._line())

    def _display(self) -> Live:
        """The line that is alive while stages run."""
        from rich.console import Console  # noqa: PLC0415 - slow, and who skips all stages needs none
        from rich.live import Live  # noqa: PLC0415 - the same
        from rich.text import Text  # noqa: PLC0415 - the same

        live = Live(
            get_renderable=lambda: Text(self._line() if self._stage else ""),
            console=Console(stderr=True, highlight=False),
            refresh_per_second=4,
            transient=True,
            auto_refresh=False,
        )
        live.start()
        return live

    def _say(self, text: str) -> None:
        """A line that stays, above the one that is alive."""
        if self._live:
            self._live.console.print(text)
        elif not self._quiet:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def _line(self) -> str:
        counts = dict(accounting.live)
        read = sum(rows for (step, _, outcome), rows in counts.items() if step == "read" and outcome == "in")
        rejected = sum(rows for (_, _, outcome), rows in counts.items() if outcome == "rejected")
        seen = read or max((rows for (_, _, outcome), rows in counts.items() if outcome == "in"), default=0)
        return (
            f"{self._stage:<9} {time.monotonic() - self._since:6.0f} s  {counted(seen, 'row')}, {rejected:,} rejected"
        )
