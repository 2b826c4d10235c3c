"""From archives to preferences: what is compared, with which files, in which split, and what exports make of it."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest
from PIL import Image

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.verify import problems
from blift.pipelines.export.pair import preference_of
from tests.pipelines.conftest import run_build
from tests.pipelines.export.conftest import comment, gallery_post, image_post

_RECIPE = """
name: preferences
sources:
  reddit: {{submissions: [RS.ndjson], comments: [RC.ndjson]}}
  youtube: {{info: ["youtube/*.info.json"]}}
media: {{files: ["pictures/*"]}}
instruct: {{templates: [titles-only], splits: {{validation: 0.85, test: 0.1}}, media: {media}}}
preferences:
  comments: {{max_pairs: null}}
  titles: {{days: 3}}
  posts: {{measure: likes}}
output: {{shards: 2}}
"""
_POSTED = 1_600_000_000
#: Title and score of posts of one picture.
_TITLES = (("A field at dawn", 10), ("Dawn", 30), ("A field at dawn", 90))


def write_corpus_of_preferences(folder: Path) -> None:
    (folder / "pictures").mkdir()
    (folder / "youtube").mkdir()
    posts = [
        image_post("pa") | {"id": f"p{place}", "title": title, "score": score, "created_utc": _POSTED + place}
        for place, (title, score) in enumerate(_TITLES)
    ]
    posts += [gallery_post("ga", ["one", "two"]), image_post("nofile")]
    said = [
        comment(post["id"], place, score) | {"created_utc": _POSTED + 100 + place}
        for post in posts
        for place, score in enumerate((3, 2, 7))
    ]
    for name, rows in (("RS", posts), ("RC", said)):
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for place, name in enumerate(("pa", "one", "two")):
        picture = Image.effect_mandelbrot((64, 48), (-2 + place * 0.3, -1.5, 1, 1.5), 20 + 10 * place).convert("RGB")
        picture.save(folder / "pictures" / f"{name}.jpg")
    for place, name in enumerate(("MFxBGAKXury", "aaaaaaaaaaa", "bbbbbbbbbbb")):
        info = {
            "id": name, "title": f"Video {place}", "channel_id": f"UC{'1' * 22}", "channel": "Music", "duration": 4,
            "view_count": 1000, "like_count": 50 * (1 + place), "timestamp": _POSTED + place,
            "webpage_url": f"https://www.youtube.com/watch?v={name}", "upload_date": "20200913",
            "extractor_key": "Youtube",
        }  # fmt: skip
        (folder / "youtube" / f"Video [{name}].info.json").write_text(json.dumps(info))
    (folder / "recipe.yaml").write_text(_RECIPE.format(media="optional"))


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    write_corpus_of_preferences(folder)
    return folder


@pytest.fixture(scope="module")
def run(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("preferences")
    run_build(archives / "recipe.yaml", out)
    return out


def rows_of(run: Path, name: str) -> list[dict[str, Any]]:
    paths = sorted((run / "instructions" / name).glob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def test_each_kind_is_made_with_files_where_there_are_some(run: Path) -> None:
    with_files, without = rows_of(run, "preferences"), rows_of(run, "preferences-without-media")
    # Of three comments the last is preferred to both before it; the second has the lowest score.
    assert Counter(row["kind"] for row in with_files) == {"comments": 8, "titles": 2}
    assert Counter(row["kind"] for row in without) == {"comments": 2, "posts": 3}
    assert all(row["preferred"]["value"] > row["other"]["value"] for row in [*with_files, *without])
    titles = [row for row in with_files if row["kind"] == "titles"]
    assert {(row["chosen"][0]["content"][0]["text"], row["score_ratio"]) for row in titles} == {
        ("Dawn", 3.0), ("A field at dawn", 3.0),
    }  # fmt: skip
    for row in with_files:
        kinds = [part["type"] for part in row["prompt"][0]["content"] if part["type"] != "text"]
        assert kinds == ["image"] * len(row["images"])
        assert all((run / name).is_file() for name in row["images"])


def test_no_preference_crosses_splits(run: Path) -> None:
    splits = {row["sample_id"]: row["split"] for name in ("chat", "chat-without-media") for row in rows_of(run, name)}
    assert set(splits.values()) == {"train", "validation", "test"}
    for name in ("preferences", "preferences-without-media"):
        for path in sorted((run / "instructions" / name).glob("*.parquet")):
            for row in pq.read_table(path).to_pylist():
                own = {splits[row[side]["sample_id"]] for side in ("preferred", "other")}
                assert own == {row["split"]} == {path.name.partition("-")[0]}


def test_the_run_folder_is_whole_and_a_second_build_does_nothing(archives: Path, run: Path) -> None:
    folder = RunFolder(str(run))
    needed = ("ingest", "media", "curate", "instruct", "prefer")
    assert list(problems(folder, folder.require_manifest(), needed)) == []
    _, told = run_build(archives / "recipe.yaml", run)
    assert told == [f"skipped {stage}" for stage in needed]


@pytest.mark.long
def test_two_workers_give_the_same_bytes(archives: Path, run: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(run, tmp_path / "out"))
    before = RunFolder(str(run)).require_manifest()
    for shard in before.stages["prefer"].shards:
        (out / shard.path).unlink()
    beam = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    manifest, told = run_build(archives / "recipe.yaml", out, stages=["prefer"], beam=beam)
    assert told == ["started prefer", "done prefer"]
    assert sorted(manifest.stages["prefer"].shards) == sorted(before.stages["prefer"].shards)


def test_other_options_run_the_stage_alone(archives: Path, run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    recipe = archives / "ratio.yaml"
    recipe.write_text(_RECIPE.format(media="optional").replace("days: 3", "days: 3, min_ratio: 4"))
    manifest, told = run_build(recipe, tmp_path / "run")
    assert [event for event in told if not event.startswith("skipped")] == ["started prefer", "done prefer"]
    made = {row.step: row.rows_out for row in manifest.stages["prefer"].funnel}
    assert (made["comments"], made["titles"], made["posts"]) == (10, 0, 3)


def test_a_kind_of_which_none_is_made_is_told(
    archives: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(run, tmp_path / "run"))
    recipe = archives / "none.yaml"
    text = _RECIPE.format(media="optional").replace("{max_pairs: null}", "{min_post_score: 100000}")
    recipe.write_text(text.replace("measure: likes", "measure: score"))
    assert main(["build", str(recipe), "--out", str(out), "--quiet"]) == 0
    said = capsys.readouterr().err
    for kind in ("comments", "posts"):
        assert f"No preference of {kind} was made: no two have the numbers, margins and times that " in said
        assert f"`preferences.{kind}` asks for." in said
    assert "preferences.titles" not in said


def test_preferences_without_a_file_are_rejected_where_files_are_required(archives: Path, tmp_path: Path) -> None:
    shutil.copytree(archives, tmp_path / "archives")
    (tmp_path / "archives" / "recipe.yaml").write_text(_RECIPE.format(media="required"))
    manifest, _ = run_build(tmp_path / "archives" / "recipe.yaml", tmp_path / "run")
    assert rows_of(tmp_path / "run", "preferences-without-media") == []
    (step,) = [row for row in manifest.stages["prefer"].funnel if row.step == "media"]
    assert (step.rows_in, step.rows_out, step.rejected) == (15, 10, {"no_file": 5})
    rejected = [
        row for path in (tmp_path / "run" / "rejects").glob("prefer*") for row in pq.read_table(path).to_pylist()
    ]
    assert {(row["record_table"], row["reason"], row["detail"]) for row in rejected} == {
        ("preference", "no_file", "a sample that it shows has no file")
    }


def test_trl_gets_as_many_images_as_placeholders(run: Path, tmp_path: Path) -> None:
    assert main(["export", str(run), "--to", "trl-preferences", "--out", str(tmp_path / "out"), "--quiet"]) == 0
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    rows = [row for split in loaded.values() for row in split]
    assert len(rows) == 10
    for row in rows:
        places = [part for message in row["prompt"] for part in message["content"] if part["type"] == "image"]
        assert len(places) == len(row["images"]) >= 1
        assert [message["role"] for name in ("prompt", "chosen", "rejected") for message in row[name]] == [
            "user", "assistant", "assistant",
        ]  # fmt: skip


def test_a_preference_of_a_release_without_files_has_no_media(run: Path) -> None:
    row = next(row for row in rows_of(run, "preferences") if row["kind"] == "titles")
    assert preference_of(row).media == ((row["images"][0], False),)
    assert preference_of(row | {"images": []}).media == ()


def test_shp_gets_its_columns_and_labels_that_say_which_is_preferred(run: Path, tmp_path: Path) -> None:
    assert main(["export", str(run), "--to", "shp", "--out", str(tmp_path / "out"), "--quiet"]) == 0
    rows = [json.loads(line) for path in (tmp_path / "out").glob("*.jsonl") for line in path.read_text().splitlines()]
    assert len(rows) == 10
    columns = (
        "post_id domain upvote_ratio history c_root_id_A c_root_id_B created_at_utc_A created_at_utc_B score_A score_B "
        "human_ref_A human_ref_B labels seconds_difference score_ratio"
    )
    assert set(map(tuple, rows)) <= {tuple(columns.split()), tuple(columns.replace("upvote_ratio ", "").split())}
    for row in rows:
        sides = ("A", "B") if row["labels"] else ("B", "A")
        (score, lower), (time, before) = (
            [row[f"{name}_{side}"] for side in sides] for name in ("score", "created_at_utc")
        )
        assert (score > lower, row["score_ratio"]) == (True, score / lower)
        assert row["seconds_difference"] == time - before >= 0
        assert row["domain"] in ("pics_train", "pics_validation", "pics_test")
    assert {row["labels"] for row in rows} == {0, 1}
    about = json.loads((tmp_path / "out" / ".blift-export.json").read_text())
    assert about["left_out"] == {"that compare no comments (SHP has comments alone)": 5}


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("{}", "it compares nothing; add `comments: {}`, `titles: {}` or `posts: {}`"),
        ("{comments: {min_ratio: 0.5}}", "`preferences.comments.min_ratio` is 0.5"),
        ("{posts: {measure: hearts}}", "`preferences.posts.measure` is 'hearts'"),
        ("{comment: {}}", "unknown key `preferences.comment`, did you mean 'comments'?"),
    ],
)
def test_a_mistake_in_the_section_is_one_sentence(
    section: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "RS.ndjson").write_text("")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"name: x\nsources: {{reddit: {{submissions: [RS.ndjson]}}}}\npreferences: {section}\n")
    assert main(["build", str(recipe), "--out", str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err


def test_an_export_of_a_run_without_preferences_says_what_to_do(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    del manifest["stages"]["prefer"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert main(["export", str(tmp_path), "--to", "shp", "--out", str(tmp_path.parent / "other")]) == 2
    assert "has no preference. Add the section `preferences` to the recipe, and build again." in capsys.readouterr().err
    assert main(["export", str(run), "--to", "shp", "--out", str(tmp_path / "o"), "--mix", "none.yaml"]) == 2
