"""What a run may spend on an endpoint, divided among its workers so that no two have to agree on anything."""

from __future__ import annotations

import threading
from dataclasses import dataclass

#: Tokens that a picture and its question are taken for until the server has said how many they are.
_PROMPT_TOKENS = 2_048


@dataclass(frozen=True)
class Limits:
    """What a run may spend.

    Attributes:
        max_requests: HTTP requests, retries included; None for no limit.
        max_tokens: tokens of questions and answers, as the server counts them; None for no limit.
        shares: parts into which the limits are divided; one worker at a time works through a part.
    """

    max_requests: int | None = None
    max_tokens: int | None = None
    shares: int = 1

    def share(self, index: int, max_answer_tokens: int) -> Allowance:
        """What share ``index``, 0 to ``shares`` - 1, may spend; all shares together make the limits exactly."""
        return Allowance(self._part(self.max_requests, index), self._part(self.max_tokens, index), max_answer_tokens)

    def _part(self, limit: int | None, index: int) -> int | None:
        return None if limit is None else limit // self.shares + (index < limit % self.shares)


class Allowance:
    """What is left of one share. Threads may use it together.

    Pictures have their turn in a fixed order, and answers out of the cache count as they did when they were given:
    so a second run describes the same pictures as the first, whatever the cache holds.
    """

    def __init__(self, requests: int | None, tokens: int | None, max_answer_tokens: int) -> None:
        self.places = requests
        self._requests = requests
        self._tokens = tokens
        self._answer = max_answer_tokens
        self._prompt = 0
        self._largest_prompt = 0
        self._in_flight = 0
        self._lock = threading.Lock()

    def affordable(self, wanted: int) -> int:
        """How many of ``wanted`` questions can be paid for, at the price of the dearest one so far."""
        with self._lock:
            self._prompt = self._largest_prompt
            return wanted if self._tokens is None else max(0, min(wanted, self._tokens // self._price))

    def take(self) -> bool:
        """Reserve one request; False where the share is used up."""
        with self._lock:
            no_requests = self._requests is not None and self._requests < 1
            no_tokens = self._tokens is not None and self._tokens < (self._in_flight + 1) * self._price
            if no_requests or no_tokens:
                return False
            if self._requests is not None:
                self._requests -= 1
            self._in_flight += 1
            return True

    def settle(self, tokens: int | None) -> int:
        """Pay for a request that was taken; what it cost, which is its reserve where the server did not say."""
        with self._lock:
            self._in_flight -= 1
            cost = self._price if tokens is None else tokens
            self._spend(cost)
            return cost

    def free(self) -> None:
        """A request that was taken got no answer, and cost no tokens."""
        with self._lock:
            self._in_flight -= 1

    def remember(self, tokens: int) -> None:
        """Count an answer out of the cache at what it cost."""
        with self._lock:
            self._spend(tokens)

    def saw_prompt(self, prompt_tokens: int | None) -> None:
        """Learn how many tokens a question has; it counts from the next `affordable` on."""
        with self._lock:
            self._largest_prompt = max(self._largest_prompt, prompt_tokens or 0)

    def _spend(self, tokens: int) -> None:
        if self._tokens is not None:
            self._tokens -= tokens

    @property
    def _price(self) -> int:
        return (self._prompt or _PROMPT_TOKENS) + self._answer
