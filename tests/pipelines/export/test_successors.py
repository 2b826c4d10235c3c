"""Formats of other datasets: equal to the records that they came from, in the splits of pairs, the same bytes again."""

import csv
import json
from pathlib import Path
from typing import Any

import datasets
import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest

from blift.pipelines.cli import main
from tests.pipelines.conftest import run_build

_RECIPE = """
name: successors
sources:
  reddit: {submissions: [RS.ndjson]}
  youtube: {info: ["*.info.json"]}
instruct: {templates: [titles-only], splits: {validation: 0.4, test: 0.3}}
output: {shards: 2}
"""
_VIDEOS = 12


def record(place: int) -> dict[str, Any]:
    name = f"video{place:06}"
    info: dict[str, Any] = {
        "id": name, "title": f"Video {place}", "description": f"About {place}", "channel_id": f"UC{place:022}",
        "channel": "Music", "channel_follower_count": 7, "duration": 20, "view_count": 1000 + place,
        "like_count": place,
        "timestamp": 1_600_000_000, "extractor_key": "Youtube", "webpage_url": f"https://www.youtube.com/watch?v={name}",
        "comments": [
            {"id": f"y{place}{nth}", "text": f"What comment {nth} says", "parent": "root", "author": f"@who{nth}",
             "author_id": f"UC{nth:022}", "timestamp": 1_600_000_000 + nth}
            for nth in range(2)
        ],
    }  # fmt: skip
    if place % 2:
        info["heatmap"] = [
            {"start_time": at * 2.0, "end_time": at * 2.0 + 2.0, "value": ((at * place) % 10 + 1) / 10}
            for at in range(10)
        ]
        info["chapters"] = [
            {"start_time": at, "end_time": at + 2.5, "title": f"At {at}"}
            for at in (0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 15.0, 17.5)
        ]
    return info


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("successors")
    for place in range(_VIDEOS):
        info = record(place)
        (folder / f"Video [{info['id']}].info.json").write_text(json.dumps(info))
    image = {
        "id": "pa",
        "subreddit": "pics",
        "title": "A picture",
        "created_utc": 1_600_000_000,
        "author": "a",
        "score": 1,
    }
    image |= {"url": "https://i.redd.it/pa.jpg", "domain": "i.redd.it", "post_hint": "image", "is_self": False}
    (folder / "RS.ndjson").write_text(json.dumps(image) + "\n")
    (folder / "recipe.yaml").write_text(_RECIPE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BLIFT_AUTHOR_KEY", "a key")
        run_build(folder / "recipe.yaml", folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def samples(run: Path) -> dict[str, dict[str, Any]]:
    rows = [row for path in sorted(run.glob("samples/*.parquet")) for row in pq.read_table(path).to_pylist()]
    return {row["sample_id"]: row for row in rows}


@pytest.fixture(scope="module")
def splits(run: Path) -> dict[str, str]:
    """The split of each sample, as its pairs have it."""
    return {
        row["sample_id"]: row["split"]
        for path in sorted(run.glob("instructions/chat/*.parquet"))
        for row in pq.read_table(path, columns=["sample_id", "split"]).to_pylist()
    }


def exported(run: Path, name: str, out: Path) -> Path:
    assert main(["export", str(run), "--to", name, "--out", str(out), "--quiet"]) == 0
    return out


@pytest.mark.parametrize("name", ["content-behavior-corpus", "mr-hisum", "microlens"])
def test_again_gives_the_same_bytes(run: Path, tmp_path: Path, name: str) -> None:
    first, again = (exported(run, name, tmp_path / folder) for folder in ("first", "again"))
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    assert {path.name: path.read_bytes() for path in again.iterdir()} == before
    exported(run, name, first)  # over what is there
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before


def test_the_content_behavior_corpus_has_the_facts_of_the_records(
    run: Path, tmp_path: Path, samples: dict[str, dict[str, Any]], splits: dict[str, str]
) -> None:
    loaded = datasets.load_dataset(
        str(exported(run, "content-behavior-corpus", tmp_path / "out")), cache_dir=str(tmp_path / "cache")
    )
    split_of = {sample["media_key"].partition(":")[2]: splits[name] for name, sample in samples.items()}
    rows = {row["video_id"]: (split, row) for split, rows in loaded.items() for row in rows}
    assert len(rows) == _VIDEOS
    for place in range(_VIDEOS):
        info = record(place)
        split, row = rows[info["id"]]
        assert split == split_of[info["id"]]
        heatmap = info.get("heatmap", [])
        assert [(each["start"], each["end"], each["replay_score"]) for each in row["replay_graphs"]["markers"]] == [
            (each["start_time"], each["end_time"], each["value"]) for each in heatmap
        ]
        assert row["replay_graphs"]["original_marker_duration"] == (2.0 if heatmap else None)
        assert (row["likes"], row["views"]) == (info["like_count"], info["view_count"])
        assert row["metadata"] == {
            "title": info["title"], "description": info["description"], "length": 20.0, "date": "2020-09-13",
            "channel_data": {"channel_id": info["channel_id"], "company_name": "Music", "subscribers": 7.0},
        }  # fmt: skip


class MrHiSum:
    """Reads the files as the dataset class of Mr. HiSum documents it; written anew, since that one needs torch."""

    def __init__(self, folder: Path, mode: str) -> None:
        self._file = h5py.File(folder / "mr_hisum.h5", "r")
        self.keys = json.loads((folder / "mr_hisum_split.json").read_text())[f"{mode}_keys"]

    def __getitem__(self, place: int) -> dict[str, Any]:
        group = self._file[self.keys[place]]
        found = {name: np.array(group[name]) for name in ("features", "gtscore", "change_points", "gt_summary")}
        return found | {"n_frame_per_seg": [end - start for start, end in found["change_points"]]}


def test_mr_hisum_has_the_replay_graph_by_the_second(
    run: Path, tmp_path: Path, samples: dict[str, dict[str, Any]], splits: dict[str, str]
) -> None:
    out = exported(run, "mr-hisum", tmp_path / "out")
    with h5py.File(out / "mr_hisum.h5", "a") as file:  # what Mr. HiSum leaves to its user
        for key in list(file):
            file.create_dataset(f"{key}/features", data=np.zeros((20, 4)))
    seen = []
    for mode, split in (("train", "train"), ("val", "validation"), ("test", "test")):
        read = MrHiSum(out, mode)
        for place, key in enumerate(read.keys):
            video = read[place]
            assert splits[key] == split
            info = record(int(samples[key]["media_key"].removeprefix("youtube:video")))
            expected = [info["heatmap"][second // 2]["value"] for second in range(20)]
            assert video["gtscore"].tolist() == np.float32(expected).tolist()
            assert sum(video["n_frame_per_seg"]) == len(video["gtscore"]) == len(video["features"]) == 20
            assert video["change_points"].tolist()[0] == [0, 2]
            assert 0 < video["gt_summary"].sum() <= 3
            seen.append(key)
    assert len(seen) == _VIDEOS // 2


def test_microlens_has_who_commented_on_what_and_when(
    run: Path, tmp_path: Path, samples: dict[str, dict[str, Any]], splits: dict[str, str]
) -> None:
    out = exported(run, "microlens", tmp_path / "out")
    rows = []
    for path in sorted(out.glob("*.csv")):
        with open(path, newline="", encoding="utf-8") as stream:
            rows += [(path.stem, row) for row in csv.DictReader(stream)]
    assert len(rows) == 2 * _VIDEOS
    assert all(split == splits[row["item"]] for split, row in rows)
    assert {int(row["timestamp"]) for _, row in rows} == {1_600_000_000_000, 1_600_000_001_000}
    users = {row["user"] for _, row in rows}
    assert len(users) == 2
    assert all(len(user) == 16 for user in users)
    assert {row["item"] for _, row in rows} == {
        name for name, sample in samples.items() if sample["media_kind"] == "video"
    }


def test_comments_without_pseudonyms_are_left_out_with_what_to_do(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_build(run.parent / "recipe.yaml", tmp_path / "run")
    assert main(["export", str(tmp_path / "run"), "--to", "microlens", "--out", str(tmp_path / "out")]) == 2
    said = "24 whose author has no pseudonym (set `BLIFT_AUTHOR_KEY`, and build again)"
    assert said in capsys.readouterr().err
