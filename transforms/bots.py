"""How bots are told: by a list of known accounts, by a name that ends in bot, by a comment that says so.

The paper removes posts and comments by bots and does not say how. These are three predicates, each with a
reason of its own, so that the funnel shows what each costs.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import polars as pl

from blift.transforms.vocabulary import read_entries

_KNOWN_BOTS = Path(__file__).with_name("known_bots.txt")

#: One `-` or `_` and digits may follow, as in "haikubot-1337". By the letter: "Abbot" and "Robot" end so too.
_BOT_NAME = r"(?i)bot[-_]?[0-9]*$"

#: What every text that `says_bot` finds holds, whatever marks are around it.
_BOT_WORD = r"(?i)bot|boop|bloop|automat"

#: Markdown's marks, as in `^I ^am ^a ^bot` and `*bleep*`.
_MARKS = r"[*^_~`\\]+"


def _sentence(pattern: str) -> str:
    """An expression for whole words, with any blanks, also those that Reddit writes as entities, for a space.

    Word boundaries are ASCII's: Unicode's are slow in Rust's expressions.
    """
    blanks = r"(?:\s|\x{200b}|&nbsp;|&#32;|&#x200b;)+"
    return rf"(?-u:\b)(?:{pattern.replace(' ', blanks)})(?-u:\b)"


_I_AM_A_BOT = r"i(?: a|['’]?)m (?:just |only )?an? (?:[a-z]+ )?bot"
_MESSAGE = r"(?:action|comment|message|reply|response|post|crosspost)"
_MADE = r"(?:p(?:er|re)formed|made|posted|generated|written|created|sent)"
_SAYS_BOT = "(?i)" + _sentence(
    "|".join(
        [
            _I_AM_A_BOT,
            rf"this {_MESSAGE} (?:is|was|has been) (?:{_MADE} automatically|automatically {_MADE})",
            rf"this (?:comment|message|reply) (?:is|was|has been) {_MADE} by (?:a|an|my|the) (?:[a-z]+ )?bot",
            rf"this is an automat(?:ed|ic) (?:{_MESSAGE}|reminder|notice|notification)",
            r"bl?eep[\s,.!]*bl?oop",
        ]
    )
)

#: Where "I am a bot" is what others think, a question, or a place in a game (the bottom lane).
_OTHERS = "if|whether|thinks?|thought|thinking|believes?|assumed?|assumes|says?|said|claims?|claimed|like|because"
_BY_OTHERS = _sentence(rf"(?:{_OTHERS})(?: that)? {_I_AM_A_BOT}|{_I_AM_A_BOT} lan(?:e|ers?|ing)")
_NOT_SAID = rf"(?i){_BY_OTHERS}|{_sentence(_I_AM_A_BOT)}\s*\?"


def known_bot(author: pl.Expr, names: Iterable[str] | None = None) -> pl.Expr:
    """Boolean: the account, by its plain name, is a known program. False for null.

    Args:
        author: names as Reddit spells them, without ``u/``; case does not matter.
        names: the accounts, in place of those in ``known_bots.txt`` (see :func:`load_names`).
    """
    known = _packaged_names() if names is None else sorted({name.lower() for name in names})
    return author.str.to_lowercase().is_in(known).fill_null(value=False)


def bot_name(author: pl.Expr) -> pl.Expr:
    """Boolean: the name ends in "bot", in any case, with or without digits after it. False for null.

    By the letter, so people called Abbot, Cabot or Talbot go as well.
    """
    return author.str.contains(_BOT_NAME).fill_null(value=False)


def says_bot(text: pl.Expr) -> pl.Expr:
    """Boolean: the text says that a program wrote it, such as "I am a bot" or "^(beep boop)". False for null.

    It looks through Markdown. "If I'm a bot", "you think I'm a bot" and "I'm a bot?" say no such thing.
    """
    # An empty text, not null, where there is nothing to search: Polars searches what stands behind a null.
    nothing = pl.lit("")
    plain = pl.when(text.str.contains(_BOT_WORD)).then(text).otherwise(nothing).str.replace_all(_MARKS, "")
    said = pl.when(plain.str.contains(_SAYS_BOT)).then(plain).otherwise(nothing).str.replace_all(_NOT_SAID, "")
    return said.str.contains(_SAYS_BOT)


def load_names(path: Path) -> tuple[str, ...]:
    """Names of accounts in a file, one a line, lower case and sorted; a ``u/`` before a name is dropped.

    Raises:
        RecipeError: the file is missing, empty or no UTF-8 text.
    """
    return tuple(sorted({name.lower().removeprefix("/").removeprefix("u/") for name in read_entries(path)}))


@cache
def _packaged_names() -> tuple[str, ...]:
    return load_names(_KNOWN_BOTS)
