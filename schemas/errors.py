"""The errors that a person can cause and mend; the command prints their sentence and exits with their code."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

from blift.schemas.printable import printable

#: Characters of a sentence: a path may have 4,096.
_LONGEST = 5_000
#: Characters of what another library says.
_LONGEST_REASON = 200


def one_line(error: BaseException) -> str:
    """What another library says of an error, as a part of a sentence: one line, not too long, without a full stop."""
    return " ".join(str(error).split())[:_LONGEST_REASON].rstrip(".")


class BliftError(Exception):
    """Something a user can put right. Its text is one sentence or two: what, where, what to do.

    Args:
        *sentences: each is a line of the text, whatever it quotes: what is not printable in it is escaped, and of what
            is very long the middle is left out.
    """

    #: Of the command that ends with it.
    exit_code: ClassVar[int] = 2

    def __init__(self, *sentences: str) -> None:
        super().__init__(*(printable(cut(sentence, _LONGEST)) for sentence in sentences))

    def __str__(self) -> str:
        return "\n".join(self.args)


class RecipeError(BliftError):
    """A recipe, or a file that a recipe names, cannot be used."""


class InputError(BliftError):
    """An input file or folder is missing, unreadable or not what it claims to be."""


class SchemaError(BliftError):
    """A table does not have the schema that its reader or writer expects."""


class OutputError(BliftError):
    """The run folder cannot be written or read (disk full, permissions, another run, damaged files)."""


class PublishError(BliftError):
    """The Hub cannot be reached, does not allow it, or holds what must not be overwritten."""


class FetchError(BliftError):
    """A platform cannot be asked at all: no credentials, wrong ones, or a service that does not answer."""


class PartialInput(BliftError):
    """An input file could not be read to its end, and the person asked for all of it (`--strict`)."""

    exit_code: ClassVar[int] = 3


class OutOfLimits(BliftError):
    """A column of the dataset is outside the limits that the recipe sets (`stats.limits`)."""

    exit_code: ClassVar[int] = 3


class TooManyRejects(BliftError):
    """More records were malformed than the recipe allows."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A sentence part such as ``, did you mean 'subreddits'?``; empty where nothing is near."""
    near = get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f", did you mean {near[0]!r}?" if near else ""


def cut(text: str, most: int = 80) -> str:
    """A text of strangers as a sentence shows it: at most so many characters, the middle left out."""
    half = (most - 5) // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"
