"""Language identification: langdetect alone, the fast pass alone, and the two together.

    python -m benchmarks.language --data ../shared/data

The texts are lingua's test data: 75 languages, sentences and word pairs (Apache-2.0).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from transforms.language import SURE, identify

_COMMON = ("en", "es", "pt", "fr", "de", "ru", "ar", "ja", "zh", "hi")
#: Codes under which the test data and the identifiers name the same language.
_SAME = {"nb": "no", "nn": "no"}


@dataclass(frozen=True)
class Result:
    """One program on one kind of text."""

    name: str
    microseconds: float
    answers: pl.DataFrame

    def accuracy(self, languages: Sequence[str] | None = None) -> float:
        """Share of texts whose language is found, as a percentage."""
        rows = self.answers if languages is None else self.answers.filter(pl.col("truth").is_in(list(languages)))
        return 100 * float(rows.select((pl.col("truth") == pl.col("language")).fill_null(value=False).mean()).item())

    def english(self) -> tuple[float, float]:
        """Precision and recall of English, with every language given the same weight, as percentages."""
        english = pl.col("truth") == "en"
        said = (pl.col("language") == "en").fill_null(value=False)
        recall = float(self.answers.filter(english).select(said.mean()).item())
        wrong = int(self.answers.filter(~english).select(said.sum()).item())
        right = int(self.answers.filter(english).select(said.sum()).item())
        return 100 * right / max(1, right + wrong), 100 * recall


def read(folder: Path, texts: int) -> pl.DataFrame:
    """``truth`` and ``text`` of so many texts of every language."""
    parts = []
    for path in sorted(folder.glob("*.txt")):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()][:texts]
        parts.append(pl.DataFrame({"truth": [_SAME.get(path.stem, path.stem)] * len(lines), "text": lines}))
    return pl.concat(parts)


def run(name: str, data: pl.DataFrame, sure: float) -> Result:
    """Identify all texts once, after a warm-up."""
    identify(data["text"].head(3), sure=sure)
    started = time.process_time()
    found = identify(data["text"], sure=sure)["language"].replace(list(_SAME), list(_SAME.values()))
    seconds = time.process_time() - started
    return Result(name, 1e6 * seconds / data.height, data.with_columns(language=found))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds language/")
    parser.add_argument("--texts", type=int, default=60, help="texts of each language (default: 60)")
    args = parser.parse_args()
    programs = [("langdetect alone", 2.0), ("fast pass alone", 0.0)]
    programs += [(f"both, sure from {sure}", sure) for sure in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)]
    for kind in ("sentences", "word-pairs"):
        data = read(args.data / "language" / kind, args.texts)
        results = [run(name, data, sure) for name, sure in programs]
        known = sorted(set(results[0].answers.filter(pl.col("truth") == pl.col("language"))["truth"]))
        print(f"\n{kind}: {data['truth'].n_unique()} languages, {data.height:,} texts (default: sure from {SURE})\n")
        print("| program | us a text | English precision % | recall % | accuracy % | of those langdetect knows % |")
        print("|---|--:|--:|--:|--:|--:|")
        for result in results:
            precision, recall = result.english()
            figures = f"{result.microseconds:,.0f} | {precision:.1f} | {recall:.1f} | {result.accuracy():.1f}"
            print(f"| {result.name} | {figures} | {result.accuracy(known):.1f} |")
        shown = [result for result in results if result.name in (programs[0][0], programs[1][0], _default(programs))]
        print(f"\n| language | {' | '.join(result.name for result in shown)} |\n|---|{'--:|' * len(shown)}")
        for language in sorted(set(data["truth"]), key=_common_first):
            print(f"| {language} | {' | '.join(f'{result.accuracy([language]):.0f}' for result in shown)} |")


def _default(programs: Sequence[tuple[str, float]]) -> str:
    return next(name for name, sure in programs if sure == SURE)


def _common_first(language: str) -> tuple[int, str]:
    return (_COMMON.index(language) if language in _COMMON else len(_COMMON)), language


if __name__ == "__main__":
    main()
