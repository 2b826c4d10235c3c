"""What the cards of a run folder and of a published dataset share: configurations, sizes, the citation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from blift.connectors.shard import Shard
from blift.schemas.printable import printable
from blift.schemas.split import Split

#: Configurations of the dataset: name, folder, table. The first is the default one.
CONFIGS = (
    ("samples", "samples", "sample"),
    ("instructions", "instructions/llava", "instruction"),
    ("chat", "instructions/chat", "chat"),
    ("media", "media", "media"),
    ("posts", "posts", "post"),
    ("comments", "comments", "comment"),
    ("rejects", "rejects", "reject"),
)

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)


def size_category(rows: int) -> str:
    """The Hub's word for so many rows."""
    return next((name for most, name in _SIZES if rows < most), "1B<n<10B")


def data_files(
    shards: Sequence[Shard], configs: Sequence[tuple[str, str, str]] = CONFIGS
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Configurations that have files, with the pattern of the files of each split."""
    for name, folder, _ in configs:
        own = [shard.path for shard in shards if shard.path.startswith(f"{folder}/")]
        if not own:
            continue
        if folder.startswith("instructions/"):
            splits = [split for split in Split if any(path.startswith(f"{folder}/{split.value}-") for path in own)]
            yield name, [{"split": split.value, "path": f"{folder}/{split.value}-*.parquet"} for split in splits]
        else:
            yield name, [{"split": "train", "path": f"{folder}/*.parquet"}]


def code(text: str) -> str:
    """A text from outside as code in a cell of a Markdown table."""
    shown = printable(text).replace("|", "\\|")
    fence = "`" * (1 + max((len(ticks) for ticks in re.findall("`+", shown)), default=0))
    return f"{fence}{shown}{fence}" if len(fence) == 1 else f"{fence} {shown} {fence}"


CITATION = """\
## Cite

```bibtex
@inproceedings{singh2025teaching,
  title     = {Teaching Human Behavior Improves Content Understanding Abilities Of {VLMs}},
  author    = {Singh, Somesh and {S I}, Harini and Singla, Yaman K. and Chen, Changyou and Shah, Rajiv Ratn and
               Baths, Veeky and Krishnamurthy, Balaji},
  booktitle = {International Conference on Learning Representations},
  year      = {2025},
  url       = {https://arxiv.org/abs/2405.00942}
}
```
"""
