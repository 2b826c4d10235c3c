"""What a runner lacks is told before anything runs: Java, the jar, the cluster, the account."""

from __future__ import annotations

import socket
import sys
import zipfile
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType

import apache_beam as beam
import pytest
from apache_beam.runners.portability.spark_runner import SparkJarJobServer

from blift.pipelines.engine import runner_needs
from blift.pipelines.engine.beam_arguments import beam_arguments
from blift.pipelines.engine.runner import check_runner
from blift.pipelines.engine.runner_needs import RunnerError, check_workers, java_version

_MAINS = {
    "spark": "org.apache.beam.runners.spark.SparkJobServerDriver",
    "flink": "org.apache.beam.runners.flink.FlinkJobServerDriver",
}


def check(*options: str) -> list[str]:
    return check_runner(beam_arguments(options).options, "gs://bucket/run", detach=False)


def java(folder: Path, version: str) -> str:
    """A program that says that it is a Java."""
    path = folder / "java"
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    path.chmod(0o755)
    return str(path)


def engine(folder: Path, name: str) -> list[str]:
    """Options of a runner with a jar and a Java that fit."""
    path = folder / f"{name}.jar"
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", f"Main-Class: {_MAINS[name]}\r\n")
        jar.writestr("org/apache/beam/sdk/sdk.properties", f"version={beam.__version__}\n")
    launcher = f"--job_server_java_launcher={java(folder, '17.0.15')}"
    return [f"--runner={name.capitalize()}Runner", f"--{name}_job_server_jar={path}", launcher]


@pytest.fixture
def port() -> Iterator[int]:
    """One that something listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def closed() -> int:
    """A port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(("said", "version"), [("1.8.0_401", 8), ("11.0.2", 11), ("17.0.15", 17), ("21", 21)])
def test_the_version_of_java_is_read(said: str, version: int, tmp_path: Path) -> None:
    assert java_version(java(tmp_path, said)) == version


def test_a_java_that_is_too_old_is_refused_and_one_that_is_newer_is_noted(tmp_path: Path) -> None:
    options = engine(tmp_path, "spark")
    java(tmp_path, "1.8.0_401")
    with pytest.raises(RunnerError, match=r"needs Java 11 or 17, and \S+/java is Java 8\. Install one of them"):
        check(*options)
    java(tmp_path, "21.0.1")
    assert check(*options) == [f"{tmp_path}/java is Java 21; the tests use Java 17."]
    (tmp_path / "java").write_text("#!/bin/sh\nexit 1\n")
    assert check(*options) == []


@pytest.mark.parametrize("master", ["spark://127.0.0.1:{}", "spark://127.0.0.1:{},127.0.0.2:7077"])
def test_a_spark_master_has_to_answer(master: str, port: int, closed: int, tmp_path: Path) -> None:
    options = engine(tmp_path, "spark")
    assert check(*options, f"--spark_master_url={master.format(port)}") == []
    with pytest.raises(RunnerError, match=rf"No Spark master answers at 127\.0\.0\.1:{closed} .* --spark_master_url"):
        check(*options, f"--spark_master_url={master.format(closed)}")


@pytest.mark.parametrize("master", ["local[4]", "yarn", "k8s://https://cluster:6443"])
def test_other_masters_of_spark_are_left_to_it(master: str, tmp_path: Path) -> None:
    assert check(*engine(tmp_path, "spark"), f"--spark_master_url={master}") == []


@pytest.mark.parametrize("master", ["127.0.0.1:{}", "http://127.0.0.1:{}", "http://127.0.0.1:{}/"])
def test_a_flink_cluster_has_to_answer(master: str, port: int, closed: int, tmp_path: Path) -> None:
    options = engine(tmp_path, "flink")
    assert check(*options, "--flink_master=[local]") == []
    assert check(*options, f"--flink_master={master.format(port)}") == []
    with pytest.raises(RunnerError, match=rf"No Flink cluster answers at 127\.0\.0\.1:{closed} .* --flink_master"):
        check(*options, f"--flink_master={master.format(closed)}")


class _Jars(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(HTTPStatus.OK if self.path == "/there.jar" else HTTPStatus.NOT_FOUND)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def jars() -> Iterator[str]:
    """The address of a server with one jar."""
    with HTTPServer(("127.0.0.1", 0), _Jars) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_without_a_jar_beams_own_has_to_be_there_or_to_be_had(
    jars: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options = [option for option in engine(tmp_path, "spark") if "jar=" not in option]
    monkeypatch.setattr(runner_needs.JavaJarServer, "JAR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(SparkJarJobServer, "path_to_jar", lambda _: f"{jars}/there.jar")
    assert check(*options) == [f"Beam will download its job server from {jars}/there.jar."]
    monkeypatch.setattr(SparkJarJobServer, "path_to_jar", lambda _: f"{jars}/gone.jar")
    with pytest.raises(RunnerError, match=rf"There is no --spark_job_server_jar, .* from {jars}/gone\.jar \(Not Found"):
        check(*options)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "gone.jar").touch()
    assert check(*options) == []


def test_workers_that_this_machine_starts_have_to_be_there(
    port: int, closed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def workers(*options: str) -> None:
        check_workers(beam_arguments(options).options)

    workers("--environment_type=EXTERNAL", f"--environment_config=127.0.0.1:{port}")
    with pytest.raises(RunnerError, match="No worker pool answers"):
        workers("--environment_type=EXTERNAL", f"--environment_config=127.0.0.1:{closed}")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RunnerError, match="by the program docker, which is not here"):
        workers("--environment_type=DOCKER")


_CLOUD = {"project": "mine", "region": "europe-west4", "temp_location": "gs://bucket/tmp"}


def dataflow(**options: str) -> list[str]:
    return check("--runner=DataflowRunner", *(f"--{name}={value}" for name, value in options.items()))


def test_dataflow_needs_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_needs, "find_spec", lambda _: None)
    with pytest.raises(RunnerError, match=r"packages that are not installed: pip install 'blift\[gcp\]'"):
        dataflow(**_CLOUD)
    assert dataflow(dry_run="True") == []


@pytest.mark.parametrize("lacking", list(_CLOUD))
def test_dataflow_needs_to_know_where_and_for_whom(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_needs, "find_spec", lambda _: object())
    with pytest.raises(RunnerError, match=rf"needs --{lacking}, such as --{lacking}="):
        dataflow(**{name: value for name, value in _CLOUD.items() if name != lacking})


def test_dataflow_needs_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as much of google-auth as is asked, since the extra is large."""

    class GoogleAuthError(Exception):
        pass

    def default() -> None:
        if has_credentials:
            return
        raise GoogleAuthError("Your default credentials were not found. To set up, see a page")

    auth, exceptions = ModuleType("google.auth"), ModuleType("google.auth.exceptions")
    auth.default, auth.exceptions = default, exceptions  # type: ignore[attr-defined]
    exceptions.GoogleAuthError = GoogleAuthError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google.auth", auth)
    monkeypatch.setitem(sys.modules, "google.auth.exceptions", exceptions)
    monkeypatch.setattr(runner_needs, "find_spec", lambda _: object())
    has_credentials = False
    with pytest.raises(
        RunnerError, match=r"no credentials for Google Cloud \(Your default credentials were not found\)"
    ):
        dataflow(**_CLOUD)
    has_credentials = True
    assert dataflow(**_CLOUD) == []
