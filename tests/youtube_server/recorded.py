"""A site out of recorded answers: what was not recorded is the least that the extractor can go on with."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tests.youtube_server.server import Answer, Request


class Recorded:
    """The answers of one folder a video, each a request and its response."""

    def __init__(self, folder: Path) -> None:
        self.answers: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for path in sorted(folder.glob("*/*.json.gz")):
            with gzip.open(path) as stream:
                body = json.load(stream)["response"]["body"]
            what = path.name.split("__")[1]
            self.answers.setdefault((path.parent.name, what), []).append(body)

    def player(self, video_id: str) -> dict[str, Any]:
        """All that was recorded of a video's player, as one answer."""
        merged: dict[str, Any] = {}
        for what in ("player", "reel_item_watch"):
            for body in self.answers.get((video_id, what), []):
                merged |= body.get("playerResponse", body)
        merged.setdefault("playabilityStatus", {"status": "OK"})
        details = merged.setdefault("videoDetails", {})
        details["videoId"] = video_id
        for body in self.answers.get((video_id, "player"), []):
            merged["microformat"] = body.get("microformat", {})
        return merged

    def next(self, video_id: str, *, is_continuation: bool) -> Answer | None:
        """What stands below a video, and its first comments."""
        if is_continuation:
            found = next((parts[1] for (_, what), parts in self.answers.items() if what == "next" and parts[1:]), None)
        else:
            found = next(iter(self.answers.get((video_id, "next"), [])), None)
        return Answer(found) if found else None

    def __call__(self, request: Request) -> Answer | None:
        video_id = request.query.get("v") or request.body.get("videoId", "")
        if request.path == "/watch":
            return Answer("<html><head><title>YouTube</title></head><body></body></html>")
        if request.path.endswith("/player"):
            return Answer(self.player(video_id))
        if request.path.endswith("/next"):
            return self.next(video_id, is_continuation="continuation" in request.body)
        return None
