"""Two platforms that needed no change of a stage: videos of any site, and Bluesky, from archives to pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from blift.pipelines.cli import main

_RECIPE = """\
name: small
sources: {source}
curate:
  {name}:
    comments: {{min_words: 2}}
    choose: {{top: 2}}
rejects: {{payload: all, out_of_scope: true, max_malformed: 1}}
instruct: {{templates: [full, likes-only]}}
"""


def built(folder: Path, name: str, source: str) -> Path:
    """The run folder of a recipe for files in ``folder``."""
    (folder / "r.yaml").write_text(_RECIPE.format(name=name, source=source))
    assert main(["build", str(folder / "r.yaml"), "--out", str(folder / "run"), "--quiet"]) == 0
    return folder / "run"


def rows(run: Path, pattern: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(run.glob(pattern)):
        found += pq.read_table(path).to_pylist()
    return found


def said(run: Path) -> str:
    return "\n".join(
        turn["value"] for row in rows(run, "instructions/llava/*.parquet") for turn in row["conversations"]
    )


def did(number: int) -> str:
    return f"did:plc:{number:024d}"


def view(account: int, key: str, text: str, likes: int, **more: Any) -> bytes:
    record = {"text": text, "createdAt": "2024-05-01T10:00:00.000Z"} | more.pop("record", {})
    uri = f"at://{did(account)}/app.bsky.feed.post/{key}"
    author = {"did": did(account), "handle": "somebody.bsky.social"}
    indexed = "2024-05-02T10:00:00.000Z"
    return json.dumps(
        {"uri": uri, "author": author, "record": record, "indexedAt": indexed, "likeCount": likes} | more
    ).encode()


def reply(account: int, key: str, text: str, likes: int) -> bytes:
    post = {"uri": f"at://{did(1)}/app.bsky.feed.post/3kpost"}
    return view(account, key, text, likes, record={"reply": {"root": post, "parent": post}})


_IMAGE = {"images": [{"fullsize": f"https://cdn.bsky.app/img/feed_fullsize/plain/{did(1)}/bafkreiabc@jpeg"}]}
_POST = view(1, "3kpost", "A red lighthouse", 90, embed=_IMAGE, replyCount=3)
_REPLIES = [reply(n, f"3k{n}", f"what a tall lighthouse, number {n}", n) for n in (2, 3, 4)]
_STRAY = reply(5, "3k5", "on nothing at all", 1).replace(b"3kpost", b"3kgone")


@pytest.mark.parametrize("mixed", [False, True])
def test_bluesky_from_archive_to_pairs(tmp_path: Path, *, mixed: bool) -> None:
    files = {"posts.ndjson": [_POST, b"{broken"], "replies.ndjson": [*_REPLIES, _STRAY]}
    if mixed:  # replies before posts, in one file
        files = {"posts.ndjson": [*_REPLIES, _STRAY, _POST, b"{broken"], "replies.ndjson": [_REPLIES[0]]}
    for name, lines in files.items():
        (tmp_path / name).write_bytes(b"\n".join(lines) + b"\n")
    run = built(tmp_path, "bluesky", "{bluesky: {posts: [posts.ndjson], replies: [replies.ndjson]}}")
    (sample,) = rows(run, "samples/*.parquet")
    assert (sample["platform"], sample["likes"], sample["score"]) == ("bluesky", 90, None)
    assert sample["media_key"] == "bluesky-image:bafkreiabc"
    assert [comment["score"] for comment in sample["comments"]] == [4, 3]
    assert sample["permalink"] == f"https://bsky.app/profile/{did(1)}/post/3kpost"
    assert "would get 90 likes." in said(run)
    assert "what a tall lighthouse, number 4" in said(run)
    rejects = {row["reason"]: row for row in rows(run, "rejects/*.parquet")}
    place = ("posts.ndjson", 1) if mixed else ("replies.ndjson", 1)
    assert (rejects["not_in_top"]["source"], rejects["not_in_top"]["line"]) == place
    assert rejects["orphan_comment"]["record_id"] == f"bluesky:{did(5)}/post/3k5"
    assert rejects["not_json"]["source"] == "posts.ndjson"


def info(key: str, native: str, address: str, **more: Any) -> dict[str, Any]:
    plain = {"_type": "video", "id": native, "extractor_key": key, "webpage_url": address, "title": f"Dance {native}"}
    numbers = {"like_count": 10, "view_count": 200, "duration": 20, "timestamp": 1_700_000_000, "epoch": 1_700_000_100}
    return plain | numbers | more


def test_videos_of_any_site_from_archive_to_pairs(tmp_path: Path) -> None:
    comments = [{"id": n, "text": f"what a lovely dance, number {n}", "like_count": n} for n in (1, 2, 3)]
    heatmap = [{"start_time": 2.0 * n, "end_time": 2.0 * n + 2, "value": n / 10} for n in range(10)]
    for record in (
        info("TikTok", "71", "https://www.tiktok.com/@a/video/71", comments=comments, comment_count=30),
        info("Vimeo", "76979871", "https://vimeo.com/76979871", heatmap=heatmap, comments=comments),
        info("BiliBili", "BV1x", "https://www.bilibili.com/video/BV1x", chapters=[{"start_time": 0, "title": "One"}]),
        info("Youtube", "dQw4w9WgXcQ", "https://elsewhere.example/made-up"),
        info("TwitchVod", "v1", "javascript:alert(1)"),
        info("Reddit", "abc", "https://www.reddit.com/comments/abc/"),
    ):
        (tmp_path / f"{record['id']}.info.json").write_text(json.dumps(record))
    run = built(tmp_path, "yt_dlp", "{yt_dlp: {info: ['*.info.json']}}")
    samples = {row["platform"]: row for row in rows(run, "samples/*.parquet")}
    assert set(samples) == {"tiktok", "vimeo", "bilibili", "youtube"}
    assert samples["vimeo"]["permalink"] == "https://vimeo.com/76979871"
    assert samples["youtube"]["permalink"] == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert samples["tiktok"]["like_percent"] == 5.0
    assert samples["tiktok"]["num_comments"] == 30
    assert [comment["score"] for comment in samples["tiktok"]["comments"]] == [3, 2]
    assert [segment["value"] for segment in samples["vimeo"]["replay"]] == [n / 10 for n in range(10)]
    assert samples["bilibili"]["scenes"][0]["title"] == "One"
    assert "liked by 5.0% of viewers" in said(run)
    rejects = rows(run, "rejects/*.parquet")
    left_out = {row["source"] for row in rejects if row["reason"] == "not_in_top"}
    assert left_out == {"71.info.json", "76979871.info.json"}
    assert {row["source"] for row in rejects if row["reason"] == "wrong_type"} == {"v1.info.json", "abc.info.json"}


def test_a_reddit_post_of_a_video_of_another_site_is_united_with_its_record(tmp_path: Path) -> None:
    record = info("Vimeo", "76979871", "https://vimeo.com/76979871")
    (tmp_path / "v.info.json").write_text(json.dumps(record))
    post = {"id": "p1", "title": "A dance", "url": "https://player.vimeo.com/video/76979871", "score": 7}
    (tmp_path / "RS.ndjson").write_text(json.dumps(post | {"permalink": "/r/videos/comments/p1/a/"}) + "\n")
    run = built(tmp_path, "yt_dlp", "{yt_dlp: {info: [v.info.json]}, reddit: {submissions: [RS.ndjson]}}")
    (sample,) = rows(run, "samples/*.parquet")
    assert (sample["platform"], sample["score"], sample["likes"]) == ("vimeo", 7, 10)
    assert [audience["platform"] for audience in sample["audiences"]] == ["reddit", "vimeo"]
