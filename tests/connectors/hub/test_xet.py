"""Contents travel by Xet: once, in part where a part is new, and with a sentence where they cannot."""

import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from huggingface_hub import CommitOperationAdd

from blift.connectors.hub.client import Hub, Line, Patience, Position, Words
from blift.connectors.hub.xet import Transfers
from blift.connectors.hub.xet_failures import OWN_TRIES
from blift.connectors.parquet import write_shard
from blift.schemas.errors import PublishError
from blift.schemas.registry import SCHEMAS
from tests import xet_client
from tests.hub_server import READER, TOKEN, Fault, HubServer
from tests.hub_server.xet_format import XetFile

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
    write_shard(samples(20_000), "sample", str(tmp_path), "shard.parquet")
    return tmp_path / "shard.parquet"


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


def test_what_has_arrived_is_kept_at_once_though_its_call_never_ends(
    server: HubServer, send: Send, shard: Path
) -> None:
    server.fail(Fault("POST", "/cas/v2/shards", status=400))
    with pytest.raises(PublishError, match="refused it with 400"):
        send(shard)
    arrived = server.counted()
    assert (arrived["xorbs"], arrived.get("uploads", 0)) == (1, 0)
    Hub(REPO, server.endpoint).preupload([CommitOperationAdd(shard.name, shard)])
    assert server.counted()["bytes_put"] == arrived["bytes_put"]
    assert server.counted()["uploads"] == 1


class TestStop:
    """What one thread sends or waits for ends when another says so."""

    def test_a_call_that_is_under_way_ends_at_once(self, server: HubServer, shard: Path) -> None:
        server.state.piece_s = 2.0
        client = Hub(REPO, server.endpoint)
        with ThreadPoolExecutor(1) as thread:
            call = thread.submit(client.preupload, [CommitOperationAdd(shard.name, shard)])
            while not server.counted().get("put_xorb"):
                time.sleep(0.01)
            stopped = time.monotonic()
            client.stop()
            assert isinstance(call.exception(timeout=10), PublishError)
        assert time.monotonic() - stopped < 1

    def test_a_wait_between_two_tries_ends_at_once(self, server: HubServer, shard: Path) -> None:
        busy = Fault("GET", _TOKENS, status=503, times=99)
        server.fail(busy)
        client = Hub(REPO, server.endpoint)
        with ThreadPoolExecutor(1) as thread:
            call = thread.submit(client.preupload, [CommitOperationAdd(shard.name, shard)])
            while busy.struck < OWN_TRIES:
                time.sleep(0.01)
            time.sleep(0.5)  # into the wait of half a minute that follows
            stopped = time.monotonic()
            client.stop()
            assert isinstance(call.exception(timeout=10), PublishError | KeyboardInterrupt)
        assert time.monotonic() - stopped < 1

    def test_nothing_is_sent_afterwards(self, server: HubServer, shard: Path) -> None:
        client = Hub(REPO, server.endpoint)
        client.stop()
        with pytest.raises(KeyboardInterrupt):
            client.preupload([CommitOperationAdd(shard.name, shard)])
        assert server.counted().get("put_xorb", 0) == 0


def test_of_a_file_in_which_three_rows_differ_little_travels(
    server: HubServer, send: Send, shard: Path, tmp_path: Path
) -> None:
    send(shard)
    server.forget_counts()
    write_shard(samples(20_000, changed=(50, 9_000, 19_900)), "sample", str(tmp_path), "changed.parquet")
    changed = tmp_path / "changed.parquet"
    send(changed)
    assert 0 < server.counted()["bytes_put"] < 0.25 * changed.stat().st_size


@pytest.mark.parametrize("path", [_TOKENS, _XORBS, "/cas/v2/shards"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_or_a_storage_that_is_busy_is_waited_out(
    path: str, status: int, server: HubServer, send: Send, shard: Path, waits: Waits
) -> None:
    server.fail(Fault("GET" if path == _TOKENS else "POST", path, status=status, times=OWN_TRIES + 1))
    assert send(shard) is Line.XET
    assert waits.seconds == [32.0]  # after the client's own six tries, which take minutes by themselves
    assert server.counted()["uploads"] == 1


def test_connections_that_break_are_tried_again(server: HubServer, send: Send, shard: Path) -> None:
    server.fail(
        Fault("GET", _TOKENS, times=2), Fault("POST", _XORBS, after=True), Fault("POST", "/cas/v2/shards", times=2)
    )
    assert send(shard) is Line.XET
    assert (server.counted()["xorbs"], server.counted()["uploads"]) == (1, 1)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (
            Fault("GET", _TOKENS, status=401, times=9),
            "The Hub does not know the token. Make a new one with write access at ",
        ),
        (Fault("GET", _TOKENS, status=403, times=9), "The token may not write to owner/demo. Use a token with write "),
        (Fault("GET", _TOKENS, status=404, times=9), "There is no dataset owner/demo at "),
        (
            Fault("GET", _TOKENS, status=503, times=99),
            "The Hub still answers 503. Run the same command later: it goes on where this one stopped.",
        ),
        (Fault("GET", _TOKENS, status=429, times=99), "The Hub still answers that there were too many requests. "),
        (Fault("GET", _TOKENS, times=99), "Cannot reach the Hub at http://127.0.0.1:"),
        (Fault("POST", _XORBS, status=401, times=9), "does not take what the Hub gave as a token for it (401). Check "),
        (Fault("POST", _XORBS, status=403, times=9), "does not take what the Hub gave as a token for it (403). Check "),
        (Fault("POST", _XORBS, status=500, times=99), "still answers 500. Run the same command later."),
        (Fault("POST", _XORBS, times=99), "Cannot reach Xet's storage at 127.0.0.1:"),
        (Fault("POST", "/cas/v2/shards", status=400, times=9), " refused it with 400. Set HF_HUB_DISABLE_XET=1: "),
    ],
)
def test_what_does_not_pass_is_said_in_one_sentence(
    fault: Fault, sentence: str, server: HubServer, send: Send, shard: Path
) -> None:
    server.fail(fault)
    with pytest.raises(PublishError) as caught:
        send(shard)
    said = str(caught.value)
    assert sentence in said
    assert "\n" not in said
    assert TOKEN not in said
    assert "xet_write" not in said


def test_a_storage_where_nobody_is_is_named_with_the_way_around_it(
    server: HubServer, send: Send, shard: Path, waits: Waits
) -> None:
    assert server.state.xet is not None
    server.state.xet.address = "http://127.0.0.1:9"
    with pytest.raises(PublishError) as caught:
        send(shard)
    assert str(caught.value) == (
        "Cannot reach Xet's storage at 127.0.0.1:9. Let this machine reach it and run the same command again, or set "
        "HF_HUB_DISABLE_XET=1: whole files travel then, without it."
    )
    assert waits.seconds == []


def test_tokens_that_are_out_of_date_when_they_come_are_said_to_be(server: HubServer, send: Send, shard: Path) -> None:
    assert server.state.xet is not None
    server.state.xet.token_s = -5
    with pytest.raises(PublishError, match=r"\(401\)\. Check the clock of this machine"):
        send(shard)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three files of different content."""
    paths = [tmp_path / f"file-{place}.parquet" for place in range(3)]
    for place, path in enumerate(paths):
        path.write_bytes(hashlib.shake_128(b"%d" % place).digest(100_000))
    return paths


class TestTokens:
    """One token of the storage serves many calls, while it lasts."""

    def test_one_is_fetched_for_many_calls(self, server: HubServer, send: Send, files: list[Path]) -> None:
        with ThreadPoolExecutor(3) as threads:
            assert list(threads.map(send, files)) == [Line.XET] * 3
        assert (server.counted()["write_token"], server.counted()["uploads"]) == (1, 3)

    def test_another_is_fetched_before_it_ends(
        self, server: HubServer, send: Send, files: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send(files[0])
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + (server.state.xet.token_s if server.state.xet else 0) - 100)
        send(files[1])
        assert server.counted()["write_token"] > 1
        assert server.counted()["uploads"] == 2

    def test_one_that_the_storage_knows_no_more_is_replaced(
        self, server: HubServer, send: Send, files: list[Path], waits: Waits
    ) -> None:
        send(files[0])
        assert server.state.xet is not None
        server.state.xet.tokens.clear()
        send(files[1])
        send(files[2])
        assert waits.seconds == []
        assert (server.counted()["write_token"], server.counted()["uploads"]) == (3, 3)

    def test_where_the_hub_gives_none_at_once_it_is_asked_again(
        self, server: HubServer, send: Send, files: list[Path], waits: Waits
    ) -> None:
        server.fail(Fault("GET", _TOKENS, status=503))
        send(files[0])
        assert waits.seconds == []
        assert server.counted()["uploads"] == 1


class TestPlaces:
    """How many objects are on their way at a time."""

    def test_no_more_travel_than_there_are_places(self, server: HubServer, files: list[Path]) -> None:
        server.state.piece_s = 0.2
        client = Hub(REPO, server.endpoint, transfers=Transfers(2, calls=3))
        most = 0
        with ThreadPoolExecutor(3) as threads:
            calls = [threads.submit(client.preupload, [CommitOperationAdd(file.name, file)]) for file in files]
            while not all(call.done() for call in calls):
                done = server.counted()
                most = max(most, done.get("put_xorb", 0) - done.get("xorbs", 0))
                time.sleep(0.005)
        assert most == 2
        assert server.counted()["uploads"] == 3

    def test_a_call_whose_object_is_there_leaves_its_place(
        self, server: HubServer, files: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        storage = server.state.xet
        assert storage is not None
        content = storage.content

        def once_all_objects_are_there(file: XetFile) -> bytes:
            until = time.monotonic() + 10
            while server.counted()["xorbs"] < 3 and time.monotonic() < until:
                time.sleep(0.005)
            return content(file)

        monkeypatch.setattr(storage, "content", once_all_objects_are_there)
        client = Hub(REPO, server.endpoint, transfers=Transfers(1, calls=3))
        started = time.monotonic()
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(lambda file: client.preupload([CommitOperationAdd(file.name, file)]), files))
        assert time.monotonic() - started < 8
        assert server.counted()["uploads"] == 3


def test_a_token_that_runs_out_on_the_way_is_replaced(server: HubServer, send: Send, shard: Path) -> None:
    assert server.state.xet is not None
    server.state.xet.token_s = 1
    send(shard)
    assert server.counted()["write_token"] > 1
    assert server.counted()["uploads"] == 1


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
    with pytest.raises(PublishError, match=r"Cannot reach Xet's storage at 127\.0\.0\.1:\d+\. Let this machine"):
        client.read("a.parquet", "main")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    assert client.read("a.parquet", "main") == shard.read_bytes()
