"""The upload: workers send shards to the Hub before the commit, and hand their operations to the one committer."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

from huggingface_hub import CommitOperationAdd

from connectors.filesystem import open_to_read
from connectors.hub.client import Hub, Line, line
from connectors.hub.xet import XORB_BYTES
from connectors.parquet import Shard
from pipelines.beam_arguments import BeamArguments
from pipelines.run_folder import RunFolder
from schemas.errors import InputError, PublishError

#: Files and bytes that a worker takes at a time; the Hub is asked about 256 files in one request.
_BATCH_FILES = 256
_BATCH_BYTES = 1 << 30
#: Files that are read for their digests at a time: a core each, and no more than a disk serves well.
_HASHERS = min(8, os.cpu_count() or 1)
#: By Xet a kill loses what is on its way, so that is this part of all: 4 %.
_UNDER_WAY = 25
#: A call takes four requests one after another, whatever it sends: no less than this, and in few lanes.
_LEAST_CALL_BYTES = 1 << 20
_MOST_LANES = 8
#: Where the line sends more than that part in so many seconds, what it sends in them: calls have costs of their own.
_UNDER_WAY_S = 0.5


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
    pace = pace_of([shard.size_bytes for _, shard in shards])
    if beam.run_here:
        sender = Sender(folder, target, pace)
        sent = [one for batch in batches for one in sender.send(batch)]
    else:
        from pipelines.publication.upload_by_workers import sent_by_workers  # noqa: PLC0415 - slow: it is a pipeline

        sent = sent_by_workers(batches, folder, target, pace, beam.options)
    return sorted(sent, key=_path)


def _path(sent: Sent) -> str:
    return str(sent.operation.path_in_repo)


@dataclass(frozen=True)
class Batch:
    """Shards that one call sends: for each its path in the dataset, and the shard in the run folder."""

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


@dataclass(frozen=True)
class Pace:
    """How contents travel: what one call sends, how many calls there are at a time, and what is on its way of them.

    Attributes:
        call_bytes: bytes of one call, at most, but one file at least; more where the line is fast.
        lanes: how many such calls are to fill the line.
        calls: calls at a time: some ask while others send.
        transfers: objects on their way at a time, at most; None for what the client finds best.
    """

    call_bytes: int
    lanes: int = 1
    calls: int = 1
    transfers: int | None = None


def pace_of(sizes: Sequence[int]) -> Pace:
    """The pace for files of these sizes, in bytes.

    By LFS every file is kept when it is there, and the client sends several: one call for all. By Xet an object is kept
    when it is there, a call makes one at least, and those on their way are a 25th of all, where files are no larger.
    """
    if line() is not Line.XET:
        return Pace(_BATCH_BYTES)
    under_way, largest = sum(sizes) // _UNDER_WAY, max(sizes)
    lanes = min(_MOST_LANES, max(2, under_way // max(_LEAST_CALL_BYTES, largest)))
    call_bytes = min(_BATCH_BYTES, max(_LEAST_CALL_BYTES, under_way // lanes))
    transfers = max(2, under_way // min(XORB_BYTES, max(call_bytes, largest)))
    return Pace(call_bytes, lanes, lanes + 2, transfers)


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
            self._send_at_once(_Waiting(contents, self._pace, self._hub))
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

    def _send_at_once(self, waiting: _Waiting) -> None:
        """Send what waits, in some calls at a time. The first failure, or Ctrl-C, ends all; nobody waits for others."""
        threads = ThreadPoolExecutor(self._pace.calls, "send")
        try:
            lanes = [threads.submit(self._send_in_turn, waiting) for _ in range(self._pace.calls)]
            ended, _ = wait(lanes, return_when=FIRST_EXCEPTION)
            for lane in ended:
                lane.result()
        except BaseException:
            self._hub.stop()
            self._hub = self._new_hub()  # a runner may give this worker the same again
            raise
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    def _send_in_turn(self, waiting: _Waiting) -> None:
        while part := waiting.take():
            self._send_part(part)

    def _send_part(self, part: Sequence[_Content]) -> None:
        """Read files for their digests and send them, while other parts are read or sent."""
        with ThreadPoolExecutor(_HASHERS, "hash") as hashers:
            for content, digest in zip(part, hashers.map(_digest_of, part), strict=True):
                if digest != content.shard.sha256:
                    path = self._folder.file(content.shard.path)
                    raise InputError(f"{path} is not what was written. Delete it and publish again.")
        additions = [content.addition for content in part]
        self._hub.preupload(additions, for_pull_request=self._target.pull_request)

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


class _Waiting:
    """Contents that wait to be sent, taken in calls: larger ones, where the line turns out to be fast."""

    def __init__(self, contents: Sequence[_Content], pace: Pace, hub: Hub) -> None:
        self._contents, self._pace, self._hub = deque(contents), pace, hub
        self._started, self._sent_before = time.monotonic(), hub.sent_bytes
        self._lock = threading.Lock()

    def take(self) -> list[_Content]:
        """What the next call sends; nothing where all is taken."""
        with self._lock:
            left = self._most_bytes()
            part: list[_Content] = []
            while self._contents and (not part or self._contents[0].shard.size_bytes <= left):
                part.append(self._contents.popleft())
                left -= part[-1].shard.size_bytes
            return part

    def _most_bytes(self) -> float:
        rate = (self._hub.sent_bytes - self._sent_before) / max(1e-3, time.monotonic() - self._started)
        return max(self._pace.call_bytes, rate * _UNDER_WAY_S / self._pace.lanes)
