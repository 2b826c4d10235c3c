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
from blift.connectors.filesystem import exists, open_to_read, read_bytes
from blift.connectors.object_stores import StoreError, beams, connect
from blift.connectors.store_errors import sentence_on_store


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


def test_google_cloud_without_credentials_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("google.cloud.storage", reason="pip install 'blift[gcp]' brings it")
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    sentence = r"gs:// needs credentials, and there are none \(File .*none\.json was not found\): run `gcloud auth "
    with pytest.raises(StoreError, match=sentence):
        exists("gs://bucket/file")


def test_azure_without_an_account_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("azure.storage.blob", reason="pip install 'blift[azure]' brings it")
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    with pytest.raises(StoreError, match=r"azfs:// needs an account, and there is none: set AZURE_STORAGE_CONNECTION"):
        exists("azfs://account/container/file")
    connect(PipelineOptions(["--blob_service_endpoint=https://account.blob.core.windows.net"]))
    beams("azfs://account/container/file")


@pytest.mark.parametrize("scheme", ["s3", "gs", "azfs"])
def test_a_worker_takes_the_options_of_its_job(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_stores, "find_spec", lambda _: True)
    monkeypatch.setattr(FileSystems, "get_filesystem", lambda _: None)
    monkeypatch.setenv("PIPELINE_OPTIONS", "{}")
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    monkeypatch.setattr(object_stores, "_connected", [])
    monkeypatch.setattr(object_stores, "_CREDENTIALS", {scheme: lambda: pytest.fail("it was asked for credentials")})
    object_stores._check.cache_clear()
    beams(f"{scheme}://a/b")


def test_the_reason_of_a_store_is_told_in_one_line() -> None:
    answered = BeamIOError("Rename operation failed", {("gs://b/x", "gs://b/y"): 404})
    assert (sentence_on_store(answered) or "").startswith(
        "Cannot reach gs://b/x to gs://b/y: there is no such bucket or file. Check"
    )
    inner = BeamIOError("List operation failed", {"gs://b/": S3ClientError("a\nb.", 403)})
    listed = BeamIOError("Match operation failed", {"gs://b/*": inner})
    assert (sentence_on_store(listed) or "").startswith("Cannot reach gs://b/*: a b. Check")
