"""An HDFS with WebHDFS on loopback, by Hadoop's cluster for tests, and what is in its only folder."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Iterator
from contextlib import contextmanager

from apache_beam.options.pipeline_options import PipelineOptions

from blift.connectors.beam_options import OPTIONS, own_options
from blift.connectors.object_stores import connect
from tests.runners.processes import free_port
from tests.runners.tools import HDFS
from tests.stores.store import BUCKET, Store, environment, server

_CLUSTER = "org.apache.hadoop.mapreduce.MiniHadoopClusterManager"
_START_TIMEOUT_S = 180


@contextmanager
def hdfs_server() -> Iterator[HdfsStore]:
    """An empty folder; Beam finds it through the environment variable that comes with it."""
    with server(HDFS, "hdfs", "hadoop") as (jars, folder, processes):
        port = free_port()
        ports = ["-nnhttpport", str(port), "-nnport", str(free_port())]
        own = ["-D", f"hadoop.tmp.dir={folder}", "-D", "dfs.permissions.enabled=false"]
        java = ["java", "-Xmx512m", "-cp", f"{jars}/*", _CLUSTER, "-nomr", "-format", *ports, *own]
        processes.wait_for(port, processes.start("hdfs", java), _START_TIMEOUT_S)
        variables = {OPTIONS: f"--hdfs_host=127.0.0.1 --hdfs_port={port} --hdfs_user=user"}
        with environment(variables):
            connect(PipelineOptions(own_options()))
            yield HdfsStore(port, variables)
        connect(PipelineOptions([]))


class HdfsStore(Store):
    """What is in the folder.

    Args:
        port: of WebHDFS.
        variables: of the environment, by which Beam finds the server.
    """

    address, elsewhere = f"hdfs://{BUCKET}", "hdfs://nowhere/run"

    def __init__(self, port: int, variables: dict[str, str]) -> None:
        from hdfs import InsecureClient  # noqa: PLC0415 - of an extra
        from hdfs.util import HdfsError  # noqa: PLC0415 - of an extra

        self.variables = variables
        self._client = InsecureClient(f"http://127.0.0.1:{port}", user="user")
        deadline = time.monotonic() + _START_TIMEOUT_S
        while True:  # until it has left its safe mode, and a node for data is there
            try:
                self.put("ready", b"x")
                break
            except (HdfsError, OSError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
        self._client.delete(f"/{BUCKET}/ready")

    def put(self, name: str, content: bytes) -> None:
        self._client.write(f"/{BUCKET}/{name}", content, overwrite=True)

    def get(self, name: str) -> bytes:
        with self._client.read(f"/{BUCKET}/{name}") as reader:
            return bytes(reader.read())

    def names(self, prefix: str) -> list[str]:
        found = [posixpath.join(path, name) for path, _, names in self._client.walk(f"/{BUCKET}") for name in names]
        return sorted(name for path in found if (name := path.removeprefix(f"/{BUCKET}/")).startswith(prefix))
