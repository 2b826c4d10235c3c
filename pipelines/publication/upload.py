"""The upload: workers send shards to the Hub before the commit, and hand their operations to the one committer."""

from __future__ import annotations

import base64
import json
import os
import pickle
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from huggingface_hub import CommitOperationAdd

from connectors.hub.client import Hub, Line, line
from connectors.parquet import Shard, replace_file
from pipelines.run_folder import RunFolder
from pipelines.runner import runs_here
from schemas.errors import InputError, PublishError

#: Files and bytes that one call sends; the Hub takes 256 files a call.
_BATCH_FILES = 256
_BATCH_BYTES = 1 << 30
#: Xet keeps a call's contents when the call has ended: a kill loses one call. So there are so many, but none holds less
#: than two of Xet's pieces of 64 MB, or they would travel one by one.
_XET_BATCHES = 32
_XET_BATCH_BYTES = 128 << 20
_ACCOUNT = ".account-upload"


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


def upload(
    shards: Sequence[tuple[str, Shard]], folder: RunFolder, target: Target, options: PipelineOptions
) -> list[Sent]:
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
    batches = [_Batch(batch) for batch in _batches(shards)]
    sender = Sender(folder.path, target)
    lines = _sent_here(batches, sender) if runs_here(options) else _sent_by_workers(batches, sender, folder, options)
    # Our own workers wrote these.
    return sorted((pickle.loads(base64.b64decode(text)) for text in lines), key=_path)  # noqa: S301


def _sent_here(batches: Sequence[_Batch], sender: Sender) -> list[str]:
    sender.setup()
    return [text for batch in batches for text in sender.process(batch)]


def _sent_by_workers(
    batches: Sequence[_Batch], sender: Sender, folder: RunFolder, options: PipelineOptions
) -> list[str]:
    folder.clear([_ACCOUNT])
    pipeline = beam.Pipeline(options=options)
    _ = (
        pipeline
        | "Batches" >> beam.Create(batches)
        | "Spread batches" >> beam.Reshuffle()
        | "Send" >> beam.ParDo(sender)
        | "One committer" >> beam.Map(_under_one_key)
        | "Collect operations" >> beam.GroupByKey()
        | "Write operations" >> beam.Map(_write, path=folder.file(_ACCOUNT))
    )
    pipeline.run().wait_until_finish()
    lines: list[str] = json.loads(folder.read_text(_ACCOUNT))
    folder.clear([_ACCOUNT])
    return lines


def _path(sent: Sent) -> str:
    return str(sent.operation.path_in_repo)


@dataclass(frozen=True)
class _Batch:
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


class Sender(beam.DoFn):
    """A batch of shards to what was sent of them, as text."""

    def __init__(self, folder: str, target: Target) -> None:
        self._folder = RunFolder(folder)
        self._target = target

    def setup(self) -> None:
        self._hub = Hub(self._target.repo, self._target.endpoint)

    def process(self, batch: _Batch) -> Iterator[str]:
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
                yield base64.b64encode(pickle.dumps(Sent(addition, way))).decode()

    def _local(self, shard: Shard, scratch: str) -> str:
        """The shard as a file of this machine."""
        path = self._folder.file(shard.path)
        if self._folder.is_local:
            if not os.path.isfile(path):
                raise InputError(f"{path} is missing. Publish again to write it anew.")
            return path
        with (
            FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as source,
            open(scratch, "wb") as sink,
        ):
            while piece := source.read(1 << 24):
                sink.write(piece)
        return scratch


def _under_one_key(text: str) -> tuple[int, str]:
    return 0, text


def _write(element: tuple[int, Iterable[str]], path: str) -> None:
    replace_file(path, json.dumps(sorted(element[1])).encode())
