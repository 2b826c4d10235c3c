"""The upload: workers send shards to the Hub before the commit, and hand their operations to the one committer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blift.connectors.shard import Shard
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.stages.publish.sender import Batch, Sender, Sent, Target

#: Files and bytes of one call, at most, but one file at least. The Hub is asked about 256 files in one request; what a
#: call that is killed had sent may travel again.
_BATCH_FILES = 256
_BATCH_BYTES = 128 << 20


def upload(shards: Sequence[tuple[str, Shard]], folder: RunFolder, target: Target, beam: BeamArguments) -> list[Sent]:
    """Send shards; what was sent, sorted by path.

    Where this process would be the only worker, it sends them without a pipeline.

    Args:
        shards: for each its path in the dataset, and the shard in the run folder.

    Raises:
        PublishError: the Hub does not take them.
        InputError: a shard is not what was written.
    """
    if not shards:
        return []
    if beam.run_here:
        sender = Sender(folder, target)
        sent = [one for batch in batches(shards) for one in sender.send(batch)]
    else:
        from blift.pipelines.stages.publish.upload_by_workers import sent_by_workers  # noqa: PLC0415 - slow: it is a pipeline

        sent = sent_by_workers(list(batches(shards)), folder, target, beam.options)
    return sorted(sent, key=_path)


def _path(sent: Sent) -> str:
    return str(sent.operation.path_in_repo)


def batches(shards: Sequence[tuple[str, Shard]]) -> Iterator[Batch]:
    """Shards in batches, each of 256 files and 128 MiB at most, or of one larger file."""
    batch: list[tuple[str, Shard]] = []
    size = 0
    for path, shard in shards:
        if batch and (len(batch) >= _BATCH_FILES or size + shard.size_bytes > _BATCH_BYTES):
            yield Batch(batch)
            batch, size = [], 0
        batch.append((path, shard))
        size += shard.size_bytes
    yield Batch(batch)
