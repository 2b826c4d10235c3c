"""Arrays of videos in one HDF5 file, as Mr. HiSum has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import h5py

from blift.connectors.parquet import replace_file
from blift.pipelines.export.layouts import PARTIAL, ExportedRow
from blift.schemas.split import Split

ARRAYS, SPLITS = "mr_hisum.h5", "mr_hisum_split.json"
#: Names of the splits in the file that lists them.
_KEYS = {Split.TRAIN.value: "train_keys", Split.VALIDATION.value: "val_keys", Split.TEST.value: "test_keys"}


def write_hdf5(splits: Iterator[tuple[str, Iterator[ExportedRow]]], folder: Path) -> Iterator[str]:
    """A group for each video, and the keys of each split. No time is written, so that the bytes are the same again."""
    keys: dict[str, list[str]] = {name: [] for name in _KEYS.values()}
    partial = folder / (ARRAYS + PARTIAL)
    with h5py.File(partial, "w") as file:
        for split, rows in splits:
            for each in rows:
                row = dict(each.row)
                key = row.pop("key")
                group = file.create_group(key, track_order=True)
                group.attrs["url"] = row.pop("url")
                for name, values in row.items():
                    group.create_dataset(name, data=values, track_times=False)
                group["gtsummary"] = group["gt_summary"]  # its README and its code name it differently
                keys[_KEYS[split]].append(key)
    partial.replace(folder / ARRAYS)
    replace_file(str(folder / SPLITS), (json.dumps(keys, indent=1) + "\n").encode())
    yield from (ARRAYS, SPLITS)
