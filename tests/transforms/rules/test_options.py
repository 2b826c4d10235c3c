"""Options of rules: what is accepted, the sentence that tells what is not, and what a run report says of them."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from blift.transforms.language import SURE
from blift.transforms.rules.options import (
    Hours,
    IdFile,
    Ids,
    LanguageList,
    Languages,
    Names,
    Number,
    Pattern,
    Ratio,
    WordList,
    Words,
)
from blift.transforms.vocabulary import Vocabulary

_LONG = "x" * 60


def sentence(option: Any, value: Any) -> str:
    """What is told of a value that is no such option."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(option).validate_python(value)
    return str(caught.value.errors()[0]["msg"]).removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("", "A regular expression is a string that is not empty."),
        (3, "A regular expression is a string that is not empty."),
        ("(", "'(' is no regular expression: unclosed group."),
        (
            "a{1000}{1000}{1000}",
            "'a{1000}{1000}{1000}' is no regular expression: Compiled regex exceeds size limit of 10485760 bytes.",
        ),
    ],
)
def test_what_is_no_pattern_is_told(value: Any, told: str) -> None:
    assert sentence(Pattern, value) == told


def test_a_pattern_stays_as_it_was_written() -> None:
    assert TypeAdapter(Pattern).validate_python(r"(?i)\bcat\b") == r"(?i)\bcat\b"


_NO_CODES = "it must be a list of language codes; write ISO 639-1 codes, such as [en, de]"
_NO_CONFIDENCE = "confidence is a number between 0 and 1"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("en", _NO_CODES),
        ([], _NO_CODES),
        ([3], _NO_CODES),
        ({"confidence": 0.5}, _NO_CODES),
        ({"codes": ["en"], "z": 1, "a": 2}, "it has no option a; its options are codes and confidence"),
        (
            {"codes": ["en"], _LONG: 2},
            f"it has no option {'x' * 17} ... {'x' * 17}; its options are codes and confidence",
        ),
        (
            ["yy", "xx", "en"],
            "'xx' is no language that can be identified; write ISO 639-1 codes, such as en",
        ),
        (
            [_LONG],
            f"'{'x' * 17} ... {'x' * 17}' is no language that can be identified; write ISO 639-1 codes, such as en",
        ),
        ({"codes": ["en"], "confidence": 0}, _NO_CONFIDENCE),
        ({"codes": ["en"], "confidence": -0.5}, _NO_CONFIDENCE),
        ({"codes": ["en"], "confidence": 1}, _NO_CONFIDENCE),
        ({"codes": ["en"], "confidence": True}, _NO_CONFIDENCE),
        ({"codes": ["en"], "confidence": "0.5"}, _NO_CONFIDENCE),
    ],
    ids=str,
)
def test_what_is_no_list_of_languages_is_told(value: Any, told: str) -> None:
    assert sentence(LanguageList, value) == told


def test_a_name_of_an_option_or_a_language_of_forty_characters_is_told_whole() -> None:
    name = "x" * 40
    assert sentence(LanguageList, {"codes": ["en"], name: 1}).startswith(f"it has no option {name};")
    assert sentence(LanguageList, [name]).startswith(f"{name!r} is no language")


def test_languages_are_sorted_and_each_once_whether_or_not_a_confidence_is_stated() -> None:
    options: TypeAdapter[Languages] = TypeAdapter(LanguageList)
    assert options.validate_python(["en", "de", "en"]) == Languages(("de", "en"), SURE)
    stated = options.validate_python({"codes": ["en"], "confidence": 0.6})
    assert stated == Languages(("en",), 0.6)
    assert options.validate_python(stated) is stated
    assert options.dump_python(stated) == {"codes": ["en"], "confidence": 0.6}


def test_a_list_of_ids_is_known_by_its_path_and_by_the_digest_of_the_sorted_ids(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("b2\n# a remark\na1 # the first\nb2\n")
    options: TypeAdapter[Ids] = TypeAdapter(IdFile)
    ids = options.validate_python(str(path))
    assert ids == Ids(str(path), ("a1", "b2"))
    assert options.validate_python(ids) is ids
    assert options.dump_python(ids) == {"name": str(path), "sha256": hashlib.sha256(b"a1\nb2").hexdigest()}


def test_a_word_list_is_known_by_its_path_and_the_digest_of_its_words(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("heck\n")
    options: TypeAdapter[Words] = TypeAdapter(WordList)
    words = options.validate_python(str(path))
    assert options.validate_python(words) is words
    assert options.dump_python(words) == {"name": str(path), "sha256": Vocabulary.load(str(path)).sha256}
    assert options.dump_python(options.validate_python("builtin")) == {
        "name": "builtin",
        "sha256": Vocabulary.builtin().sha256,
    }


@pytest.mark.parametrize("option", [IdFile, WordList])
def test_a_list_that_is_not_there_is_told_by_its_path(option: Any, tmp_path: Path) -> None:
    path = tmp_path / "gone.txt"
    assert sentence(option, str(path)) == (
        f"The list {path} cannot be read (No such file or directory); check its path."
    )


@pytest.mark.parametrize(
    ("option", "inside", "outside"),
    [
        (Number, [0, 1, 10**9], [-1, 0.5]),
        (Hours, [0, 0.5, 1_000], [-0.1, -1]),
        (Ratio, [0, 0.5, 1], [-0.1, -1, 1.1, 2]),
    ],
)
def test_numbers_end_where_they_say(option: Any, inside: list[float], outside: list[float]) -> None:
    for value in inside:
        assert TypeAdapter(option).validate_python(value) == value
    for value in outside:
        sentence(option, value)


def test_names_are_some_and_none_is_empty() -> None:
    assert TypeAdapter(Names).validate_python(["a", " b"]) == ["a", " b"]
    assert sentence(Names, []) == "List should have at least 1 item after validation, not 0"
    assert sentence(Names, ["a", " "]) == "it is empty; write a name, or leave it out"


def test_editors_are_told_what_an_option_looks_like() -> None:
    codes = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    confidence = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": SURE}
    assert TypeAdapter(LanguageList).json_schema() == {
        "title": "list of language codes, or `codes` with a `confidence`",
        "anyOf": [
            codes,
            {
                "type": "object",
                "properties": {"codes": codes, "confidence": confidence},
                "required": ["codes"],
                "additionalProperties": False,
            },
        ],
    }
    assert TypeAdapter(WordList).json_schema() == TypeAdapter(IdFile).json_schema() == {"type": "string"}
    assert TypeAdapter(Pattern).json_schema() == {"type": "string", "format": "regex"}
