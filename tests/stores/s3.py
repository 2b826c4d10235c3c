"""An S3 on loopback, by `moto` of the extra `stores`, and what is in its only bucket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.stores.store import BUCKET, Store, environment


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
    with environment(variables):
        yield S3(variables)
    served.stop()


class S3(Store):
    """What is in the bucket.

    Args:
        variables: of the environment, by which clients find the server.
    """

    address, elsewhere = f"s3://{BUCKET}", "s3://nowhere/run"

    def __init__(self, variables: dict[str, str]) -> None:
        import boto3  # noqa: PLC0415 - of an extra

        self.variables = variables
        self._client = boto3.client("s3")
        self._client.create_bucket(Bucket=BUCKET)

    def put(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket=BUCKET, Key=name, Body=content)

    def get(self, name: str) -> bytes:
        content: bytes = self._client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        return content

    def names(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]
