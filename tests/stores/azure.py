"""An Azure Blob Storage on loopback, by Azurite, and what is in its only container."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager

from tests.runners.processes import free_port
from tests.runners.tools import AZURITE
from tests.stores.store import BUCKET, Store, environment, server

_ACCOUNT, _KEY = "loopback", base64.b64encode(b"key").decode()


@contextmanager
def azure_server() -> Iterator[AzureStore]:
    """An empty container; every client finds it through the environment variables that come with it."""
    with server(AZURITE, "azure.storage.blob", "azure") as (package, _, processes):
        port = free_port()
        program = package / "node_modules" / ".bin" / "azurite-blob"
        command = [str(program), f"--blobPort={port}", "--inMemoryPersistence", "--silent", "--disableTelemetry"]
        variables = {"AZURITE_ACCOUNTS": f"{_ACCOUNT}:{_KEY}"}
        # The client asks by the newest version of the protocol, and the server knows those up to its own.
        processes.wait_for(port, processes.start("azurite", [*command, "--skipApiVersionCheck"], variables))
        endpoint = f"BlobEndpoint=http://127.0.0.1:{port}/{_ACCOUNT}"
        connection = f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};{endpoint}"
        with environment({"AZURE_STORAGE_CONNECTION_STRING": connection}):
            yield AzureStore({"AZURE_STORAGE_CONNECTION_STRING": connection})


class AzureStore(Store):
    """What is in the container.

    Args:
        variables: of the environment, by which clients find the server.
    """

    address, elsewhere = f"azfs://{_ACCOUNT}/{BUCKET}", f"azfs://{_ACCOUNT}/nowhere/run"

    def __init__(self, variables: dict[str, str]) -> None:
        from azure.storage.blob import BlobServiceClient  # noqa: PLC0415 - of an extra

        self.variables = variables
        client = BlobServiceClient.from_connection_string(variables["AZURE_STORAGE_CONNECTION_STRING"])
        self._container = client.create_container(BUCKET)

    def put(self, name: str, content: bytes) -> None:
        self._container.upload_blob(name, content, overwrite=True)

    def get(self, name: str) -> bytes:
        return bytes(self._container.download_blob(name).readall())

    def names(self, prefix: str) -> list[str]:
        return list(self._container.list_blob_names(name_starts_with=prefix))
