"""Loads every configuration of a run folder with `datasets`, as a user of the dataset would, and says what is in it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import datasets

from blift.pipelines.engine.ending import run_as_process


def main() -> int:
    """`python -m benchmarks.load RUN_FOLDER`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a run folder of `blift build`")
    folder = str(parser.parse_args().folder)
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        for config in datasets.get_dataset_config_names(folder):
            splits = datasets.load_dataset(folder, config, cache_dir=cache)
            rows = ", ".join(f"{name} {split.num_rows:,}" for name, split in splits.items())
            print(f'load_dataset("{folder}", "{config}"): {rows} rows')
    return 0


if __name__ == "__main__":
    sys.exit(run_as_process(main))
