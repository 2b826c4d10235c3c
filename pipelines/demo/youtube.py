"""YouTube's part of the demo corpus: info.json as yt-dlp writes it, with comments, heatmap, chapters, subtitles."""

from __future__ import annotations

import math
import random
from typing import Any

from blift.pipelines.demo import text

_EPOCH = 1_690_000_000
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

#: Channels that the demo's list of channels holds.
LISTED = ("UCdemoHarbourFilms000001", "UCdemoNightTrains0000002", "UCdemoQuietKitchen000003")
UNLISTED = "UCdemoSomebodyElse000009"


class YoutubeCorpus:
    """Makes info.json records, by file stem."""

    def __init__(self, seed: int, videos: int) -> None:
        self._rng = random.Random(f"youtube {seed}")
        self._videos = videos
        self.ordinary: list[str] = []
        self.long_video = ""

    def make(self) -> dict[str, dict[str, Any]]:
        """Records by video id: ordinary videos, then one for every rule that rejects videos."""
        records = [self._video() for _ in range(self._videos)]
        self.ordinary = [record["id"] for record in records]
        long_video = self._video(duration=742)
        self.long_video = long_video["id"]
        records += [
            long_video,
            self._video(channel_id=UNLISTED, channel="Somebody Else"),
            self._video(is_live=True, live_status="is_live"),
            self._video(availability="private"),
            self._video(comments=None, comment_count=None, comments_disabled=True),
            self._video(view_count=900),
            self._video(categories=["Music"]),
            self._video(tags=["anime", "review"]),
            self._video(title=text.SPANISH),
            self._video(title="Porn, and other words that do not belong here"),
            self._video(age_limit=18),
            self._video(upload_date="20150402", timestamp=None),
            self._video(heatmap=None),
        ]
        broken = self._video()
        broken["heatmap"][7]["start_time"] += 3.5
        records.append(broken)
        records.append(self._with_odd_comments(self._video()))
        return {record["id"]: record for record in records}

    def _video(self, **changes: Any) -> dict[str, Any]:
        rng = self._rng
        video_id = "".join(rng.choices(_LETTERS, k=11))
        duration = changes.get("duration", rng.randint(45, 420))
        views = int(rng.paretovariate(0.8) * 12_000) + 10_001
        channel = rng.randrange(len(LISTED))
        record = {
            "id": video_id,
            "title": text.title(rng),
            "description": text.comment(rng),
            "channel_id": LISTED[channel],
            "channel": ("Harbour Films", "Night Trains", "Quiet Kitchen")[channel],
            "channel_follower_count": 120_000 * (channel + 1),
            "duration": duration,
            "view_count": views,
            "like_count": int(views * rng.uniform(0.01, 0.08)),
            "age_limit": 0,
            "webpage_url": f"https://www.youtube.com/watch?v={video_id}",
            "categories": [rng.choice(["Education", "People & Blogs", "Travel & Events"])],
            "tags": ["harbour", "documentary"],
            "live_status": "not_live",
            "availability": "public",
            "language": "en",
            "upload_date": f"20{rng.randint(19, 22)}0{rng.randint(1, 9)}1{rng.randint(0, 9)}",
            "timestamp": None,
            "chapters": None,
            "heatmap": self._heatmap(float(duration)),
            "comments": [self._comment(place) for place in range(rng.randint(4, 14))],
            "subtitles": {"en": [{"ext": "vtt", "name": "English"}]},
            "automatic_captions": {},
            "extractor": "youtube",
            "_type": "video",
            "epoch": _EPOCH,
        }
        if rng.random() < 0.3:
            half = duration / 2
            record["chapters"] = [
                {"start_time": 0.0, "end_time": half, "title": "The way there"},
                {"start_time": half, "end_time": float(duration), "title": "The way back"},
            ]
        record["comment_count"] = len(record["comments"])
        return record | changes

    def _heatmap(self, duration: float) -> list[dict[str, float]]:
        """100 equal segments, highest at the start and around one moment, scaled to 0..1 as the platform does."""
        peak = self._rng.uniform(20, 90)
        raw = [math.exp(-place / 6) + 0.8 * math.exp(-(((place - peak) / 5) ** 2)) for place in range(100)]
        low, high = min(raw), max(raw)
        step = duration / 100
        return [
            {"start_time": place * step, "end_time": (place + 1) * step, "value": (value - low) / (high - low)}
            for place, value in enumerate(raw)
        ]

    def _comment(self, place: int, **changes: Any) -> dict[str, Any]:
        return {
            "id": "Ug" + "".join(self._rng.choices(_LETTERS, k=24)),
            "parent": "root",
            "text": text.comment(self._rng),
            "like_count": max(0, int(400 / (place + 1)) + self._rng.randint(-20, 20)),
            "author": f"@viewer{self._rng.randint(1, 500)}",
            "author_id": "UC" + "".join(self._rng.choices(_LETTERS, k=22)),
            "author_is_uploader": False,
            "timestamp": _EPOCH - self._rng.randint(86_400, 900_000),
        } | changes

    def _with_odd_comments(self, record: dict[str, Any]) -> dict[str, Any]:
        """Comments too short and too long, one without an id, one that is no object."""
        record["comments"] += [
            self._comment(20, text="First!"),
            self._comment(21, text="again and again " * 40),
            self._comment(22, id=None),
            "not an object",
        ]
        return record


def subtitles(record: dict[str, Any], rng: random.Random) -> str:
    """English WebVTT for a video."""
    cues = ["WEBVTT", "Kind: captions", "Language: en", ""]
    second, duration = 1, int(record["duration"])
    while second + 6 < duration:
        cues += [f"{_time(second)} --> {_time(second + 5)}", text.comment(rng).split(". ")[0], ""]
        second += rng.randint(8, 20)
    return "\n".join(cues)


def _time(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000"
