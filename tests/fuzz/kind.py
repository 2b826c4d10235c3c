"""A kind of input: how one is made, and what must be true of what comes of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Says what came of an input, such as ``accepted`` or ``refused``.
Check = Callable[[Any], str]


class Finding(AssertionError):
    """An input of which something is not as it must be."""


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
        name: its name.
        large: inputs of the large budget; ``small``: of that among the tests.
        make: an input, the same for equal generators of random numbers.
        start: prepares a folder of its own; gives the check, which raises where something is not as it must be.
    """

    name: str
    large: int
    small: int
    make: Callable[[random.Random], Any]
    start: Callable[[Path], AbstractContextManager[Check]]

    def input(self, seed: int, number: int) -> Any:
        """The input of a number: each can be made again by itself."""
        return self.make(random.Random(f"{self.name} {seed} {number}"))

    def run(self, seed: int, numbers: Iterable[int], folder: Path) -> Iterator[tuple[int, str | Finding]]:
        """Check the inputs of some numbers: each number before, with an empty text, and with what came of it after.

        Args:
            seed: of the inputs.
            numbers: which.
            folder: an empty one.
        """
        with self.start(folder) as check:
            for number in numbers:
                yield number, ""
                given = self.input(seed, number)
                try:
                    outcome: str | Finding = check(given)
                except Exception as error:  # noqa: BLE001 - whatever is raised is a finding
                    outcome = Finding(f"{self.name}, seed {seed}, input {number}: {type(error).__name__}: {error}")
                    outcome.__cause__ = error
                yield number, outcome


def require(holds: bool, what: str) -> None:
    """Check something of an input.

    Raises:
        Finding: it does not hold.
    """
    if not holds:
        raise Finding(what)
