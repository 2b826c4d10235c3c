"""`blift template`: the templates of instruction pairs: those that come with blift, and your own."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from blift.connectors.parquet import read_shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.errors import InputError, RecipeError, did_you_mean
from blift.schemas.printable import printable, printable_lines
from blift.schemas.split import Split
from blift.transforms.instructions import Pairs, instructions
from blift.transforms.templates import Template, load_template, shipped
from blift.transforms.templates.template import shipped_path, template_files

_SAMPLES = "samples/"
#: Of each file, for a preview.
_SEEN = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `template`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="list the shipped templates, and your own")
    listed.add_argument("paths", metavar="PATH", type=Path, nargs="*", help="a template file, or a folder of them")
    listed.set_defaults(run=_list)
    show = actions.add_parser("show", help="print a template, to copy and edit")
    show.add_argument("template", metavar="NAME", help="the name of a shipped template")
    show.set_defaults(run=_show)
    check = actions.add_parser("check", help="check templates of your own")
    check.add_argument("template", metavar="PATH", type=Path, help="a template file, or a folder of them")
    check.set_defaults(run=_check)
    preview = actions.add_parser("preview", help="render templates with samples of a run folder")
    preview.add_argument("folder", metavar="RUN", help="a run folder")
    preview.add_argument(
        "--template",
        metavar="NAME",
        action="append",
        help="a shipped template, a template file, or a folder of them (default: full); may be repeated",
    )
    preview.add_argument("--samples", type=int, default=1, metavar="N", help="how many samples (default: 1)")
    preview.set_defaults(run=_preview)


def _list(args: argparse.Namespace) -> int:
    files = [shipped_path(name) for name in shipped()] + [file for path in args.paths for file in template_files(path)]
    for file in files:
        template = load_template(file)
        print(printable(f"{template.name:<22} {template.version:<8} {template.description}"))
    return 0


def _show(args: argparse.Namespace) -> int:
    if args.template not in shipped():
        hint = did_you_mean(args.template, shipped()) or "."
        raise RecipeError(f"There is no template {args.template!r}{hint} Shipped templates: {', '.join(shipped())}.")
    print(shipped_path(args.template).read_text(encoding="utf-8"), end="")
    return 0


def _check(args: argparse.Namespace) -> int:
    for file in template_files(args.template):
        print(printable(f"{file} is a valid template: {load_template(file).name}."))
    return 0


def _preview(args: argparse.Namespace) -> int:
    if args.samples < 1:
        raise InputError(f"--samples is {args.samples}; it must be 1 or more.")
    templates = [template for name in args.template or ["full"] for template in _templates(name)]
    for text in islice(_rendered(RunFolder(args.folder), templates), args.samples):
        print(printable_lines(text))
    return 0


def _templates(name: str) -> list[Template]:
    files = [shipped_path(name)] if name in shipped() else template_files(Path(name))
    return [load_template(file) for file in files]


def _rendered(folder: RunFolder, templates: list[Template]) -> Iterator[str]:
    """For each sample, its pairs as text. Options of a choice come from the samples of its file, as in a build.

    Raises:
        InputError: the run folder has no samples.
    """
    records = folder.require_manifest().stages.values()
    shards = [shard for record in records for shard in record.shards if shard.path.startswith(_SAMPLES)]
    if not any(shard.rows for shard in shards):
        raise InputError(f"{folder.path} has no samples; build it, at least `--stages ingest,curate`.")
    for shard in shards:
        samples = read_shard(folder.path, shard, "sample").slice(0, _SEEN)
        pairs = instructions(samples, templates, pl.Series([Split.TRAIN.value] * samples.num_rows))
        for sample in samples.column("sample_id").to_pylist():
            yield "\n".join(_of_sample(sample, pairs))


def _of_sample(sample: str, pairs: Pairs) -> Iterator[str]:
    for pair in _rows(pairs.llava, sample):
        yield f"=== sample {sample}, template {pair['template']} {pair['template_version']}"
        if pair["system"]:
            yield f"--- system\n{pair['system']}"
        for turn in pair["conversations"]:
            yield f"--- {turn['from']}\n{turn['value']}"
    for skipped in _rows(pairs.skipped, sample):
        yield f"=== sample {sample}, template {skipped['template']}: no pair, since {skipped['why']}"


def _rows(table: pa.Table, sample: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.filter(pa.compute.equal(table.column("sample_id"), sample)).to_pylist()
    return rows
