"""Media of samples on the Hub: beside their table or within it, without metadata, once, and loaded as they were."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image, ImageOps

from blift.connectors.parquet import read_shard
from blift.connectors.shard import Shard
from blift.pipelines.commands.publish import recipe_of
from blift.pipelines.demo.media import ARTIST
from blift.pipelines.engine.beam_arguments import beam_arguments
from blift.pipelines.engine.run_folder import Manifest, RunFolder, StageRecord
from blift.pipelines.engine.stage import Request
from blift.pipelines.engine.stage_run import Place, Report, run_unless_done
from blift.pipelines.engine.versions import amend
from blift.pipelines.recipe.model import Card
from blift.pipelines.recipe.result import MediaFiles, MediaShape
from blift.pipelines.stages.publish.edition import Edition, Facts
from blift.pipelines.stages.publish.publish import Result
from blift.pipelines.stages.publish.versions import Difference
from blift.pipelines.stages.release import embedded, layout, media
from blift.pipelines.stages.release import stage as release
from blift.pipelines.stages.release.bared import Withheld, bared
from blift.pipelines.stages.release.media_work import MediaRelease
from blift.schemas.errors import InputError, PublishError
from blift.schemas.reasons import Unpublished
from tests.hub_server import HubServer
from tests.hub_server.card_rules import problems_of
from tests.pipelines.stages.publish.conftest import REPO

Publish = Callable[..., Result]
SHAPES = ("beside", "embedded")
SECRET = ARTIST.encode()
_LOAD = """
import hashlib, json, sys, datasets
datasets.disable_progress_bars()
repo, shape, out = sys.argv[1:]
found = {}
for kind, feature in (("images", datasets.Image), ("videos", datasets.Video)):
    names = dict(data_dir=kind) if shape == "beside" else dict(name=kind)
    column = "video" if kind == "videos" else "image"
    for streaming in (False, True):
        rows = datasets.load_dataset(repo, split="train", revision="v1.0.0", streaming=streaming, **names)
        assert isinstance(rows.features[column], feature), rows.features
        told = []
        if column == "image":
            for row in rows:
                pixels = row.pop("image").convert("RGB")
                told.append([row, [*pixels.size, hashlib.sha256(pixels.tobytes()).hexdigest()]])
        else:
            raw = rows.decode(False) if streaming else rows.cast_column("video", datasets.Video(decode=False))
            for row in raw:
                file = row.pop("video")
                content = file["bytes"] or __import__("fsspec").open(file["path"]).open().read()
                told.append([row, hashlib.sha256(content).hexdigest()])
        found[f"{kind}/{streaming}"] = told
json.dump(found, open(out, "w"))
"""


def publishing(folder: Path, shape: str, files: str = "files") -> Path:
    """The run folder with a recipe that publishes media."""
    recipe = yaml.safe_load((folder / "recipe.yaml").read_text())
    recipe["publish"] = {"media": shape, "media_files": files}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return folder


def released(folder: Path, *beam: str) -> StageRecord:
    """The record of the run folder's release, which is made where it is not there."""
    run = RunFolder(str(folder))
    source, manifest = recipe_of(run), run.read_manifest()
    assert manifest is not None
    prepared = release.prepare(Request(source, run, None, manifest))
    place = Place(source, run, beam_arguments(beam), partial(amend, run, source.recipe.card))
    made = run_unless_done(release.STAGE, prepared, manifest, place, Report())
    assert made is not None
    return made.stages[layout.STAGE]


@pytest.fixture(scope="module")
def made(built: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Run folders with a release, by shape; tests that change one copy it first."""
    folders = {}
    for shape in SHAPES:
        folders[shape] = Path(shutil.copytree(built[0], tmp_path_factory.mktemp(shape) / "run"))
        released(publishing(folders[shape], shape))
    return folders


def shown(folder: Path) -> pl.DataFrame:
    """Measured files of the media that samples show."""
    keys = pl.read_parquet(str(folder / "samples" / "*.parquet"))["media_key"]
    files = pl.read_parquet(str(folder / "media" / "*.parquet"))
    own = pl.col("uses").list.eval(pl.element().struct.field("media_key").is_in(keys.implode())).list.any()
    return files.filter(own | pl.col("unite_as").is_in(keys.implode())).sort("sha256")


def pixels(path: Path) -> list[Any]:
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return [*upright.size, hashlib.sha256(upright.tobytes()).hexdigest()]


def by_digest(*folders: Path) -> dict[str, Path]:
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in files}


def held(hub: HubServer) -> Iterator[tuple[str, bytes]]:
    """Every large file at the tag."""
    for path, blob in hub.state.repos[REPO].resolve("v1.0.0").tree.items():
        if blob.sha256:
            yield path, hub.state.object_path(blob.sha256).read_bytes()


def loaded_from(hub: HubServer, shape: str, scratch: Path) -> dict[str, Any]:
    """What `datasets` loads of the tag, in a process of its own."""
    out = scratch / "loaded.json"
    env = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(scratch / "hf"), "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-W", "ignore", "-c", _LOAD, REPO, shape, str(out)]
    subprocess.run(command, env=env, check=True, timeout=120)
    found = json.loads(out.read_text())
    assert isinstance(found, dict)
    return found


def lost(record: StageRecord) -> dict[str, int]:
    return next(row.rejected for row in record.funnel if row.table in ("image_files", "images"))


@pytest.mark.parametrize("shape", SHAPES)
def test_media_leave_bare_and_once_and_are_loaded_back_as_they_were(
    hub: HubServer, publish_to: Publish, corpus: Path, made: dict[str, Path], tmp_path: Path, shape: str
) -> None:
    first = publish_to(made[shape])
    hub.forget_counts()
    second = publish_to(made[shape])
    counted = hub.counted()
    assert [counted.get(name, 0) for name in ("uploads", "bytes_put", "commits", "tags")] == [0, 0, 0, 0]
    assert (second.there_before, second.commit) == (True, first.commit)

    rows, originals = shown(made[shape]), by_digest(corpus / "pictures", corpus / "youtube")
    loaded = loaded_from(hub, shape, tmp_path)
    assert sorted(loaded) == ["images/False", "images/True", "videos/False", "videos/True"]
    assert (loaded["images/False"], loaded["videos/False"]) == (loaded["images/True"], loaded["videos/True"])
    pictures = rows.filter(pl.col("form") != "video")["sha256"].to_list()
    assert len(pictures) > 10
    found = {row["sha256"]: look for row, look in loaded["images/False"]}
    assert found == {digest: pixels(originals[digest]) for digest in pictures}
    films = {row["sha256"]: (row["published_sha256"], look) for row, look in loaded["videos/False"]}
    assert sorted(films) == rows.filter(pl.col("form") == "video")["sha256"].to_list()
    assert all(named == look for named, look in films.values())

    assert len([path for path in originals.values() if SECRET in path.read_bytes()]) == 4
    assert not [path for path, content in held(hub) if SECRET in content]
    tree = hub.state.repos[REPO].resolve("v1.0.0").tree
    images, videos = ("image_files", "video_files") if shape == "beside" else ("images", "videos")
    turned = len([digest for digest in pictures if SECRET in originals[digest].read_bytes()])
    assert turned >= 3
    assert json.loads(tree["manifest.json"].content)["privacy"]["taken_out_of_files"] == {
        images: {"metadata": turned, "location": turned}, videos: {"metadata": len(films), "location": 0}
    }  # fmt: skip
    card = tree["README.md"].content.decode()
    assert f"| `{images}` | {turned} | {turned} | none |" in card
    assert "no pixel was changed" in card
    assert "are not relicensed" in card
    assert problems_of(card) == []


def test_keyframes_have_the_names_that_samples_give_them_in_as_many_commits_as_they_need(
    hub: HubServer, publish_to: Publish, run_folder: Path
) -> None:
    hub.state.most_lfs_files = 10
    folder = publishing(run_folder, "beside", "keyframes")
    result = publish_to(folder, files_per_commit=10)
    assert hub.counted()["commits"] >= 4
    assert hub.state.repos[REPO].tags == {"v1.0.0": result.commit}
    files = {path: content for path, content in held(hub) if path.endswith(".jpg")}
    scenes = pl.read_parquet(str(folder / "release" / "samples" / "*.parquet"))["scenes"].explode()
    assert set(scenes.struct.field("keyframe").drop_nulls()) == set(files)
    assert files == {path: (folder / "store" / path).read_bytes() for path in files}
    assert len(files) > 5
    assert publish_to(folder, files_per_commit=10).there_before


def test_embedded_keyframes_are_those_of_the_store_in_bounded_row_groups(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "GROUP_BYTES", 6_000)
    monkeypatch.setattr(embedded, "SHARD_BYTES", 10_000)
    released(publishing(run_folder, "embedded", "keyframes"))
    found = []
    for path in sorted((run_folder / "release/embedded/keyframes").iterdir()):
        parquet = pq.ParquetFile(path)
        groups = [parquet.read_row_group(place).to_pylist() for place in range(parquet.num_row_groups)]
        sizes = [sum(row["size_bytes"] for row in group) for group in groups]
        assert max(sizes) <= 6_000
        assert sum(sizes[:-1]) < 10_000
        found += [(row["sha256"], row["scene"], row["image"]["bytes"]) for group in groups for row in group]
    expected = [
        (row["sha256"], place, (run_folder / "store" / scene["keyframe"]).read_bytes())
        for row in shown(run_folder).to_dicts() for place, scene in enumerate(row["scenes"]) if scene["keyframe"]
    ]  # fmt: skip
    assert sorted(found) == sorted(expected)


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES)
def test_two_workers_release_what_one_does(made: dict[str, Path], run_folder: Path, shape: str) -> None:
    one = released(made[shape])
    two = released(publishing(run_folder, shape), "--direct_num_workers=2", "--direct_running_mode=multi_processing")
    assert one.shards == two.shards


@pytest.mark.parametrize("shape", SHAPES)
def test_files_that_are_gone_or_others_are_counted_and_named_and_come_back(
    corpus: Path, run_folder: Path, shape: str
) -> None:
    folder = publishing(run_folder, shape)
    files = by_digest(corpus / "pictures")
    gone, other = [files[digest] for digest in shown(folder)["sha256"] if digest in files][:2]
    kept = {path: (path.read_bytes(), path.stat()) for path in (gone, other)}
    try:
        gone.unlink()
        other.write_bytes(kept[other][0] + b"x")
        record = released(folder)
        assert lost(record) == {"file_changed": 1, "no_file": 1}
        assert all(any(path.name in note for note in record.notes) for path in (gone, other))
    finally:
        for path, (content, of_before) in kept.items():  # other tests build of these files, too
            path.write_bytes(content)
            os.utime(path, ns=(of_before.st_atime_ns, of_before.st_mtime_ns))
    if shape == "beside":
        assert lost(released(folder)) == {}


def test_what_is_missing_stands_in_the_card(made: dict[str, Path]) -> None:
    manifest = RunFolder(str(made["beside"])).read_manifest()
    assert manifest is not None
    row = next(row for row in manifest.stages[layout.STAGE].funnel if row.table == "image_files")
    row.rejected.update(no_file=2, metadata_stays=1)
    card = Facts(manifest, Card(), REPO).card_text(Edition("v1.0.0", None, Difference()))
    assert "| no_file 2, metadata_stays 1 |" in card


def test_a_picture_whose_metadata_stay_is_withheld(tmp_path: Path) -> None:
    path = tmp_path / "a.tiff"
    Image.new("RGB", (8, 8)).save(path)
    with (
        pytest.raises(Withheld, match=r"a\.tiff: metadata of its format are not known") as caught,
        bared([str(path)], hashlib.sha256(path.read_bytes()).hexdigest(), video=False),
    ):
        pass
    assert caught.value.reason is Unpublished.METADATA_STAYS


def test_a_folder_that_would_be_too_full_is_a_sentence(
    made: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "FILES_PER_FOLDER", 0)
    released = json.loads((made["beside"] / "manifest.json").read_text())["stages"]["release"]["shards"]
    shards = [Shard(**shard) for shard in released]
    (names,) = [shard for shard in shards if shard.name == "release/images/metadata.parquet"]
    rows = read_shard(str(made["beside"]), names, "media_file")
    config = MediaRelease(str(tmp_path), "", MediaShape.BESIDE, MediaFiles.FILES, [], [], "", 1)
    with pytest.raises(InputError, match=r"has 14 files, and the Hub takes 0 a folder. Say `publish.media: embedded`"):
        list(media.WriteNames(config).process(("image_files", [rows])))


def test_a_run_without_media_is_a_sentence(run_folder: Path) -> None:
    manifest = json.loads((run_folder / "manifest.json").read_text())
    del manifest["stages"]["media"]
    (run_folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"`publish.media` is beside, and .* has no media. Add the section `media`"):
        released(publishing(run_folder, "beside"))


def test_files_that_the_hub_keeps_out_of_lfs_are_a_sentence(
    publish_to: Publish, made: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.hub_server.state._LFS_NAMES", ("*.parquet",))
    with pytest.raises((PublishError, RuntimeError), match=r"does not keep .*\.jpg in LFS"):
        publish_to(made["beside"])
