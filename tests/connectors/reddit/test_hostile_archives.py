"""Small archives that are made to fill memory: every line is counted, few are listed, in bounded memory."""

import bz2
import gzip
import json
import lzma
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from backports import zstd

from blift.connectors.files import Chunk, InputFile
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.schemas.reasons import Reason
from tests.measured_child import run_measured

#: The reader alone takes some 200 MB.
PEAK_MB = 600

_READ = """
import json, sys
from collections import Counter
from pathlib import Path
from blift.connectors.files import InputFile
from blift.connectors.reddit.archive import read_submissions

path = Path(sys.argv[1])
read, table, listed, rejected = 0, 0, 0, Counter()
for chunk in read_submissions(InputFile(str(path), path.stat().st_size, path.name)):
    read += chunk.rows_in
    table += chunk.table.num_rows
    listed += chunk.rejects.num_rows
    rejected.update(chunk.rejected())
print(json.dumps({"read": read, "table": table, "listed": listed, "rejected": rejected}))
"""


@pytest.mark.parametrize(
    ("line", "lines", "reason"),
    [
        (b"{}\n", 6_000_000, Reason.MISSING_FIELD),
        (b'{"id":"ab"}\n', 3_000_000, None),
        (b'{"id":"a","title":"\\ud800"}\n', 2_000_000, None),
        (b"[]\n", 6_000_000, Reason.NOT_AN_OBJECT),
        (b"\n", 60_000_000, None),
        (b"\r\n", 30_000_000, None),
        (b'{"id":"a","selftext":5,"x":"' + b"y" * 60_000 + b'"}\n', 1_000, Reason.WRONG_TYPE),
    ],
    ids=["objects", "records", "surrogates", "arrays", "empty", "spaces", "long"],
)
def test_what_a_small_file_unpacks_to_is_counted_in_bounded_memory(
    tmp_path: Path, line: bytes, lines: int, reason: Reason | None
) -> None:
    path = tmp_path / "RS"
    path.write_bytes(zstd.compress(line * lines))
    ended = run_measured("-c", _READ, str(path), folder=tmp_path)
    assert ended.returncode == 0, ended.output
    assert ended.peak_mb < PEAK_MB
    found = json.loads(ended.output)
    assert found["read"] == found["table"] + sum(found["rejected"].values())
    assert found["rejected"].keys() == {Reason.UNREADABLE_FILE, *([reason] if reason else [])}
    assert found["rejected"][Reason.UNREADABLE_FILE] == 1
    assert found["listed"] <= 1_100


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, bz2.compress, lzma.compress, bytes])
@pytest.mark.parametrize("read", [read_submissions, read_comments])
def test_every_line_is_a_row_or_a_reject_or_counted(
    tmp_path: Path, pack: Callable[[bytes], bytes], read: Callable[[InputFile], Iterable[Chunk]]
) -> None:
    path = tmp_path / "archive"
    path.write_bytes(pack(b'{}\n{"id":"a","link_id":"t3_b"}\n5\n\n' * 15_000))
    chunks = list(read(InputFile(str(path), path.stat().st_size, path.name)))
    rejected = sum((chunk.rejected() for chunk in chunks), Counter[Reason]())
    assert rejected == {Reason.MISSING_FIELD: 15_000, Reason.NOT_AN_OBJECT: 15_000}
    assert sum(chunk.table.num_rows for chunk in chunks) == 15_000
    assert sum(chunk.rows_in for chunk in chunks) == 45_000
    listed = sum(chunk.rejects.num_rows for chunk in chunks)
    assert listed == sum(rejected.values()) - sum(sum(chunk.unlisted.values()) for chunk in chunks)
    assert 1_000 <= listed < 10_000
    lines = sorted(line for chunk in chunks for line in chunk.rejects.column("line").to_pylist())
    assert lines[:4] == [1, 3, 5, 7]  # the first ones are listed
