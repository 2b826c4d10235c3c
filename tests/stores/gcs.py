"""A Google Cloud Storage on loopback, by fake-gcs-server, and what is in its only bucket.

The server answers those alone who signed in, as the real one does: by a workload identity, whose tokens come from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.runners.processes import free_port
from tests.runners.tools import GCS_SERVER
from tests.stores.store import BUCKET, Store, environment, server


@contextmanager
def gcs_server() -> Iterator[GoogleStore]:
    """An empty bucket; every client finds it through the environment variables that come with it."""
    with server(GCS_SERVER, "google.cloud.storage", "gcp") as (program, folder, processes):
        port = free_port()
        processes.wait_for(port, processes.start("gcs", [str(program), str(port)]))
        (folder / "key").write_text("key")
        identity = {
            "type": "external_account",
            "audience": "blift",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": f"http://127.0.0.1:{port}/token",
            "credential_source": {"file": str(folder / "key")},
        }
        (folder / "identity.json").write_text(json.dumps(identity))
        variables = {
            "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}",
            "GOOGLE_APPLICATION_CREDENTIALS": str(folder / "identity.json"),
        }
        with environment(variables):
            yield GoogleStore(variables)


class GoogleStore(Store):
    """What is in the bucket.

    Args:
        variables: of the environment, by which clients find the server.
    """

    address, elsewhere = f"gs://{BUCKET}", "gs://nowhere/run"

    def __init__(self, variables: dict[str, str]) -> None:
        from google.auth import default  # noqa: PLC0415 - of an extra
        from google.cloud import storage  # noqa: PLC0415 - of an extra

        self.variables = variables
        self._bucket = storage.Client(project="project", credentials=default()[0]).create_bucket(BUCKET)

    def put(self, name: str, content: bytes) -> None:
        self._bucket.blob(name).upload_from_string(content, "application/octet-stream")

    def get(self, name: str) -> bytes:
        return bytes(self._bucket.blob(name).download_as_bytes())

    def names(self, prefix: str) -> list[str]:
        return [blob.name for blob in self._bucket.list_blobs(prefix=prefix)]
