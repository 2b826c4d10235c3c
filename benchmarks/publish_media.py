"""Media on the Hub on loopback: time of release and upload, kills at random moments, workers.

`python -m benchmarks.publish_media time|kills|workers [--shape beside|embedded] [--pictures N]`
"""

from __future__ import annotations

import argparse
import hashlib
import io
import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import ExifTags, Image

from benchmarks.hub_corpus import write_run
from benchmarks.publish import REPO, hub_at, killed_after, publishing, release_of, seconds_of
from blift.connectors.parquet import read_shard, shard_name, write_shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.stages.media.listing import note
from blift.schemas.arrow import conform
from blift.schemas.registry import SCHEMAS
from blift.transforms.media.files import ListedFile

_SHARDS = 4
_SIDE = 64


def _pictures(folder: Path, count: int) -> list[ListedFile]:
    """JPEGs of noise that say where they were taken."""
    folder.mkdir()
    said = Image.Exif()
    said.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 0.0)
    noise = np.random.default_rng(7)
    files = []
    for place in range(count):
        sink = io.BytesIO()
        pixels = noise.integers(0, 255, (_SIDE, _SIDE, 3), np.uint8)
        Image.fromarray(pixels).save(sink, "JPEG", exif=said)
        path = folder / f"{place:06d}.jpg"
        path.write_bytes(sink.getvalue())
        files.append(ListedFile(str(path), path.name, path.stat().st_size, beside=False))
    return files


def _run(folder: Path, shape: str, count: int) -> Path:
    """A run folder whose every sample shows one picture."""
    run = RunFolder(str(folder / "run"))
    write_run(Path(run.path), count, _SHARDS, words=5)
    files = _pictures(folder / "pictures", count)
    run.make_folders(["media/", "files/"])
    manifest = run.read_manifest()
    assert manifest is not None
    made = [note((0, files), run.path, run.file("store"), 1)]
    rest = iter(files)
    for place, shard in enumerate(manifest.stages["curate"].shards):
        keys = read_shard(run.path, shard, "sample", ["media_key"]).column("media_key").to_pylist()
        rows = [_measured(key, next(rest)) for key in keys]
        table = conform(pa.Table.from_pylist(rows), SCHEMAS["media"])
        made.append(write_shard(table, "media", run.path, shard_name("media/media", place, _SHARDS)))
    manifest.stages["media"] = replace(manifest.stages["curate"], shards=made)
    run.write_manifest(manifest)
    run.write_text("recipe.yaml", f"{run.read_text('recipe.yaml')}publish: {{media: {shape}}}\n")
    return Path(run.path)


def _measured(key: str, file: ListedFile) -> dict[str, object]:
    """A row of the table media, as far as publication reads it."""
    return {
        "sha256": hashlib.sha256(Path(file.path).read_bytes()).hexdigest(),
        "uses": [{"media_key": key, "place": 0}],
        "file": file.name,
        "size_bytes": file.size_bytes,
        "form": "image",
        "container": "jpeg",
        "width": _SIDE,
        "height": _SIDE,
        "rotation": 0,
        "mirrored": False,
        "frames": 1,
        "decoder": "pillow",
        "unite_as": key,
    }


def measure_time(folder: Path, run: Path) -> None:
    """Release, first publication, and the same again."""
    print(f"release {release_of(folder, run):.1f} s")
    with hub_at(folder, "hub") as (hub, env):
        first = seconds_of(publishing(run), env)
        counted, tree = hub.counted(), hub.state.repos[REPO].resolve("v1.0.0").tree
        print(
            f"publication {first:.1f} s: {counted['uploads']} uploads, {counted['bytes_put']:,} bytes, "
            f"{counted['commits']} commits, {len(tree)} files"
        )
        hub.forget_counts()
        again = seconds_of(publishing(run), env)
        counted = hub.counted()
        print(f"again {again:.1f} s: {counted.get('uploads', 0)} uploads, {counted.get('commits', 0)} commits")


def measure_kills(folder: Path, run: Path, kills: int) -> None:
    """SIGKILL at random moments after the first request, then the same command again."""
    rng = random.Random(1)
    bare = Path(shutil.copytree(run, folder / "bare"))
    with hub_at(folder, "whole") as (hub, env):
        whole = killed_after(hub, env, run, None)
        unique, tree = hub.counted()["bytes_put"], hub.state.repos[REPO].resolve("v1.0.0").tree
    worst = 0.0
    for turn in range(kills):
        own = Path(shutil.copytree(bare, folder / f"run{turn}"))
        with hub_at(folder, f"k{turn}") as (hub, env):
            killed_after(hub, env, own, rng.uniform(0, whole))
            seconds_of(publishing(own), env)
            counted = hub.counted()
            assert counted["commits"] == 1, counted
            assert hub.state.repos[REPO].resolve("v1.0.0").tree == tree
            worst = max(worst, (counted["bytes_put"] - unique) / unique)
        shutil.rmtree(own)
    print(f"{kills} kills within {whole:.1f} s: one commit each, the same tree, sent twice at most {worst:.2%}")


def measure_workers(folder: Path, run: Path) -> None:
    """One worker and two make the same commit, release included."""
    trees = []
    for name, more in (("one", ()), ("two", ("--direct_num_workers=2", "--direct_running_mode=multi_processing"))):
        own = Path(shutil.copytree(run, folder / f"run-{name}"))
        with hub_at(folder, name) as (hub, env):
            print(f"{name} worker(s): {seconds_of(publishing(own, *more), env):.1f} s")
            trees.append(hub.state.repos[REPO].resolve("v1.0.0").tree)
    assert trees[0] == trees[1]
    print("The commits are the same.")


def main() -> None:
    """Measure one thing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("time", "kills", "workers"))
    parser.add_argument("--shape", choices=("beside", "embedded"), default="beside")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=2_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="blift-publish-media-") as folder:
        run = _run(Path(folder), args.shape, args.pictures)
        if args.what == "kills":
            measure_kills(Path(folder), run, args.kills)
        else:
            (measure_time if args.what == "time" else measure_workers)(Path(folder), run)


if __name__ == "__main__":
    main()
