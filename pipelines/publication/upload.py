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

from connectors.hub.client import Hub
from connectors.parquet import Shard, replace_file
from pipelines.run_folder import RunFolder
from schemas.errors import InputError, PublishError

#: Files and bytes that one call sends; the Hub takes 256 files a call.
_BATCH_FILES = 256
_BATCH_BYTES = 1 << 30
_ACCOUNT = ".account-upload"


@dataclass(frozen=True)
class Target:
    """Where to: a dataset, and the Hub that has it."""

    repo: str
    endpoint: str
    pull_request: bool


def upload(
    shards: Sequence[tuple[str, Shard]], folder: RunFolder, target: Target, options: PipelineOptions
) -> list[CommitOperationAdd]:
    """Send shards; the operations for the commit, sorted by path.

    Args:
        shards: for each its path in the dataset, and the shard in the run folder.

    Raises:
        PublishError: the Hub does not take them.
        InputError: a shard is not what was written.
    """
    if not shards:
        return []
    folder.clear([_ACCOUNT])
    pipeline = beam.Pipeline(options=options)
    _ = (
        pipeline
        | "Batches" >> beam.Create([_Batch(batch) for batch in _batches(shards)])
        | "Spread batches" >> beam.Reshuffle()
        | "Send" >> beam.ParDo(_Send(folder.path, target))
        | "One committer" >> beam.Map(_under_one_key)
        | "Collect operations" >> beam.GroupByKey()
        | "Write operations" >> beam.Map(_write, path=folder.file(_ACCOUNT))
    )
    pipeline.run().wait_until_finish()
    lines = json.loads(folder.read_text(_ACCOUNT))
    folder.clear([_ACCOUNT])
    # Our own workers wrote these.
    return sorted((pickle.loads(base64.b64decode(line)) for line in lines), key=_path)  # noqa: S301


def _path(operation: CommitOperationAdd) -> str:
    return str(operation.path_in_repo)


@dataclass(frozen=True)
class _Batch:
    shards: list[tuple[str, Shard]]


def _batches(shards: Sequence[tuple[str, Shard]]) -> Iterator[list[tuple[str, Shard]]]:
    batch: list[tuple[str, Shard]] = []
    size = 0
    for path, shard in shards:
        if batch and (len(batch) >= _BATCH_FILES or size + shard.size_bytes > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((path, shard))
        size += shard.size_bytes
    yield batch


class _Send(beam.DoFn):
    """A batch of shards to the operations that will commit them."""

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
            self._hub.preupload(additions, for_pull_request=self._target.pull_request)
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
                yield base64.b64encode(pickle.dumps(addition)).decode()

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


def _under_one_key(line: str) -> tuple[int, str]:
    return 0, line


def _write(element: tuple[int, Iterable[str]], path: str) -> None:
    replace_file(path, json.dumps(sorted(element[1])).encode())
