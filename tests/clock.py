"""A time that passes only where somebody waits: tests of pauses and rates need neither patience nor a fast machine."""

from __future__ import annotations

from collections.abc import Callable


class Clock:
    """Calling it gives the time in seconds since 1970. Each worker of a test has one of its own.

    Args:
        now: when it starts.
        meanwhile: called at the beginning of each wait; true where the waiting program was told to end.
    """

    def __init__(self, now: float = 1_700_000_000.0, meanwhile: Callable[[], bool] = lambda: False) -> None:
        self.now = now
        self.waits: list[float] = []
        self._meanwhile = meanwhile

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        """Let time pass; whether the program was told to end."""
        self.waits.append(seconds)
        if self._meanwhile():
            return True
        self.now += seconds
        return False

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.wait(seconds)
