"""The upload as a pipeline: workers send batches of shards, and one file collects what they sent."""

from __future__ import annotations

import base64
import io
import json
import pickle
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from huggingface_hub import CommitOperationAdd
from huggingface_hub.lfs import UploadInfo

from blift.connectors.hub.client import Line
from blift.connectors.parquet import replace_file
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.running import running
from blift.pipelines.stages.publish.sender import Batch, Sender, Sent, Target
from blift.schemas.errors import InputError

_ACCOUNT = ".account-upload"


def sent_by_workers(
    batches: Sequence[Batch], folder: RunFolder, target: Target, options: PipelineOptions
) -> list[Sent]:
    """Let workers send batches; what they sent.

    Raises:
        PublishError: the Hub does not take them.
        InputError: a shard is not what was written.
    """
    folder.clear([_ACCOUNT])
    with running():
        pipeline = beam.Pipeline(options=options)
        _ = (
            pipeline
            | "Batches" >> beam.Create(batches)
            | "Spread batches" >> beam.Reshuffle()
            | "Send" >> beam.ParDo(_Send(folder, target))
            | "One committer" >> beam.Map(_under_one_key)
            | "Collect operations" >> beam.GroupByKey()
            | "Write operations" >> beam.Map(_write, path=folder.file(_ACCOUNT))
        )
        pipeline.run().wait_until_finish()
    text = folder.read_text(_ACCOUNT)
    folder.clear([_ACCOUNT])
    try:
        return [parsed(line, content) for line, content in json.loads(text)]
    except (ValueError, TypeError, EOFError, pickle.UnpicklingError) as error:
        path = folder.file(_ACCOUNT)
        raise InputError(f"{path} was not what the workers wrote ({error}). Publish again.") from error


class _Send(beam.DoFn):
    """A batch of shards to what was sent of them, as text."""

    def __init__(self, folder: RunFolder, target: Target) -> None:
        self._folder, self._target = folder, target

    def setup(self) -> None:
        self._sender = Sender(self._folder, self._target)

    def process(self, batch: Batch) -> Iterator[tuple[str, str]]:
        for sent in self._sender.send(batch):
            yield sent.line.value, base64.b64encode(pickle.dumps(sent.operation)).decode()


def _under_one_key(sent: tuple[str, str]) -> tuple[int, tuple[str, str]]:
    return 0, sent


def _write(element: tuple[int, Iterable[tuple[str, str]]], path: str) -> None:
    replace_file(path, json.dumps(sorted(element[1])).encode())


class _Operations(pickle.Unpickler):  # noqa: S301 - it is what makes it safe
    """Reads operations, and makes an object of nothing else: others may write into the run folder."""

    def find_class(self, module: str, name: str) -> type:
        for kind in (CommitOperationAdd, UploadInfo):
            if (kind.__module__, kind.__qualname__) == (module, name):
                return kind
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an operation")


def parsed(line: str, content: str) -> Sent:
    """What a worker wrote of one shard.

    Raises:
        ValueError, pickle.UnpicklingError: it is no operation.
    """
    operation = _Operations(io.BytesIO(base64.b64decode(content))).load()
    if not isinstance(operation, CommitOperationAdd):
        raise pickle.UnpicklingError(f"{type(operation).__name__} is no operation")
    return Sent(operation, Line(line))
