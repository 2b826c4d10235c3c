"""The upload as a pipeline: workers send batches of shards, and one file collects what they sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields

import apache_beam as beam
import msgspec
from apache_beam.options.pipeline_options import PipelineOptions
from huggingface_hub import CommitOperationAdd
from huggingface_hub.lfs import UploadInfo

from blift.connectors.hub.client import Line
from blift.connectors.parquet import replace_file
from blift.pipelines.engine.job_server import own_job_server
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.running import running
from blift.pipelines.stages.publish.sender import Batch, Sender, Sent, Target
from blift.schemas.count import Count
from blift.schemas.errors import InputError

_ACCOUNT = ".account-upload.json"
#: Of an operation: where it goes, its content, and what is known of that.
_CONTENT = frozenset(["path_in_repo", "path_or_fileobj", "upload_info"])


def sent_by_workers(
    batches: Sequence[Batch], folder: RunFolder, target: Target, options: PipelineOptions
) -> list[Sent]:
    """Let workers send batches; what they sent.

    Raises:
        PublishError: the Hub does not take them.
        InputError: a shard is not what was written.
    """
    folder.clear([_ACCOUNT])
    with running(), own_job_server(options):
        pipeline = beam.Pipeline(options=options)
        _ = (
            pipeline
            | "Batches" >> beam.Create(batches)
            | "Send" >> beam.ParDo(_Send(folder, target))
            | "One committer" >> beam.Map(_under_one_key)
            | "Collect operations" >> beam.GroupByKey()
            | "Write operations" >> beam.Map(_write, path=folder.file(_ACCOUNT))
        )
        pipeline.run().wait_until_finish()
    text = folder.read_text(_ACCOUNT)
    folder.clear([_ACCOUNT])
    digests = {path: shard.sha256 for batch in batches for path, shard in batch.shards}
    return read(text, digests, folder.file(_ACCOUNT))


class Noted(msgspec.Struct):
    """What a worker writes of one shard that it sent.

    Attributes:
        path: in the dataset.
        line: how the content travelled.
        size: bytes; ``sha256`` their digest, and ``sample`` the first of them, both in hex.
        state: what huggingface_hub notes of an operation whose content it has sent.
    """

    path: str
    line: Line
    size: Count
    sha256: str
    sample: str
    state: dict[str, str | bool | None]


def noted(sent: Sent) -> Noted:
    """What to write of a shard that was sent."""
    operation, info = sent.operation, sent.operation.upload_info
    state = {name: value for name, value in vars(operation).items() if name not in _CONTENT}
    return Noted(operation.path_in_repo, sent.line, info.size, info.sha256.hex(), info.sample.hex(), state)


def operation_of(written: Noted) -> CommitOperationAdd:
    """The operation for the commit. No content belongs to it, nor a path of one: that was sent.

    Raises:
        ValueError: it is none of a shard.
    """
    operation = CommitOperationAdd(written.path, b"")
    operation.upload_info = UploadInfo(written.size, bytes.fromhex(written.sample), bytes.fromhex(written.sha256))
    known = {field.name for field in fields(CommitOperationAdd)} - _CONTENT
    vars(operation).update({name: value for name, value in written.state.items() if name in known})
    return operation


def read(text: str, digests: Mapping[str, str], where: str) -> list[Sent]:
    """What the workers wrote, which must be of the shards that they were given: others may write to the folder, too.

    Raises:
        InputError: it is not.
    """
    try:
        found = msgspec.json.decode(text, type=list[Noted])
        sent = [Sent(operation_of(one), one.line) for one in found]
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} was not what the workers wrote ({error}). Publish again.") from error
    if sorted((one.path, one.sha256) for one in found) != sorted(digests.items()):
        raise InputError(f"{where} was not what the workers wrote: it is of other files. Publish again.")
    return sent


class _Send(beam.DoFn):
    """A batch of shards to what was sent of them, as text."""

    def __init__(self, folder: RunFolder, target: Target) -> None:
        self._folder, self._target = folder, target

    def setup(self) -> None:
        self._sender = Sender(self._folder, self._target)

    def process(self, batch: Batch) -> Iterator[bytes]:
        for sent in self._sender.send(batch):
            yield msgspec.json.encode(noted(sent))


def _under_one_key(line: bytes) -> tuple[int, bytes]:
    return 0, line


def _write(element: tuple[int, Iterable[bytes]], path: str) -> None:
    replace_file(path, b"[" + b",\n".join(sorted(element[1])) + b"]\n")
