"""What is published is what its tables say."""

from __future__ import annotations

import shlex

from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.validate import validate_files
from blift.pipelines.stages.release import layout
from blift.schemas.errors import PublishError


def refuse_invalid(folder: RunFolder, manifest: Manifest) -> None:
    """Check that the released tables are what their versions say.

    Raises:
        PublishError: they are not.
    """
    shards = [shard.path for shard in manifest.stages[layout.STAGE].shards]
    places = [f"{layout.FOLDER}{place}/" for _, place, _ in layout.PUBLISHED]
    files = [path for path in shards if path.startswith(tuple(places)) and path.endswith(".parquet")]
    findings = validate_files(folder.file(path) for path in files)
    if findings:
        first, more = findings[0], f" {len(findings) - 1:,} more findings." if len(findings) > 1 else ""
        raise PublishError(
            f"The release is not what its tables say: {first.file}: {first.rule}: {first.sentence}{more} "
            f"See all: blift schema validate {shlex.quote(folder.file(layout.FOLDER))}"
        )
