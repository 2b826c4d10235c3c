"""The upload: workers send shards to the Hub before the commit, and hand their operations to the one committer."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from huggingface_hub import CommitOperationAdd

from connectors.filesystem import open_to_read
from connectors.hub.client import Hub, Line, line
from connectors.shard import Shard
from pipelines.beam_arguments import BeamArguments
from pipelines.run_folder import RunFolder
from schemas.errors import InputError, PublishError

#: Files and bytes that one call sends; the Hub takes 256 files a call.
_BATCH_FILES = 256
_BATCH_BYTES = 1 << 30
#: Xet keeps a call's contents when the call has ended: a kill loses one call. So there are so many, but none holds less
#: than two of Xet's pieces of 64 MB, or they would travel one by one.
_XET_BATCHES = 32
_XET_BATCH_BYTES = 128 << 20


@dataclass(frozen=True)
class Target:
    """Where to: a dataset, and the Hub that has it."""

    repo: str
    endpoint: str
    pull_request: bool


@dataclass(frozen=True)
class Sent:
    """What was sent: the operation for the commit, and on which line the content went."""

    operation: CommitOperationAdd
    line: Line


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
    batches = [Batch(batch) for batch in _batches(shards)]
    if beam.run_here:
        sender = Sender(folder, target)
        sent = [one for batch in batches for one in sender.send(batch)]
    else:
        from pipelines.publication.upload_by_workers import sent_by_workers  # noqa: PLC0415 - slow: it is a pipeline

        sent = sent_by_workers(batches, folder, target, beam.options)
    return sorted(sent, key=_path)


def _path(sent: Sent) -> str:
    return str(sent.operation.path_in_repo)


@dataclass(frozen=True)
class Batch:
    """Shards that one call sends: for each its path in the dataset, and the shard in the run folder."""

    shards: list[tuple[str, Shard]]


def _batches(shards: Sequence[tuple[str, Shard]]) -> Iterator[list[tuple[str, Shard]]]:
    most = _most_bytes(sum(shard.size_bytes for _, shard in shards))
    batch: list[tuple[str, Shard]] = []
    size = 0
    for path, shard in shards:
        if batch and (len(batch) >= _BATCH_FILES or size + shard.size_bytes > most):
            yield batch
            batch, size = [], 0
        batch.append((path, shard))
        size += shard.size_bytes
    yield batch


def _most_bytes(total: int) -> int:
    """Bytes that one call sends, of so many in all."""
    if line() is not Line.XET:
        return _BATCH_BYTES
    return min(_BATCH_BYTES, max(_XET_BATCH_BYTES, total // _XET_BATCHES))


class Sender:
    """Sends the contents of shards, which wait at the Hub for a commit."""

    def __init__(self, folder: RunFolder, target: Target) -> None:
        self._folder = folder
        self._target = target
        self._hub = Hub(target.repo, target.endpoint)

    def send(self, batch: Batch) -> Iterator[Sent]:
        """Send a batch; what was sent of it.

        Raises:
            PublishError: the Hub does not take it, or not into LFS.
            InputError: a shard is not what was written.
        """
        with tempfile.TemporaryDirectory() as scratch:
            additions = [
                CommitOperationAdd(path, self._local(shard, f"{scratch}/{place}"))
                for place, (path, shard) in enumerate(batch.shards)
            ]
            way = self._hub.preupload(additions, for_pull_request=self._target.pull_request)
            for addition, (_, shard) in zip(additions, batch.shards, strict=True):
                if addition.upload_info.sha256.hex() != shard.sha256:
                    raise InputError(
                        f"{self._folder.file(shard.path)} is not what was written. Delete it and publish again."
                    )
                if addition._upload_mode != "lfs":  # noqa: SLF001 - nothing else says it
                    raise PublishError(
                        f"{self._target.repo} does not keep {addition.path_in_repo} in LFS. Restore the lines of its "
                        ".gitattributes that the Hub writes into a new dataset, and publish again."
                    )
                addition.upload_info._source_path = None  # noqa: SLF001 - a path of this worker, known no more
                yield Sent(addition, way)

    def _local(self, shard: Shard, scratch: str) -> str:
        """The shard as a file of this machine."""
        path = self._folder.file(shard.path)
        if self._folder.is_local:
            if not os.path.isfile(path):
                raise InputError(f"{path} is missing. Publish again to write it anew.")
            return path
        with open_to_read(path) as source, open(scratch, "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 24)
        return scratch
