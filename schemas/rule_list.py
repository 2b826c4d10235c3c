"""Every rule of the schema gate, whatever it looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from blift.schemas.baseline_rules import BASELINE_RULES
from blift.schemas.compatibility import TABLE_RULES
from blift.schemas.rules import COLUMN_RULES


class Rule(Protocol):
    """What all rules have: an id, and what they ask in one sentence."""

    @property
    def id(self) -> str: ...
    @property
    def sentence(self) -> str: ...


RULES: Sequence[Rule] = (*COLUMN_RULES, *TABLE_RULES, *BASELINE_RULES)
