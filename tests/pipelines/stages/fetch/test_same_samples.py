"""Collected and then built, the platform's objects make the samples that an archive of them makes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from praw.config import Config

from blift.connectors.parquet import read_shard
from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest
from tests.pipelines.conftest import run_build
from tests.reddit_server import RedditServer, Site, made_up, recorded
from tests.reddit_server.recorded import escaped

RULES = {"posts": {"deleted": True, "removed": True}, "comments": {"deleted": True}}
#: What depends on when it was asked for.
TIMES = ("retrieved_at", "history")


def rows(folder: Path, manifest: Manifest, table: str) -> list[dict[str, Any]]:
    shards = [shard for record in manifest.stages.values() for shard in record.shards]
    found = [
        read_shard(str(folder), shard, table).to_pylist() for shard in shards if shard.path.startswith(f"{table}s/")
    ]
    return [without_times(row) for part in found for row in part]


def pairs(manifest: Manifest) -> dict[str, str]:
    """Digests of the instruction pairs, which hold no times."""
    return {shard.path: shard.sha256 for shard in manifest.stages["instruct"].shards}


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_times(item) for name, item in value.items() if name not in TIMES}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def write_archive(path: Path, objects: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(escaped(one) | {"retrieved_on": 1_790_000_000}) + "\n" for one in objects))


def recipe(path: Path, **parts: Any) -> Path:
    path.write_text(yaml.safe_dump({"name": "same", "curate": {"reddit": RULES}, **parts}))
    return path


def fetch(folder: Path, site: Site, monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    """Ask a Reddit that knows the site for all its posts by their ids."""
    (folder / "ids.txt").write_text("\n".join(site.submissions))
    recipe(
        folder / "live.yaml",
        fetch={
            "reddit": {
                "ids": ["ids.txt"],
                "requests_per_minute": 60_000,
                "comments": {"per_post": 100_000, "more_requests": 1_000},
            }
        },
    )
    with RedditServer(site) as server:
        (folder / "praw.ini").write_text(server.praw_ini())
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
        monkeypatch.setattr(Config, "CONFIG", None)
        return main(["fetch", str(folder / "live.yaml"), "--quiet", *flags])


def assert_same(folder: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetch(folder, site, monkeypatch) == 0
    write_archive(folder / "RS.ndjson", list(site.submissions.values()))
    write_archive(folder / "RC.ndjson", list(site.comments.values()))
    archives = {"reddit": {"submissions": ["RS.ndjson"], "comments": ["RC.ndjson"]}}
    live, _ = run_build(folder / "live.yaml", folder / "live")
    archived, _ = run_build(recipe(folder / "archived.yaml", sources=archives), folder / "archived")
    samples = rows(folder / "live", live, "sample")
    assert samples
    assert samples == rows(folder / "archived", archived, "sample")
    assert pairs(live) == pairs(archived)


def test_made_up_posts_of_all_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(tmp_path, made_up(60, plain=False), monkeypatch)


@pytest.mark.long
@pytest.mark.shared
def test_recorded_posts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_data: Path) -> None:
    latest = {post["id"]: post for post in recorded(shared_data / "reddit" / "RS_recorded.zst")}
    said = {comment["id"]: comment for comment in recorded(shared_data / "reddit" / "RC_recorded.zst")}
    posts = list(latest.values())[:600]
    known = {f"t3_{post['id']}" for post in posts}
    comments = [comment for comment in said.values() if comment.get("link_id") in known]
    assert_same(tmp_path, Site(posts, comments), monkeypatch)
