"""What a worker does to send shards: digests checked, several calls at a time, one failure that ends them all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

from huggingface_hub import CommitOperationAdd

from blift.connectors.filesystem import open_to_read
from blift.connectors.hub.client import Hub, Line, line
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.stages.publish.pace import Calls, Pace
from blift.schemas.errors import InputError, PublishError

#: Files that are read for their digests at a time: a core each, and no more than a disk serves well.
_HASHERS = min(8, os.cpu_count() or 1)
#: Seconds after which Ctrl-C is heard: hf_xet's own handler of the signal leaves whoever waits for a thread waiting.
_LISTEN_S = 0.2


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


@dataclass(frozen=True)
class Batch:
    """Shards that a worker takes at a time: for each its path in the dataset, and the shard in the run folder."""

    shards: list[tuple[str, Shard]]


class Sender:
    """Sends the contents of shards, which wait at the Hub for a commit."""

    def __init__(self, folder: RunFolder, target: Target, pace: Pace) -> None:
        self._folder = folder
        self._target = target
        self._pace = pace
        self._hub = self._new_hub()

    def _new_hub(self) -> Hub:
        return Hub(self._target.repo, self._target.endpoint, transfers=self._pace.transfers)

    def send(self, batch: Batch) -> Iterator[Sent]:
        """Send a batch; what was sent of it.

        Raises:
            PublishError: the Hub does not take it, or not into LFS.
            InputError: a shard is not what was written; nothing of it is sent.
        """
        with tempfile.TemporaryDirectory() as scratch:
            contents = [
                _Content(CommitOperationAdd(path, self._local(shard, f"{scratch}/{place}")), shard)
                for place, (path, shard) in enumerate(batch.shards)
            ]
            additions = [content.addition for content in contents]
            self._hub.look(additions, for_pull_request=self._target.pull_request)
            self._check_kept(additions)
            self._send_at_once(contents)
            for addition in additions:
                addition.upload_info._source_path = None  # noqa: SLF001 - a path of this worker, known no more
                yield Sent(addition, line())

    def _check_kept(self, additions: Sequence[CommitOperationAdd]) -> None:
        for addition in additions:
            if addition._upload_mode != "lfs":  # noqa: SLF001 - nothing else says it
                raise PublishError(
                    f"{self._target.repo} does not keep {addition.path_in_repo} in LFS. Restore the lines of its "
                    ".gitattributes that the Hub writes into a new dataset, and publish again."
                )

    def _send_at_once(self, contents: Sequence[_Content]) -> None:
        """Send, in some calls at a time. The first failure, or Ctrl-C, ends all; nobody waits for the others."""
        hub = self._hub
        calls = Calls([content.shard.size_bytes for content in contents], self._pace, lambda: hub.sent_bytes)

        def send_in_turn() -> None:
            while places := calls.take():
                self._send_call(contents[places.start : places.stop], hub)

        threads = ThreadPoolExecutor(self._pace.calls, "send")
        left = {threads.submit(send_in_turn) for _ in range(self._pace.calls)}
        try:
            while left:
                ended, left = wait(left, _LISTEN_S, FIRST_EXCEPTION)
                for thread in ended:
                    thread.result()
        except BaseException:
            hub.stop()
            self._hub = self._new_hub()  # a runner may give this worker the same again
            raise
        finally:
            threads.shutdown(wait=False)

    def _send_call(self, contents: Sequence[_Content], hub: Hub) -> None:
        """Read files for their digests and send them, while other calls read or send."""
        with ThreadPoolExecutor(_HASHERS, "hash") as hashers:
            for content, digest in zip(contents, hashers.map(_digest_of, contents), strict=True):
                if digest != content.shard.sha256:
                    path = self._folder.file(content.shard.path)
                    raise InputError(f"{path} is not what was written. Delete it and publish again.")
        hub.preupload([content.addition for content in contents], for_pull_request=self._target.pull_request)

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


@dataclass(frozen=True)
class _Content:
    """A file to send: the operation that adds it, and the shard that it is to be."""

    addition: CommitOperationAdd
    shard: Shard


def _digest_of(content: _Content) -> str:
    return content.addition.upload_info.sha256.hex()  # reads the whole file
