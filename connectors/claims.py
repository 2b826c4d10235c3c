"""What a Parquet file of a stranger claims to hold, looked at before any of it is decoded."""

from __future__ import annotations

import pyarrow.parquet as pq

from blift.schemas.errors import InputError

#: Values that a column may have whatever the size of the file, and for each of its bytes.
_FREE_VALUES, _VALUES_PER_BYTE = 1 << 20, 8
#: Bytes that it may unpack to whatever its size, and for each of its bytes.
_FREE_BYTES, _RATIO = 64 << 20, 100


def check_claims(parquet: pq.ParquetFile, size_bytes: int, where: str, way_out: str) -> None:
    """Check that a file does not claim far more rows, values or bytes than a file of its size can hold.

    Run lengths and dictionaries let a file of a kilobyte claim billions of values.

    Args:
        where: names the file at the beginning of the sentence; ``way_out`` says what to do.

    Raises:
        InputError: it does.
    """
    metadata = parquet.metadata
    most = _FREE_VALUES + _VALUES_PER_BYTE * size_bytes
    if metadata.num_rows > most:
        raise InputError(f"{where} claims {metadata.num_rows:,} rows in {size_bytes:,} bytes. {way_out}")
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for place in range(row_group.num_columns):
            column = row_group.column(place)
            unpacked = column.total_uncompressed_size
            if not 0 <= column.num_values <= most or not 0 <= unpacked <= _FREE_BYTES + _RATIO * size_bytes:
                raise InputError(
                    f"{where} claims {column.num_values:,} values and {unpacked:,} bytes of `{column.path_in_schema}` "
                    f"in {size_bytes:,} bytes. {way_out}"
                )
