"""A vocabulary finds its words and phrases whole, in any case, in the plural, and nothing else."""

import pickle
import random
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.schemas.errors import RecipeError
from blift.transforms.vocabulary import MAX_ENTRY, Vocabulary, read_entries


def found(vocabulary: Vocabulary, *texts: str | None) -> list[str | None]:
    """The entry found in each text; `matches` must agree."""
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    text = pl.col("text")
    frame = frame.select(matches=vocabulary.matches(text), entry=vocabulary.first_match(text))
    assert frame.schema == {"matches": pl.Boolean, "entry": pl.String}
    assert (frame["matches"] == frame["entry"].is_not_null()).all()
    return frame["entry"].to_list()


def assert_found(vocabulary: Vocabulary, expected: Mapping[str, str | None]) -> None:
    assert dict(zip(expected, found(vocabulary, *expected), strict=True)) == expected


def test_only_whole_words_match() -> None:
    ass = Vocabulary.of(["ass"])
    whole = ("ass", "an ass.", "(ass)", "_ass_", "ass,ass", "bad-ass", "ass\n", "\U0001f600ass", "**ass**", "ass/hat")
    inside = ("class", "assess", "bass", "ass1", "1ass", "ass\u00e9", "a s s", "\u00e9ass", "ass\u0301", "")
    assert_found(ass, dict.fromkeys(whole, "ass") | dict.fromkeys(inside))


def test_null_is_no_match() -> None:
    assert found(Vocabulary.of(["ass"]), None, "ass", None) == [None, "ass", None]


def test_case_does_not_matter_in_any_script() -> None:
    words = Vocabulary.of(["Ass", "\u0445\u0423\u0439", "stra\u00dfe", "\u03c3\u03ac\u03c2", "\u00b5x"])
    assert_found(
        words,
        {
            "ASS": "ass",
            "a\u017fS": "ass",
            "\u0425\u0423\u0419": "\u0445\u0443\u0439",
            "STRA\u1e9eE": "stra\u00dfe",
            "\u03a3\u0386\u03a3": "\u03c3\u03ac\u03c2",
            "\u03c3\u03ac\u03c3": "\u03c3\u03ac\u03c2",
            "\u03bcX": "\u00b5x",
        },
    )


def test_accents_match_composed_or_not() -> None:
    for entry in ("m\u00e9nage", "me\u0301nage"):
        words = Vocabulary.of([entry])
        assert found(words, "m\u00e9nage", "ME\u0301NAGE", "menage") == ["m\u00e9nage", "m\u00e9nage", None]


def test_words_of_a_phrase_are_parted_by_a_blank_hyphen_or_underscore() -> None:
    phrase = Vocabulary.of(["two  Girls one-cup"])
    assert phrase.entries == ("two girls one-cup",)
    parted = ("two girls one cup", "two-girls_one-cup", "TWO \n girls\tone\u2010cups", "two\u00a0girls one cup")
    apart = ("two, girls one cup", "twogirlsonecup", "two--girls one cup", "two girls", "girls one cup")
    assert_found(phrase, dict.fromkeys(parted, "two girls one-cup") | dict.fromkeys(apart))


def test_regular_plurals_match() -> None:
    plurals = {
        "cats": "cat",
        "asses": "ass",
        "boxes": "box",
        "bitches": "bitch",
        "wishes": "wish",
        "ladies": "lady",
        "boys": "boy",
        "homos": "homo",
        "homoes": "homo",
    }
    assert_found(Vocabulary.of(set(plurals.values())), plurals)


def test_other_endings_are_no_plurals() -> None:
    words = Vocabulary.of(["cat", "box", "lady", "b4", "caf\u00e9", "cumming"])
    wrong = ("cummings", "cates", "boxs", "ladys", "ladyes", "b4s", "caf\u00e9s", "catss")
    assert found(words, *wrong) == [None] * len(wrong)


def test_entries_that_begin_or_end_with_a_symbol_need_no_gap_there() -> None:
    words = Vocabulary.of(["c++", "$x", "\U0001f595"])
    expected = {"c++17": "c++", "objc++": None, "a$x": "$x", "$xy": None, "a\U0001f595b": "\U0001f595"}
    assert_found(words, expected)


def test_signs_of_regular_expressions_are_letters_like_others() -> None:
    assert found(Vocabulary.of(["a.b", "(x|y)*", "[z]"]), "a.b", "axb", "(x|y)*", "x", "[z]", "z") == [
        *("a.b", None, "(x|y)*", None, "[z]", None)
    ]


def test_the_first_match_is_the_leftmost_and_there_the_longest() -> None:
    words = Vocabulary.of(["zoo", "ass", "ass hat", "ass-hat shop", "baby", "babies room"])
    assert_found(
        words,
        {
            "a zoo, an ass": "zoo",
            "an ass, a zoo": "ass",
            "ass_hat": "ass hat",
            "ass hat shops": "ass-hat shop",
            "the babies": "baby",
            "the babies room": "babies room",
        },
    )


def test_the_builtin_list_finds_what_it_lists_and_spares_what_it_does_not() -> None:
    builtin = Vocabulary.builtin()
    assert len(builtin.entries) == 402
    assert builtin.sha256.startswith("e2bfd4a4fc05")
    assert found(builtin, *builtin.entries) == list(builtin.entries)
    innocent = (
        "Love, Mum xx",
        "Cummings poem",
        "Dick Van Dyke at 98",
        "Moby Dick, first edition",
        "Scunthorpe",
        "a class of assassins",
        "I grape-picked",
        "cockpit",
        "the essex coast",
        "\u2764",
        "",
    )
    assert found(builtin, *innocent) == [None] * len(innocent)


def test_addresses_and_names_of_users_are_not_read() -> None:
    words = Vocabulary.of(["rude", "very bad"])
    innocent = (
        "https://example.org/rude/very-bad?rude=1", "www.rude.example", "see example.org/rude-pictures",
        "rude.com is down", "me@rude.org", "rude@example.org", "u/rude", "/u/very-bad said so", "r/rude",
        "thanks /r/rude!", "@rude", "(@rude)",
    )  # fmt: skip
    assert found(words, *innocent) == [None] * len(innocent)
    guilty = (
        "https://example.org rude",
        "rude r/aww",
        "and/or rude",
        "r / rude",
        "rude@",
        "so rude.And then",
        "tu/rude",
    )
    assert found(words, *guilty) == ["rude"] * len(guilty)


def test_a_first_name_is_no_word() -> None:
    words = Vocabulary.of(["dick", "rude"])
    names = ("Moby Dick", "Dick Van Dyke", "Dick van Dyke", "Dick Nicols Park", "about Dick Cheney")
    assert found(words, *names) == [None] * len(names)
    guilty = ("a dick", "DICK PIC", "Dick Pics For Sale", "dick Cheney", "Such A Dick", "Dick move by him")
    assert found(words, *guilty) == ["dick"] * len(guilty)
    assert found(words, "rude Dick Cheney") == ["rude"]


def test_a_vocabulary_of_many_thousands_of_words_finds_each() -> None:
    letters = random.Random(7)
    words = Vocabulary.of("".join(letters.choices("abcdefghij", k=8)) for _ in range(5_000))
    assert found(words, *words.entries[::100]) == list(words.entries[::100])
    assert found(words, "klmnop") == [None]


def test_the_longest_allowed_entries_of_many_forms_still_compile() -> None:
    accented = "\u1f82" * (MAX_ENTRY - 1)
    words = Vocabulary.of(f"{accented}{chr(ord('a') + number)}" for number in range(26))
    assert found(words, words.entries[3].upper(), words.entries[25] + "es") == [None, words.entries[25]]


def test_fingerprint_is_of_the_entries_whatever_their_order_case_or_comments(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"\xef\xbb\xbf# my words\r\nBeta  two\r\n\r\n alpha \r\nALPHA\r\n")
    loaded, made = Vocabulary.load(path), Vocabulary.of(["alpha", "beta two", " "])
    assert loaded == made
    assert loaded.entries == ("alpha", "beta two")
    assert loaded.sha256 == made.sha256 != Vocabulary.of(["alpha"]).sha256


def test_a_vocabulary_survives_the_way_to_a_worker() -> None:
    words = Vocabulary.of(["ass"])
    found(words, "ass")
    assert found(pickle.loads(pickle.dumps(words)), "ass") == ["ass"]  # noqa: S301


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"has no entries; write one a line"),
        (b"# only\n# comments\n\n", r"has no entries; write one a line"),
        (b"good\nb\xff\xfed\n", r"is not UTF-8 text \(byte 6\); save it as UTF-8"),
        (b"good\n" + b"x" * 201, r"Line 2 of the list .* has 201 characters, more than 200; write one entry a line"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=reason):
        Vocabulary.load(path)


def test_a_missing_file_and_an_empty_vocabulary_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"gone\.txt cannot be read .*; check its path"):
        read_entries(tmp_path / "gone.txt")
    with pytest.raises(RecipeError, match="at least one word or phrase"):
        Vocabulary.of(["", "  "])


words = st.text(alphabet="abyzso\u00e9\u03c3\u03c2\u0441 -_$1", min_size=1, max_size=6)
vocabularies = st.lists(words.filter(str.strip), min_size=1, max_size=6).map(Vocabulary.of)
texts = st.text(alphabet="abyzsoeiSO\u017f\u00e9\u0301\u03c3\u03c2\u03a3\u0421 -_$1.,", max_size=20) | st.text()
laws = settings(max_examples=60)


@laws
@given(vocabularies, st.lists(texts | st.none(), max_size=10))
def test_the_first_match_is_an_entry_just_where_the_text_matches(
    vocabulary: Vocabulary, rows: list[str | None]
) -> None:
    assert set(found(vocabulary, *rows)) <= {None, *vocabulary.entries}
    assert found(vocabulary, *rows[::-1]) == found(vocabulary, *rows)[::-1]


@laws
@given(vocabularies)
def test_every_entry_finds_itself_in_any_case_and_composition(vocabulary: Vocabulary) -> None:
    for change in (str.upper, str.title, lambda text: unicodedata.normalize("NFD", text), "\u2026{}!".format):
        assert None not in found(vocabulary, *map(change, vocabulary.entries))


@laws
@given(vocabularies, texts)
def test_case_of_the_text_changes_nothing(vocabulary: Vocabulary, text: str) -> None:
    plain = unicodedata.normalize("NFC", text)
    one_for_one = "".join(char.upper() if len(char.upper()) == 1 else char for char in plain)
    assert (found(vocabulary, one_for_one)[0] is None) == (found(vocabulary, plain)[0] is None)


@laws
@given(st.text(alphabet="abcxyz", min_size=1, max_size=5), st.sampled_from("ab1\u00e9\u4e2d\u0301"))
def test_a_word_with_a_letter_mark_or_digit_beside_it_is_another_word(word: str, beside: str) -> None:
    vocabulary = Vocabulary.of([word])
    assert found(vocabulary, word, f"{beside}{word}", f"{word}{beside}") == [word, None, None]
