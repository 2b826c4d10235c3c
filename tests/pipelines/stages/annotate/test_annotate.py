"""The annotate stage: values equal to their sources, in a table and in pairs, for media that stand in the dataset."""

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest
from blift.schemas.annotation import REGIONS
from tests.pipelines.conftest import run_build
from tests.pipelines.export.conftest import comment, image_post

RECIPE = """\
name: annotated
sources:
  annotations: ["asked/*.parquet"]
  reddit: {submissions: [RS.ndjson], comments: [RC.ndjson]}
media:
  files: ["pictures/*"]
curate:
  reddit: {posts: {deleted: true}}
instruct:
  templates: [memorability, saliency-objects, saliency-regions]
rejects: {max_malformed: 0.5, out_of_scope: true}
output: {shards: 3}
"""
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("sha256", "post_id", "url", "kind", "licence")), ("value", pa.float64()),
        ("map", pa.map_(pa.string(), pa.float64())), ("annotators", pa.int64()),
    ]
)  # fmt: skip


def picture(place: int, width: int = 96) -> Image.Image:
    """A picture that no other resembles: large blots by chance."""
    blots = np.random.default_rng(place).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(blots).resize((width, width * 3 // 4), Image.Resampling.BICUBIC)


def write_corpus(folder: Path, gone: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Six posts, of which p5 shows p0's picture, smaller; and annotations of all of them, which are returned."""
    posts = [image_post(f"p{place}") for place in range(6)]
    posts = [row | ({"author": "[deleted]", "selftext": ""} if row["id"] in gone else {}) for row in posts]
    comments = [comment(row["id"], place) for row in posts for place in range(2)]
    for name, rows in (("RS", posts), ("RC", comments)):
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name in ("pictures", "asked"):
        (folder / name).mkdir(exist_ok=True)
    for place in range(5):
        picture(place).save(folder / "pictures" / f"p{place}.png")
    picture(0, 80).save(folder / "pictures" / "p5.png")
    digests = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "pictures").iterdir()}
    rows = [
        {"sha256": digests["p0"], "kind": "memorability", "value": 0.8125, "annotators": 41, "licence": "CC-BY-4.0"},
        {"sha256": digests["p5"], "kind": "memorability", "value": 0.75},
        {"post_id": "t3_p1", "kind": "saliency_objects", "map": [("dog", 0.1), ("red ball", 0.30000000000000004)]},
        {"url": "https://i.redd.it/p2.jpg", "kind": "saliency_regions", "map": [(name, 1 / 9) for name in REGIONS]},
        {"post_id": "reddit:p3", "kind": "valence", "value": -3.5},
        {"post_id": "reddit:nobody", "kind": "memorability", "value": 0.5},
        {"post_id": "reddit:p4", "kind": "memorability", "value": 7.0},
    ]
    blank = dict.fromkeys(SCHEMA.names)
    for name, part in (("a", rows[:3]), ("b", rows[3:])):
        pq.write_table(
            pa.Table.from_pylist([blank | row for row in part], SCHEMA), folder / "asked" / f"{name}.parquet"
        )
    (folder / "recipe.yaml").write_text(RECIPE)
    return rows


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("annotated")
    rows = write_corpus(folder)
    manifest, _ = run_build(folder / "recipe.yaml", folder / "out")
    return folder, manifest, rows


def table(folder: Path, manifest: Manifest, prefix: str) -> list[dict[str, Any]]:
    shards = sorted(shard.path for shard in manifest.shards if shard.path.startswith(prefix))
    return [row for path in shards for row in pq.read_table(folder / "out" / path).to_pylist()]


def test_annotations_equal_their_sources(annotated: tuple[Path, Manifest, list[dict[str, Any]]]) -> None:
    folder, manifest, rows = annotated
    posts = {row["sample_id"]: row["audiences"][0]["post_id"] for row in table(folder, manifest, "samples/")}
    found = {
        (posts[row["sample_id"]], row["kind"], row["value"]): (
            [(part["name"], part["value"]) for part in row["map"]], row["annotators"], row["licence"],
            row["matched_by"], row["source"],
        )
        for row in table(folder, manifest, "annotations/")
    }  # fmt: skip
    by_digest = {found[key][3] for key in found if key[0] == "reddit:p0"}
    assert by_digest == {"sha256", "near_duplicate"}
    near = next(key for key in found if found[key][3] == "near_duplicate")
    assert found == {
        ("reddit:p0", "memorability", 0.8125): (
            [],
            41,
            "CC-BY-4.0",
            found["reddit:p0", "memorability", 0.8125][3],
            "a.parquet",
        ),
        ("reddit:p0", "memorability", 0.75): ([], None, None, found["reddit:p0", "memorability", 0.75][3], "a.parquet"),
        ("reddit:p1", "saliency_objects", None): (rows[2]["map"], None, None, "post_id", "a.parquet"),
        ("reddit:p2", "saliency_regions", None): (rows[3]["map"], None, None, "url", "b.parquet"),
        ("reddit:p3", "valence", -3.5): ([], None, None, "post_id", "b.parquet"),
    }
    assert near[0] == "reddit:p0"


def test_what_is_left_out_has_a_reason(annotated: tuple[Path, Manifest, list[dict[str, Any]]]) -> None:
    folder, manifest, _ = annotated
    steps = {row.step: row for row in manifest.stages["annotate"].funnel}
    assert (steps["read"].rows_in, steps["read"].rejected) == (7, {"out_of_range": 1})
    assert (steps["of_a_sample"].rows_in, steps["of_a_sample"].rejected) == (6, {"not_found": 1})
    rejects = {row["record_id"]: (row["reason"], row["line"]) for row in table(folder, manifest, "rejects/annotate")}
    assert rejects == {"reddit:p4": ("out_of_range", 4), "reddit:nobody": ("not_found", 3)}
    assert main(["verify", str(folder / "out")]) == 0


def test_pairs_ask_for_them(annotated: tuple[Path, Manifest, list[dict[str, Any]]]) -> None:
    folder, manifest, _ = annotated
    rows = list(table(folder, manifest, "instructions/chat/"))
    answers = {row["template"]: row["messages"][-1]["content"][0]["text"] for row in rows}
    assert answers.keys() == {"memorability", "saliency-objects", "saliency-regions"}
    assert answers["memorability"] in {"0.81", "0.75"}
    assert answers["saliency-objects"] == "1. red ball: 0.30\n2. dog: 0.10"
    assert answers["saliency-regions"].split("\n")[::8] == ["Upper left: 0.11", "Lower right: 0.11"]


@pytest.mark.long
def test_two_processes_write_the_same_bytes(
    annotated: tuple[Path, Manifest, list[dict[str, Any]]], tmp_path: Path
) -> None:
    folder, manifest, _ = annotated
    run = shutil.copytree(folder / "out", tmp_path / "out")
    for stage in ("annotate", "instruct"):
        for shard in manifest.stages[stage].shards:
            (run / shard.path).unlink()
    beam = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    again, events = run_build(folder / "recipe.yaml", run, stages=["annotate", "instruct"], beam=beam)
    assert events == ["started annotate", "done annotate", "started instruct", "done instruct"]
    assert sorted(again.shards) == sorted(manifest.shards)


def test_annotations_of_a_deleted_post_are_gone(
    annotated: tuple[Path, Manifest, list[dict[str, Any]]], tmp_path: Path
) -> None:
    write_corpus(tmp_path, gone=["p1"])
    shutil.copytree(annotated[0] / "out", tmp_path / "out")
    manifest, _ = run_build(tmp_path / "recipe.yaml", tmp_path / "out")
    kinds = {row["kind"] for row in table(tmp_path, manifest, "annotations/")}
    assert "saliency_objects" not in kinds
    rejects = {row["record_id"]: row["reason"] for row in table(tmp_path, manifest, "rejects/annotate")}
    assert rejects["t3_p1"] == "not_found"
    assert {row["template"] for row in table(tmp_path, manifest, "instructions/chat/")} == {
        "memorability", "saliency-regions",
    }  # fmt: skip


def test_a_hostile_file_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_corpus(tmp_path)
    (tmp_path / "asked" / "c.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "recipe.yaml").write_text(RECIPE.replace('media:\n  files: ["pictures/*"]\n', ""))
    assert main(["build", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"blift: The file of annotations {tmp_path}/asked/c.parquet cannot be read: ")
