"""How far a fetch folder is: on a terminal while it runs, and as `blift fetch status` says."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from blift.connectors.fetch.changes import ItemState
from blift.connectors.fetch.kinds import ItemKind
from blift.connectors.fetch.state import State, Tally
from blift.schemas.printable import printable

_SHOW_EVERY_S = 1.0
_LOG_EVERY_S = 15.0
#: Over how long a rate is taken.
_RATE_S = 300.0
_FAILURES_SHOWN = 5
#: The most of a unit of time before a larger one is used.
_SHOWN_TO = 100


@dataclass(frozen=True)
class Standing:
    """Items of one kind.

    Attributes:
        kind: theirs.
        states: how many are in each state.
        per_s: how many ended in a second lately.
    """

    kind: ItemKind
    states: Counter[ItemState]
    per_s: float

    @property
    def eta_s(self) -> float | None:
        """Seconds until those that are pending have ended, at the present rate; None where nobody can say."""
        pending = self.states[ItemState.PENDING]
        return pending / self.per_s if pending and self.per_s else None


def standings(state: State, over_s: float = _RATE_S) -> list[Standing]:
    """How far the items of each kind are, with the rate of the last seconds."""
    return _standings(state.tallies(), state, over_s)


def _standings(tallies: Sequence[Tally], state: State, over_s: float) -> list[Standing]:
    states: dict[str, Counter[ItemState]] = defaultdict(Counter)
    for tally in tallies:
        states[tally.kind][tally.state] += tally.items
    ended = state.ended_since(time.time() - over_s)
    return [
        Standing(kind, states[kind.name], ended.get(kind.name, 0) / over_s)
        for kind in state.kinds.items
        if kind.name in states
    ]


def table(rows: Iterable[Standing]) -> Table:
    """The standings, a line a kind."""
    shown = Table("", "done", "absent", "failed", "pending", "per second", "left", box=None, pad_edge=False)
    for column in shown.columns[1:]:
        column.justify = "right"
    for row in rows:
        counts = [f"{row.states[state]:,}" for state in (ItemState.DONE, ItemState.ABSENT, ItemState.FAILED)]
        left = "" if row.eta_s is None else duration(row.eta_s)
        shown.add_row(row.kind.plural, *counts, f"{row.states[ItemState.PENDING]:,}", f"{row.per_s:.1f}", left)
    return shown


def duration(seconds: float) -> str:
    """Seconds as people say them: `40 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    if seconds < _SHOWN_TO:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < _SHOWN_TO:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days} d {hour} h" if days > 1 else f"{hours} h {rest} min"


def show_status(state: State, console: Console) -> None:
    """Everything that `blift fetch status` says."""
    tallies = state.tallies()
    if not tallies:
        console.print("Nothing was asked for yet.")
        return
    console.print(table(_standings(tallies, state, _RATE_S)))
    absent = [tally for tally in tallies if tally.state is ItemState.ABSENT]
    if absent:
        console.print("\nabsent, and why:")
        for tally in sorted(absent, key=lambda tally: -tally.items):
            console.print(f"  {state.kinds.item(tally.kind).plural:<16} {tally.reason or '':<20} {tally.items:,}")
    failures = state.failures(_FAILURES_SHOWN + 1)
    if failures:
        console.print("\nfailed (`--retry failed` asks again):")
        for kind, key, message in failures[:_FAILURES_SHOWN]:
            console.print(printable(f"  {kind} {key}: {message}"), markup=False, soft_wrap=True)
        if len(failures) > _FAILURES_SHOWN:
            console.print("  and more; they are in the table `item` of fetch.sqlite")
    for kind, key, note in state.notes():
        console.print("\n" + printable(f"{kind} {key}: {note}"), markup=False, soft_wrap=True)
    withdrawn = len(state.withdrawn())
    if withdrawn:
        console.print(f"\ntaken back: {withdrawn:,}; builds leave them out.")


class FetchProgress:
    """The standings, alive on a terminal, a line now and then in a log."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._live = Live(console=self._console, transient=True, auto_refresh=False)
        self._began = time.time()
        self._shown = 0.0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live.is_started:
            self._live.stop()

    def watch(self, state: State) -> None:
        """Show how far it is, where it is time to."""
        now = time.time()
        if now - self._shown < (_SHOW_EVERY_S if self._live.is_started else _LOG_EVERY_S):
            return
        self._shown = now
        rows = standings(state, min(_RATE_S, max(1.0, now - self._began)))
        if self._live.is_started:
            self._live.update(table(rows), refresh=True)
        elif now - self._began > _LOG_EVERY_S:
            self._console.print("; ".join(_line(row) for row in rows))

    def say(self, text: str) -> None:
        """A sentence that stays on the screen."""
        self._console.print(printable(text), markup=False, soft_wrap=True)


def _line(row: Standing) -> str:
    ended = sum(items for state, items in row.states.items() if state is not ItemState.PENDING)
    return f"{row.kind.plural} {ended:,} of {row.states.total():,}"
