"""What a build prints while it runs: one line a stage, alive on a terminal, plain in a log."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from blift.connectors.bytes_read import bytes_read
from blift.pipelines.engine.log import OPTION, is_json, say
from blift.pipelines.engine.run_folder import StageRecord
from blift.pipelines.engine.stage import Prepared
from blift.schemas.counted import counted
from blift.transforms import accounting
from blift.transforms.accounting import FunnelRow

if TYPE_CHECKING:
    from rich.live import Live

_LOG_EVERY_S = 10.0
_GIGABYTE = 10**9


def add_log_format(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses between lines for people and JSON."""
    parser.add_argument(
        OPTION,
        choices=("text", "json"),
        default="text",
        help="what standard error gets: lines for people, or one JSON object a line; docs/build.md names the fields",
    )


@dataclass(frozen=True)
class HowFar:
    """How many bytes of its archives a stage has read, of how many, and how many seconds the rest will take.

    A figure that is not known is None. Bytes are not known if the stage reads no archives, or reads them in other
    processes; the seconds, before the first byte was read and after the last one.
    """

    bytes_read: int | None
    bytes_total: int | None
    eta_s: float | None

    def __str__(self) -> str:
        if self.bytes_read is None or self.bytes_total is None:
            return ""
        left = "" if self.eta_s is None else f", about {self.eta_s:,.0f} s left"
        return f", {_shown(self.bytes_read)} of {_shown(self.bytes_total)} read{left}"


def how_far(planned: int | None, done: int, unplanned: int, seconds: float) -> HowFar:
    """The progress of reading archives.

    Args:
        planned: bytes that were to be read; None where that is not known. ``unplanned``: further ones.
        done: bytes that were read, in so many ``seconds``.
    """
    if planned is None:
        return HowFar(done or None, None, None)
    total = planned + unplanned
    if not done or not total:
        return HowFar(done or None, total or None, None)
    done = min(done, total)
    return HowFar(done, total, round(seconds * (total - done) / done, 1) if done < total else None)


def _shown(size_bytes: int) -> str:
    return f"{size_bytes / _GIGABYTE:,.1f} GB" if size_bytes >= _GIGABYTE else f"{size_bytes / 1e6:,.1f} MB"


class Progress:
    """Rows and rejects of the stage that runs, counted in this process; other runners show theirs in their UI."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._stage: str | None = None
        self._to_read: int | None = None
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

    def start(self, stage: str, prepared: Prepared) -> None:
        """A stage begins."""
        accounting.live.clear()
        bytes_read.clear()
        # A trial ends before the end of its files.
        is_trial = prepared.inputs.get("limit") is not None
        self._to_read = prepared.reading.size_bytes if prepared.reading and not is_trial else None
        self._stage, self._since, self._logged = stage, time.monotonic(), time.monotonic()
        if is_json():
            self._say("stage_started", f"{stage} has started", stage=stage)
        elif self._live is None and not self._quiet and sys.stderr.isatty():
            self._live = self._display()

    def skip(self, stage: str, record: StageRecord) -> None:
        """A stage's result is already there."""
        text = f"{stage:<9} already done ({counted(len(record.shards), 'file')}, same inputs and recipe)"
        self._say("stage_skipped", text, stage=stage, files=len(record.shards))

    def submit(self, stage: str) -> None:
        """A stage was handed to its runner, and nobody waits for it."""
        self._stage = None
        text = f"{stage:<9} handed to the runner; when its job is done, run this again"
        self._say("stage_submitted", text, stage=stage)

    def keep(self, missing: Sequence[str]) -> None:
        """The dataset before stays, since the new one is not whole."""
        text = f"The dataset before stays in its place until {' and '.join(missing)} have run."
        self._say("dataset_kept", text, missing=list(missing))

    def finish(self, stage: str, record: StageRecord) -> None:
        """A stage has ended, in this process or, where it was not started here, in a job that nobody waited for."""
        seconds = time.monotonic() - self._since if self._stage == stage else record.seconds
        self._stage = None
        rows = sum(shard.rows for shard in record.shards if not shard.path.startswith("rejects/"))
        rejects = sum(shard.rows for shard in record.shards if shard.path.startswith("rejects/"))
        text = (
            f"{stage:<9} done in {seconds:.1f} s: {counted(rows, 'row')} in {counted(len(record.shards), 'file')}, "
            f"{counted(rejects, 'reject')} listed"
        )
        facts = {"seconds": round(seconds, 3), "rows": rows, "files": len(record.shards), "rejects_listed": rejects}
        self._say("stage_done", text, stage=stage, **facts, funnel=[_step(row) for row in record.funnel])

    def _tick(self) -> None:
        while not self._stop.wait(0.25):
            if self._live:
                self._live.refresh()
            elif self._stage and time.monotonic() - self._logged >= _LOG_EVERY_S:
                self._logged = time.monotonic()
                self._tell()

    def _display(self) -> Live:
        """The line that is alive while stages run."""
        from rich.console import Console  # noqa: PLC0415 - slow, and who skips all stages needs none
        from rich.live import Live  # noqa: PLC0415 - the same
        from rich.text import Text  # noqa: PLC0415 - the same

        live = Live(
            get_renderable=lambda: Text(self._line()[0] if self._stage else ""),
            console=Console(stderr=True, highlight=False),
            refresh_per_second=4,
            transient=True,
            auto_refresh=False,
        )
        live.start()
        return live

    def _say(self, event: str, text: str, **fields: Any) -> None:
        """A line that stays, above the one that is alive."""
        if self._live:
            self._live.console.print(text)
        elif not self._quiet:
            say(event, text, **fields)

    def _tell(self) -> None:
        """How far the stage is, as a line of a log."""
        text, facts = self._line()
        self._say("progress", text, **facts)

    def _line(self) -> tuple[str, dict[str, Any]]:
        """How far the stage is, for people, and as fields."""
        counts = dict(accounting.live)
        read = sum(rows for (step, _, outcome), rows in counts.items() if step == "read" and outcome == "in")
        rejected = sum(rows for (_, _, outcome), rows in counts.items() if outcome == "rejected")
        seen = read or max((rows for (_, _, outcome), rows in counts.items() if outcome == "in"), default=0)
        seconds = time.monotonic() - self._since
        far = how_far(self._to_read, *bytes_read.figures(), seconds)
        text = f"{self._stage:<9} {seconds:6.0f} s  {counted(seen, 'row')}, {rejected:,} rejected{far}"
        facts = {"stage": self._stage, "seconds": round(seconds, 3), "rows": seen, "rejected": rejected}
        return text, {**facts, **asdict(far)}


def _step(row: FunnelRow) -> dict[str, Any]:
    """A row of the funnel as an event has it."""
    counts = {"in": row.rows_in, "out": row.rows_out, "merged": row.merged, "rejected": dict(row.rejected)}
    return {"records": row.table, "step": row.step, **counts}
