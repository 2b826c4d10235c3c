"""Videos of a YouTube on loopback, by yt-dlp's own extractor, killed again and again."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.youtube_server.made_up import site_of
from tests.youtube_server.server import YoutubeServer

VIDEOS, KILLS = 140, 20
#: What tells of the moment of reading: comments are dated by it.
_OF_THE_MOMENT = ("epoch", "available_at")


class Collection:
    """A recipe, and the command that follows it."""

    def __init__(self, folder: Path, server: YoutubeServer) -> None:
        folder.mkdir()
        self.folder = folder / "fetched"
        asked = {"lists": ["@madeup"], "comments": {"per_video": 5}, "requests_per_minute": 1e6}
        (folder / "recipe.yaml").write_text(yaml.safe_dump({"name": "killed", "fetch": {"youtube": asked}}))
        self.command = [sys.executable, "-m", "blift.pipelines.cli", "fetch", str(folder / "recipe.yaml"), "--quiet"]
        self.environment = {**os.environ, "BLIFT_YOUTUBE_ADDRESS": server.address}

    def ended(self) -> set[str]:
        """The videos that are done or absent."""
        with (
            closing(sqlite3.connect(self.folder / "fetch.sqlite", timeout=30)) as base,
            suppress(sqlite3.OperationalError),  # it was killed before it had made its tables
        ):
            return {
                str(key)
                for (key,) in base.execute("SELECT key FROM item WHERE kind = 'video' AND state IN ('done', 'absent')")
            }
        return set()

    def records(self) -> dict[str, dict[str, Any]]:
        """The records by their videos, but for what tells of the moment of reading."""
        found = {}
        for path in (self.folder / "youtube").rglob("*.info.json"):
            info = json.loads(path.read_bytes())
            found[info["id"]] = {name: value for name, value in info.items() if name not in _OF_THE_MOMENT}
            for comment in info["comments"] or ():
                comment.pop("timestamp", None)
        return found

    def subtitles(self) -> Counter[bytes]:
        return Counter(path.read_bytes() for path in (self.folder / "youtube").rglob("*.json3"))


def asked(server: YoutubeServer) -> Counter[str]:
    """How often the page of each video was asked for."""
    return Counter(request.query["v"] for request in list(server.asked) if request.path == "/watch")


@pytest.mark.runner
@pytest.mark.timeout(550)
def test_it_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    chance = random.Random(12)
    with YoutubeServer(site_of(VIDEOS, lambda number: number % 7)) as server:
        undisturbed = Collection(tmp_path / "undisturbed", server)
        subprocess.run(undisturbed.command, env=undisturbed.environment, check=True)
        assert set(asked(server).values()) == {1}
        assert len(undisturbed.records()) == VIDEOS - VIDEOS // 7
    with YoutubeServer(site_of(VIDEOS, lambda number: number % 7)) as server:
        killed = Collection(tmp_path / "killed", server)
        killed.folder.mkdir()
        for turn in range(KILLS):
            before, asked_before = killed.ended(), asked(server)
            server.hold.at(chance.randint(1, 2 * VIDEOS // KILLS))
            process = subprocess.Popen(
                [*killed.command, "--workers", str(1 + turn % 2)], env=killed.environment, start_new_session=True
            )
            server.hold.reached(process)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            server.hold.release()
            again = [video_id for video_id in before if asked(server)[video_id] > asked_before[video_id]]
            assert again == []
        subprocess.run(killed.command, env=killed.environment, check=True)
    assert killed.ended() == undisturbed.ended() == {f"madeup{number:05d}" for number in range(VIDEOS)}
    assert killed.records() == undisturbed.records()
    assert killed.subtitles() == undisturbed.subtitles()
