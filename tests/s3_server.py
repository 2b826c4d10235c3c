"""An S3 on loopback, by `moto` of the extra `stores`, and what is in its only bucket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BUCKET = "datasets"


@contextmanager
def s3_server() -> Iterator[S3]:
    """An empty bucket; every client finds it through the environment variables that come with it."""
    server = pytest.importorskip("moto.server", reason="pip install 'blift[stores]' brings an S3 for tests")
    served = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request otherwise
    served.start()
    host, port = served.get_host_and_port()
    variables = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patched:
        for name, value in variables.items():
            patched.setenv(name, value)
        yield S3(variables)
    served.stop()


class S3:
    """What is in the bucket.

    Args:
        variables: of the environment, by which clients find the server.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        import boto3  # noqa: PLC0415 - of an extra

        self.variables = variables
        self._client = boto3.client("s3")
        self._client.create_bucket(Bucket=BUCKET)

    def upload(self, folder: Path) -> None:
        """Put the files of a folder under its name."""
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self._client.upload_file(str(path), BUCKET, f"{folder.name}/{path.relative_to(folder)}")

    def names(self, prefix: str) -> list[str]:
        """Keys that begin so."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def copy(self, source: str, target: str) -> None:
        """Copy all that lies under one name to another."""
        for name in self.names(f"{source}/"):
            self._client.copy({"Bucket": BUCKET, "Key": name}, BUCKET, f"{target}/{name.removeprefix(f'{source}/')}")

    def download(self, name: str, folder: Path) -> Path:
        """Get all that lies under a name into a new folder; gives that folder."""
        for key in self.names(f"{name}/"):
            path = folder / key.removeprefix(f"{name}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._client.download_file(BUCKET, key, str(path))
        return folder
