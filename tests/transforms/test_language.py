"""Languages: real sentences, and answers that depend on nothing but the text."""

import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.language import Pass, identify

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


def languages(*texts: str | None) -> list[str | None]:
    return identify(pl.Series(texts, dtype=pl.String))["language"].to_list()


def test_sentences_of_many_languages() -> None:
    assert languages(*SENTENCES.values()) == list(SENTENCES)


def test_a_text_without_words_has_no_language() -> None:
    assert languages(None, "", "   ", "12:34 !!!", "😀😀", "https://youtu.be/xaQJbozY_Is", "\x00\n") == [None] * 7


def test_addresses_and_line_breaks_do_not_count() -> None:
    assert languages("Der alte\nLeuchtturm steht hier https://example.org/the/old/lighthouse/stands/here") == ["de"]


def test_the_fast_pass_decides_what_is_sure_and_langdetect_the_rest() -> None:
    texts = pl.Series([SENTENCES["en"], "kek topkek"])
    assert identify(texts)["decided_by"].to_list() == [Pass.FAST.value, Pass.LANGDETECT.value]
    assert set(identify(texts, sure=0.0)["decided_by"]) == {Pass.FAST.value}
    assert set(identify(texts, sure=2.0)["decided_by"]) == {Pass.LANGDETECT.value}


def test_codes_are_iso_639_in_both_passes() -> None:
    for sure in (0.0, 2.0):
        assert identify(pl.Series([SENTENCES["zh"]]), sure=sure)["language"].to_list() == ["zh"]


@settings(max_examples=25)
@given(st.lists(st.text(max_size=40), max_size=6), st.randoms(use_true_random=False))
def test_an_answer_depends_on_its_text_alone(texts: list[str], rng: random.Random) -> None:
    texts = [*texts, "mmm hmm ok", "si no que"]
    shuffled = texts.copy()
    rng.shuffle(shuffled)
    together = dict(zip(shuffled, identify(pl.Series(shuffled, dtype=pl.String)).rows(), strict=True))
    for text in texts:
        assert identify(pl.Series([text], dtype=pl.String)).row(0) == together[text]


def test_another_process_gives_the_same() -> None:
    code = (
        "import polars as pl; from transforms.language import identify; "
        "print(identify(pl.Series(['mmm hmm ok', 'si no que', 'la la land'])).rows())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert other.strip() == str(identify(pl.Series(["mmm hmm ok", "si no que", "la la land"])).rows())


@pytest.mark.shared
def test_english_is_told_from_the_rest(shared_data: Path) -> None:
    english = (shared_data / "language" / "sentences" / "en.txt").read_text(encoding="utf-8").splitlines()
    spanish = (shared_data / "language" / "sentences" / "es.txt").read_text(encoding="utf-8").splitlines()
    found = languages(*english[:100], *spanish[:100])
    assert found[:100].count("en") >= 99
    assert found[100:].count("en") == 0
