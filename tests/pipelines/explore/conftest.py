"""The demo, open for queries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.tables import tables_of


@pytest.fixture(scope="module")
def database(built: tuple[Path, Manifest]) -> Iterator[Database]:
    folder, manifest = built
    opened = Database(tables_of(RunFolder(str(folder)), manifest))
    yield opened
    opened.close()
