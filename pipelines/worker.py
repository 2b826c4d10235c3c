"""`blift-worker`: the program that computes for Spark, Flink and other runners, where no image of Beam starts it.

An executor starts one for each of its workers, with `--environment_type=PROCESS` and
`--environment_config='{"command": "blift-worker"}'`. Or `blift-worker --pool PORT` waits for executors that ask for
workers, with `--environment_type=EXTERNAL --environment_config=HOST:PORT`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

import grpc
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
)
from apache_beam.runners.worker import sdk_worker_main
from apache_beam.utils.thread_pool_executor import shared_unbounded_instance
from google.protobuf import json_format, text_format

from blift.pipelines.engine.ending import EXIT_USER_ERROR

#: How long the executor may take to say where its services are.
_ASK_TIMEOUT_S = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Work until the executor closes the connection, or serve as a pool until the process is ended; the exit code.

    Args:
        arguments: of the program; None for those of this process.
    """
    parser = argparse.ArgumentParser(prog="blift-worker", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--pool", type=int, metavar="PORT", help="start workers for executors that ask at this port")
    parser.add_argument("--id", help="name of one worker; given by the executor that starts it")
    parser.add_argument("--provision_endpoint", metavar="HOST:PORT", help="where the worker asks for everything else")
    given, unknown = parser.parse_known_args(arguments)  # executors name services that provisioning tells as well
    if given.pool is not None:
        if unknown:
            parser.error(f"--pool takes no argument {unknown[0]!r}")
        return _serve(given.pool)
    if not given.id or not given.provision_endpoint:
        parser.error("give --pool PORT; --id and --provision_endpoint are given by an executor")
    os.environ.update(variables_of(given.id, given.provision_endpoint))
    sdk_worker_main.main(sys.argv)
    return 0


def variables_of(worker: str, provision_endpoint: str) -> Mapping[str, str]:
    """The environment variables that Beam's worker reads, with what the executor says.

    Raises:
        RpcError: the executor does not answer.
    """
    with grpc.insecure_channel(provision_endpoint) as channel:
        executor = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        info = executor.GetProvisionInfo(
            beam_provision_api_pb2.GetProvisionInfoRequest(),
            metadata=[("worker_id", worker)],
            timeout=_ASK_TIMEOUT_S,
            wait_for_ready=True,
        ).info
    variables = {
        "WORKER_ID": worker,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "LOGGING_API_SERVICE_DESCRIPTOR": text_format.MessageToString(info.logging_endpoint),
        "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(info.control_endpoint),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }
    if info.HasField("status_endpoint"):
        variables["STATUS_API_SERVICE_DESCRIPTOR"] = text_format.MessageToString(info.status_endpoint)
    return variables


class Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts a worker, in a fresh interpreter of this environment, whenever an executor asks for one.

    A worker ends when its executor closes the connection, so a request to stop one is only answered. Every executor
    counts its workers from 1. A pool that stops workers by name, as Beam's own does, therefore stops those of another
    executor if two share it, and the job waits for ever.
    """

    def __init__(self) -> None:
        self.workers: list[subprocess.Popen[bytes]] = []

    def StartWorker(self, request: Any, _: Any) -> Any:  # noqa: N802 - gRPC's name
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        command = [sys.executable, "-m", "blift.pipelines.worker", f"--id={request.worker_id}"]
        command.append(f"--provision_endpoint={request.provision_endpoint.url}")
        try:
            self.workers.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))  # noqa: S603 - our own program
        except OSError as error:
            return beam_fn_api_pb2.StartWorkerResponse(error=f"The pool cannot start a worker: {error}.")
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, *_: Any) -> Any:  # noqa: N802 - gRPC's name
        return beam_fn_api_pb2.StopWorkerResponse()

    def end(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait()


def _serve(port: int) -> int:
    # Without the option, two pools would share a port, and each would get some of the requests.
    pool, server = Pool(), grpc.server(shared_unbounded_instance(), options=[("grpc.so_reuseport", 0)])
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    try:
        bound = server.add_insecure_port(f"[::]:{port}")
    except RuntimeError:
        sys.stderr.write(f"blift-worker: port {port} cannot be used; another program may listen there.\n")
        return EXIT_USER_ERROR
    signal.signal(signal.SIGTERM, _interrupt)
    server.start()
    sys.stderr.write(f"blift-worker: waiting for executors at port {bound}; end it with Ctrl-C.\n")
    with suppress(KeyboardInterrupt):
        server.wait_for_termination()
    server.stop(None)
    pool.end()
    return 0


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
