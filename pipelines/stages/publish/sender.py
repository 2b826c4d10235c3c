"""What a worker does to send shards: it checks their digests, and sends contents ahead of the commit."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass

from huggingface_hub import CommitOperationAdd

from blift.connectors.filesystem import open_to_read
from blift.connectors.hub.client import Hub, Line
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.errors import InputError


@dataclass(frozen=True)
class Target:
    """Where to: a dataset, and the Hub that has it."""

    repo: str
    endpoint: str
    pull_request: bool


@dataclass(frozen=True)
class Sent:
    """What was sent: the operation for the commit, and how its content travelled."""

    operation: CommitOperationAdd
    line: Line


@dataclass(frozen=True)
class Batch:
    """Shards that are sent in one call: for each its path in the dataset, and the shard in the run folder."""

    shards: list[tuple[str, Shard]]


class Sender:
    """Sends the contents of shards, which wait at the Hub for a commit."""

    def __init__(self, folder: RunFolder, target: Target) -> None:
        self._folder = folder
        self._target = target
        self._hub = Hub(target.repo, target.endpoint)

    def send(self, batch: Batch) -> list[Sent]:
        """Send a batch; what was sent of it.

        Raises:
            PublishError: the Hub does not take it, or not into LFS.
            InputError: a shard is not what was written; nothing of the batch is sent.
        """
        with tempfile.TemporaryDirectory() as scratch:
            additions = [
                self._addition(path, shard, f"{scratch}/{place}") for place, (path, shard) in enumerate(batch.shards)
            ]
            line = self._hub.preupload(additions, for_pull_request=self._target.pull_request)
        return [Sent(addition, line) for addition in additions]

    def _addition(self, path: str, shard: Shard, scratch: str) -> CommitOperationAdd:
        addition = CommitOperationAdd(path, self._local(shard, scratch))
        if addition.upload_info.sha256.hex() != shard.sha256:
            raise InputError(f"{self._folder.file(shard.path)} is not what was written. Delete it and publish again.")
        return addition

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
