"""Lists of files lead to the files again, wherever the files and the run folder are."""

from pathlib import Path

import pytest

from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.stages.media.listing import note, read_list, store_of
from blift.transforms.media.files import ListedFile


@pytest.mark.parametrize("store", ["s3://bucket/store", "/data/store", "{run}/store"])
def test_files_and_store_are_found_where_they_were_listed(store: str, tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    paths = ["s3://bucket/pictures/a.jpg", "/data/b.jpg", f"{folder}/fetched/c.jpg"]
    files = [ListedFile(path, path.rpartition("/")[2], 3, beside=False) for path in paths]
    shard = note((0, files), folder, store.format(run=folder), 1)
    assert read_list(folder, shard).column("path").to_pylist() == paths
    assert store_of(RunFolder(folder), shard) == store.format(run=folder)
