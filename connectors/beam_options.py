"""Beam's options that the environment gives to every command."""

from __future__ import annotations

import os
import shlex

from blift.schemas.errors import InputError

#: The environment variable that holds them, such as `--s3_endpoint_url=...`.
OPTIONS = "BLIFT_BEAM_OPTIONS"


def own_options() -> list[str]:
    """Beam's options in the environment variable; none where it is not set.

    Raises:
        InputError: it cannot be divided into options.
    """
    text = os.environ.get(OPTIONS, "")
    try:
        options = shlex.split(text)
    except ValueError as error:
        raise InputError(f"{OPTIONS} cannot be read ({error}). Close every quotation mark in it.") from error
    if strange := next((option for option in options if not option.startswith("--")), None):
        raise InputError(f"{OPTIONS} holds {strange!r}. Write each option as --NAME=VALUE.")
    return options
