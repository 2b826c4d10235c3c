"""`blift-worker`: what a worker is told by its executor, and a pool that starts workers and stops none."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
    endpoints_pb2,
)
from google.protobuf import json_format, struct_pb2

from blift.pipelines.worker import Pool, main, variables_of


class _Executor(beam_provision_api_pb2_grpc.ProvisionServiceServicer):
    """Tells a worker what an executor of Flink or Spark does."""

    def GetProvisionInfo(self, _: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        worker = dict(context.invocation_metadata())["worker_id"]
        options = json_format.ParseDict({"beam:option:job_name:v1": f"for {worker}"}, struct_pb2.Struct())
        info = beam_provision_api_pb2.ProvisionInfo(
            pipeline_options=options,
            logging_endpoint=endpoints_pb2.ApiServiceDescriptor(url="localhost:1"),
            control_endpoint=endpoints_pb2.ApiServiceDescriptor(url="localhost:2"),
            runner_capabilities=["one", "two"],
        )
        return beam_provision_api_pb2.GetProvisionInfoResponse(info=info)


@pytest.fixture
def executor() -> Iterator[str]:
    """Where an executor answers."""
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    beam_provision_api_pb2_grpc.add_ProvisionServiceServicer_to_server(_Executor(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"localhost:{port}"
    server.stop(None).wait()


def test_a_worker_is_told_by_its_executor_what_it_works_for(executor: str) -> None:
    assert variables_of("3-1", executor) == {
        "WORKER_ID": "3-1",
        "PIPELINE_OPTIONS": '{\n  "beam:option:job_name:v1": "for 3-1"\n}',
        "LOGGING_API_SERVICE_DESCRIPTOR": 'url: "localhost:1"\n',
        "CONTROL_API_SERVICE_DESCRIPTOR": 'url: "localhost:2"\n',
        "RUNNER_CAPABILITIES": "one two",
    }


class _Started(subprocess.Popen[bytes]):
    """A worker that waits, in place of the one that is asked for; the commands are noted."""

    commands: list[list[str]] = []  # noqa: RUF012 - set anew by the test

    def __init__(self, command: list[str], **arguments: Any) -> None:
        self.commands.append(command)
        super().__init__([sys.executable, "-c", "import signal; signal.pause()"], **arguments)


def test_a_pool_starts_two_workers_of_one_name_and_stops_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Started, "commands", [])
    monkeypatch.setattr(subprocess, "Popen", _Started)
    pool = Pool()
    for port in (1, 2):
        where = endpoints_pb2.ApiServiceDescriptor(url=f"localhost:{port}")
        asked = beam_fn_api_pb2.StartWorkerRequest(worker_id="1", provision_endpoint=where)
        assert pool.StartWorker(asked, None).error == ""
    pool.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id="1"), None)
    assert [command[-2:] for command in _Started.commands] == [
        ["--id=1", "--provision_endpoint=localhost:1"],
        ["--id=1", "--provision_endpoint=localhost:2"],
    ]
    assert [worker.poll() for worker in pool.workers] == [None, None]
    pool.end()
    assert [worker.poll() for worker in pool.workers] == [-15, -15]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "give --pool PORT; --id and --provision_endpoint are given by an executor"),
        (["--pool", "0", "--ports", "1"], "--pool takes no argument '--ports'"),
        (["--pool", "many"], "argument --pool: invalid int value: 'many'"),
    ],
)
def test_mistakes_are_told(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str], executor: str) -> None:
    port = executor.rpartition(":")[2]
    assert main(["--pool", port]) == 2
    assert f"port {port} cannot be used; another program may listen there." in capsys.readouterr().err
