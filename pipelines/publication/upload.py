"""The upload: workers send shards to the Hub before the commit, and hand their operations to the one committer."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from huggingface_hub import CommitOperationAdd

from connectors.filesystem import open_to_read
from connectors.hub.client import Hub, Line, line
from connectors.hub.xet import XORB_BYTES
from connectors.parquet import Shard
from pipelines.beam_arguments import BeamArguments
from pipelines.run_folder import RunFolder
from schemas.errors import InputError, PublishError

_T = TypeVar("_T")
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
    batches = [Batch(batch) for batch in _parts(shards, _BATCH_BYTES, _size)]
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


def _size(shard: tuple[str, Shard]) -> int:
    return shard[1].size_bytes


def _parts(items: Sequence[_T], most_bytes: int, size_of: Callable[[_T], int]) -> Iterator[list[_T]]:
    """Cut a sequence into parts of so many bytes, and as many files as a batch has, at most."""
    part: list[_T] = []
    size = 0
    for item in items:
        if part and (len(part) >= _BATCH_FILES or size + size_of(item) > most_bytes):
            yield part
            part, size = [], 0
        part.append(item)
        size += size_of(item)
    yield part


@dataclass(frozen=True)
class Pace:
    """How contents travel: what one call sends, how many calls there are at a time, and what is on its way of them.

    Attributes:
        call_bytes: bytes of one call, at most, but one file at least.
        calls: calls at a time. More than what may travel: some ask while others send.
        transfers: objects on their way at a time, at most; None for what the client finds best.
    """

    call_bytes: int
    calls: int
    transfers: int | None = None


def pace_of(sizes: Sequence[int]) -> Pace:
    """The pace for files of these sizes, in bytes.

    By LFS every file is kept when it is there, and the client sends several: one call for all. By Xet an object is kept
    when it is there, a call makes one at least, and those on their way are a 25th of all, where files are no larger.
    """
    if line() is not Line.XET:
        return Pace(_BATCH_BYTES, 1)
    under_way, largest = sum(sizes) // _UNDER_WAY, max(sizes)
    lanes = min(_MOST_LANES, max(2, under_way // max(_LEAST_CALL_BYTES, largest)))
    call_bytes = min(_BATCH_BYTES, max(_LEAST_CALL_BYTES, under_way // lanes))
    transfers = max(2, under_way // min(XORB_BYTES, max(call_bytes, largest)))
    return Pace(call_bytes, lanes + 2, transfers)


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
            self._send_at_once(list(_parts(contents, self._pace.call_bytes, _bytes_of)))
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

    def _send_at_once(self, parts: Sequence[list[_Content]]) -> None:
        """Send parts, some at a time. The first failure, or Ctrl-C, ends all of them; nobody waits for the others."""
        calls = ThreadPoolExecutor(self._pace.calls, "send")
        try:
            ended, _ = wait([calls.submit(self._send_part, part) for part in parts], return_when=FIRST_EXCEPTION)
            for call in ended:
                call.result()
        except BaseException:
            self._hub.stop()
            self._hub = self._new_hub()  # a runner may give this worker the same again
            raise
        finally:
            calls.shutdown(wait=False, cancel_futures=True)

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


def _bytes_of(content: _Content) -> int:
    return content.shard.size_bytes


def _digest_of(content: _Content) -> str:
    return content.addition.upload_info.sha256.hex()  # reads the whole file
