"""Pairs that hold their media: loaded by `datasets` with decoded images, bare, bounded in bytes."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyarrow import parquet

from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.stages.publish.publish import Result
from blift.pipelines.stages.release import embedded, pairs
from blift.pipelines.stages.release.layout import IN_PAIRS
from blift.schemas.errors import InputError
from tests.hub_server import HubServer
from tests.hub_server.card_rules import problems_of
from tests.pipelines.stages.publish.conftest import REPO
from tests.pipelines.stages.publish.test_media import SECRET, by_digest, held, pixels, publishing, released

_LOAD = """
import hashlib, json, sys, datasets, PIL.Image
datasets.disable_progress_bars()
source, out = sys.argv[1:]
bare = datasets.Video(decode=False)


def all_of(cell):
    return cell if isinstance(cell, list) else [cell] if cell else []


def seen(picture):
    assert isinstance(picture, PIL.Image.Image), picture
    pixels = picture.convert("RGB")
    return [*pixels.size, hashlib.sha256(pixels.tobytes()).hexdigest()]


found = {}
for config in ("instructions_with_media", "chat_with_media", "preferences_with_media"):
    one = config.startswith("instructions")
    images, videos = ("image", "video") if one else ("images", "videos")
    for streaming in (False, True):
        told = found[f"{config}/{streaming}"] = []
        for split, rows in datasets.load_dataset(source, config, streaming=streaming).items():
            assert rows.features[images] == (datasets.Image() if one else datasets.List(datasets.Image()))
            assert rows.features[videos] == (datasets.Video() if one else datasets.List(datasets.Video()))
            for row in rows.cast_column(videos, bare if one else datasets.List(bare)):
                turns = row.get("messages") or row.get("prompt") or []
                told.append({
                    "split": split, "id": row["id"], "sha256": all_of(row["sha256"]),
                    "pictures": [seen(picture) for picture in all_of(row[images])],
                    "films": [hashlib.sha256(film["bytes"]).hexdigest() for film in all_of(row[videos])],
                    "parts": [part["type"] for turn in turns for part in turn["content"] if part["type"] != "text"],
                })
json.dump(found, open(out, "w"))
"""
_OFFLINE = """
import sys, datasets
datasets.disable_progress_bars()
rows = datasets.load_dataset("parquet", data_files=sys.argv[1], split="train")
assert rows.features["images"] == datasets.List(datasets.Image()), rows.features
assert rows.features["videos"] == datasets.List(datasets.Video()), rows.features
print(sum(picture.width > 0 for pictures in rows["images"] for picture in pictures))
"""


def in_process(code: str, *arguments: str, **env: str) -> str:
    """What a process of its own prints."""
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    own = {**os.environ, "HF_HUB_DISABLE_XET": "1", **env}
    return subprocess.run(command, env=own, check=True, timeout=240, stdout=subprocess.PIPE, text=True).stdout


def files_of(folder: Path, config: str) -> list[Path]:
    return sorted((folder / "release" / IN_PAIRS[config][1]).glob("*.parquet"))


def rows_of(folder: Path, config: str) -> list[dict[str, Any]]:
    return [row for path in files_of(folder, config) for row in parquet.read_table(path).to_pylist()]


def cells_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [*row["images"], *row["videos"]]


def only_chat(folder: Path, chat: str = "chat") -> Path:
    """The run folder with a recipe that publishes samples and one configuration of pairs."""
    recipe = yaml.safe_load((publishing(folder, "in_pairs") / "recipe.yaml").read_text())
    recipe["publish"]["configs"] = ["samples", chat]
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return folder


def ids_in(folder: Path) -> list[str]:
    tables = [parquet.read_table(path, columns=["id"], partitioning=None) for path in folder.glob("*.parquet")]
    return sorted(name for table in tables for name in table.column("id").to_pylist())


@pytest.fixture(scope="module")
def made(built: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a release whose pairs hold their media; tests that change it copy it first."""
    folder = Path(shutil.copytree(built[0], tmp_path_factory.mktemp("in-pairs") / "run"))
    released(publishing(folder, "in_pairs"))
    return folder


def test_pairs_are_loaded_with_the_media_that_were_measured(
    hub: HubServer, publish_to: Callable[..., Result], corpus: Path, made: Path, tmp_path: Path
) -> None:
    first = publish_to(made)
    hub.forget_counts()
    assert publish_to(made).commit == first.commit
    assert hub.counted().get("bytes_put", 0) == 0
    originals = by_digest(corpus / "pictures", corpus / "youtube")
    in_process(_LOAD, REPO, str(tmp_path / "out.json"), HF_ENDPOINT=hub.endpoint, HF_HOME=str(tmp_path / "hf"))
    found = json.loads((tmp_path / "out.json").read_text())
    for config, (name, folder, _) in IN_PAIRS.items():
        rows = found[f"{name}/False"]
        assert rows == found[f"{name}/True"]
        assert sorted(row["id"] for row in rows) == ids_in(made / folder.removesuffix("-with-media")) != []
        for row in rows:
            shown = [originals[digest] for digest in row["sha256"]]
            pictures = [path for path in shown if path.suffix not in (".mp4", ".webm", ".mkv")]
            assert row["pictures"] == [pixels(path) for path in pictures]
            assert len(row["films"]) == len(shown) - len(pictures)
            if config != "instructions":
                assert Counter(row["parts"]) == Counter(image=len(pictures), video=len(row["films"]))
    assert {row["split"] for row in found["chat_with_media/False"]} == {"train", "validation"}
    assert any(row["films"] for row in found["instructions_with_media/False"])

    assert not [path for path, content in held(hub) if SECRET in content]
    tree = hub.state.repos[REPO].resolve("v1.0.0").tree
    assert not [path for path in tree if path.startswith(("embedded/", "images/", "videos/"))]
    card = tree["README.md"].content.decode()
    assert problems_of(card) == []
    assert "`chat_with_media` holds the files themselves." in card
    assert json.loads(tree["manifest.json"].content)["privacy"]["taken_out_of_files"]["chat_with_media"]["location"] > 0


def test_the_files_alone_are_loaded_without_a_hub_and_a_card(made: Path, tmp_path: Path) -> None:
    pattern = str(made / "release" / IN_PAIRS["chat"][1] / "*.parquet")
    opened = in_process(_OFFLINE, pattern, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1")
    assert int(opened) == sum(len(row["images"]) for row in rows_of(made, "chat")) > 0


def test_texts_are_those_of_the_pairs_that_name_digests(made: Path) -> None:
    plain = {}
    for path in (made / "release" / "instructions" / "chat").glob("*.parquet"):
        plain |= {row["id"]: row for row in parquet.read_table(path, partitioning=None).to_pylist()}
    for row in rows_of(made, "chat"):
        assert all(row[name] == plain[row["id"]][name] for name in row if name not in ("images", "videos"))


@pytest.mark.long
def test_two_workers_release_what_one_does(made: Path, run_folder: Path) -> None:
    two = publishing(run_folder, "in_pairs")
    of_two = released(two, "--direct_num_workers=2", "--direct_running_mode=multi_processing")
    assert released(made).shards == of_two.shards


def test_row_groups_and_shards_are_bounded_in_bytes(
    made: Path, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [sum(len(cell["bytes"]) for cell in cells_of(row)) for row in rows_of(made, "chat")]
    most = max(sizes)
    monkeypatch.setattr(pairs, "GROUP_BYTES", most)
    monkeypatch.setattr(embedded, "SHARD_BYTES", 2 * most)
    released(only_chat(run_folder))
    files = files_of(run_folder, "chat")
    assert len(files) > len(files_of(made, "chat"))
    for path in files:
        shard = parquet.ParquetFile(path)
        groups = [shard.read_row_group(place).to_pylist() for place in range(shard.num_row_groups)]
        held = [sum(len(cell["bytes"]) for row in group for cell in cells_of(row)) for group in groups]
        assert max(held) <= most
        assert sum(held[:-1]) < 2 * most
    assert sorted(row["id"] for row in rows_of(run_folder, "chat")) == sorted(
        row["id"] for row in rows_of(made, "chat")
    )


def test_bytes_are_stored_as_they_are_and_texts_compressed(made: Path) -> None:
    group = parquet.ParquetFile(files_of(made, "preferences")[0]).metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    found = {column.path_in_schema: column.compression for column in columns}
    assert [path for path, how in found.items() if how == "UNCOMPRESSED"] == [
        "images.list.element.bytes",
        "videos.list.element.bytes",
    ]
    assert {how for path, how in found.items() if not path.endswith(".bytes")} == {"ZSTD"}


def test_pairs_whose_file_is_gone_or_another_are_counted_and_the_file_named_once(
    corpus: Path, made: Path, run_folder: Path
) -> None:
    shown = Counter(digest for row in rows_of(made, "chat") for digest in row["sha256"])
    files = by_digest(corpus / "pictures")
    gone, other = [digest for digest, pairs_of in sorted(shown.items()) if digest in files and pairs_of > 1][:2]
    kept = {files[digest]: (files[digest].read_bytes(), files[digest].stat()) for digest in (gone, other)}
    try:
        files[gone].unlink()
        files[other].write_bytes(kept[files[other]][0] + b"x")
        record = released(only_chat(run_folder))
    finally:
        for path, (content, of_before) in kept.items():  # other tests build of these files, too
            path.write_bytes(content)
            os.utime(path, ns=(of_before.st_atime_ns, of_before.st_mtime_ns))
    row = next(row for row in record.funnel if row.table == "chat_with_media")
    assert row.rejected == {"no_file": shown[gone], "file_changed": shown[other]}
    assert row.balanced
    assert not [row for row in rows_of(run_folder, "chat") if {gone, other} & {*row["sha256"]}]
    for digest in (gone, other):
        assert len({note for note in record.notes if files[digest].name in note}) == 1


def test_files_of_one_pair_that_are_too_large_together_are_withheld(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "CELL_BYTES", 1)
    record = released(only_chat(run_folder))
    row = next(row for row in record.funnel if row.table == "chat_with_media")
    assert row.rejected == {"too_many_bytes": row.rows_in}
    assert files_of(run_folder, "chat") == []


def test_only_pairs_of_published_configurations_hold_media(run_folder: Path) -> None:
    released(only_chat(run_folder))
    assert files_of(run_folder, "chat")
    assert not files_of(run_folder, "instructions")
    with pytest.raises(InputError, match=r"has no pairs with media to publish\. Name one of instructions, chat, pref"):
        released(only_chat(run_folder, "chat_without_media"))
