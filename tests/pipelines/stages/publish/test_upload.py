"""What workers hand to the committer is operations, and nothing else is made of it; batches are of bounded size."""

import hashlib
from dataclasses import fields

import msgspec
import pytest
from huggingface_hub import CommitOperationAdd
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.hub.client import Line
from blift.connectors.shard import Shard
from blift.pipelines.stages.publish import upload, upload_by_workers
from blift.pipelines.stages.publish.sender import Sent
from blift.schemas.errors import InputError

_CONTENT = b"content"
_SHARD = Shard("release/samples/a.parquet", 1, len(_CONTENT), hashlib.sha256(_CONTENT).hexdigest())
_DIGESTS = {"samples/a.parquet": _SHARD.sha256}


def sent(state: str = "lfs") -> upload_by_workers.Noted:
    """What a worker writes of a shard; of the state, what huggingface_hub calls it is none of ours."""
    operation = CommitOperationAdd("samples/a.parquet", _CONTENT)
    names = {field.name for field in fields(CommitOperationAdd)} - set(vars(operation))
    vars(operation).update(dict.fromkeys(names, state))
    return upload_by_workers.noted(Sent(operation, Line.XET))


def read(*found: upload_by_workers.Noted) -> list[Sent]:
    """What the committer makes of it."""
    return upload_by_workers.read(msgspec.json.encode(found).decode(), _DIGESTS, "run/.account-upload.json")


def test_an_operation_comes_back_with_all_that_was_noted_of_it_but_its_content() -> None:
    (found,) = read(sent())
    assert (found.line, found.operation.path_in_repo, found.operation.path_or_fileobj) == (
        Line.XET, "samples/a.parquet", b"",
    )  # fmt: skip
    info = found.operation.upload_info
    assert (info.size, info.sample, info.sha256.hex()) == (len(_CONTENT), _CONTENT, _SHARD.sha256)
    assert upload_by_workers.noted(found) == sent()


def test_nobody_has_a_file_of_the_committer_s_machine_published() -> None:
    """No path of a content is read out of the file, so none is opened."""
    forged = msgspec.structs.replace(
        sent(), state={"path_or_fileobj": "/etc/shadow", "upload_info": "x", "as_file": "x"}
    )
    (found,) = read(forged)
    assert found.operation.path_or_fileobj == b""
    assert found.operation.upload_info.sha256.hex() == _SHARD.sha256
    assert "as_file" not in vars(found.operation)


@pytest.mark.parametrize(
    "forged",
    [
        {"path": "../../README.md"},
        {"path": "README.md"},
        {"sha256": "ab" * 32},
        {"sha256": "not hexadecimal"},
        {"sample": "not hexadecimal"},
    ],
)
def test_what_is_of_another_file_than_the_workers_were_given_is_refused(forged: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"run/\.account-upload\.json was not what the workers wrote.*Publish again\."):
        read(msgspec.structs.replace(sent(), **forged))


def test_every_file_is_there_once() -> None:
    for found in ([], [sent(), sent()]):
        with pytest.raises(InputError, match="was not what the workers wrote: it is of other files"):
            read(*found)


@pytest.mark.parametrize(
    "text", ["", "garbage", "{}", "[3]", "[" * 100_000, "gASVGwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjA=="]
)
def test_what_is_no_list_of_operations_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="was not what the workers wrote"):
        upload_by_workers.read(text, _DIGESTS, "run/.account-upload.json")


@given(st.lists(st.integers(1, 300 << 20), min_size=1, max_size=30))
def test_batches_are_of_128_mib_or_of_one_file(sizes: list[int]) -> None:
    shards = [(f"{place}.parquet", Shard(f"{place}.parquet", 1, size, "")) for place, size in enumerate(sizes)]
    batches = list(upload.batches(shards))
    assert [shard for batch in batches for shard in batch.shards] == shards
    for batch in batches:
        assert len(batch.shards) == 1 or sum(shard.size_bytes for _, shard in batch.shards) <= 128 << 20
