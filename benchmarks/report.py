"""`blift report` of a million generated samples: seconds, memory, bytes; how soon the page opens and shows a sample.

    python -m benchmarks.report [--samples 1000000] [--folder DIR]

The run folder holds samples with 5 comments, a tenth of them of two posts and a twentieth with a replay graph of 100
segments, a post and two pairs of each sample, and as many rejects as samples.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from playwright.sync_api import sync_playwright

from blift.connectors.parquet import write_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import Manifest, RunFolder, StageRecord
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import FunnelRow

_BLOCK, _SHARDS = 5_000, 25
_WORDS = ["light", "sky", "street", "river", "winter", "market", "people", "night", "water", "garden", "stone", "rain"]
_RECIPE = "name: generated\nsources: {reddit: {submissions: [RS_*], comments: [RC_*]}}\n"


def _text(rng: np.random.Generator, words: int) -> str:
    return " ".join(rng.choice(_WORDS, words))


def _sample(place: int, rng: np.random.Generator) -> dict[str, Any]:
    video = place % 10 == 0
    time = datetime(2021, 1, 1, tzinfo=UTC) + timedelta(hours=int(rng.integers(0, 9000)))
    replay = [{"start_s": float(at), "end_s": at + 1.0, "value": float(rng.random())} for at in range(100)]
    post = {"platform": "reddit", "title": _text(rng, 8), "score": 5, "posted_at": time, "subreddit": "pics"}
    none: dict[str, Any] = dict.fromkeys(SCHEMAS["sample"].names)
    lists: dict[str, Any] = {field.name: [] for field in SCHEMAS["sample"] if pa.types.is_list(field.type)}
    return {
        **none,
        **lists,
        "media_kind": "video" if video else "image",
        "platform": "reddit",
        "title": _text(rng, 8),
        "permalink": "https://www.reddit.com/r/pics/comments/abc/",
        "subreddit": "pics",
        "posted_at": time,
        "language": "en",
        "duration_s": 100.0 if video else None,
        "comments": [
            {"comment_id": f"reddit:c{place}{at}", "platform": "reddit", "text": _text(rng, 25), "score": at}
            for at in range(5)
        ],
        "replay": replay if place % 20 == 0 else [],
        "replay_absent": None if place % 20 == 0 else "not_offered",
        "scenes": [{**_scene(at), "source": "segment"} for at in range(10 if video else 1)],
        "audiences": [{**dict.fromkeys(_AUDIENCE), **post} for _ in range(2 if place % 10 == 3 else 1)],
    }


_AUDIENCE = [field.name for field in SCHEMAS["sample"].field("audiences").type.value_type]
_SCENE = [field.name for field in SCHEMAS["sample"].field("scenes").type.value_type]


def _scene(at: int) -> dict[str, Any]:
    lists: dict[str, Any] = {"tags": [], "foreground_colours": [], "background_colours": []}
    return {**dict.fromkeys(_SCENE), **lists, "start_s": 10.0 * at, "end_s": 10.0 * (at + 1)}


def _hex(rng: np.random.Generator, rows: int) -> list[str]:
    return sorted(rng.bytes(16).hex() for _ in range(rows))


def _with(rows: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
    for name, values in columns.items():
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(place), values.cast(rows.schema.field(place).type))
    return rows


def _posts_of(audiences: pa.ChunkedArray, first: int) -> tuple[pa.Array, pa.Array]:
    """The audiences with an id for each, and the ids."""
    whole = audiences.combine_chunks()
    items = whole.flatten()
    names = pa.array([f"reddit:{first + at:x}" for at in range(len(items))])
    members = [names if name == "post_id" else items.field(name) for name in _AUDIENCE]
    fields = list(items.type)
    offsets = pc.subtract(whole.offsets, whole.offsets[0])
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(members, fields=fields)), names


def generate(folder: RunFolder, samples: int) -> None:
    """Write the run folder."""
    rng = np.random.default_rng(1)
    block = pa.Table.from_pylist(
        [{**_sample(place, rng), "sample_id": "", "media_key": ""} for place in range(_BLOCK)], SCHEMAS["sample"]
    )
    rows = samples // _SHARDS
    ingested: list[Shard] = []
    curated: list[Shard] = []
    instructed: list[Shard] = []
    for shard in range(_SHARDS):
        part = block.take(pa.array(rng.integers(0, _BLOCK, rows)))
        ids = _hex(rng, rows)
        audiences, posts = _posts_of(part.column("audiences"), shard * rows * 2)
        numbers = {name: pa.array(rng.lognormal(5, 2, rows).astype(np.int64)) for name in ("score", "num_comments")}
        keys = pa.array([f"reddit-image:{each[:13]}" for each in ids])
        part = _with(part, {"sample_id": pa.array(ids), "media_key": keys, "audiences": audiences, **numbers})
        name = f"{shard:05d}-of-{_SHARDS:05d}.parquet"
        curated.append(write_shard(part, "sample", folder.path, f"samples/samples-{name}"))
        ingested.append(write_shard(_posts(posts), "post", folder.path, f"posts/posts-{name}"))
        curated.append(write_shard(_rejects(shard, rows), "reject", folder.path, f"rejects/curate-{name}"))
        instructed.append(
            write_shard(_pairs(ids), "instruction", folder.path, f"instructions/llava-without-media/train-{name}")
        )
    funnel = [
        FunnelRow("curate", "reddit post", 0, "nsfw", 2 * samples, samples, 0, {"nsfw": samples}),
    ]
    stages = {
        "ingest": StageRecord("0" * 64, {}, ingested, [], 0.0, {}, []),
        "curate": StageRecord("0" * 64, {}, curated, funnel, 0.0, {}, []),
        "instruct": StageRecord("0" * 64, {}, instructed, [], 0.0, {}, []),
    }
    folder.write_text("recipe.yaml", _RECIPE)
    folder.write_manifest(Manifest("generated", "0.1.0", stages, "0" * 64))


def _filled(table: str, rows: int, columns: dict[str, Any]) -> pa.Table:
    """A table whose other columns are null, or false or empty where they may not be."""
    made = []
    for field in SCHEMAS[table]:
        if field.name in columns:
            made.append(pa.array(columns[field.name]).cast(field.type))
        elif pa.types.is_list(field.type):
            made.append(pa.array([[]] * rows, field.type))
        elif pa.types.is_boolean(field.type):
            made.append(pa.array([False] * rows))
        else:
            made.append(pa.nulls(rows, field.type))
    return pa.table(made, SCHEMAS[table])


def _posts(names: pa.Array) -> pa.Table:
    ordered = names.sort()
    same = {
        "platform": "reddit",
        "title": "The light of the old market",
        "subreddit": "pics",
        "replay_absent": "not_offered",
    }
    natives = pc.utf8_slice_codeunits(ordered, 7)
    columns = {name: [value] * len(names) for name, value in same.items()}
    return _filled("post", len(names), {**columns, "post_id": ordered, "native_id": natives})


def _rejects(shard: int, rows: int) -> pa.Table:
    ids = sorted(f"reddit:r{shard * rows + at:x}" for at in range(rows))
    reasons = {"stage": "curate", "rule": "nsfw", "reason": "nsfw", "record_table": "post"}
    same = {name: [value] * rows for name, value in reasons.items()}
    return _filled(
        "reject",
        rows,
        {**same, "record_id": ids, "source": ["RS_2021-01.zst"] * rows, "line": list(range(1, rows + 1))},
    )


def _pairs(ids: list[str]) -> pa.Table:
    turns = [
        {"from": "human", "value": "What would people say of this image? " * 4},
        {"from": "gpt", "value": "It is light. " * 40},
    ]
    names = [f"{each}-{template}" for each in ids for template in ("comments-only", "full")]
    templates = ["comments-only", "full"] * len(ids)
    same = {"template_version": "1.0.0", "split": "train"}
    columns: dict[str, Any] = {name: [value] * len(names) for name, value in same.items()}
    conversations = pa.array([turns] * len(names), SCHEMAS["instruction"].field("conversations").type)
    owners = [each for each in ids for _ in range(2)]
    return _filled(
        "instruction",
        len(names),
        {**columns, "id": names, "sample_id": owners, "template": templates, "conversations": conversations},
    )


def _measured(run: str, out: str) -> None:
    began = time.perf_counter()
    command = [sys.executable, "-P", "-m", "blift.pipelines.cli", "report", run, "--out", out]
    subprocess.run(command, check=True)
    seconds, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    sizes = [path.stat().st_size for path in Path(out).rglob("*") if path.is_file()]
    size = f"{sum(sizes) / 1e6:.1f} MB in {len(sizes):,} files"
    print(f"report: {seconds:.1f} s wall, {cpu:.1f} s CPU, {used.ru_maxrss / 1024:,.0f} MiB at most, {size}")


def _browsed(out: str, chromium: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opens, shows = [], []
        for _ in range(5):
            page = browser.new_page()
            began = time.perf_counter()
            page.goto(f"{Path(out).resolve().as_uri()}/index.html")
            page.wait_for_selector("main h1")
            opens.append(time.perf_counter() - began)
            page.goto(f"{Path(out).resolve().as_uri()}/index.html#/samples")
            page.wait_for_selector(".list .rows a")
            began = time.perf_counter()
            page.click("text=Random sample")
            page.wait_for_selector("article.sample")
            shows.append(time.perf_counter() - began)
            page.close()
        browser.close()
    print(
        f"page: opens in {statistics.median(opens):.2f} s, a random sample in {1000 * statistics.median(shows):.0f} ms"
    )


def main() -> None:
    """Generate, report, open."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument(
        "--folder", default=None, help="where to put the run folder and the report (default: temporary)"
    )
    args = parser.parse_args()
    top = args.folder or tempfile.mkdtemp(prefix="blift-report-")
    run, out = os.path.join(top, "run"), os.path.join(top, "report")
    if not os.path.exists(os.path.join(run, "manifest.json")):
        generate(RunFolder(run), args.samples)
    _measured(run, out)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium:
        _browsed(out, chromium)


if __name__ == "__main__":
    main()
