"""Addresses that no store can open are told with what they lack."""

from collections.abc import Iterator

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from blift.connectors.filesystem import exists, open_to_read, read_bytes
from blift.connectors.object_stores import OPTIONS, StoreError, connect


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What one test connects to, the next does not see."""
    connect(PipelineOptions([]))
    yield
    connect(PipelineOptions([]))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("s3a://bucket/run", r"There is no store for s3a:// Write s3://\. Stores: gs://, s3://, azfs://, hdfs://\."),
        ("abfss://bucket/run", r"There is no store for abfss:// Write azfs://\."),
        ("S4://bucket/run", r"There is no store for s4://"),
        ("ftp://host/run", r"There is no store for ftp://"),
    ],
)
def test_an_address_of_no_store_is_told_with_those_that_there_are(address: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence):
        read_bytes(address)
    with pytest.raises(StoreError, match=sentence):
        exists(address)


@pytest.mark.parametrize(("scheme", "extra"), [("azfs", "azure"), ("hdfs", "hadoop")])
def test_a_store_without_its_packages_is_told_with_the_extra(
    scheme: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks(_: str) -> None:
        raise ValueError("Unable to get filesystem from specified path")

    monkeypatch.setattr(FileSystems, "get_filesystem", lacks)
    sentence = rf"{scheme}:// needs packages that are not installed: pip install 'blift\[{extra}\]' brings them\."
    with pytest.raises(StoreError, match=sentence):
        open_to_read(f"{scheme}://account/file")


def test_an_option_that_a_store_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def needs(_: str) -> None:
        raise ValueError("hdfs_host is not set")

    monkeypatch.setattr(FileSystems, "get_filesystem", needs)
    with pytest.raises(StoreError, match=rf"hdfs:// needs the option --hdfs_host\. .* environment variable {OPTIONS}"):
        open_to_read("hdfs://namenode/file")
