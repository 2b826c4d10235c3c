"""Reactions and growth through a whole build: equal to the archives that they come from, and asked for by templates."""

from __future__ import annotations

import json
from typing import Any

import pytest

import blift

_DAY = 86_400
_POSTED = 1_714_521_600
_RECIPE = """\
name: over-time
sources: {youtube: {info: ["videos/*.info.json"]}}
curate:
  reactions: {danmaku_lag_s: 2}
  youtube: {comments: {min_words: 2}, choose: {top: 1}}
instruct: {templates: [reactions, growth]}
output: {shards: 2}
"""
_TEXTS = (
    "1:31 that jump",
    "the drums at 1:31",
    "0:05 hello there",
    "see you at 5:30 pm",
    "9:59 is no time of it",
    "1:31",
)


def record(days: int, **changes: Any) -> dict[str, Any]:
    """A video, and what was known of it at an age."""
    comments = [
        {
            "id": f"c{place}",
            "parent": "root",
            "text": text,
            "like_count": 9 - place,
            "author": "@a",
            "timestamp": _POSTED,
        }
        for place, text in enumerate(_TEXTS)
    ]
    return {
        "id": "aaaaaaaaaaa", "_type": "video", "extractor_key": "Youtube", "title": "A jump", "duration": 120,
        "channel": "Jumps", "channel_id": "UCaaaaaaaaaaaaaaaaaaaaaa", "webpage_url": "https://youtu.be/aaaaaaaaaaa",
        "timestamp": _POSTED, "epoch": _POSTED + days * _DAY, "like_count": 100 * days, "view_count": 5_000 * days,
        "comments": comments,
    } | changes  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> blift.Run:
    folder = tmp_path_factory.mktemp("over-time")
    videos = folder / "videos"
    videos.mkdir()
    for days in (1, 2, 30):
        (videos / f"aaaaaaaaaaa.{days}.info.json").write_text(json.dumps(record(days)))
    (videos / "aaaaaaaaaaa.30.danmaku.xml").write_text('<i><d p="93.2,1,25">x</d><d p="1,1">x</d><d p="oh"/></i>')
    (folder / "recipe.yaml").write_text(_RECIPE)
    return blift.build(folder / "recipe.yaml", folder / "run")


def test_reactions_are_those_of_all_comments_that_rules_keep(run: blift.Run) -> None:
    (sample,) = run.table("samples").to_pylist()
    assert sample["reactions"] == [
        {"source": "comment", "second": 5, "count": 1},
        {"source": "comment", "second": 91, "count": 2},  # not that of one word
        {"source": "danmaku", "second": 91, "count": 1},  # and none before the lag has passed
    ]
    assert len(sample["comments"]) == 1


def test_growth_has_the_numbers_of_each_observation(run: blift.Run) -> None:
    (sample,) = run.table("samples").to_pylist()
    assert [(each["age_days"], each["likes"], each["views"]) for each in sample["growth"]] == [
        (days, 100 * days, 5_000 * days) for days in (1.0, 2.0, 30.0)
    ]


def test_templates_ask_for_both(run: blift.Run) -> None:
    turns = {
        row["template"]: [turn["value"] for turn in row["conversations"]]
        for row in run.table("instructions/llava").to_pylist()
    }
    assert turns["reactions"][1] == "1:31\n0:05"
    assert "Which 2 moments of this video do people react to most?" in turns["reactions"][0]
    assert turns["growth"][1] == "3000"
    assert "After 1 day: 100 likes\nAfter 2 days: 200 likes\n" in turns["growth"][0]
    assert turns["growth"][0].endswith("How many likes does it have after 30 days?")


def test_danmaku_without_a_time_are_among_the_rejects(run: blift.Run) -> None:
    rows = [row for row in run.rejects().to_pylist() if row["reason"] == "wrong_type"]
    assert [row["source"].rpartition("/")[2] for row in rows] == ["aaaaaaaaaaa.30.danmaku.xml"]
