"""What a Parquet file of a stranger claims to hold, looked at in a process of its own before any of it is used.

The library that reads Parquet may abort its process on a footer that is damaged; then this process goes on.
"""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq

from blift.connectors.filesystem import open_to_read
from blift.schemas.errors import InputError, one_line

#: Values that a column may have whatever the size of the file, and for each of its bytes.
_FREE_VALUES, _VALUES_PER_BYTE = 1 << 20, 8
#: Bytes that it may unpack to whatever its size, and for each of its bytes.
_FREE_BYTES, _RATIO = 64 << 20, 100
#: What the other process says where nothing is wrong.
_FINE = "fine"


def check_claims(path: str, size_bytes: int, where: str, way_out: str) -> None:
    """Check that a file is Parquet, and claims no more rows, values or bytes than a file of its size can hold.

    Run lengths and dictionaries let a file of a kilobyte claim billions of values.

    Args:
        where: names the file at the beginning of the sentence; ``way_out`` says what to do.

    Raises:
        InputError: it is not, or it does.
    """
    command = [sys.executable, "-m", "blift.connectors.claims", path, str(size_bytes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this module
    said = done.stdout.strip()
    if done.returncode or not said:
        said = "cannot be read: its footer is damaged"
    if said != _FINE:
        raise InputError(f"{where} {said}. {way_out}")


def _fault(path: str, size_bytes: int) -> str:
    """What is wrong with a file, as a part of a sentence."""
    try:
        with open_to_read(path) as stream, pq.ParquetFile(stream) as parquet:
            return _claims(parquet, size_bytes)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        return f"cannot be read: {one_line(error)}"


def _claims(parquet: pq.ParquetFile, size_bytes: int) -> str:
    metadata = parquet.metadata
    most = _FREE_VALUES + _VALUES_PER_BYTE * size_bytes
    if metadata.num_rows > most:
        return f"claims {metadata.num_rows:,} rows in {size_bytes:,} bytes"
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for place in range(row_group.num_columns):
            column = row_group.column(place)
            values, unpacked = column.num_values, column.total_uncompressed_size
            if not 0 <= values <= most or not 0 <= unpacked <= _FREE_BYTES + _RATIO * size_bytes:
                named = column.path_in_schema
                return f"claims {values:,} values and {unpacked:,} bytes of `{named}` in {size_bytes:,} bytes"
    return _FINE


if __name__ == "__main__":
    sys.stdout.write(_fault(sys.argv[1], int(sys.argv[2])))
