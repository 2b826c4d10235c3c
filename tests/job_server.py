"""As much of Beam's job server as is asked before a build."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc


class _Jobs(beam_job_api_pb2_grpc.JobServiceServicer):
    def DescribePipelineOptions(self, *_: Any) -> Any:  # noqa: N802 - gRPC's name
        return beam_job_api_pb2.DescribePipelineOptionsResponse()


@contextmanager
def listening(*, with_jobs: bool) -> Iterator[int]:
    """A port that a server of gRPC listens at, a job server or one that knows nothing of jobs."""
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    if with_jobs:
        beam_job_api_pb2_grpc.add_JobServiceServicer_to_server(_Jobs(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()
