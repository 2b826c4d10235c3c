"""Exports: every row of every format opens, nothing is null, and the same run folder gives the same bytes."""

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import datasets
import pyarrow.parquet as pq
import pytest
from PIL import Image

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.export.export import ABOUT, Exported, export
from blift.pipelines.export.formats import FORMATS, Layout
from blift.pipelines.export.layouts import ExportedRow, write_tars
from blift.pipelines.export.source import PAIRS
from blift.schemas.errors import InputError, OutputError
from tests.pipelines.conftest import run_build

_OF_PAIRS = [name for name, each in FORMATS.items() if each.source is PAIRS]
_LEFT_OUT = {
    "llava": {"of several images or frames (it takes one image per row)": 4},
    "llama-vid": {"of several images or frames (it takes one image per row)": 2},
}


def exported(run: Path, name: str, out: Path) -> Exported:
    return export(RunFolder(str(run)), FORMATS[name], out)


def rows_in(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in sorted(out.glob("*.json*")):
        if path.name in (ABOUT, "dataset_info.json"):
            continue
        text = path.read_text()
        rows += json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    return rows


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def nulls(value: Any) -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if item is None:
            yield str(key)
        yield from nulls(item)


def opens(path: Path) -> bool:
    """Whether a trainer can open a file: a picture by Pillow, a video by FFmpeg."""
    if path.suffix == ".mp4":
        with av.open(str(path)) as container:
            return next(container.decode(video=0)) is not None
    with Image.open(path) as picture:
        picture.load()
    return True


@pytest.mark.parametrize("name", _OF_PAIRS)
def test_every_format_takes_what_it_can_and_counts_what_it_leaves_out(run: Path, tmp_path: Path, name: str) -> None:
    done = exported(run, name, tmp_path / "out")
    expected = _LEFT_OUT.get(name, {})
    assert dict(done.left_out) == expected
    assert done.rows.total() == 6 - sum(expected.values())
    about = json.loads((tmp_path / "out" / ABOUT).read_text())
    assert (about["format"], about["complete"], about["rows"]) == (name, True, dict(done.rows))


@pytest.mark.parametrize("name", [name for name in _OF_PAIRS if FORMATS[name].layout in (Layout.JSON, Layout.JSONL)])
def test_every_path_of_a_row_is_relative_and_opens_and_no_key_is_null(run: Path, tmp_path: Path, name: str) -> None:
    exported(run, name, tmp_path)
    rows = rows_in(tmp_path)
    assert list(nulls(rows)) == []
    for row in rows:
        parts = [
            part for turn in row.get("messages", []) if isinstance(turn["content"], list) for part in turn["content"]
        ]
        named = [part["path"] for part in parts if "path" in part]
        for key in ("image", "video", "images", "videos"):
            named += [row[key]] if isinstance(row.get(key), str) else row.get(key, [])
        assert named
        assert all(not path.startswith("/") and opens(tmp_path / path) for path in named)


def test_llava_gets_one_image_a_row_and_two_turns(run: Path, tmp_path: Path) -> None:
    exported(run, "llava", tmp_path)
    rows = rows_in(tmp_path)
    assert [sorted(row) for row in rows] == [["conversations", "id", "image"]] * 2
    for row in rows:
        human, gpt = row["conversations"]
        assert (human["from"], gpt["from"], human["value"].count("<image>")) == ("human", "gpt", 1)
        assert "<video>" not in human["value"] + gpt["value"]


def test_llava_next_gets_galleries_as_lists_with_a_token_each(run: Path, tmp_path: Path) -> None:
    exported(run, "llava-next", tmp_path)
    kinds = {
        "image" if isinstance(row.get("image"), str) else "gallery" if "image" in row else "video": row
        for row in rows_in(tmp_path)
    }
    assert set(kinds) == {"image", "gallery", "video"}
    assert len(kinds["gallery"]["image"]) == kinds["gallery"]["conversations"][0]["value"].count("<image>") == 3
    assert kinds["video"]["conversations"][0]["value"].count("<image>") == 1


@pytest.mark.parametrize("name", ["llama-factory", "ms-swift"])
def test_placeholders_of_messages_are_as_many_as_the_files(run: Path, tmp_path: Path, name: str) -> None:
    exported(run, name, tmp_path)
    for row in rows_in(tmp_path):
        system, user, assistant = row["messages"]
        assert [system["role"], user["role"], assistant["role"]] == ["system", "user", "assistant"]
        assert user["content"].count("<image>") == len(row.get("images", []))
        assert user["content"].count("<video>") == len(row.get("videos", []))


def test_llama_factory_is_told_of_its_files(run: Path, tmp_path: Path) -> None:
    exported(run, "llama-factory", tmp_path)
    info = json.loads((tmp_path / "dataset_info.json").read_text())
    assert {entry["file_name"] for entry in info.values()} == {path.name for path in tmp_path.glob("[tv]*.json")}
    assert all(set(entry["columns"]) <= set(row) for entry in info.values() for row in rows_in(tmp_path))


def test_trl_gets_images_in_the_cells_and_frames_for_videos(run: Path, tmp_path: Path) -> None:
    exported(run, "trl", tmp_path / "out")
    assert not (tmp_path / "out" / "media").exists()
    for streaming in (False, True):
        loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"), streaming=streaming)
        rows = [row for split in loaded.values() for row in split]
        assert len(rows) == 6
        for row in rows:
            parts = [part for message in row["messages"] for part in message["content"]]
            assert sum(part["type"] == "image" for part in parts) == len(row["images"])
            assert {part["type"] for part in parts} == {"image", "text"}
            assert all(picture.size[0] > 0 for picture in row["images"])
        assert {len(row["images"]) for row in rows} == {1, 3}
        assert [row["frame_times_s"] for row in rows if row["frame_times_s"]] != []


def test_webdataset_has_a_row_of_files_under_one_key(run: Path, tmp_path: Path) -> None:
    exported(run, "webdataset", tmp_path)
    keys: dict[str, list[str]] = {}
    for path in sorted(tmp_path.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar.getmembers():
                key, _, ending = member.name.partition(".")
                keys.setdefault(key, []).append(ending)
                assert (member.mtime, member.uid, member.uname) == (0, 0, "")
                if ending.endswith("jpg"):
                    content = tar.extractfile(member)
                    assert content is not None
                    Image.open(io.BytesIO(content.read())).load()
    assert sorted(keys.values()) == sorted([["jpg", "json"], ["mp4", "json"], ["0.jpg", "1.jpg", "2.jpg", "json"]] * 2)


@pytest.mark.parametrize("name", [*_OF_PAIRS, "trl-preferences", "shp"])
def test_again_gives_the_same_bytes_whatever_was_left_half_written(run: Path, tmp_path: Path, name: str) -> None:
    exported(run, name, tmp_path)
    before = tree(tmp_path)
    split = next(iter(sorted(path.name for path in tmp_path.glob("train*"))))
    (tmp_path / f"{split}.partial").write_bytes(b"half")
    (tmp_path / split).unlink()
    (tmp_path / "media" / "00").mkdir(parents=True, exist_ok=True)
    (tmp_path / "media" / "00" / f"{'0' * 64}.jpg").write_bytes(b"of an earlier export")
    about = json.loads((tmp_path / ABOUT).read_text())
    (tmp_path / ABOUT).write_text(json.dumps(about | {"complete": False}))
    exported(run, name, tmp_path)
    assert tree(tmp_path) == before


def test_a_folder_with_files_of_others_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds files that blift did not write, such as 'thesis.txt'"):
        exported(run, "llava", tmp_path)
    assert tree(tmp_path) == {"thesis.txt": b"mine"}


def test_a_file_that_somebody_put_into_an_export_is_not_deleted(run: Path, tmp_path: Path) -> None:
    exported(run, "llava", tmp_path)
    (tmp_path / "media" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds 'media/notes.txt', which blift did not write"):
        exported(run, "llava", tmp_path)


def test_an_export_for_another_trainer_is_refused(run: Path, tmp_path: Path) -> None:
    exported(run, "llava", tmp_path)
    with pytest.raises(OutputError, match="holds an export for 'llava'"):
        exported(run, "trl", tmp_path)


def test_a_link_in_the_folder_is_refused(run: Path, tmp_path: Path) -> None:
    exported(run, "llava", tmp_path / "out")
    shutil.move(tmp_path / "out" / "media", tmp_path / "elsewhere")
    (tmp_path / "out" / "media").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="which blift did not write"):
        exported(run, "llava", tmp_path / "out")


def test_a_file_that_changed_is_told(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    changed = next((tmp_path / "run" / "store" / "images").rglob("*.jpg"))
    changed.unlink()
    changed.write_bytes(b"another")
    with pytest.raises(
        InputError, match=r"is another file than the one that was measured\. To repair it, build it again with `--force"
    ):
        exported(tmp_path / "run", "llava-next", tmp_path / "out")


def test_pairs_without_files_are_apart_and_never_exported(run: Path) -> None:
    apart = pq.read_table(run / "instructions" / "chat-without-media", partitioning=None).to_pylist()
    assert len(apart) == 4
    assert all(not row["images"] and not row["videos"] and row["urls"] for row in apart)
    with_files = pq.read_table(run / "instructions" / "chat", partitioning=None).to_pylist()
    assert len(with_files) == 6
    for row in with_files:
        named = [*row["images"], *row["videos"], *(frame["image"] for frame in row["frames"])]
        assert all(opens(run / name) for name in named)
        assert len(row["frames"]) == (3 if row["videos"] else 0)


def test_required_media_reject_pairs_without_a_file_and_say_why(small_corpus: Path, tmp_path: Path) -> None:
    recipe = small_corpus / "required.yaml"
    recipe.write_text((small_corpus / "recipe.yaml").read_text().replace("frames: 3", "media: required"))
    manifest, _ = run_build(recipe, tmp_path)
    assert list((tmp_path / "instructions").glob("*-without-media/*.parquet")) == []
    rejected = pq.read_table(tmp_path / "rejects", partitioning=None).to_pylist()
    why = {row["detail"] for row in rejected if row["reason"] == "no_file" and row["stage"] == "instruct"}
    assert why == {"no file of its media", "1 of the 2 files of its gallery"}
    (step,) = [row for row in manifest.stages["instruct"].funnel if row.step == "media"]
    assert (step.rows_in, step.rows_out, step.rejected) == (10, 6, {"no_file": 4})


@pytest.mark.shared
def test_a_dataset_without_files_says_what_to_do(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(shared_data / "cases" / "23-llava-consumers", tmp_path / "case")
    run_build(tmp_path / "case" / "recipe.yaml", tmp_path / "run")
    rows = pq.read_table(tmp_path / "run" / "instructions" / "llava", partitioning=None).to_pylist()
    assert len(rows) == 45
    for row in rows:
        assert [turn["from"] for turn in row["conversations"]] == ["human", "gpt"]
        assert row["system"]
        assert row["url"]
    assert main(["export", str(tmp_path / "run"), "--to", "llava", "--out", str(tmp_path / "out")]) == 2
    assert "has no pair that names a file. Add the section `media`" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_clean_deletes_files_that_no_pair_shows_and_no_others(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    before = {path for path in (tmp_path / "run").rglob("*") if path.is_file()}
    for place in ("images/00", "frames/ff"):
        folder = tmp_path / "run" / "store" / place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{'0' * 64}.jpg").write_bytes(b"of pairs before an update")
        (folder / "notes.txt").write_text("mine")
    assert main(["clean", str(tmp_path / "run")]) == 0
    after = {path for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert {path.name for path in after ^ before} <= {"notes.txt", ".lock"}
    exported(tmp_path / "run", "llava-next", tmp_path / "out")


def test_all_rows_of_a_tar_have_the_same_members(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.png", "c.gif"):
        (tmp_path / name).write_bytes(b"picture")
    files = [["a.jpg"], ["b.png"], ["a.jpg", "a.jpg"], ["a.jpg", "b.png"], ["b.png", "a.jpg"], ["a.jpg"], ["c.gif"]]
    rows = [
        ExportedRow({"id": str(place)}, names, "gallery" if len(names) > 1 else "image")
        for place, names in enumerate(files)
    ]
    names = list(write_tars(iter(rows), tmp_path, "train"))
    assert len(names) == 6
    assert {"train-image-jpg-00000.tar", "train-image-png-00000.tar", "train-gallery-2xjpg-00000.tar"} < set(names)
    for name in names:
        members: dict[str, list[str]] = {}
        with tarfile.open(tmp_path / name) as tar:
            for member in tar.getnames():
                key, _, ending = member.partition(".")
                members.setdefault(key, []).append(ending)
        assert len({tuple(endings) for endings in members.values()}) == 1
