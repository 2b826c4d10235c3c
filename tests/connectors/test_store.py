"""Files of every store, as `blift.connectors.filesystem` reads and writes them."""

from __future__ import annotations

import errno
import gc
from collections.abc import Iterator

import pytest

from blift.connectors.filesystem import (
    delete,
    exists,
    has_folders,
    matched,
    matching,
    open_to_read,
    open_to_write,
    read_bytes,
    rename,
    require_bucket,
    stored_digest,
)
from blift.connectors.object_stores import StoreError
from blift.connectors.store import StoreFailed
from blift.connectors.store_errors import sentence_on_store
from blift.schemas.errors import InputError
from tests.stores.store import Store
from tests.stores.stores import STORES

pytestmark = [
    pytest.mark.runner,
    # Clients leave a connection or, of Azure, a temporary file to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(params=STORES, scope="module")
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A bucket on a server on loopback."""
    with STORES[request.param]() as served:
        yield served


def write(address: str, content: bytes) -> None:
    with open_to_write(address) as stream:
        stream.write(memoryview(content))


def test_a_file_that_was_written_is_read(store: Store) -> None:
    content = bytes(range(256)) * 100_000  # more than a piece of any client
    address = f"{store.address}/a folder/b[1]*?.bin"
    write(address, content)
    assert store.get("a folder/b[1]*?.bin") == content
    assert read_bytes(address) == content
    with open_to_read(address) as stream:
        stream.seek(-256, 2)
        assert (stream.tell(), stream.read(2), stream.read(), stream.read()) == (
            len(content) - 256,
            content[:2],
            content[2:256],
            b"",
        )
        stream.seek(1)
        assert (stream.read(3), stream.readable(), stream.seekable(), stream.writable()) == (
            content[1:4],
            True,
            True,
            False,
        )


def test_files_are_replaced_renamed_and_deleted(store: Store) -> None:
    name = "changed" if has_folders(store.address) else "changed[1]"
    folder = f"{store.address}/{name}"
    write(f"{folder}/a", b"first")
    digest = stored_digest(f"{folder}/a")
    write(f"{folder}/a", b"second")
    write(f"{folder}/ab", b"third")
    assert read_bytes(f"{folder}/a") == b"second"
    assert stored_digest(f"{folder}/a") != digest
    rename(f"{folder}/a", f"{folder}/ab")
    assert (exists(f"{folder}/a"), read_bytes(f"{folder}/ab")) == (False, b"second")
    write(f"{folder}/abc", b"fourth")
    assert [(each.path, each.size_bytes) for each in matching(folder, "a*")] == [
        (f"{folder}/ab", 6),
        (f"{folder}/abc", 6),
    ]
    delete(f"{folder}/ab")
    assert store.names("changed") == [f"{name}/abc"]


def test_wildcards_stand_for_names_of_folders_too(store: Store) -> None:
    names = ["wild1/a/file-1", "wild1/b/file-2", "wild2/a/file-1", "wild2/other", "tame/a/file-1"]
    for name in names:
        write(f"{store.address}/{name}", b"x")

    def found(pattern: str) -> list[str]:
        return [each.path.removeprefix(f"{store.address}/") for each in matched(f"{store.address}/{pattern}")]

    assert found("wild*/a/file-1") == ["wild1/a/file-1", "wild2/a/file-1"]
    assert found("wild?/*/file-*") == ["wild1/a/file-1", "wild1/b/file-2", "wild2/a/file-1"]
    assert found("wild[2-9]/a/*") == ["wild2/a/file-1"]
    assert found("none*/a/*") == []
    if has_folders(store.address):
        with pytest.raises(
            InputError, match=r"wild\*\*/file-1 has \*\* in it, which HDFS does not know; name the folders"
        ):
            found("wild**/file-1")


def test_what_is_not_there_is_absent(store: Store) -> None:
    for address in (f"{store.address}/none", f"{store.elsewhere}/none"):
        assert not exists(address)
        with pytest.raises(FileNotFoundError) as raised:
            read_bytes(address)
        assert raised.value.errno == errno.ENOENT
    assert matching(f"{store.address}/none", "*") == matching(store.address, "none") == []


def test_a_bucket_that_is_not_there_is_told(store: Store) -> None:
    require_bucket(f"{store.address}/any/folder")
    require_bucket(store.address)
    if store.address.startswith("hdfs"):
        return  # it makes folders
    with pytest.raises(StoreError, match=r"There is no bucket or container for .*/nowhere/run\. Create it, or correct"):
        require_bucket(store.elsewhere)
    with pytest.raises(StoreFailed) as raised:
        write(f"{store.elsewhere}/file", b"x")
    assert (sentence_on_store(raised.value) or "").startswith(
        f"Cannot reach {store.elsewhere}/file: there is no such bucket or file. Check"
    )
    del raised
    gc.collect()
