"""Small info.json files that are made to fill memory: a reject, or counts, in bounded memory."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from blift.schemas.reasons import Reason
from tests.measured_child import run_measured

#: The reader alone takes some 200 MB.
PEAK_MB = 800

_READ = """
import json, sys
from pathlib import Path
from blift.connectors.files import InputFile
from blift.connectors.yt_dlp.archive import read_videos
from blift.schemas.platform import YOUTUBE

path = Path(sys.argv[1])
(chunk,) = read_videos([InputFile(str(path), path.stat().st_size, path.name)], only=YOUTUBE)
print(json.dumps({
    "posts": chunk.posts.table.num_rows,
    "rejected": chunk.posts.rejected() + chunk.comments.rejected(),
    "listed": chunk.comments.rejects.num_rows,
    "comments": chunk.comments.rows_in,
}))
"""


def read(folder: Path, content: bytes) -> dict[str, Any]:
    path = folder / "a.info.json"
    path.write_bytes(content)
    ended = run_measured("-c", _READ, str(path), folder=folder)
    assert ended.returncode == 0, ended.output
    assert ended.peak_mb < PEAK_MB
    return dict(json.loads(ended.output))


@pytest.mark.parametrize(
    ("pack", "item"), [(gzip.compress, b'{"a":1}'), (zstd.compress, b'"\\ud800"'), (zstd.compress, b"[[]]")]
)
def test_a_small_record_that_unpacks_to_far_more_is_rejected(
    tmp_path: Path, pack: Callable[[bytes], bytes], item: bytes
) -> None:
    content = b'{"id":"xaQJbozY_Is","comments":[' + b",".join([item] * (30_000_000 // len(item))) + b"]}"
    found = read(tmp_path, pack(content))
    assert (found["posts"], found["rejected"]) == (0, {Reason.UNREADABLE_FILE: 1})


@pytest.mark.parametrize(
    ("item", "items"), [(b"1", 40_000_000), (b'{"a":1}', 10_000_000), (b'"\\ud800"', 9_000_000), (b"[]", 20_000_000)]
)
def test_a_record_of_more_values_than_can_be_held_is_rejected(tmp_path: Path, item: bytes, items: int) -> None:
    found = read(tmp_path, b'{"id":"xaQJbozY_Is","comments":[' + b",".join([item] * items) + b"]}")
    assert (found["posts"], found["rejected"]) == (0, {Reason.UNREADABLE_FILE: 1})


@pytest.mark.parametrize("item", [b"1", b'{"a":1}', b'{"id":"\\ud800","like_count":"x"}'])
def test_comments_that_cannot_be_read_are_counted_and_few_are_listed(tmp_path: Path, item: bytes) -> None:
    content = b'{"id":"xaQJbozY_Is","comments":[' + b",".join([item] * 150_000) + b"]}"
    found = read(tmp_path, content)
    reason = Reason.MISSING_FIELD if item == b'{"a":1}' else Reason.WRONG_TYPE
    assert (found["posts"], found["comments"], found["rejected"]) == (1, 150_000, {reason: 150_000})
    assert 1_000 < found["listed"] < 100_000
