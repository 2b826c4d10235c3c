"""A build of real archives against a plain reading of the same files: nothing lost, every value as in its source."""

import html
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from backports import zstd

from blift.pipelines.commands.show import funnel_rows
from blift.pipelines.engine.run_folder import Manifest
from blift.transforms.accounting import unbalanced
from tests.pipelines.conftest import run_build

pytestmark = pytest.mark.shared

#: The public archives are compressed with a window of 2 GiB.
_LONG_WINDOW = {zstd.DecompressionParameter.window_log_max: 31}

Row = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """What lies in the archives, record by record."""

    submissions: list[Row]
    comments: list[Row]
    videos: list[Row]


@dataclass(frozen=True)
class Built:
    """What the build made of it."""

    manifest: Manifest
    posts: dict[str, Row]
    comments: list[Row]
    samples: list[Row]


def records(paths: Iterable[Path]) -> Iterator[Row]:
    """The JSON objects of the non-empty lines of archives."""
    for path in sorted(paths):
        if path.suffix == ".zst":
            with zstd.open(path, options=_LONG_WINDOW) as stream:
                content = stream.read()
        else:
            content = path.read_bytes()
        yield from (json.loads(line) for line in content.split(b"\n") if line.strip())


@pytest.fixture(scope="module")
def source(shared_data: Path) -> Source:
    reddit = shared_data / "reddit"
    return Source(
        list(records(reddit.glob("RS_*"))),
        list(records(reddit.glob("RC_*"))),
        [json.loads(path.read_text()) for path in sorted((shared_data / "youtube" / "info").glob("*.info.json"))],
    )


@pytest.fixture(scope="module")
def made(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("real")
    recipe = {
        "name": "real",
        "sources": {
            "reddit": {
                "submissions": [str(shared_data / "reddit" / "RS_*")],
                "comments": [str(shared_data / "reddit" / "RC_*")],
            },
            "youtube": {"info": [str(shared_data / "youtube" / "info" / "*.info.json*")]},
        },
    }
    (folder / "real.yaml").write_text(yaml.safe_dump(recipe))
    manifest, told = run_build(folder / "real.yaml", folder / "out")
    assert [event for event in told if event.startswith("done")] == ["done ingest", "done curate", "done instruct"]
    posts, comments, samples = (_rows(folder / "out" / name) for name in ("posts", "comments", "samples"))
    by_id = {row["post_id"]: row for row in posts}
    assert len(by_id) == len(posts)
    return Built(manifest, by_id, comments, samples)


def _rows(folder: Path) -> list[Row]:
    return [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def _reddit_time(record: Row) -> float:
    """When the record was read, by any of the fields in which archives have said so, seconds since 1970."""
    times = [record.get(name) or 0 for name in ("retrieved_on", "retrieved_utc", "updated_on")]
    times.append((record.get("_meta") or {}).get("retrieved_2nd_on") or 0)
    if text := record.get("_recorded_at"):
        moment = parsedate_to_datetime(text) if "," in text else datetime.fromisoformat(text)
        times.append((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return max(float(time) for time in times)


def _latest(source: Source) -> dict[str, list[Row]]:
    """The latest records of every post; several where they were read at the same time."""
    timed = [(f"reddit:{row['id']}", _reddit_time(row), row) for row in source.submissions]
    timed += [(f"youtube:{row['id']}", float(row["epoch"]), row) for row in source.videos]
    last: dict[str, float] = defaultdict(float)
    for post_id, time, _ in timed:
        last[post_id] = max(last[post_id], time)
    found = defaultdict(list)
    for post_id, time, row in timed:
        if time == last[post_id]:
            found[post_id].append(row)
    return found


def _curve(segments: Iterable[Row]) -> list[tuple[float, float, float]]:
    return [(segment["start_time"], segment["end_time"], segment["value"]) for segment in segments]


def _built_curve(segments: Iterable[Row]) -> list[tuple[float, float, float]]:
    return [(segment["start_s"], segment["end_s"], segment["value"]) for segment in segments]


def test_no_row_is_lost(made: Built) -> None:
    rows = list(funnel_rows(made.manifest))
    assert {row.stage for row in rows} == {"ingest", "curate", "instruct"}
    assert unbalanced(rows) == []


def test_every_line_and_file_is_read_and_none_is_refused(source: Source, made: Built) -> None:
    read = {row.table: row for row in funnel_rows(made.manifest) if row.step == "read"}
    assert {table: row.rows_in for table, row in read.items()} == {
        "reddit post": len(source.submissions),
        "reddit comment": len(source.comments),
        "youtube post": len(source.videos),
        "youtube comment": sum(len(video.get("comments") or []) for video in source.videos),
    }
    assert {table: row.rejected for table, row in read.items() if row.rejected} == {}


def test_there_is_one_post_for_every_id(source: Source, made: Built) -> None:
    wanted = {f"reddit:{row['id']}" for row in source.submissions} | {f"youtube:{row['id']}" for row in source.videos}
    assert set(made.posts) == wanted


def test_every_observation_is_the_row_or_its_history(source: Source, made: Built) -> None:
    observed: dict[str, set[object]] = defaultdict(set)  # one that is there twice is one
    for row in source.submissions:
        numbers = [row.get(name) for name in ("score", "upvote_ratio", "num_comments")]
        observed[f"reddit:{row['id']}"].add((_reddit_time(row), *numbers))
    for row in source.videos:
        numbers = [row.get(name) for name in ("view_count", "like_count", "comment_count")]
        observed[f"youtube:{row['id']}"].add((row["epoch"], *numbers, json.dumps(row.get("heatmap"))))
    found = {post_id: 1 + len(post["history"]) for post_id, post in made.posts.items()}
    assert found == {post_id: len(times) for post_id, times in observed.items()}


def test_reddit_posts_have_title_score_and_comments_of_their_latest_record(source: Source, made: Built) -> None:
    wrong = {}
    for post_id, rows in _latest(source).items():
        if post_id.startswith("reddit:"):
            post = made.posts[post_id]
            values = (post["title"], post["score"], post["num_comments"])
            stated = [(html.unescape(row["title"]).strip(), row["score"], row["num_comments"]) for row in rows]
            if values not in stated:
                wrong[post_id] = (values, stated)
    assert wrong == {}


def test_videos_have_title_likes_views_and_comments_of_their_latest_record(source: Source, made: Built) -> None:
    wrong = {}
    for post_id, rows in _latest(source).items():
        if post_id.startswith("youtube:"):
            post = made.posts[post_id]
            values = (post["title"], post["likes"], post["views"])
            stated = [(row["title"].strip(), row.get("like_count"), row["view_count"]) for row in rows]
            if values not in stated:
                wrong[post_id] = (values, stated)
    assert wrong == {}


def test_every_heatmap_is_kept_segment_by_segment(source: Source, made: Built) -> None:
    with_heatmap = [video for video in source.videos if video.get("heatmap")]
    assert with_heatmap
    for video in with_heatmap:
        post = made.posts[f"youtube:{video['id']}"]
        assert len(post["replay"]) == 100
        assert post["replay_absent"] is None
        curves = [_built_curve(seen["replay"]) for seen in (post, *post["history"])]
        assert _curve(video["heatmap"]) in curves, video["id"]


def test_the_replay_graph_is_that_of_the_latest_record_that_has_one(source: Source, made: Built) -> None:
    latest: dict[str, list[Row]] = defaultdict(list)
    for video in source.videos:
        if video.get("heatmap"):
            others = latest[video["id"]]
            newest = max((other["epoch"] for other in others), default=0)
            if video["epoch"] > newest:
                others.clear()
            if video["epoch"] >= newest:
                others.append(video)
    for video_id, videos in latest.items():
        assert _built_curve(made.posts[f"youtube:{video_id}"]["replay"]) in [_curve(v["heatmap"]) for v in videos]
    others = {post_id for post_id, post in made.posts.items() if post["replay"]} - {
        f"youtube:{name}" for name in latest
    }
    assert others == set()


def test_there_is_one_comment_for_every_id_on_a_post_that_is_kept(source: Source, made: Built) -> None:
    wanted = {
        f"reddit:{row['id']}": post_id
        for row in source.comments
        if (post_id := f"reddit:{row['link_id'].removeprefix('t3_')}") in made.posts
    }
    for video in source.videos:
        for comment in video.get("comments") or []:
            wanted[f"youtube:{comment['id']}"] = f"youtube:{video['id']}"
    assert {row["comment_id"]: row["post_id"] for row in made.comments} == wanted
    assert len(made.comments) == len(wanted)


def test_a_post_without_media_and_a_comment_without_text_are_rejected_though_no_rule_is_on(made: Built) -> None:
    steps = {(row.table, row.step): row.rejected for row in funnel_rows(made.manifest) if row.stage == "curate"}
    without_media = [post for post in made.posts.values() if post["media_key"] is None]
    assert without_media
    assert {post["platform"] for post in without_media} == {"reddit"}
    assert steps[("reddit post", "media_kinds")] == {"media_kind": len(without_media)}
    silent = [
        comment
        for comment in made.comments
        if comment["text"] is None and made.posts[comment["post_id"]]["media_key"] is not None
    ]
    assert silent
    assert sum(steps[(f"{name} comment", "min_words")].get("few_words", 0) for name in ("reddit", "youtube")) == len(
        silent
    )


def test_samples_have_the_replay_graph_of_their_video(made: Built) -> None:
    replayed = [sample for sample in made.samples if sample["replay"]]
    assert replayed
    for sample in replayed:
        posts = [made.posts[audience["post_id"]] for audience in sample["audiences"]]
        values = [[segment["value"] for segment in post["replay"]] for post in posts if post["replay"]]
        shown = [segment["value"] for segment in sample["replay"]]
        # A graph ends with the video.
        assert shown in [graph[: len(shown)] for graph in values]
        assert sample["duration_s"] is None or sample["replay"][-1]["end_s"] <= sample["duration_s"]
