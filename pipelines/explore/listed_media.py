"""Pictures that lie where the build found them, outside the run folder: taken into a temporary folder to be shown."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import polars as pl

from blift.connectors.kept_files import FileGone, keep_file
from blift.connectors.shard import Shard
from blift.pipelines.report.pictures import is_picture
from blift.pipelines.stages.media.lists import read_list
from blift.transforms.tables import frame

#: Where they lie in the temporary folder.
PLACE = "listed"


class ListedMedia:
    """The files that the lists of a run folder name, read when the first picture is asked for.

    Args:
        folder: the run folder.
        shards: its lists.
        scratch: the temporary folder.
    """

    def __init__(self, folder: str, shards: Sequence[Shard], scratch: str) -> None:
        self.scratch = scratch
        self._folder, self._shards = folder, shards
        self._files: pl.DataFrame | None = None
        self._lock = threading.Lock()

    def picture(self, sha256: str, file: str) -> str | None:
        """The place in the temporary folder of a picture; None where it is none, is gone, or is another one now.

        Args:
            sha256: its digest.
            file: its name in the lists.

        Raises:
            InputError: a list is missing or damaged.
        """
        there = [path for path in self._paths(file) if is_picture(path)]
        try:
            return keep_file(there, sha256, self.scratch, PLACE) if there else None
        except FileGone:
            return None

    def _paths(self, file: str) -> list[str]:
        with self._lock:
            if self._files is None:
                none = pl.DataFrame(schema={"file": pl.String, "path": pl.String})
                lists = [frame(read_list(self._folder, shard)).select("file", "path") for shard in self._shards]
                self._files = pl.concat([none, *lists])
            return self._files.filter(pl.col("file") == file).get_column("path").unique().sort().to_list()
