"""Addresses that no store can open are told with what they lack."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from apache_beam.io.aws.clients.s3.messages import S3ClientError
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from blift.connectors import object_stores
from blift.connectors.beam_options import OPTIONS
from blift.connectors.filesystem import exists, open_to_read, read_bytes, sentence_on_store
from blift.connectors.object_stores import StoreError, beams, connect


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What one test connects to, the next does not see."""
    connect(PipelineOptions([]))
    yield
    connect(PipelineOptions([]))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("s3a://bucket/run", r"There is no store for s3a://; write s3://\. Stores: gs://, s3://, azfs://, hdfs://\."),
        ("abfss://bucket/run", r"There is no store for abfss://; write azfs://\."),
        ("S4://bucket/run", r"There is no store for s4://"),
        ("ftp://host/run", r"There is no store for ftp://"),
    ],
)
def test_an_address_of_no_store_is_told_with_those_that_there_are(address: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence):
        read_bytes(address)
    with pytest.raises(StoreError, match=sentence):
        exists(address)


@pytest.mark.parametrize(("scheme", "extra"), [("azfs", "azure"), ("hdfs", "hadoop"), ("gs", "gcp"), ("s3", "aws")])
def test_a_store_without_its_packages_is_told_with_the_extra(
    scheme: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_stores, "find_spec", lambda _: None)
    sentence = rf"{scheme}:// needs packages that are not installed: pip install 'blift\[{extra}\]' brings them\."
    with pytest.raises(StoreError, match=sentence):
        open_to_read(f"{scheme}://account/file")


def test_an_option_that_a_store_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def needs(_: str) -> None:
        raise ValueError("hdfs_host is not set")

    monkeypatch.setattr(object_stores, "find_spec", lambda _: True)
    monkeypatch.setattr(FileSystems, "get_filesystem", needs)
    sentence = rf"hdfs:// needs the option --hdfs_host\. .* environment variable {OPTIONS}"
    with pytest.raises(StoreError, match=sentence):
        open_to_read("hdfs://namenode/file")


def test_a_store_that_cannot_be_reached_is_told_with_its_reason() -> None:
    error = BeamIOError("exists() operation failed", {"s3://b/run": S3ClientError("Unable to locate credentials", 400)})
    assert sentence_on_store(error) == (
        "Cannot reach s3://b/run: Unable to locate credentials. Check the address, the credentials and the region; "
        "docs/runners.md says what each store needs."
    )
    assert sentence_on_store(OSError(28, "No space left on device")) is None


def test_s3_without_credentials_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("boto3", reason="pip install 'blift[aws]' brings it")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(StoreError, match=r"s3:// needs credentials, and there are none: set AWS_ACCESS_KEY_ID"):
        exists("s3://bucket/file")
    connect(PipelineOptions(["--s3_access_key_id=a", "--s3_secret_access_key=b"]))
    beams("s3://bucket/file")
