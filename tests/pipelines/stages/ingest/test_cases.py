"""Cases after public bug reports, built as a user builds them: what becomes of every post and comment."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from blift.pipelines.cli import main
from blift.schemas.errors import TooManyRejects
from tests.pipelines.conftest import run_build

_RECIPE = """
name: case
sources:
  reddit: {submissions: ["RS*.ndjson"], comments: ["RC.ndjson"], scope: {subreddits: ["/r/Pics/", "u/somebody"]}}
curate:
  reddit:
    posts:
      deleted: true
      removed: true
      promoted: true
      stickied: true
      unindexed: true
      min_age_hours: 24
      media_kinds: [image, gif, gallery, video]
    comments: {deleted: true, removed: true, min_words: 3}
    choose: {near_duplicates: 0.9, top: 5}
"""
_WORDS = ("what a lovely quiet harbour this is", "the light over the boats is great")


def post(native: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": native,
        "author": "writer_one",
        "created_utc": 1609459200,
        "retrieved_on": 1612137600,
        "title": f"A quiet harbour, number {native}",
        "url": f"https://i.redd.it/{native}aaaaaaa.jpg",
        "permalink": f"/r/pics/comments/{native}/a_quiet_harbour/",
        "subreddit": "pics",
        "score": 10,
        "is_self": False,
    } | fields


def comment(native: str, on: str, body: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": native,
        "link_id": f"t3_{on}",
        "parent_id": f"t3_{on}",
        "author": "reader_two",
        "body": body,
        "created_utc": 1609462800,
        "retrieved_on": 1612137600,
        "score": 3,
    } | fields


def write(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def rows_of(out: Path, table: str) -> list[dict[str, Any]]:
    return [row for path in sorted((out / table).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


_GALLERY = {"is_gallery": True, "url": "https://www.reddit.com/gallery/x"}
_FILM = {"reddit_video": {"is_gif": True, "width": 640, "height": 480}}
_PROFILE = {"subreddit": "u_Anna_Real", "permalink": "/user/Anna_Real/comments/p9/x/", "author": "Anna_Real"}

#: Posts, and the rule that rejects each; None for those that stay.
POSTS: list[tuple[dict[str, Any], str | None]] = [
    (post("p1"), None),
    (post("p2", title="[deleted by user]"), "deleted"),
    (post("p3", title="[ Removed by Reddit ]", author="[deleted]"), "removed"),
    (post("p4", _meta={"was_deleted_later": True, "removal_type": "deleted"}), "deleted"),
    (post("p5", _meta={"was_deleted_later": True, "removal_type": "moderator"}), "removed"),
    (post("p6", promoted=True), "promoted"),
    (post("p7", stickied=True), "stickied"),
    (post("p8", is_robot_indexable=False), "unindexed"),
    (post("p9", **_PROFILE), None),
    (post("pa", retrieved_on=1609459210), "min_age_hours"),
    (post("pb", **_GALLERY), "media_kinds"),
    (post("pc", url="https://v.redd.it/pc", is_video=True, media=_FILM), None),
    (post("pd"), "deleted"),
    (post("pe", subreddit="videos"), "subreddits"),
]
#: Comments on the first post, and the rule that rejects each.
COMMENTS: list[tuple[dict[str, Any], str | None]] = [
    (comment("c1", "p1", _WORDS[0]), None),
    (comment("c2", "p1", _WORDS[1], author="[deleted]"), None),
    (comment("c3", "p1", "[ Removed by Reddit ]", score=900, author="[deleted]"), "removed"),
    (comment("c4", "p1", "Comment removed by moderator", score=500), "removed"),
    (comment("c5", "p1", "*Processing img 2vq8m2mqkzz91...*", score=400), "min_words"),
    (comment("c6", "p1", "![img](emote|t5_2|1) ![img](emote|t5_2|1) ![img](emote|t5_2|1)", score=300), "min_words"),
    (comment("c7", "p1", "please take this comment down", _meta={"was_deleted_later": True}), "deleted"),
]


def test_every_record_has_its_right_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "RS.ndjson", [record for record, _ in POSTS])
    later = {"id": "pd", "subreddit": "pics", "title": "[deleted by user]", "removed_by_category": "deleted"}
    write(tmp_path / "RS_praw_today.ndjson", [later])
    more = [
        comment(f"d{record['id']}{n}", record["id"], body) for record, _ in POSTS[1:] for n, body in enumerate(_WORDS)
    ]
    write(tmp_path / "RC.ndjson", [record for record, _ in COMMENTS] + more)
    recipe, out = tmp_path / "recipe.yaml", tmp_path / "out"
    recipe.write_text(_RECIPE)
    run_build(recipe, out)
    rejected = {row["record_id"]: row["rule"] for row in rows_of(out, "rejects")}
    samples = rows_of(out, "samples")
    kept = {row["audiences"][0]["post_id"] for row in samples}
    for record, rule in POSTS:
        if rule != "subreddits":  # counted, and not listed
            assert (record["id"], rejected.get(f"reddit:{record['id']}")) == (record["id"], rule)
        assert (f"reddit:{record['id']}" in kept) == (rule is None)
    for record, rule in COMMENTS:
        assert (record["id"], rejected.get(f"reddit:{record['id']}")) == (record["id"], rule)
    [first] = [row for row in samples if row["audiences"][0]["post_id"] == "reddit:p1"]
    assert [chosen["text"] for chosen in first["comments"]] == list(_WORDS)
    [animation] = [row for row in samples if row["audiences"][0]["post_id"] == "reddit:pc"]
    assert (animation["media_kind"], animation["width"]) == ("gif", 640)
    written = json.dumps(
        [rows_of(out, table) for table in ("posts", "comments", "samples", "instructions")], default=str
    )
    assert "Anna" not in written
    assert main(["verify", str(out)]) == 0
    assert "are as they were written and as their tables say" in capsys.readouterr().out


@pytest.mark.parametrize("max_malformed", [0.05, 1.0])
def test_a_file_of_which_nothing_can_be_read_fails_the_build(max_malformed: float, tmp_path: Path) -> None:
    write(tmp_path / "RS.ndjson", [post("p1")])
    write(tmp_path / "RS_2.ndjson", [comment("c1", "p1", _WORDS[0])])
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "name: case\n"
        'sources: {reddit: {submissions: ["RS*.ndjson"]}}\n'
        f"rejects: {{max_malformed: {max_malformed}}}\n"
    )
    with pytest.raises(TooManyRejects) as failed:
        run_build(recipe, tmp_path / "out", stages=["ingest"])
    assert str(failed.value) == (
        f"Nothing could be read of {tmp_path}/RS_2.ndjson: none of its 1 records is what the recipe says it holds "
        "(wrong_type in line 1: it is a comment (it has link_id and body): name its file under `comments`). Name "
        "another file in the recipe, or convert this one to one JSON object a line."
    )


def video(day: int, names: Sequence[str], likes: int) -> dict[str, Any]:
    return {
        "id": "AAAAAAAAAAA",
        "extractor_key": "Youtube",
        "title": "A made-up video",
        "epoch": day * 86_400,
        "comments": [
            {"id": name, "parent": "root", "text": f"comment {name} in so many words", "like_count": likes - place}
            | {"timestamp": (day - 900 + 40 * (place % 2)) * 86_400}
            for place, name in enumerate(names)
        ],
    }


@pytest.mark.parametrize("is_known", [True, False])
def test_the_comments_on_top_are_those_of_the_latest_list(is_known: bool, tmp_path: Path) -> None:
    early = video(18_800, [f"Old{place}" for place in range(5)], 12)
    late = video(20_600, [f"New{place}" for place in range(8)], 2_000)
    if not is_known:
        for one in late["comments"]:
            one["timestamp"] = 19_700 * 86_400
            one["like_count"] = 1_000
    (tmp_path / "v.2021.info.json").write_text(json.dumps(early))
    (tmp_path / "v.2026.info.json").write_text(json.dumps(late))
    recipe, out = tmp_path / "recipe.yaml", tmp_path / "out"
    recipe.write_text('name: r\nsources: {youtube: {info: ["*.info.json"]}}\ncurate: {youtube: {choose: {top: 5}}}\n')
    run_build(recipe, out, stages=["ingest", "curate"])
    [sample] = rows_of(out, "samples")
    assert [chosen["comment_id"] for chosen in sample["comments"]] == [f"youtube:New{place}" for place in range(5)]
