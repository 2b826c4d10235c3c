"""Samples in the columns of datasets that followed BLIFT, as their cards document them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blift.pipelines.export.samples import ExportedComment, ExportedSample
from blift.schemas.parts import MediaKind
from blift.transforms.highlights import change_points, scores_by_second, summary_of


def corpus_leaves_out(sample: ExportedSample) -> str | None:
    """Why the Content Behavior Corpus has no row for a sample."""
    return None if sample.row["media_kind"] == MediaKind.VIDEO.value else "that show no video"


def corpus_row(sample: ExportedSample) -> dict[str, Any]:
    """A row of the Content Behavior Corpus (CBC). What it measures of each scene stands in lists of one list a scene.

    Its markers are the segments of the replay graph as the platform gives them, so that the multiplier is 1.
    """
    row, scenes = sample.row, sample.row["scenes"]
    replay = row["replay"]
    length_s = replay[0]["end_s"] - replay[0]["start_s"] if replay else None
    return {
        "video_id": video_id(row),
        "asr_raw": [
            {"start": said["start_s"], "end": said["end_s"], "text": said["text"], "words": []}
            for said in row["speech"]
        ],
        "asr_grouped": _by_scene(scenes, "speech"),
        "ocr": _by_scene(scenes, "screen_text"),
        "blip2_annotations": {
            "actions": [],
            "captions": [scene["caption"] or "" for scene in scenes],
            "objects": [", ".join(scene["tags"]) for scene in scenes],
        },
        "replay_graphs": {
            "original_marker_duration": length_s,
            "processed_marker_duration": length_s,
            "multiplier": 1.0 if replay else None,
            "markers": [
                {"start": each["start_s"], "end": each["end_s"], "replay_score": each["value"]} for each in replay
            ],
        },
        "likes": _number(row["likes"]),
        "views": _number(row["views"]),
        "metadata": {
            "title": row["title"],
            "description": row["text"],
            "length": row["duration_s"],
            "date": row["posted_at"].date().isoformat() if row["posted_at"] else None,
            "channel_data": {
                "channel_id": row["channel_id"],
                "company_name": row["channel_name"],
                "subscribers": _number(row["channel_subscribers"]),
            },
        },
    }


def video_id(sample: Mapping[str, Any]) -> str:
    """The platform's id of a video, where the media key has it; else the id of the sample."""
    platform, _, name = sample["media_key"].partition(":")
    return name if platform == sample["platform"] and name else str(sample["sample_id"])


def highlights_leave_out(sample: ExportedSample) -> str | None:
    """Why Mr. HiSum has nothing for a sample."""
    row = sample.row
    if row["media_kind"] != MediaKind.VIDEO.value:
        return "that show no video"
    if not row["replay"]:
        return "without a replay graph"
    return None if row["duration_s"] is not None and row["duration_s"] >= 1 else "of an unknown length, or below 1 s"


def highlights_row(sample: ExportedSample) -> dict[str, Any]:
    """The fields of Mr. HiSum of a video, as arrays, and its key; `features` are those of the reader's own model."""
    row = sample.row
    seconds = int(row["duration_s"])
    scores, shots = scores_by_second(row["replay"], seconds), change_points(row["scenes"], seconds)
    return {
        "key": row["sample_id"],
        "url": row["media_urls"][0] if row["media_urls"] else "",
        "gtscore": scores,
        "change_points": shots,
        "gt_summary": summary_of(scores, shots),
    }


def _by_scene(scenes: Sequence[Mapping[str, Any]], column: str) -> list[list[str]]:
    return [[scene[column]] if scene[column] else [] for scene in scenes]


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)


def interaction_leaves_out(comment: ExportedComment) -> str | None:
    """Why MicroLens has no row for a comment."""
    if comment.author is None:
        return "whose author has no pseudonym (set `BLIFT_AUTHOR_KEY`, and build again)"
    return None if comment.posted_at is not None else "without a time"


def interaction_row(comment: ExportedComment) -> dict[str, Any]:
    """A row of MicroLens: user, item, and time in milliseconds. A comment is the interaction, as in MicroLens."""
    return {
        "user": comment.author,
        "item": comment.sample_id,
        "timestamp": round(comment.posted_at.timestamp() * 1000),
    }
