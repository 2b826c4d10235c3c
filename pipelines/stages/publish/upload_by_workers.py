"""The upload as a pipeline: workers send batches of shards, and one file collects what they sent."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from blift.connectors.parquet import replace_file
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.running import running
from blift.pipelines.stages.publish.pace import Pace
from blift.pipelines.stages.publish.sender import Batch, Sender, Sent, Target

_ACCOUNT = ".account-upload"


def sent_by_workers(
    batches: Sequence[Batch], folder: RunFolder, target: Target, pace: Pace, options: PipelineOptions
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
            | "Send" >> beam.ParDo(_Send(folder, target, pace))
            | "One committer" >> beam.Map(_under_one_key)
            | "Collect operations" >> beam.GroupByKey()
            | "Write operations" >> beam.Map(_write, path=folder.file(_ACCOUNT))
        )
        pipeline.run().wait_until_finish()
    lines: list[str] = json.loads(folder.read_text(_ACCOUNT))
    folder.clear([_ACCOUNT])
    return [pickle.loads(base64.b64decode(line)) for line in lines]  # noqa: S301 - our own workers wrote these


class _Send(beam.DoFn):
    """A batch of shards to what was sent of them, as text."""

    def __init__(self, folder: RunFolder, target: Target, pace: Pace) -> None:
        self._folder, self._target, self._pace = folder, target, pace

    def setup(self) -> None:
        self._sender = Sender(self._folder, self._target, self._pace)

    def process(self, batch: Batch) -> Iterator[str]:
        for sent in self._sender.send(batch):
            yield base64.b64encode(pickle.dumps(sent)).decode()


def _under_one_key(line: str) -> tuple[int, str]:
    return 0, line


def _write(element: tuple[int, Iterable[str]], path: str) -> None:
    replace_file(path, json.dumps(sorted(element[1])).encode())
