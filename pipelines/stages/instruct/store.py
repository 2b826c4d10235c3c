"""The files that pairs of a run folder show: where they lie, and which of them no pair names any more."""

from __future__ import annotations

from blift.connectors.parquet import read_shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.versions import shards_of_all

#: Folders of the store, relative to the run folder.
IMAGES, VIDEOS, FRAMES = "store/images", "store/videos", "store/frames"
#: Pairs with files: the folder of their shards, and their table.
_PAIRS = (("instructions/chat/", "chat"), ("instructions/preferences/", "preference"))


def prune_media(folder: RunFolder) -> list[str]:
    """Delete files of the store that no pair of a dataset of the folder names; their paths.

    Raises:
        InputError: a manifest or a file of pairs is damaged.
        OutputError: a folder of the store is a symbolic link.
    """
    named: set[str] = set()
    for shard in shards_of_all(folder):
        for place, table in _PAIRS:
            if not shard.path.startswith(place):
                continue
            for row in read_shard(folder.path, shard, table, ["images", "videos", "frames"]).to_pylist():
                named |= {*row["images"], *row["videos"], *(frame["image"] for frame in row["frames"])}
    places = [f"{place}/{number:02x}/" for place in (IMAGES, VIDEOS, FRAMES) for number in range(256)]
    return folder.clear(places, keep=named)
