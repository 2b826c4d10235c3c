"""Contents travel by Xet: once, in part where a part is new, and with a sentence where they cannot."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from huggingface_hub import CommitOperationAdd

from blift.connectors.hub.client import Hub, Line, Patience, Position, Words
from blift.connectors.parquet import write_shard
from blift.schemas.errors import PublishError
from blift.schemas.registry import SCHEMAS
from tests import xet_client
from tests.hub_server import READER, TOKEN, Fault, HubServer

REPO = "owner/demo"
_TOKENS = "/xet-write-token/"
_XORBS = "/cas/v1/xorbs/"


class Waits:
    """A patience that waits for nothing, and remembers how long it would have waited."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.patience = Patience(sleep=self.seconds.append)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A Hub with Xet's storage, and a dataset there."""
    xet_client.require_xet()
    xet_client.use_here(tmp_path / "memory", monkeypatch)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubServer(tmp_path / "hub", xet=True) as hub:
        Hub(REPO, hub.endpoint).create(private=False)
        yield hub


@pytest.fixture
def waits() -> Waits:
    return Waits()


Send = Callable[[Path], Line]


@pytest.fixture
def send(server: HubServer, waits: Waits) -> Send:
    """Send a file to the dataset, ahead of a commit."""
    client = Hub(REPO, server.endpoint, waits.patience)
    return lambda path: client.preupload([CommitOperationAdd(path.name, path)])


def samples(rows: int, changed: tuple[int, ...] = ()) -> pa.Table:
    """Rows of the sample table, each with a text of its own; some with another title."""
    place = pl.int_range(rows, eager=True)
    frame = pl.DataFrame({"sample_id": [f"{number:032x}" for number in range(rows)]}).with_columns(
        title=pl.when(place.is_in(changed)).then(pl.lit("Another title")).otherwise(pl.lit("A title")),
        text=pl.Series([hashlib.shake_128(b"%d" % number).hexdigest(150) for number in range(rows)]),
        **{
            name: pl.lit(value)
            for name, value in {
                "media_key": "reddit-image:a",
                "media_kind": "image",
                "platform": "reddit",
                "url": "https://i.redd.it/a.jpg",
                "permalink": "https://www.reddit.com/r/pics/comments/a/",
            }.items()
        },
    )
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    missing = [field for field in SCHEMAS["sample"] if field.name not in table.column_names]
    for field in missing:
        empty = [] if pa.types.is_list(field.type) else None
        table = table.append_column(field, pa.array([empty] * rows, field.type))
    return table


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    """A shard of 20,000 samples."""
    return tmp_path / write_shard(samples(20_000), "sample", str(tmp_path), "shard.parquet").path


def test_a_file_reaches_the_storage_and_is_committed_from_there(server: HubServer, shard: Path) -> None:
    client = Hub(REPO, server.endpoint)
    addition = CommitOperationAdd("data/a.parquet", shard)
    assert client.preupload([addition]) is Line.XET
    head = client.snapshot().commit
    digest = addition.upload_info.sha256.hex()
    client.commit([addition], {"data/a.parquet": digest}, Words("One", ""), Position(head))
    assert client.read("data/a.parquet", "main") == shard.read_bytes()
    done = server.counted()
    assert (done["uploads"], done["commits"]) == (1, 1)
    assert done["xorb_bytes_read"] > 0
    assert "lfs_batch" not in done


def test_what_the_storage_holds_does_not_travel_again_even_from_a_machine_that_knows_nothing(
    server: HubServer, send: Send, shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(shard)
    held = server.state.xet.stored_bytes() if server.state.xet else 0
    server.forget_counts()
    send(shard)
    xet_client.use_here(tmp_path / "another memory", monkeypatch)
    Hub(REPO, server.endpoint).preupload([CommitOperationAdd(shard.name, shard)])
    assert server.counted().get("bytes_put", 0) == 0
    assert server.counted()["find_chunk"] > 0
    assert server.state.xet is not None
    assert server.state.xet.stored_bytes() == held > 0


def test_of_a_file_in_which_three_rows_differ_little_travels(
    server: HubServer, send: Send, shard: Path, tmp_path: Path
) -> None:
    send(shard)
    server.forget_counts()
    other = samples(20_000, changed=(50, 9_000, 19_900))
    changed = tmp_path / write_shard(other, "sample", str(tmp_path), "changed.parquet").path
    send(changed)
    assert 0 < server.counted()["bytes_put"] < 0.25 * changed.stat().st_size


def test_connections_that_break_are_tried_again(server: HubServer, send: Send, shard: Path) -> None:
    server.fail(
        Fault("GET", _TOKENS, times=2), Fault("POST", _XORBS, after=True), Fault("POST", "/cas/v2/shards", times=2)
    )
    assert send(shard) is Line.XET
    assert (server.counted()["xorbs"], server.counted()["uploads"]) == (1, 1)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault("POST", "/preupload/", status=401, times=9), "The Hub does not know the token. Make a new one with "),
        (Fault("POST", "/preupload/", status=403, times=9), "The token may not write to owner/demo. Use a token with "),
        (Fault("GET", _TOKENS, status=403, times=9), "Contents did not travel ("),
        (Fault("GET", _TOKENS, status=503, times=99), "Contents did not travel ("),
        (Fault("POST", _XORBS, status=401, times=9), "Contents did not travel ("),
        (Fault("POST", _XORBS, status=500, times=99), "Contents did not travel ("),
        (Fault("POST", _XORBS, times=99), "Contents did not travel ("),
        (Fault("POST", "/cas/v2/shards", status=400, times=9), "Contents did not travel ("),
    ],
)
def test_what_does_not_pass_is_said_in_one_sentence(
    fault: Fault, sentence: str, server: HubServer, send: Send, shard: Path, waits: Waits
) -> None:
    server.fail(fault)
    with pytest.raises(PublishError) as caught:
        send(shard)
    said = str(caught.value)
    assert said.startswith(sentence)
    assert "\n" not in said
    assert TOKEN not in said
    assert "xet_write" not in said
    assert waits.seconds == []  # the client of the storage has waited by itself


def test_a_storage_where_nobody_is_is_named_with_the_way_around_it(server: HubServer, send: Send, shard: Path) -> None:
    assert server.state.xet is not None
    server.state.xet.address = "http://127.0.0.1:9"
    with pytest.raises(PublishError, match=r"127\.0\.0\.1:9.*HF_HUB_DISABLE_XET=1"):
        send(shard)


def test_a_reader_gets_a_token_for_a_proposal_alone(
    server: HubServer, send: Send, shard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", READER)
    with pytest.raises(PublishError, match="The token may not write to owner/demo"):
        send(shard)
    assert server.counted().get("xorbs", 0) == 0
    proposed = Hub(REPO, server.endpoint).preupload([CommitOperationAdd("a.parquet", shard)], for_pull_request=True)
    assert (proposed, server.counted()["xorbs"]) == (Line.XET, 1)


def test_a_storage_that_cannot_be_read_is_named_too(
    server: HubServer, shard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Hub(REPO, server.endpoint)
    addition = CommitOperationAdd("a.parquet", shard)
    client.preupload([addition])
    position = Position(client.snapshot().commit)
    client.commit([addition], {"a.parquet": addition.upload_info.sha256.hex()}, Words("One", ""), position)
    server.fail(Fault("GET", "/cas/v2/reconstructions/", times=99))
    with pytest.raises(PublishError, match=r"Contents did not travel \(.*HF_HUB_DISABLE_XET=1"):
        client.read("a.parquet", "main")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    assert client.read("a.parquet", "main") == shard.read_bytes()
