"""Language identification: what a rule `languages: [en]` does to real titles and to sentences, by four programs.

Prints Markdown tables: English titles that are rejected, by number of words, and texts in other languages that are
kept, for langdetect alone, the fast pass alone, lingua, and the product:

    python -m benchmarks.language --data ../shared/data [--sentences FOLDER]

The titles are those of recorded posts; which of them are not English was read by a person (`_NOT_ENGLISH`,
`_NO_LANGUAGE`). `language/` holds sentences and word pairs of 75 languages, which are lingua's own test data.
`--sentences` adds others: a folder with one file for each language, one sentence per line, such as `German.txt`.
lingua is left out where it is not installed (`pip install lingua-language-detector`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
from backports import zstd

from blift.transforms.language import SURE, fast_pass, identify, langdetect_pass, words_of

#: Ids of posts whose title is in another language.
_NOT_ENGLISH = frozenset({
    "4at068", "4imr9i", "1skcxy3", "4ih5x8", "hle5rp", "hlesg6", "31acc4", "1skadix", "hp1y20",
    "hle4cf", "hmc5rr", "1skh8t6",
})  # fmt: skip
#: Ids of posts whose title is in none: only names, or letters at random.
_NO_LANGUAGE = frozenset({
    "1skevo8", "hmkbt8", "hle557", "5dec58", "4ih5oz", "4ih5p3", "4ih5p6", "kzj68b", "3hahrw",
    "4s2ifv", "4t8480", "48clog",
})  # fmt: skip
#: English, as files of sentences are named.
_ENGLISH = ("en", "English")
#: Longer titles are counted together.
_MOST_WORDS = 12

#: Whether a rule for English keeps each text.
Keeps = Callable[[pl.Series], pl.Series]


def titles(data: Path) -> pl.Series:
    """The titles of recorded posts that are English, each once."""
    window: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 31}
    found: dict[str, str] = {}
    with zstd.open(data / "reddit" / "RS_recorded.zst", options=window) as stream:
        for line in stream:
            post = json.loads(line)
            if post.get("title") and post.get("id") not in _NOT_ENGLISH | _NO_LANGUAGE:
                found[post["id"]] = post["title"]
    return pl.Series(sorted(set(found.values())))


def other_languages(folder: Path, most: int) -> pl.Series:
    """So many texts of every language but English."""
    texts: list[str] = []
    for path in sorted(folder.glob("*.txt")):
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        texts += lines[:most] if path.stem not in _ENGLISH else []
    if not texts:
        sys.exit(f"no texts in {folder}")
    return pl.Series(texts)


def alone(first: Callable[[str], str | None]) -> Keeps:
    """A rule that trusts the first answer of one program; what has no answer stays."""
    return lambda texts: pl.Series([not words or first(words) in {"en", None} for words in words_of(texts).to_list()])


def _likeliest(said: Mapping[str, float]) -> str | None:
    return max(said, key=lambda code: said[code], default=None)


def _lingua(*, accurate: bool) -> Callable[[str], str | None]:
    builder: Any = import_module("lingua").LanguageDetectorBuilder.from_all_languages()
    detector = (builder if accurate else builder.with_low_accuracy_mode()).build()

    def first(words: str) -> str | None:
        found = detector.detect_language_of(words)
        return str(found.iso_code_639_1.name).lower() if found else None

    return first


def programs() -> dict[str, Keeps]:
    """What is compared."""
    found = {
        "langdetect alone": alone(lambda words: _likeliest(langdetect_pass(words))),
        "the fast pass alone": alone(lambda words: _likeliest(fast_pass(words))),
    }
    if find_spec("lingua"):
        found["lingua"] = alone(_lingua(accurate=True))
        found["lingua, low accuracy mode"] = alone(_lingua(accurate=False))
    return found | {"blift": lambda texts: (identify(texts, wanted=["en"])["outside"] < SURE).fill_null(value=True)}


def timed(keeps: Keeps, texts: pl.Series) -> tuple[pl.Series, float]:
    """Which texts are kept, and the microseconds of CPU that each took."""
    keeps(pl.Series(["a warm start"]))
    began = time.process_time()
    kept = keeps(texts)
    return kept, 1e6 * (time.process_time() - began) / len(texts)


def rejected_by_words(texts: pl.Series, kept: pl.Series) -> list[str]:
    """The percentage that is rejected, by number of words."""
    words = words_of(texts).fill_null("").str.count_matches(" ") + 1
    rows = pl.DataFrame({"words": words.clip(upper_bound=_MOST_WORDS), "lost": ~kept})
    return [f"{100 * share:.1f}" for share in rows.group_by("words").agg(pl.col("lost").mean()).sort("words")["lost"]]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="folder that holds language/ and reddit/"
    )
    parser.add_argument("--texts", type=int, default=50, help="texts of each language (default: 50)")
    parser.add_argument("--sentences", type=Path, help="folder of other sentences, one file for each language")
    args = parser.parse_args()
    english = titles(args.data)
    others = {kind: other_languages(args.data / "language" / kind, args.texts) for kind in ("sentences", "word-pairs")}
    if args.sentences:
        others["other sentences"] = other_languages(args.sentences, args.texts)
    print(f"{len(english):,} titles; {', '.join(f'{len(texts):,} {kind}' for kind, texts in others.items())}")
    print("\n| program | titles: us each | rejected % | " + " | ".join(f"{kind}: kept %" for kind in others) + " |")
    print("|---|" + "--:|" * (2 + len(others)))
    by_words = {}
    for name, keeps in programs().items():
        kept, us = timed(keeps, english)
        by_words[name] = rejected_by_words(english, kept)
        shares = [f"{100 * keeps(texts).sum() / len(texts):.1f}" for texts in others.values()]
        print(f"| {name} | {us:,.0f} | {100 * (~kept).sum() / len(english):.1f} | {' | '.join(shares)} |", flush=True)
    print("\nEnglish titles that are rejected, %, by number of words:\n")
    numbers = [str(count) for count in range(1, _MOST_WORDS)] + [f"{_MOST_WORDS} and more"]
    print(f"| program | {' | '.join(numbers)} |\n|---|{'--:|' * len(numbers)}")
    for name, shares in by_words.items():
        print(f"| {name} | {' | '.join(shares)} |")


if __name__ == "__main__":
    main()
