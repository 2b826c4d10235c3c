"""A release whose files are not what their tables say is not published."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blift.connectors.parquet import file_sha256
from blift.pipelines.stages.publish.publish import Result
from blift.schemas.errors import PublishError
from tests.hub_server import HubServer


def test_a_release_that_does_not_validate_is_refused_and_nothing_is_sent(
    run_folder: Path, hub: HubServer, publish_to: Callable[..., Result]
) -> None:
    path = min((run_folder / "samples").glob("*.parquet"))
    rows = pq.read_table(path)
    column = rows.schema.get_field_index("media_kind")
    kinds = pa.array(["hologram"] * rows.num_rows)
    manifest = run_folder / "manifest.json"
    before, size = file_sha256(str(path)), path.stat().st_size
    pq.write_table(rows.set_column(column, rows.schema.field(column), kinds), path)
    text = manifest.read_text().replace(before, file_sha256(str(path)))
    manifest.write_text(text.replace(f'"size_bytes": {size}', f'"size_bytes": {path.stat().st_size}'))
    with pytest.raises(PublishError) as caught:
        publish_to(run_folder)
    sentence = str(caught.value)
    assert sentence.startswith(f"The release is not what its tables say: {run_folder}/release/samples/")
    assert "DATA_ENUM_VALUE: `media_kind` has 'hologram', which is none of its values: " in sentence
    assert sentence.endswith(f" See all: blift schema validate {run_folder}/release/")
    assert not hub.state.repos
