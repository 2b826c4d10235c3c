"""Vocabularies: sets of words and phrases, from a file or a package, and how texts are matched against them.

How an entry matches:

- whole words only: before and after it stands no letter, mark or digit (of any script). Punctuation, symbols,
  an underscore and the ends of the text end a word, so ``_ass_`` holds "ass", and "class" does not. An entry
  that begins or ends with a symbol needs no gap on that side. Scripts that write no spaces between words
  therefore match only where something else sets the word apart.
- in any case, by Unicode's simple case folding, and whether accents are composed or not.
- a space or hyphen between the words of an entry stands for any run of white space, one hyphen or one
  underscore.
- an entry that ends in a letter from a to z also matches its regular English plural: -s; -es after s, x, z, ch and
  sh; either after o; -ies for a y after a consonant. One in -ing has none: `Cummings` is a name.
- addresses, e-mail addresses, and the names of users and subreddits (`u/name`, `@name`, `r/name`) are not read.
- where a vocabulary has "dick", `Moby Dick` and `Dick` before another capitalized word are names (`Dick Van Dyke`).
- nothing else is undone: "sh1t" matches only where the vocabulary lists it.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Self

import polars as pl

from blift.schemas.credentials import refuse_credentials
from blift.schemas.errors import RecipeError, cut
from blift.schemas.regular_files import Unreadable, read_regular_file

#: LDNOOBW's English list (CC BY 4.0), the vocabulary of the paper, unchanged inside the package `expletives`.
_BUILTIN = ("expletives", "data/sources/ldnoobw-en.txt")
#: Its entries that are not used: two kisses under a letter.
_LEFT_OUT = frozenset({"xx"})

#: Longest entry, in characters; a longer line means that the file is no word list.
MAX_ENTRY = 200

#: A list of a million words has some 10 MB.
MAX_LIST_BYTES = 32 << 20

#: Characters of entries in one regular expression. Measured: up to about 1,000 entries an expression searches
#: at full speed; from 3,000 on its state tables no longer fit and it is 20 times slower.
_PATTERN_CHARS = 8_000

#: What is not read: addresses and names of users and subreddits. The character before one stays.
_ADDRESS = (
    r"(?i)(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/\S*"
    r"|\b[\w-]+\.(?:com|net|org|edu|gov|io|co|tv|be|uk|de)\b"
)
_NAME = r"(^|[^\w/])(?:/?(?i:[ur])/[\w-]+|@\w[\w.-]*)"
#: A first name; `Dick Pics` in a title is none.
_FIRST_NAME = r"\bMoby[ -]Dick\b|\bDick\s+(?:[Vv][ao]n\s+)?\p{Lu}\p{Ll}{2,}"
_NO_NAME = r"\bDick\s+(?:Pic|Head|Size|Move|Joke|Suck|And|With|For|The|Inside|From|Into)"
_MARK = "\u2026"
_NO_WORD = r"[^\p{L}\p{M}\p{N}]"
_GAP = "(?:\\s+|[-_\u2010\u2011])"
_ENTRY_GAP = re.compile(rf"(?<=\S){_GAP}(?=\S)")

#: Lower-case letters that case folding takes for others (Unicode's CaseFolding.txt); all beyond these, lower case does.
_LONG_S_AND_GREEK = "\u017f\ufb05\ufb06\u00b5\u0345\u03d0\u03f5\u03d1\u03f0\u03d6\u03f1\u03c2\u03d5"
_OLD_CYRILLIC = "\u1c80\u1c81\u1c82\u1c83\u1c84\u1c85\u1c86\u1c87\u1c88"
_FOLDS = {char: char.casefold() for char in _LONG_S_AND_GREEK + _OLD_CYRILLIC}


@dataclass(frozen=True)
class Vocabulary:
    """A set of words and phrases.

    Attributes:
        entries: lower case, composed (NFC), runs of white space made one space; sorted, each once. Make a
            vocabulary with :meth:`of`, :meth:`load` or :meth:`builtin`, which see to this.
    """

    entries: tuple[str, ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        """The vocabulary of these words and phrases; blank ones are left out.

        Raises:
            RecipeError: none is left.
        """
        plain = {" ".join(unicodedata.normalize("NFC", word.lower()).split()) for word in words} - {""}
        if not plain:
            raise RecipeError("A vocabulary needs at least one word or phrase.")
        return cls(tuple(sorted(plain)))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The vocabulary in a file, read by :func:`read_entries`.

        Raises:
            RecipeError: the file is missing, empty or no UTF-8 text, or a line is too long for a phrase.
        """
        return cls.of(read_entries(path))

    @classmethod
    def builtin(cls) -> Self:
        """LDNOOBW's English list without `xx`: 402 words and phrases, sexual, violent or slurs."""
        return cls.of(_builtin_entries())

    @cached_property
    def sha256(self) -> str:
        """Fingerprint of the sorted entries; order, case and comments of a file do not change it."""
        return hashlib.sha256("\n".join(self.entries).encode()).hexdigest()

    def matches(self, texts: pl.Expr) -> pl.Expr:
        """Boolean: the text holds an entry. False for null."""
        read = self._read(texts)
        return pl.any_horizontal(read.str.contains(part) for part in self._patterns).fill_null(value=False)

    def first_match(self, texts: pl.Expr) -> pl.Expr:
        """String: an entry that the text holds, as the vocabulary spells it; null where it holds none.

        Of several it is the leftmost, and there the longest. (Entries that begin or end with a symbol, and those
        of a vocabulary too large for one regular expression, are searched apart; the first part that has any
        answers: always the same entry, too.)
        """
        read = self._read(texts)
        found = pl.coalesce(read.str.extract(pattern, 1) for pattern in self._patterns)
        lower = found.str.to_lowercase().str.normalize("NFD")
        folded = lower.str.replace_many(list(_FOLDS), list(_FOLDS.values())).str.replace_all(_GAP, " ")
        return folded.replace(list(self._entry_of), list(self._entry_of.values()))

    def _read(self, texts: pl.Expr) -> pl.Expr:
        """What of a text is searched; what is not read leaves a mark that ends a word."""
        read = texts.str.replace_all(_ADDRESS, _MARK).str.replace_all(_NAME, f"${{1}}{_MARK}")
        if "dick" not in self.entries:
            return read
        named = read.str.replace_all(_FIRST_NAME, _MARK)
        return pl.when(read.str.contains(_NO_NAME)).then(read).otherwise(named)

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        """Regular expressions that together find every entry, in group 1.

        A word's neighbours are part of the match: Rust's expressions have no look-around, and their Unicode
        word boundaries are 40 times slower than these classes.
        """
        patterns = []
        for (left, right), group in groupby(sorted(self.entries, key=_edges), key=_edges):
            before, after = f"(?:^|{_NO_WORD})" if left else "", f"(?:{_NO_WORD}|$)" if right else ""
            patterns += [f"(?i){before}({part}){after}" for part in _alternations(group)]
        return tuple(patterns)

    @cached_property
    def _entry_of(self) -> dict[str, str]:
        """What a match can read, folded, and the entry that it stands for."""
        plurals = {_folded(_plural(entry, ending)): entry for entry in self.entries for ending in _endings(entry)}
        return plurals | {_folded(entry): entry for entry in self.entries}


def read_entries(path: Path) -> list[str]:
    """The lines of a UTF-8 text file, trimmed, without blank ones and those that begin with ``#``.

    Raises:
        RecipeError: the file is missing, too large, empty or no UTF-8 text, a line is too long for a phrase, or holds
            a credential.
    """
    shown = cut(str(path), 400)
    try:
        content = read_regular_file(path, MAX_LIST_BYTES)
    except Unreadable as error:
        raise RecipeError(f"The list {shown} cannot be read ({error}); check its path.") from error
    entries = _entries_in(content, shown)
    refuse_credentials(enumerate(content.decode("utf-8").split("\n"), start=1), f"The list {shown}")
    return entries


def _entries_in(content: bytes, name: str) -> list[str]:
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        at = f"byte {error.start}"
        raise RecipeError(f"The list {name} is not UTF-8 text ({at}); save it as UTF-8.") from error
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.strip()
        if len(entry) > MAX_ENTRY and not entry.startswith("#"):
            raise RecipeError(
                f"Line {number} of the list {name} has {len(entry):,} characters, more than {MAX_ENTRY}; "
                "write one entry a line."
            )
        if entry and not entry.startswith("#"):
            entries.append(entry)
    if not entries:
        raise RecipeError(f"The list {name} has no entries; write one a line.")
    return entries


@cache
def _builtin_entries() -> tuple[str, ...]:
    package, path = _BUILTIN
    entries = _entries_in(files(package).joinpath(path).read_bytes(), f"{package}/{path}")
    return tuple(entry for entry in entries if entry not in _LEFT_OUT)


def _edges(entry: str) -> tuple[bool, bool]:
    """Whether an entry begins, and ends, with a letter, mark or digit."""
    return unicodedata.category(entry[0])[0] in "LMN", unicodedata.category(entry[-1])[0] in "LMN"


def _alternations(entries: Iterable[str]) -> Iterator[str]:
    """Expressions for the entries, in parts of bounded size."""
    part: list[str] = []
    size = 0
    for entry in sorted(entries):
        part += _forms(entry)
        size += len(entry)
        if size > _PATTERN_CHARS:
            yield _alternation(part)
            part, size = [], 0
    if part:
        yield _alternation(part)


def _alternation(forms: list[str]) -> str:
    # Longer ones first: of those that match at one place, the first is taken.
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return "|".join(_GAP.join(pl.escape_regex(word) for word in _ENTRY_GAP.split(form)) for form in ordered)


def _forms(entry: str) -> list[str]:
    """An entry and its plurals, accents composed or not."""
    spellings = dict.fromkeys(unicodedata.normalize(form, entry) for form in ("NFC", "NFD"))
    return [
        form
        for spelling in spellings
        for form in (spelling, *(_plural(spelling, ending) for ending in _endings(spelling)))
    ]


def _endings(entry: str) -> tuple[str, ...]:
    """What makes an entry plural in English; none where it does not end in a Latin letter."""
    if not re.search(r"[a-z]$", entry) or entry.endswith("ing"):
        return ()
    if re.search(r"[^aeiou\W]y$", entry):
        return ("ies",)
    if re.search(r"(?:[sxz]|ch|sh)$", entry):
        return ("es",)
    return ("s", "es") if entry.endswith("o") else ("s",)


def _plural(entry: str, ending: str) -> str:
    return entry.removesuffix("y") + ending if ending == "ies" else entry + ending


def _folded(form: str) -> str:
    """One spelling for all that an expression takes for the same."""
    folded = "".join(_FOLDS.get(char, char) for char in unicodedata.normalize("NFD", form))
    return re.sub(_GAP, " ", folded)
