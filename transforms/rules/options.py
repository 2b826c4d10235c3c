"""Types of the options of rules that are more than a number or a list: files that a recipe names.

Validation reads the file, so that a recipe with a wrong path fails before anything runs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated, Any

import polars as pl
from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema

from blift.schemas.checked import in_place
from blift.schemas.errors import RecipeError, cut
from blift.transforms.language import SURE, known_languages
from blift.transforms.named_files import named_path
from blift.transforms.vocabulary import Vocabulary, read_entries

BUILTIN = "builtin"


@dataclass(frozen=True)
class Words:
    """Words and phrases, and where they come from."""

    name: str
    vocabulary: Vocabulary


@dataclass(frozen=True)
class Languages:
    """Languages that are wanted, sorted, and the confidence from which a language counts as known."""

    codes: tuple[str, ...]
    confidence: float = SURE


@dataclass(frozen=True)
class Ids:
    """Ids, sorted, and the file that lists them."""

    name: str
    ids: tuple[str, ...]


@in_place
def _words(value: Any, info: ValidationInfo) -> Words:
    if isinstance(value, Words):
        return value
    if value == BUILTIN:
        return Words(BUILTIN, Vocabulary.builtin())
    return Words(str(value), Vocabulary.load(named_path(value, info)))


@in_place
def _ids(value: Any, info: ValidationInfo) -> Ids:
    if isinstance(value, Ids):
        return value
    entries = read_entries(named_path(value, info))
    return Ids(str(value), tuple(sorted({entry.split("#")[0].strip() for entry in entries})))


@in_place
def _pattern(value: Any, _info: ValidationInfo) -> str:
    if not isinstance(value, str) or not value:
        raise RecipeError("A regular expression is a string that is not empty.")
    try:
        pl.Series([""]).str.contains(value)
    except pl.exceptions.PolarsError as error:
        said = re.search(r"error: (?!regex)([^\n]+)", str(error))
        why = said[1] if said else cut(str(error).strip(), 300)
        raise RecipeError(f"{cut(repr(value))} is no regular expression: {why.rstrip('.')}.") from error
    return value


def _languages(value: Any) -> Languages:
    if isinstance(value, Languages):
        return value
    stated = value if isinstance(value, dict) else {"codes": value}
    if unknown := sorted(set(map(str, stated)) - {"codes", "confidence"}):
        raise ValueError(f"it has no option {cut(unknown[0], 40)}; its options are codes and confidence")
    codes, confidence = stated.get("codes"), stated.get("confidence", SURE)
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
        raise ValueError("it must be a list of language codes; write ISO 639-1 codes, such as [en, de]")
    if unknown := sorted(set(codes) - known_languages()):
        raise ValueError(
            f"{cut(unknown[0], 40)!r} is no language that can be identified; write ISO 639-1 codes, such as en"
        )
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 < confidence < 1:
        raise ValueError("confidence is a number between 0 and 1")
    return Languages(tuple(sorted(set(codes))), float(confidence))


def _languages_as_stated(languages: Languages) -> dict[str, Any]:
    return {"codes": list(languages.codes), "confidence": languages.confidence}


def _words_digest(words: Words) -> dict[str, str]:
    return {"name": words.name, "sha256": words.vocabulary.sha256}


def _ids_digest(ids: Ids) -> dict[str, str]:
    return {"name": ids.name, "sha256": hashlib.sha256("\n".join(ids.ids).encode()).hexdigest()}


_FILE = WithJsonSchema({"type": "string"})

_CODES = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_LANGUAGES: dict[str, Any] = {
    "title": "list of language codes, or `codes` with a `confidence`",
    "anyOf": [
        _CODES,
        {
            "type": "object",
            "properties": {
                "codes": _CODES,
                "confidence": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": SURE},
            },
            "required": ["codes"],
            "additionalProperties": False,
        },
    ],
}

#: `builtin`, or the path of a file with one word or phrase a line.
WordList = Annotated[Words, PlainValidator(_words), PlainSerializer(_words_digest), _FILE]
#: A list of language codes, or `codes` with a `confidence`.
LanguageList = Annotated[
    Languages, PlainValidator(_languages), PlainSerializer(_languages_as_stated), WithJsonSchema(_LANGUAGES)
]
#: The path of a file with one id a line.
IdFile = Annotated[Ids, PlainValidator(_ids), PlainSerializer(_ids_digest), _FILE]
#: A regular expression in Rust's syntax, which needs time in proportion to the text.
Pattern = Annotated[str, PlainValidator(_pattern), WithJsonSchema({"type": "string", "format": "regex"})]


def _named(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty; write a name, or leave it out")
    return text


#: Names of which there is at least one.
Names = Annotated[list[Annotated[str, AfterValidator(_named)]], Field(min_length=1)]
#: A number of things; hours; a part of a whole.
Number = Annotated[int, Field(ge=0)]
Hours = Annotated[float, Field(ge=0)]
Ratio = Annotated[float, Field(ge=0, le=1)]
