"""Run folders for reports: that of the demo, with other samples."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from blift.connectors.parquet import read_shard, write_shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.registry import SCHEMAS

Row = dict[str, Any]

#: A replay graph of a film of eight seconds, highest between the fourth and the fifth.
REPLAY = [{"start_s": float(at), "end_s": at + 1.0, "value": 1.0 if at == 4 else 0.25} for at in range(8)]


def with_rows(run: Path, target: Path, change: Callable[[list[Row]], list[Row]], table: str = "sample") -> Path:
    """A copy of a run folder in which the rows of each shard of a table are changed."""
    shutil.copytree(run, target)
    folder = RunFolder(str(target))
    manifest = folder.require_manifest()
    for name, record in manifest.stages.items():
        shards = []
        for shard in record.shards:
            if shard.path.startswith(f"{table}s/"):
                rows = change(read_shard(folder.path, shard, table).to_pylist())
                shards.append(write_shard(pa.Table.from_pylist(rows, SCHEMAS[table]), table, folder.path, shard.name))
            else:
                shards.append(shard)
        manifest.stages[name] = replace(record, shards=shards)
    folder.write_manifest(manifest)
    return target


def with_replay(rows: list[Row]) -> list[Row]:
    """Give decoded films a replay graph and speech: in the demo, they have other lengths than their records."""
    return [
        {
            **row,
            "replay": REPLAY,
            "replay_absent": None,
            "speech": [{"start_s": 1.0, "end_s": 2.5, "text": "Look at the light."}],
        }
        if row["sha256"] and row["media_kind"] == "video"
        else row
        for row in rows
    ]


def with_personal_data(rows: list[Row]) -> list[Row]:
    """Give every sample a title with an address."""
    return [{**row, "title": f"{row['title']}, write to somebody@example.org"} for row in rows]


def hostile_strings() -> list[str]:
    """500 texts that would do something if they were markup, script, or left to set directions."""
    scripts = [
        "<script>globalThis.hit = 1</script>",
        "<img src=x onerror='globalThis.hit = 1'>",
        "<svg onload='globalThis.hit = 1'>",
        "\"><iframe src='javascript:parent.hit = 1'></iframe>",
        "javascript:globalThis.hit=1",
        "</title><script>hit=1</script>",
        "<style>body { display: none }</style>",
        "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
        "<link rel=stylesheet href=http://127.0.0.1:9/a.css>",
        "{{constructor.constructor('hit=1')()}}",
        "${hit=1}",
        "`);hit=1;//",
        "\\u003cscript>hit=1\\u003c/script>",
        "<base href=http://127.0.0.1:9/>",
        "--><script>hit=1</script>",
        "]]><script>hit=1</script>",
        "<a href=javascript:hit=1>x</a>",
        "<form action=http://127.0.0.1:9/><button>x",
        "__proto__",
        "constructor",
    ]
    marks = ["\u202e", "\u202d", "\u2066", "\u2067", "\u2069", "\u200f", "\u061c", "\u0000", "\u001b[2J", "\u2028"]
    zalgo = "Z" + "\u0300\u0301\u0302\u0303\u0488" * 40
    found = [f"{place} {text}" for place in range(10) for text in scripts]
    found += [f"{place} start {mark} end" for place in range(20) for mark in marks]
    found += [f"{place} {zalgo}" for place in range(50)]
    found += [f"{place} " + "long " * 20_000 for place in range(10)]
    found += [f"{place} " + "\U0001f600\u200d" * 50 for place in range(40)]
    return found


def hostile_sample(row: Row, texts: Iterator[str]) -> Row:
    """A sample with such texts as title, text, comments and names, as long as there are some."""
    comments = [{**comment, "text": next(texts, "plain")} for comment in row["comments"][:4]]
    title = next(texts, "plain")
    named = dict.fromkeys(("subreddit", "channel_name", "permalink", "url"), title)
    posts = [{**post, "title": title, "subreddit": title} for post in row["audiences"]]
    return {**row, **named, "title": title, "text": next(texts, "plain"), "comments": comments, "audiences": posts}
