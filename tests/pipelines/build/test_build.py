"""The build as a whole, on the demo corpus: nothing lost, same bytes, done work skipped."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest
from backports import zstd

from blift.pipelines.commands.show import funnel_rows
from blift.pipelines.engine.run_folder import Manifest
from blift.schemas.reasons import Reason
from blift.schemas.records import RECORDS
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import unbalanced
from tests.pipelines.conftest import run_build

#: What no small file of a demo does to a decoder, or is. Tests of media and of their stage show them.
_HAZARDS = {
    "no_pictures",
    "too_many_bytes",
    "too_many_frames",
    "bomb",
    "placeholder",
    "timed_out",
    "decoder_crashed",
    "model_failed",
}

#: Folders of the configurations of pairs.
_PAIRS = {
    "instructions": "instructions/llava",
    "chat": "instructions/chat",
    "instructions_without_media": "instructions/llava-without-media",
    "chat_without_media": "instructions/chat-without-media",
    "preferences": "instructions/preferences",
    "preferences_without_media": "instructions/preferences-without-media",
}

#: Reasons of rules that the demo does not turn on; tests of the rules show them.
_TURNED_OFF = {
    *("account_deleted", "not_indexable", "promoted", "stickied", "distinguished", "too_fresh"),
    *("not_listed", "not_found", "words", "out_of_range", "not_sampled"),
}


def rows_of(folder: Path, dataset: str) -> list[dict[str, Any]]:
    """All rows of a dataset of a run folder."""
    rows: list[dict[str, Any]] = []
    for path in sorted((folder / dataset).rglob("*.parquet")):
        rows += pq.read_table(path, partitioning=None).to_pylist()
    return rows


def test_no_row_is_lost_in_any_step(built: tuple[Path, Manifest]) -> None:
    _, manifest = built
    rows = list(funnel_rows(manifest))
    assert {row.stage for row in rows} == {"ingest", "media", "curate", "instruct", "prefer"}
    assert unbalanced(rows) == []


def test_every_reason_fires_and_is_listed(built: tuple[Path, Manifest]) -> None:
    folder, manifest = built
    counted = {reason for row in funnel_rows(manifest) for reason in row.rejected}
    listed = {row["reason"] for row in rows_of(folder, "rejects")}
    assert counted == listed == {reason.value for reason in Reason} - _HAZARDS - _TURNED_OFF


def test_every_rule_that_the_demo_turns_on_rejects_something(built: tuple[Path, Manifest]) -> None:
    _, manifest = built
    idle = {
        (row.table, row.step)
        for row in funnel_rows(manifest)
        if row.stage in ("ingest", "curate") and not row.rejected and not row.merged
    }
    repeated_reads = {(table, "latest_observation") for table in ("reddit comment", "youtube comment", "youtube post")}
    # The windows and media kinds of YouTube, and its near-duplicates, are shown on Reddit's side.
    shown_elsewhere = {
        ("youtube post", "posted_before"),
        ("youtube post", "media_kinds"),
        ("youtube comment", "near_duplicates"),
    }
    assert idle <= repeated_reads | shown_elsewhere


def test_counts_of_the_funnel_are_the_rows_of_the_files(built: tuple[Path, Manifest]) -> None:
    folder, manifest = built
    rejected = sum(sum(row.rejected.values()) for row in funnel_rows(manifest))
    assert len(rows_of(folder, "rejects")) == rejected
    last = [row for row in funnel_rows(manifest) if row.table == "sample"][-1]
    assert len(rows_of(folder, "samples")) == last.rows_out


def test_shards_have_the_frozen_schema_with_name_and_version(built: tuple[Path, Manifest]) -> None:
    folder, _ = built
    for name, table in (
        ("posts", "post"),
        ("comments", "comment"),
        ("media", "media"),
        ("samples", "sample"),
        ("rejects", "reject"),
    ):
        for path in (folder / name).glob("*.parquet"):
            schema = pq.read_schema(path)
            assert schema.equals(SCHEMAS[table], check_metadata=False)
            assert schema.metadata[b"blift.table"].decode() == table
            assert schema.metadata[b"blift.version"].decode() == RECORDS[table].version


def test_a_reddit_post_of_a_video_is_one_sample_with_both_audiences(built: tuple[Path, Manifest]) -> None:
    folder, _ = built
    both = [row for row in rows_of(folder, "samples") if len({a["platform"] for a in row["audiences"]}) == 2]
    assert both
    for row in both:
        assert row["platform"] == "youtube"
        assert row["like_percent"] == pytest.approx(100 * row["likes"] / row["views"])
        assert row["score"] is not None
        assert {comment["platform"] for comment in row["comments"]} == {"reddit", "youtube"}
        assert len(row["replay"]) == 100 or row["replay_absent"] is not None


def test_repeats_of_a_picture_are_one_sample_with_their_comments_united(built: tuple[Path, Manifest]) -> None:
    folder, _ = built
    repeated = [
        row
        for row in rows_of(folder, "samples")
        if len(row["audiences"]) == 3 and row["media_kind"] == "image" and row["sha256"] is None
    ]
    assert len(repeated) == 1
    posts = {audience["post_id"] for audience in repeated[0]["audiences"]}
    comments = {row["comment_id"]: row["post_id"] for row in rows_of(folder, "comments")}
    assert len({comments[comment["comment_id"]] for comment in repeated[0]["comments"]} & posts) > 1


def test_pictures_that_show_the_same_are_one_sample_with_their_comments_united(built: tuple[Path, Manifest]) -> None:
    folder, _ = built
    (cluster,) = {row["cluster"] for row in rows_of(folder, "media") if row["cluster"]}
    (stays,) = [row for row in rows_of(folder, "media") if row["sha256"] == cluster]
    (sample,) = [row for row in rows_of(folder, "samples") if row["cluster"]]
    assert (sample["sha256"], sample["media_key"]) == (cluster, stays["unite_as"])
    assert sample["media_urls"] == [f"https://i.redd.it/{stays['file']}"]
    members = {use["media_key"] for row in rows_of(folder, "media") if row["cluster"] for use in row["uses"]}
    posts = {row["post_id"] for row in rows_of(folder, "posts") if row["media_key"] in members}
    assert {audience["post_id"] for audience in sample["audiences"]} == posts
    assert len(posts) == len(members) > 2


def test_scenes_of_a_clip_are_those_that_were_cut_with_colours_keyframes_and_replay(
    built: tuple[Path, Manifest],
) -> None:
    folder, _ = built
    clips = [row for row in rows_of(folder, "samples") if row["sha256"] and row["media_kind"] == "video"]
    assert clips
    for row in clips:
        assert {scene["source"] for scene in row["scenes"]} == {"detected"}
        assert all((folder / "store" / scene["keyframe"]).exists() for scene in row["scenes"])
        assert all(scene["background_colours"] and scene["tone"] for scene in row["scenes"])
        assert all((scene["replay"] is not None) == bool(row["replay"]) for scene in row["scenes"])


def test_pairs_tell_the_colours_of_scenes(built: tuple[Path, Manifest]) -> None:
    folder, _ = built
    answers = [turn["value"] for row in rows_of(folder, "instructions/llava") for turn in row["conversations"]]
    assert any("Background colours: " in answer and "Dominant tone: " in answer for answer in answers)


def test_the_later_observation_counts_and_the_earlier_is_history(built: tuple[Path, Manifest]) -> None:
    folder, _ = built
    later = [row for row in rows_of(folder, "posts") if row["history"]]
    (seen_twice,) = [row for row in later if row["history"][-1]["retrieved_at"] != row["retrieved_at"]]
    assert [seen["score"] for seen in seen_twice["history"]] == [seen_twice["score"] - 500]
    assert seen_twice["num_comments"] == 450


def test_author_names_are_nowhere(built: tuple[Path, Manifest]) -> None:
    folder, _ = built
    for row in rows_of(folder, "comments"):
        assert row["author"] is None
    texts = {str(path): path.read_text() for path in (folder / "README.md", folder / "manifest.json")}
    for path in folder.rglob("*.parquet"):
        rows = pq.read_table(path, partitioning=None).to_pylist()
        # A record that could not be read is kept as it was, until a recipe says `payload: none`.
        texts[str(path)] = str([row for row in rows if row.get("rule") != "read"])
    assert [path for path, text in texts.items() if "visitor_" in text or "@viewer" in text] == []


def test_an_author_key_hashes_names(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLIFT_AUTHOR_KEY", "a key of the test")
    run_build(corpus / "demo.yaml", tmp_path / "out", stages=["ingest"])
    authors = [row["author"] for row in rows_of(tmp_path / "out", "comments") if not row["deleted"]]
    assert all(author is not None and len(author) == 16 for author in authors)
    assert len(set(authors)) < len(authors)


def test_every_config_loads_with_datasets(built: tuple[Path, Manifest], tmp_path: Path) -> None:
    folder, _ = built
    configs = datasets.get_dataset_config_names(str(folder))
    assert set(configs) == {"samples", "media", "posts", "comments", "origins", "rejects", *_PAIRS}
    for config in configs:
        loaded = datasets.load_dataset(str(folder), config, cache_dir=str(tmp_path / "cache"))
        name = _PAIRS.get(config, config)
        assert sum(split.num_rows for split in loaded.values()) == len(rows_of(folder, name))


def test_a_second_build_does_nothing(corpus: Path, built: tuple[Path, Manifest], tmp_path: Path) -> None:
    folder, manifest = built
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    again, told = run_build(corpus / "demo.yaml", out)
    assert told == ["skipped ingest", "skipped media", "skipped curate", "skipped instruct", "skipped prefer"]
    assert again.fingerprint == manifest.fingerprint


def test_a_changed_knob_runs_only_what_depends_on_it(
    corpus: Path, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    folder, manifest = built
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    changed = corpus / "changed.yaml"
    changed.write_text((corpus / "demo.yaml").read_text().replace("min_comments: 2", "min_comments: 3"))
    again, told = run_build(changed, out)
    assert told == [
        "skipped ingest",
        "skipped media",
        "started curate",
        "done curate",
        "started instruct",
        "done instruct",
        "started prefer",
        "done prefer",
    ]
    assert again.fingerprint != manifest.fingerprint


def test_a_missing_or_cut_shard_is_written_again_as_it_was(
    corpus: Path, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    folder, manifest = built
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    next((out / "samples").glob("*.parquet")).write_bytes(b"PAR1")
    again, told = run_build(corpus / "demo.yaml", out)
    assert told == [
        "skipped ingest",
        "skipped media",
        "started curate",
        "done curate",
        "skipped instruct",
        "skipped prefer",
    ]
    assert again.fingerprint == manifest.fingerprint


def _shuffled_lines(path: Path, rng: random.Random) -> None:
    """Write the lines of a .zst archive in another order, as plain text: other bundles, other line numbers."""
    lines = zstd.decompress(path.read_bytes()).split(b"\n")
    rng.shuffle(lines)
    path.write_bytes(b"\n".join(line for line in lines if line))


def test_same_bytes_from_other_workers_other_file_order_and_other_line_order(
    corpus: Path, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    _, manifest = built
    other = tmp_path / "corpus"
    shutil.copytree(corpus, other)
    rng = random.Random(5)
    for number, name in enumerate(("RS_2021-01.zst", "RS_2021-02.zst")):
        _shuffled_lines(other / "reddit" / name, rng)
        (other / "reddit" / name).rename(other / "reddit" / f"RS_z{9 - number}.zst")
    again, _ = run_build(
        other / "demo.yaml", tmp_path / "out", beam=["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    )
    assert again.fingerprint == manifest.fingerprint
    digests = [
        {
            shard.path: shard.sha256
            for record in found.stages.values()
            for shard in record.shards
            if not shard.path.startswith(("rejects/", "origins/", "files/"))
        }
        for found in (manifest, again)
    ]
    assert digests[0] == digests[1]


def test_limit_reads_the_first_posts_of_every_file(corpus: Path, tmp_path: Path) -> None:
    manifest, _ = run_build(corpus / "demo.yaml", tmp_path / "out", limit=5)
    read = {row.table: row.rows_out for row in funnel_rows(manifest) if row.step == "read"}
    assert read["reddit post"] == 16  # one archive holds one record, and breaks off
    assert read["youtube post"] == 5


def test_stages_run_one_by_one_give_the_same(corpus: Path, built: tuple[Path, Manifest], tmp_path: Path) -> None:
    _, manifest = built
    for stage in ("ingest", "media", "curate", "instruct", "prefer"):
        last, _ = run_build(corpus / "demo.yaml", tmp_path / "out", stages=[stage])
    assert last.fingerprint == manifest.fingerprint


def test_the_manifest_is_json_with_funnel_digests_and_versions(built: tuple[Path, Manifest]) -> None:
    folder, manifest = built
    content = json.loads((folder / "manifest.json").read_text())
    assert content["fingerprint"] == manifest.fingerprint
    assert content["stages"]["ingest"]["versions"]["apache-beam"].startswith("2.")
    assert all(len(shard["sha256"]) == 64 for stage in content["stages"].values() for shard in stage["shards"])
