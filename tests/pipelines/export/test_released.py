"""Exports of a release: its files, without what they say of people, and its pairs."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.export.export import export
from blift.pipelines.export.formats import FORMATS
from blift.schemas.errors import InputError
from tests.pipelines.export.test_export import exported, opens, rows_in
from tests.pipelines.stages.publish.test_media import publishing, released


def test_a_release_is_exported_with_the_files_that_it_publishes(run: Path, tmp_path: Path) -> None:
    folder = publishing(Path(shutil.copytree(run, tmp_path / "run")), "beside")
    released(folder)
    done = export(RunFolder(str(folder)), FORMATS["llava-next"], tmp_path / "out", released=True)
    assert done.rows == exported(run, "llava-next", tmp_path / "own").rows
    published = {path.name: path for path in (folder / "release").rglob("*") if path.suffix in (".jpg", ".mp4")}
    for row, own in zip(rows_in(tmp_path / "out"), rows_in(tmp_path / "own"), strict=True):
        assert row["conversations"] == own["conversations"]
        named = row.get("image", row.get("video"))
        for name in named if isinstance(named, list) else [named]:
            assert (tmp_path / "out" / name).read_bytes() == published[Path(name).name].read_bytes()
            if name.endswith(".jpg"):
                with Image.open(tmp_path / "out" / name) as picture:
                    assert not picture.getexif()


def test_pairs_of_a_release_with_embedded_media_lead_to_the_cells(run: Path, tmp_path: Path) -> None:
    folder = publishing(Path(shutil.copytree(run, tmp_path / "run")), "embedded")
    released(folder)
    cells = {}
    for kind in ("image", "video"):
        for row in pq.read_table(folder / "release" / "embedded" / f"{kind}s", partitioning=None).to_pylist():
            (tmp_path / row["sha256"]).with_suffix(".mp4" if kind == "video" else ".jpg").write_bytes(
                row[kind]["bytes"]
            )
            cells[row["sha256"]] = kind
    pairs = pq.read_table(folder / "release" / "instructions" / "chat", partitioning=None).to_pylist()
    assert len(pairs) == 6
    for pair in pairs:
        kinds = [part["type"] for message in pair["messages"] for part in message["content"] if part["type"] != "text"]
        assert [cells[digest] for digest in pair["sha256"]] == kinds
    assert all(opens(path) for path in tmp_path.iterdir() if path.is_file())


def test_a_release_whose_pairs_name_no_files_says_what_to_do(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no release\. Run `blift publish --dry-run`"):
        export(RunFolder(str(run)), FORMATS["trl"], tmp_path / "out", released=True)
    folder = publishing(Path(shutil.copytree(run, tmp_path / "run")), "embedded")
    released(folder)
    with pytest.raises(InputError, match=r"has no pair that names a file\. Set `publish.media: beside`"):
        export(RunFolder(str(folder)), FORMATS["trl"], tmp_path / "out", released=True)
