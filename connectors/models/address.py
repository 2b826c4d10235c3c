"""Where a model's endpoint is, how patiently it is asked, and by what key, which never shows."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from blift.schemas.errors import RecipeError

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


@dataclass(frozen=True)
class Address:
    """Where an endpoint is and how to ask it.

    Attributes:
        url: of an OpenAI-compatible server, up to and with the version: `http://localhost:8000/v1`.
        key_env: name of the environment variable that holds the key; None where the server wants none.
        timeout_s: seconds that one try may take.
        attempts: how often a request is sent at most.
        backoff_s: seconds, about, before the second try; each further one waits twice as long.
    """

    url: str
    key_env: str | None = None
    timeout_s: float = 60.0
    attempts: int = 4
    backoff_s: float = 1.0

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise RecipeError(
                "The `url` of an endpoint is no web address. Write such as http://host:8000/v1."
            ) from None
        if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
            raise RecipeError(
                "The `url` of an endpoint holds more than an address (a name, a key or a query). Leave that out, and "
                "name the environment variable that holds the key as `key_env`."
            )
        if not usable:
            raise RecipeError(f"The `url` of an endpoint, {self.url}, is no http or https address.")
        if self.key_env is not None and not _VARIABLE.fullmatch(self.key_env):  # it may be a key: it is not shown
            raise RecipeError(
                "The `key_env` of an endpoint is no name of an environment variable (A-Z, 0-9, _). Put the key itself "
                "into the environment, never into a recipe."
            )

    def key(self) -> str | None:
        """The key, from the environment of this process.

        Raises:
            RecipeError: the variable is not set, or holds what no header can.
        """
        if self.key_env is None:
            return None
        key = os.environ.get(self.key_env, "").strip()
        if not key:
            raise RecipeError(f"The environment variable {self.key_env}, which `key_env` names, is not set. Set it.")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise RecipeError(f"The environment variable {self.key_env} holds something that is no key. Set it anew.")
        return key
