"""What workers hand to the committer is operations, and nothing else is made of it; batches are of bounded size."""

import base64
import pickle
from collections.abc import Callable

import pytest
from huggingface_hub import CommitOperationAdd
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.hub.client import Line
from blift.connectors.shard import Shard
from blift.pipelines.stages.publish import upload
from blift.pipelines.stages.publish.upload_by_workers import parsed


class Harm:
    """What would run a command where it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return __import__("os").system, ("exit 3",)


def text(thing: object) -> str:
    return base64.b64encode(pickle.dumps(thing)).decode()


def test_an_operation_is_what_was_sent() -> None:
    operation = CommitOperationAdd("samples/a.parquet", b"content")
    sent = parsed(Line.XET, text(operation))
    assert (sent.line, sent.operation.path_in_repo) == (Line.XET, "samples/a.parquet")
    assert sent.operation.upload_info.sha256 == operation.upload_info.sha256


@pytest.mark.parametrize(
    ("thing", "said"), [(Harm(), "system is no part of an operation"), ("text", "str is no operation")]
)
def test_nothing_else_is_made(thing: object, said: str) -> None:
    with pytest.raises(pickle.UnpicklingError, match=said):
        parsed(Line.XET, text(thing))


@given(st.lists(st.integers(1, 300 << 20), min_size=1, max_size=30))
def test_batches_are_of_128_mib_or_of_one_file(sizes: list[int]) -> None:
    shards = [(f"{place}.parquet", Shard(f"{place}.parquet", 1, size, "")) for place, size in enumerate(sizes)]
    batches = list(upload.batches(shards))
    assert [shard for batch in batches for shard in batch.shards] == shards
    for batch in batches:
        assert len(batch.shards) == 1 or sum(shard.size_bytes for _, shard in batch.shards) <= 128 << 20
