"""Counts with their nouns, as sentences have them."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Such as ``1 file``, ``0 files`` and ``1,204 entries``; ``plural`` where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
