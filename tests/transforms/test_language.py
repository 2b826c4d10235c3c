"""Languages: real sentences, and answers that depend on nothing but the text."""

import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.transforms.language import Pass, fast_pass, identify, langdetect_languages, langdetect_pass, words_of

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
    assert set(found.rows()) == {(None, None, None)}


def test_a_script_that_neither_pass_knows_has_no_language() -> None:
    assert identify(pl.Series(["\u13e3\u13b3\u13a9 \u13a6\u13ec\u13c2\u13af"])).row(0) == (None, None, None)


def test_addresses_and_line_breaks_do_not_count() -> None:
    assert languages("Der alte\nLeuchtturm steht hier https://example.org/the/old/lighthouse/stands/here") == ["de"]


def test_every_text_has_its_row_with_bounded_confidence() -> None:
    texts = pl.Series([*SENTENCES.values(), None, "", *UNSURE, "The old lighthouse"])
    found = identify(texts)
    assert found.schema == {"language": pl.String, "confidence": pl.Float64, "decided_by": pl.String}
    assert found.height == len(texts)
    assert found["confidence"].drop_nulls().is_between(0, 1).all()
    assert (found["language"].is_null() == found["decided_by"].is_null()).all()
    assert identify(texts.head(0)).schema == found.schema


def test_the_fast_pass_decides_what_is_sure_and_langdetect_the_rest() -> None:
    texts = pl.Series([SENTENCES["en"], "kek topkek"])
    assert identify(texts)["decided_by"].to_list() == [Pass.FAST.value, Pass.LANGDETECT.value]
    assert set(identify(texts, sure=0.0)["decided_by"]) == {Pass.FAST.value}
    assert set(identify(texts, sure=2.0)["decided_by"]) == {Pass.LANGDETECT.value}
    assert set(identify(pl.Series(UNSURE[:3]))["decided_by"]) == {Pass.LANGDETECT.value}


def test_langdetect_is_not_asked_about_a_language_that_it_does_not_know() -> None:
    basque = "Itsasargi zaharra portuko hormaren amaieran dago."
    assert "eu" not in langdetect_languages()
    assert identify(pl.Series([basque]), sure=2.0).select("language", "decided_by").row(0) == ("eu", Pass.FAST.value)


def test_both_passes_name_a_language_alike() -> None:
    for code, sentence in SENTENCES.items():
        words = words_of(pl.Series([sentence])).item()
        for answer in (fast_pass(words), langdetect_pass(words)):
            assert answer is not None
            assert answer[0] == code


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


@pytest.mark.shared
def test_english_is_told_from_the_rest(shared_data: Path) -> None:
    """Measured on all texts: see docs/benchmarks.md. Here on 10 of each language, and 100 of English."""
    folder, texts, english = shared_data / "language" / "sentences", [], []
    for path in sorted(folder.glob("*.txt")):
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        lines = lines[:100] if path.stem == "en" else lines[:10] if path.stem in langdetect_languages() else []
        texts += lines
        english += [path.stem == "en"] * len(lines)
    found = identify(pl.Series(texts))["language"].eq_missing("en").to_list()
    right = sum(said == is_english for said, is_english in zip(found, english, strict=True))
    assert sum(said for said, is_english in zip(found, english, strict=True) if is_english) >= 98
    assert right / len(texts) >= 0.97, right / len(texts)
