"""How a build grows with its input and with workers: time, memory of all processes, and bytes that are shuffled.

Builds 1, 2, 4 and 8 times the same kind of archive with one worker and with two, checks that both make the same bytes,
and prints what each took; before that, stage by stage, the bytes that go through a shuffle or a side input:

    python -m benchmarks.scaling --posts 12500 --comments 62500 --scales 1,2,4,8
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import yaml

from benchmarks.archive import write_archive
from blift.pipelines.build.build import build
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.stage import Prepared
from blift.pipelines.engine.stage_run import Report
from blift.pipelines.recipe.file import load_recipe
from blift.transforms.shuffle import TableCoder
from tests.runners.builds import Build, build_on
from tests.runners.engines import ENGINES

_RULES = Path(__file__).parent / "records.yaml"
#: Archives of a unit of input: a packed archive is read by one worker, so that two workers need two.
_FILES = 2
#: One worker, and two.
_ENGINES = ENGINES[:2]

#: What a table in a shuffle is, by a column that only it has; the first that fits.
_KINDS = (
    ("reason", "rejects"),
    ("hash", "ids of posts"),
    ("split", "splits"),
    ("comment_id", "comments"),
    ("title", "posts"),
    ("sample_id", "ids of samples"),
)


def write_input(folder: Path, posts: int, comments: int, scale: int) -> tuple[Path, int]:
    """Archives of ``scale`` units and a recipe for them; the recipe and the bytes of input."""
    size = 0
    for part in range(scale * _FILES):
        size += write_archive(
            folder / str(part), posts // _FILES, comments // _FILES, seed=part + 1, part=part
        ).size_bytes
    recipe = yaml.safe_load(_RULES.read_text())
    recipe["sources"]["reddit"] |= {"submissions": ["*/RS.ndjson"], "comments": ["*/RC.ndjson"]}
    path = folder / "scaling.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path, size


def grow(work: Path, posts: int, comments: int, scales: list[int]) -> None:
    """Print a table of all scales and engines."""
    print("| input MB | engine | wall s | CPU s | CPU s a GB | peak MB | fingerprint |")
    print("|--:|---|--:|--:|--:|--:|---|")
    for scale in scales:
        recipe, size = write_input(work / f"x{scale}", posts, comments, scale)
        first: Build | None = None
        for place, engine in enumerate(_ENGINES):
            built = build_on(engine, recipe, work / f"x{scale}-{place}", ["--quiet"])
            first = first or built
            if built.digests != first.digests:
                raise SystemExit(f"{engine.name} made other bytes at scale {scale}")
            usage = built.usage
            figures = f"{usage.wall_s:.1f} | {usage.cpu_s:.1f} | {usage.cpu_s / size * 1e9:.1f} | {usage.peak_mb:,.0f}"
            print(f"| {size / 1e6:,.0f} | {engine.name} | {figures} | {built.fingerprint[:12]} |", flush=True)


class Shuffled(TableCoder):
    """Counts what is coded: the local runner codes just what a shuffle or a side input holds."""

    counts: ClassVar[Counter[str]] = Counter()
    stage: ClassVar[str] = ""

    def encode(self, value: pa.Table) -> bytes:
        content = super().encode(value)
        kind = next((kind for column, kind in _KINDS if column in value.column_names), "other")
        Shuffled.counts[f"{Shuffled.stage} | {kind}"] += len(content)
        return content


def shuffled(recipe: Path, size: int, out: Path) -> None:
    """Print what each stage of one build shuffles, for a byte of input."""
    from apache_beam.coders import registry  # noqa: PLC0415 - replaced for this process alone

    registry.register_coder(pa.Table, Shuffled)

    def started(stage: str, _: Prepared) -> None:
        Shuffled.stage = stage

    report = Report(started)
    build(load_recipe(str(recipe)), RunFolder(str(out)), BeamArguments(), None, None, report)
    print("| stage | what | MB | bytes for a byte of input |")
    print("|---|---|--:|--:|")
    for place, count in Shuffled.counts.items():
        print(f"| {place} | {count / 1e6:,.2f} | {count / size:.5f} |")
    total = sum(Shuffled.counts.values())
    print(f"| all | | {total / 1e6:,.2f} | {total / size:.5f} |")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=12_500, help="of a unit of input")
    parser.add_argument("--comments", type=int, default=62_500, help="of a unit of input")
    parser.add_argument("--scales", default="1,2,4,8", help="units of input (default: %(default)s)")
    args = parser.parse_args()
    scales = [int(text) for text in args.scales.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        recipe, size = write_input(work / "shuffled", args.posts, args.comments, scales[0])
        shuffled(recipe, size, work / "shuffled-out")
        print()
        grow(work, args.posts, args.comments, scales)


if __name__ == "__main__":
    main()
