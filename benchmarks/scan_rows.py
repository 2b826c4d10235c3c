"""What a user would write to scan an archive: lines out of zstd, decoded one by one, Parquet out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq


def main() -> None:
    """`zstd -dc ARCHIVES | scan_rows.py SUBREDDIT OUT.parquet`."""
    subreddit, out = sys.argv[1], Path(sys.argv[2])
    rows: list[dict[str, Any]] = []
    for line in sys.stdin.buffer:
        record = orjson.loads(line)
        if record["subreddit"].lower() == subreddit:
            rows.append({name: record.get(name) for name in ("id", "author", "title", "body", "score", "created_utc")})
    pq.write_table(pa.Table.from_pylist(rows), out)


if __name__ == "__main__":
    main()
