"""What tests of updates share: archives of three months."""

from pathlib import Path

import pytest

from benchmarks.months import Size, write_month

#: What is in each month.
SIZE = Size(posts=20, comments=60)


@pytest.fixture
def months(tmp_path: Path) -> Path:
    """A folder with archives of three months."""
    folder = tmp_path / "months"
    folder.mkdir()
    for month in (1, 2, 3):
        write_month(folder, month, SIZE, pictures=False)
    return folder
