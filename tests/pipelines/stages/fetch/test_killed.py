"""A thousand items of a Reddit and of a host of files on loopback, by the real libraries, killed again and again."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from backports import zstd

from blift.connectors.fetch.archives import read_files
from tests.loopback import Handler, Loopback
from tests.reddit_server import RedditServer, made_up

POSTS, KILLS = 550, 20


class Pictures(Handler):
    """Every path is a picture of its own; what is asked for is counted."""

    asked: Counter[str]

    def serve(self) -> None:
        self.asked[f"https://{self.headers['Host']}{self.path}"] += 1
        found = self.path.endswith(".jpg")
        body = b"\xff\xd8\xff\xe0" + hashlib.sha256(self.path.encode()).digest() * 1_500 if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{len(body)}"')
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def pictures() -> Iterator[str]:
    Pictures.asked = Counter()
    with Loopback(Pictures) as server:
        yield f"127.0.0.1:{server.port}"


class Collection:
    """A recipe, and the command that follows it."""

    def __init__(self, folder: Path, reddit: RedditServer, pictures: str) -> None:
        folder.mkdir()
        self.folder = folder / "fetched"
        asked = {"listings": ["pics/new"], "requests_per_minute": 6_000, "media": {"hosts": ["reddit"]}}
        recipe = {"name": "killed", "fetch": {"reddit": asked, "web": {"per_host_per_s": 100.0, "connections": 4}}}
        (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
        (folder / "praw.ini").write_text(reddit.praw_ini())
        self.command = [sys.executable, "-m", "blift.pipelines.cli", "fetch", str(folder / "recipe.yaml"), "--quiet"]
        self.environment = {
            **os.environ,
            "XDG_CONFIG_HOME": str(folder),
            "BLIFT_ALLOW_ADDRESSES": pictures,
            "BLIFT_MEDIA_ADDRESS": f"http://{pictures}",
        }

    def start(self, workers: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self.command, "--workers", str(workers)], env=self.environment, start_new_session=True
        )

    def finish(self) -> None:
        subprocess.run(self.command, env=self.environment, check=True)

    def ended(self) -> set[tuple[str, str]]:
        if not (self.folder / "fetch.sqlite").exists():
            return set()
        with closing(sqlite3.connect(self.folder / "fetch.sqlite", timeout=30)) as base:
            try:
                rows = base.execute("SELECT kind, key FROM item WHERE state IN ('done', 'absent')").fetchall()
            except sqlite3.OperationalError:  # it was killed before it had made its tables
                return set()
        return {(str(kind), str(key)) for kind, key in rows}

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.folder / "files").rglob("*") if path.is_file()}

    def lines(self, what: str) -> list[dict[str, Any]]:
        """The records without the time of reading, sorted."""
        found = []
        for path in (self.folder / "reddit").glob(f"{what}-*"):
            with zstd.open(path) as stream:
                found += [json.loads(line) for line in stream.read().splitlines()]
        for record in found:
            del record["retrieved_on"]
        return sorted(found, key=lambda record: str(record["id"]))


def requests(reddit: RedditServer) -> Counter[tuple[str, str]]:
    """How often each ended item was asked for: trees of comments by their post, files by their address."""
    trees = {path: times for path, times in reddit.counts().items() if path.startswith("/comments/")}
    return Counter(
        {("comments", path.split("/")[2]): times for path, times in trees.items()}
        | {("file", address): times for address, times in Pictures.asked.items()}
    )


@pytest.mark.runner
@pytest.mark.timeout(500)
def test_it_ends_as_an_undisturbed_one(tmp_path: Path, pictures: str) -> None:
    site = made_up(POSTS)
    with RedditServer(site) as server:
        undisturbed = Collection(tmp_path / "undisturbed", server, pictures)
        undisturbed.finish()
        once = requests(server)
        assert {times for (_, key), times in once.items() if not key.endswith("/robots.txt")} == {1}
        assert len(undisturbed.ended()) >= 2 * POSTS - POSTS // 7
    Pictures.asked.clear()
    chance = random.Random(11)
    with RedditServer(site) as server:
        killed = Collection(tmp_path / "killed", server, pictures)
        for turn in range(KILLS):
            before, asked_before = killed.ended(), requests(server)
            server.hold.at(chance.randint(1, POSTS // KILLS))
            process = killed.start(workers=1 + turn % 2)
            if server.hold.reached(process):
                (os.killpg if turn % 3 else os.kill)(process.pid, signal.SIGKILL)
                process.wait()
            server.hold.release()
            asked = requests(server)
            again = [item for item in before if asked[item] > asked_before[item]]
            assert again == []
            assert_whole(killed)
        killed.finish()
    assert killed.ended() == undisturbed.ended()
    assert killed.files() == undisturbed.files()
    assert len(killed.files()) == POSTS
    for what in ("submissions", "comments"):
        assert killed.lines(what) == undisturbed.lines(what)
    assert read_files(str(killed.folder)) == read_files(str(undisturbed.folder))


def assert_whole(collection: Collection) -> None:
    """No file in the store is a part: each is named by its content."""
    for name, content in collection.files().items():
        assert hashlib.sha256(content).hexdigest() == name.partition(".")[0]
