"""A release whose files are not what their tables say is not published."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blift.pipelines.stages.publish.publish import Result
from blift.schemas.errors import PublishError
from tests.hub_server import HubServer


def test_a_release_that_does_not_validate_is_refused_and_nothing_is_sent(
    released: Path, tmp_path: Path, hub: HubServer, publish_to: Callable[..., Result]
) -> None:
    run = Path(shutil.copytree(released, tmp_path / "run"))
    path = min((run / "release" / "samples").rglob("*.parquet"))
    rows = pq.read_table(path)
    column = rows.schema.get_field_index("media_kind")
    kinds = pa.array(["hologram"] * rows.num_rows)
    pq.write_table(rows.set_column(column, rows.schema.field(column), kinds), path)
    with pytest.raises(PublishError) as caught:
        publish_to(run)
    assert str(caught.value) == (
        f"The release is not what its tables say: {path}: DATA_ENUM_VALUE: `media_kind` has 'hologram', which is none "
        f"of its values: {rows.num_rows} values. The first is in row 1. "
        f"See all: blift schema validate {run / 'release'}/"
    )
    assert not hub.state.repos
    shutil.copy(released / path.relative_to(run), path)
    assert publish_to(run).commit
