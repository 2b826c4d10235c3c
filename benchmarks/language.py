"""Language identification: langdetect alone, the fast pass alone, and the two together.

Prints Markdown tables of time and accuracy, and which threshold of unsureness they favour:

    python -m benchmarks.language --data ../shared/data

The texts are lingua's test data: 75 languages, sentences and word pairs (Apache-2.0).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from blift.transforms.language import SURE, Answer, fast_pass, identify, langdetect_languages, langdetect_pass, words_of

#: The ten languages with most speakers that are in the data, after English.
_COMMON = ("en", "zh", "hi", "es", "fr", "ar", "bn", "pt", "ru", "ur")
_KINDS = ("sentences", "word-pairs")
_THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
#: Both written forms of Norwegian are `no` to both passes.
_SAME = {"nb": "no", "nn": "no"}


@dataclass(frozen=True)
class Score:
    """One program on one kind of text; shares are of 1."""

    microseconds: float
    asked: float
    accuracy: float
    accuracy_both: float
    precision: float
    recall: float
    precision_both: float

    @property
    def f1(self) -> float:
        """English against all the rest."""
        return _f1(self.precision, self.recall)

    @property
    def f1_both(self) -> float:
        """English against the languages that both passes know."""
        return _f1(self.precision_both, self.recall)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def answers(folder: Path, texts: int) -> pl.DataFrame:
    """What each pass alone says of so many texts of every language, and how many microseconds it took to say so."""
    parts = []
    for path in sorted(folder.glob("*.txt")):
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()][:texts]
        parts.append(pl.DataFrame({"file": [path.stem] * len(lines), "text": lines}))
    if not parts:
        sys.exit(f"no texts in {folder}; --data names the folder that holds language/")
    rows = pl.concat(parts)
    started = time.perf_counter()
    words = words_of(rows["text"])
    cleaning = 1e6 * (time.perf_counter() - started) / rows.height
    columns = {"words_us": pl.Series([cleaning] * rows.height)}
    for name, identifier in (("fast", fast_pass), ("langdetect", langdetect_pass)):
        identifier("a warm start")
        said = [_timed(identifier, text) for text in words.to_list()]
        columns[name] = pl.Series([answer[0] if answer else None for answer, _ in said], dtype=pl.String)
        columns[f"{name}_sure"] = pl.Series([answer[1] if answer else None for answer, _ in said], dtype=pl.Float64)
        columns[f"{name}_us"] = pl.Series([taken for _, taken in said])
    return rows.with_columns(**columns, truth=pl.col("file").replace(_SAME))


def _timed(identifier: Callable[[str], Answer], text: str | None) -> tuple[Answer, float]:
    started = time.perf_counter()
    answer = identifier(text) if text else None
    return answer, 1e6 * (time.perf_counter() - started)


def together(sure: float, *, about_all: bool = False) -> pl.Expr:
    """Whether langdetect is asked: the fast pass is unsure, of a language that langdetect knows (or of any)."""
    unsure = pl.col("fast_sure") < sure
    known = pl.col("fast").is_in(sorted(langdetect_languages()))
    return (unsure if about_all else unsure & known).fill_null(value=True)


def said(rows: pl.DataFrame, asked: pl.Expr, *, alone: bool = False) -> pl.DataFrame:
    """``language`` and ``us`` of every text where langdetect is asked about some."""
    slow = pl.col("langdetect") if alone else pl.coalesce("langdetect", "fast")
    fast_us = pl.lit(0.0) if alone else pl.col("fast_us")
    return rows.with_columns(asked=asked).with_columns(
        language=pl.when("asked").then(slow).otherwise("fast"),
        us=pl.col("words_us") + fast_us + pl.when("asked").then("langdetect_us").otherwise(0.0),
    )


def score(rows: pl.DataFrame) -> Score:
    """Time and accuracy of what was ``said``."""
    both = rows.filter(pl.col("truth").is_in(sorted(langdetect_languages())))
    return Score(
        _mean(rows, pl.col("us")), _mean(rows, pl.col("asked")), _mean(rows, _RIGHT), _mean(both, _RIGHT),
        _mean(rows.filter(_ENGLISH), pl.col("truth") == "en"), _mean(rows.filter(truth="en"), _ENGLISH),
        _mean(both.filter(_ENGLISH), pl.col("truth") == "en"),
    )  # fmt: skip


_RIGHT = (pl.col("language") == pl.col("truth")).fill_null(value=False)
_ENGLISH = (pl.col("language") == "en").fill_null(value=False)


def _mean(rows: pl.DataFrame, what: pl.Expr) -> float:
    return float(rows.select(what.cast(pl.Float64).mean().fill_null(0.0)).item())


def check_shipped(rows: pl.DataFrame) -> float:
    """Stop unless `identify` says of every fourth text what the tables say; its own microseconds a text."""
    some = rows.gather_every(4)
    started = time.perf_counter()
    found = identify(some["text"])["language"]
    taken = 1e6 * (time.perf_counter() - started) / some.height
    if not found.eq_missing(said(some, together(SURE))["language"]).all():
        sys.exit("identify() does not say what these tables say of its default")
    return taken


def programs(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What the two passes say alone and together, as shipped."""
    return {
        "langdetect alone": said(rows, pl.lit(value=True), alone=True),
        "fast pass alone": said(rows, pl.lit(value=False)),
        f"both, sure from {SURE}": said(rows, together(SURE)),
    }


def print_programs(data: Mapping[str, pl.DataFrame]) -> None:
    """One table: the programs on sentences and on word pairs."""
    print(
        "\n| texts | program | us a text | accuracy % (all 75) | (known to both) | English precision % | recall % |",
        end="",
    )
    print(" F1 % | F1 % (known to both) |\n|---|---|" + "--:|" * 7)
    for kind, rows in data.items():
        for name, one in programs(rows).items():
            it = score(one)
            shares = (it.accuracy, it.accuracy_both, it.precision, it.recall, it.f1, it.f1_both)
            print(f"| {kind} | {name} | {it.microseconds:,.0f} | {_percent(*shares)} |")


def print_sweep(data: Mapping[str, pl.DataFrame], half: str) -> None:
    """One table over the thresholds, and the one that it favours: cheapest within a point of the best mean."""
    print(f"\nThresholds, {half}. `mean` is that of accuracy and F1 of English, over both kinds of text.\n")
    print("| langdetect is asked about | sure from | us, sentences | accuracy % | English F1 % | recall % | us, pairs |"
          " accuracy % | English F1 % | recall % | mean |\n|---|" + "--:|" * 10)  # fmt: skip
    means: dict[float, float] = {}
    for about_all in (True, False):
        for sure in _THRESHOLDS:
            scores = [score(said(rows, together(sure, about_all=about_all))) for rows in data.values()]
            mean = sum(it.accuracy + it.f1 for it in scores) / (2 * len(scores))
            means |= {} if about_all else {sure: mean}
            cells = " | ".join(f"{it.microseconds:,.0f} | {_percent(it.accuracy, it.f1, it.recall)}" for it in scores)
            print(f"| {'all unsure' if about_all else 'languages it knows'} | {sure} | {cells} | {100 * mean:.1f} |")
    favoured = min(sure for sure, mean in means.items() if mean >= max(means.values()) - 0.01)
    print(f"\nFavoured, the lowest within a point of the best mean: sure from {favoured}")


def print_languages(data: Mapping[str, pl.DataFrame]) -> None:
    """One table: accuracy of the programs by language, the most common languages first."""
    by_program = {f"{kind}, {name}": one for kind, rows in data.items() for name, one in programs(rows).items()}
    print(f"\n| language | {' | '.join(by_program)} |\n|---|{'--:|' * len(by_program)}")
    shares = {name: dict(one.group_by("file").agg(_RIGHT.mean()).rows()) for name, one in by_program.items()}
    files = sorted(next(iter(shares.values())), key=lambda file: (file not in _COMMON, file))
    for file in files:
        print(f"| {file} | {' | '.join(f'{100 * share[file]:.0f}' for share in shares.values())} |")


def _percent(*shares: float) -> str:
    return " | ".join(f"{100 * share:.1f}" for share in shares)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds language/")
    parser.add_argument("--texts", type=int, default=200, help="texts of each language, of 200 (default: 200)")
    args = parser.parse_args()
    data = {kind: answers(args.data / "language" / kind, args.texts) for kind in _KINDS}
    known = len(langdetect_languages() & set(data["sentences"]["truth"]))
    print(f"{' and '.join(f'{rows.height:,} {kind}' for kind, rows in data.items())} of 75 languages, {known} of them")
    print("known to both passes (the two written forms of Norwegian count as one).")
    print_programs(data)
    for kind, rows in data.items():
        print(
            f"\n`identify` itself, {kind}: {check_shipped(rows):,.0f} us a text, the same answers (every fourth text)."
        )
    for half, place in (("even texts", 0), ("odd texts", 1)):
        print_sweep({kind: rows.filter(pl.int_range(pl.len()) % 2 == place) for kind, rows in data.items()}, half)
    print_languages(data)


if __name__ == "__main__":
    main()
