"""Languages: real sentences, and answers that depend on nothing but the text."""

import json
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.transforms.language import (
    ISO,
    SURE,
    Pass,
    fast_pass,
    identify,
    known_languages,
    langdetect_pass,
    words_of,
)

SENTENCES = {
    "en": "The old lighthouse stands at the end of the harbour wall.",
    "de": "Der alte Leuchtturm steht am Ende der Hafenmauer.",
    "es": "El viejo faro está al final del muelle del puerto.",
    "fr": "Le vieux phare se dresse au bout de la jetée du port.",
    "ru": "Старый маяк стоит в конце портовой стены.",
    "ja": "古い灯台は港の壁の端に立っています。",
    "zh": "古老的灯塔矗立在港口的尽头。",
    "ar": "تقف المنارة القديمة في نهاية جدار الميناء.",
}
#: The fast pass is unsure of the first three, and langdetect knows the language that it names.
UNSURE = ["kek topkek", "si no que", "nananana batman", *SENTENCES.values()]


def languages(*texts: str | None) -> list[str | None]:
    return identify(pl.Series(texts, dtype=pl.String))["language"].to_list()


def outside(texts: pl.Series, codes: Iterable[str], sure: float = SURE) -> pl.Series:
    return identify(texts, sure=sure, wanted=list(codes))["outside"]


def test_sentences_of_many_languages() -> None:
    assert languages(*SENTENCES.values()) == list(SENTENCES)


def test_a_text_without_words_has_no_language() -> None:
    emoji = [
        "\U0001f600\U0001f600",
        "\u2764\ufe0f",
        "1\ufe0f\u20e3",
        "\U0001f468\u200d\U0001f469",
        "\U0001f1e9\U0001f1ea",
    ]
    nothing = [None, "", "   ", "12:34 !!!", "https://youtu.be/xaQJbozY_Is", "me@example.org", "\x00\n", "' \u2019"]
    found = identify(pl.Series([*nothing, *emoji], dtype=pl.String))
    assert set(found.rows()) == {(None, None, None, None)}


def test_a_script_that_neither_pass_knows_has_no_language() -> None:
    assert identify(pl.Series(["\u13e3\u13b3\u13a9 \u13a6\u13ec\u13c2\u13af"])).row(0) == (None, None, None, None)


def test_addresses_and_line_breaks_do_not_count() -> None:
    assert languages("Der alte\nLeuchtturm steht hier https://example.org/the/old/lighthouse/stands/here") == ["de"]


def test_every_text_has_its_row_with_bounded_confidence() -> None:
    texts = pl.Series([*SENTENCES.values(), None, "", *UNSURE, "The old lighthouse"])
    found = identify(texts)
    assert found.schema == {
        "language": pl.String,
        "confidence": pl.Float64,
        "decided_by": pl.String,
        "outside": pl.Float64,
    }
    assert found.height == len(texts)
    assert found["confidence"].drop_nulls().is_between(0, 1).all()
    assert (found["language"].is_null() == found["decided_by"].is_null()).all()
    assert identify(texts.head(0)).schema == found.schema


def test_no_language_is_known_of_a_short_title() -> None:
    titles = (
        "Sunset",
        "Homemade ramen",
        "Funny truth",
        "Raspberry Pi project",
        "Wedding chaos",
        "Milky Way",
        "dog",
        "OC",
    )
    assert languages(*titles) == [None] * len(titles)
    assert (outside(pl.Series(titles), ["en"]) < SURE).all()


def test_a_name_does_not_make_a_title_foreign_where_langdetect_hears_english() -> None:
    title = "How to make a Kurzgesagt video in 1200 hours"
    assert identify(pl.Series([title]), wanted=["en"]).select("language", pl.col("outside") < SURE).row(0) == (
        None,
        True,
    )


def test_a_language_that_no_voice_knows_is_not_taken_for_another() -> None:
    zulu = pl.Series(["Abantu abaningi bathi bazohlangana ngakusasa ukuze baxoxe ngezindaba zomphakathi wabo wonke"])
    assert outside(zulu, ["en"]).item() > SURE
    assert outside(zulu, ["en", *known_languages()]).item() < SURE


def test_letters_tell_what_a_text_is_not() -> None:
    texts = pl.Series(
        ["\u732b", "\u041f\u0440\u0438\u0432\u0435\u0442", "\uff33\uff55\uff4e", "\U0001d407\U0001d422", "12"]
    )
    assert (outside(texts, ["en", "de"]).fill_null(0.0) > SURE).to_list() == [True, True, False, False, False]
    assert (outside(texts, ["en", "ru", "zh"]).fill_null(0.0) > SURE).to_list() == [False] * 5


def test_letters_in_another_dress_are_read() -> None:
    bold = "".join(chr(0x1D41A + ord(char) - ord("a")) if char.isalpha() else char for char in SENTENCES["en"].lower())
    assert words_of(pl.Series([bold])).item() == words_of(pl.Series([SENTENCES["en"].lower()])).item()


def test_the_fast_voice_decides_what_is_sure_and_langdetect_where_it_counts() -> None:
    unsure = SENTENCES["es"]
    assert max(fast_pass(words_of(pl.Series([unsure])).item()).values()) < 0.9
    found = identify(pl.Series([SENTENCES["en"], unsure]))
    assert found["language"].to_list() == ["en", "es"]
    assert found["decided_by"].to_list() == [Pass.FAST.value, Pass.LANGDETECT.value]


def test_a_lower_confidence_knows_more_languages() -> None:
    texts = pl.Series([*SENTENCES.values(), "Sunset", "Homemade ramen", "Buenos dias", "Golden hour in Lisbon"])
    known = [set(identify(texts, sure=sure)["language"].is_not_null().arg_true()) for sure in (0.99, 0.9, 0.5, 0.01)]
    assert known == sorted(known, key=len)
    assert len(known[0]) < len(known[-1])


def test_both_passes_name_a_language_alike() -> None:
    for code, sentence in SENTENCES.items():
        words = words_of(pl.Series([sentence])).item()
        for answer in (fast_pass(words), langdetect_pass(words)):
            assert max(answer, key=answer.__getitem__) == code


@settings(max_examples=25)
@given(st.lists(st.text(max_size=40), max_size=6), st.randoms(use_true_random=False))
def test_an_answer_depends_on_its_text_alone(texts: list[str], rng: random.Random) -> None:
    texts = [*texts, *UNSURE[:3]]
    shuffled = texts.copy()
    rng.shuffle(shuffled)
    together = dict(zip(shuffled, identify(pl.Series(shuffled, dtype=pl.String)).rows(), strict=True))
    for text in texts:
        assert identify(pl.Series([text], dtype=pl.String)).row(0) == together[text]


def test_another_process_gives_the_same() -> None:
    code = (
        "import polars as pl; from blift.transforms.language import identify; "
        f"print(identify(pl.Series({UNSURE!a})).rows())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert other.strip() == str(identify(pl.Series(UNSURE)).rows())


@settings(max_examples=40)
@given(st.text(max_size=80), st.sets(st.sampled_from(["en", "de", "ru", "zh"]), min_size=1), st.floats(0.5, 0.99))
def test_a_known_language_is_outside_just_the_others(text: str, codes: set[str], sure: float) -> None:
    texts = pl.Series([text, *SENTENCES.values()])
    for language, confidence, _, other in identify(texts, sure=sure, wanted=codes).rows():
        assert (language is None) == (confidence is None)
        assert confidence is None or sure <= confidence <= 1
        assert other is None or 0 <= other <= 1
        assert language is None or other is None or (other >= sure) == (language not in codes)


def test_every_code_is_one_of_iso_639() -> None:
    assert not known_languages() & set(ISO)
    assert {"en", "zh", "no", "gsw", "ceb"} <= known_languages()


@pytest.mark.shared
def test_english_titles_stay_and_sentences_in_other_languages_go(shared_data: Path) -> None:
    """All titles and more sentences: see docs/benchmarks.md. Here every twentieth."""
    texts = [
        line
        for path in sorted((shared_data / "language" / "sentences").glob("*.txt"))
        if path.stem != "en"
        for line in [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()][3::20]
    ]
    assert (outside(pl.Series(texts), ["en"]).fill_null(0.0) >= SURE).mean() >= 0.97
    lines = (shared_data / "cases" / "44-short-english-titles" / "RS.ndjson").read_text(encoding="utf-8").splitlines()
    titles = pl.Series([json.loads(line)["title"] for line in lines])
    assert (outside(titles, ["en"]).fill_null(0.0) < SURE).all()
