"""What runners need and may lack: Java, a job server's jar, a cluster that answers, a program, an account."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import socket
import subprocess
import urllib.request
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    GoogleCloudOptions,
    JobServerOptions,
    PipelineOptions,
    PortableOptions,
    PrismRunnerOptions,
    SparkRunnerOptions,
    TestOptions,
)
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
from apache_beam.runners.portability.flink_runner import FlinkJarJobServer
from apache_beam.runners.portability.job_server import JavaJarJobServer
from apache_beam.runners.portability.spark_runner import SparkJarJobServer
from apache_beam.utils.subprocess_server import JavaJarServer

from blift.schemas.errors import BliftError

_REACH_TIMEOUT_S = 5.0
_ASK_TIMEOUT_S = 20
#: In every jar of Beam: the version of the SDK that it was built from.
_JAR_VERSION = "org/apache/beam/sdk/sdk.properties"
#: The version of the job servers that `make test-runners` builds and compares bytes with.
_TESTED = "2.62.0"
#: Versions of Java on which Spark 3.5 and Flink 1.19 run; the tests use the last.
_OLDEST_JAVA, _TESTED_JAVA = 11, 17


class RunnerError(BliftError):
    """The runner is unknown, cannot be reached, or does not fit this blift."""


def reach(endpoint: str, what: str, option: str) -> None:
    """Ask whether something listens at ``host:port``.

    Raises:
        RunnerError: the address is none, or nothing answers.
    """
    host, _, port = endpoint.rpartition(":")
    if not host or not port.isdigit():
        raise RunnerError(f"{option} is {endpoint!r}; give HOST:PORT, such as localhost:8099.")
    try:
        socket.create_connection((host, int(port)), timeout=_REACH_TIMEOUT_S).close()
    except OSError as error:
        raise RunnerError(
            f"No {what} answers at {endpoint} ({error.strerror or error}). Start it, or correct {option}; "
            "docs/runners.md has the commands."
        ) from error


def ask_job_server(endpoint: str) -> None:
    """Ask a job server for its options, as every Beam job server can be asked. None of them gives its version.

    Raises:
        RunnerError: nothing answers there, or a server of another kind.
    """
    reach(endpoint, "job server", "--job_endpoint")
    try:
        with grpc.insecure_channel(endpoint) as channel:
            server = beam_job_api_pb2_grpc.JobServiceStub(channel)
            server.DescribePipelineOptions(beam_job_api_pb2.DescribePipelineOptionsRequest(), timeout=_REACH_TIMEOUT_S)
    except grpc.RpcError as error:
        raise RunnerError(
            f"The server at {endpoint} is not a Beam job server. Correct --job_endpoint; docs/runners.md has the "
            "commands that start one."
        ) from error


def check_workers(options: PipelineOptions) -> None:
    """Find out whether the workers that the options name can be had on this machine.

    Those of a cluster are started on other machines, which may have what is missing here.

    Raises:
        RunnerError: no worker pool answers, or the program that starts workers is not there.
    """
    portable = options.view_as(PortableOptions)
    if portable.environment_type == "EXTERNAL":
        reach(str(portable.environment_config), "worker pool", "--environment_config")
    if portable.environment_type == "DOCKER" and shutil.which("docker") is None:
        raise RunnerError("--environment_type=DOCKER starts workers by the program docker, which is not here.")


def check_jar(path: str, engine: str, option: str) -> list[str]:
    """Find out whether a file is the job server of an engine.

    Args:
        path: of the file; an address is left to Beam.
        engine: `spark` or `flink`.
        option: that named the file.

    Returns:
        a note where its version is neither this Beam's nor the one that the tests use.

    Raises:
        RunnerError: it is something else.
    """
    if "://" in path:
        return []
    wanted = f"docs/runners.md says how to build or download Beam's job server for {engine.capitalize()}."
    if not Path(path).is_file():
        raise RunnerError(f"{option} names {path}, and there is no such file. {wanted}")
    try:
        with zipfile.ZipFile(path) as jar:
            main = _field(jar, "META-INF/MANIFEST.MF", "Main-Class")
            version = _field(jar, _JAR_VERSION, "version")
    except zipfile.BadZipFile as error:
        raise RunnerError(f"{path} is not a jar. {wanted}") from error
    if f".{engine}." not in main:
        raise RunnerError(f"{path} is not Beam's job server for {engine.capitalize()}. {wanted}")
    if version in (beam.__version__, _TESTED):
        return []
    of = f"Beam {version}" if version else "an unknown version of Beam"
    return [f"{path} is the job server of {of}, this is Beam {beam.__version__}, and the tests use {_TESTED}."]


def _field(jar: zipfile.ZipFile, member: str, name: str) -> str:
    """A field of a file of properties within a jar; empty where it is not there."""
    if member not in jar.namelist():
        return ""
    found = re.search(rf"^{name}\s*[=:]\s*(\S+)", jar.read(member).decode("utf-8", "replace"), flags=re.MULTILINE)
    return found.group(1) if found else ""


def _check_own_jar(server: JavaJarJobServer, engine: str, option: str) -> list[str]:
    """Find out whether Beam has a job server of its own, or can download it.

    Returns:
        a note where it will.

    Raises:
        RunnerError: it is nowhere.
    """
    place = str(server.path_to_jar())
    if "://" not in place:
        return check_jar(place, engine, option)
    if os.path.exists(os.path.join(JavaJarServer.JAR_CACHE, posixpath.basename(place))):
        return []
    try:
        asked = urllib.request.Request(place, method="HEAD")  # noqa: S310 - Beam's own address
        urllib.request.urlopen(asked, timeout=_REACH_TIMEOUT_S).close()  # noqa: S310
    except OSError as error:
        raise RunnerError(
            f"There is no {option}, and Beam's own job server cannot be downloaded from {place} "
            f"({getattr(error, 'reason', None) or error}). Name a jar that is here; docs/runners.md says how to build "
            "one."
        ) from error
    return [f"Beam will download its job server from {place}."]


def _check_spark(options: PipelineOptions) -> list[str]:
    spark = options.view_as(SparkRunnerOptions)
    notes = _check_job_server(options, spark.spark_job_server_jar, SparkJarJobServer, "spark")
    scheme, _, masters = str(spark.spark_master_url).partition("://")
    if scheme == "spark":  # several masters are separated by commas, and one of them leads
        reach(masters.partition(",")[0], "Spark master", "--spark_master_url")
    return notes


def _check_flink(options: PipelineOptions) -> list[str]:
    flink = options.view_as(FlinkRunnerOptions)
    notes = _check_job_server(options, flink.flink_job_server_jar, FlinkJarJobServer, "flink")
    master = str(flink.flink_master)
    if not master.startswith("["):
        reach(master.rpartition("://")[2].rstrip("/"), "Flink cluster", "--flink_master")
    return notes


def _check_job_server(
    options: PipelineOptions, jar: str | None, of_beam: type[JavaJarJobServer], engine: str
) -> list[str]:
    """Find out whether the job server of an engine can be started: the jar that is named, or Beam's own, and a Java.

    Returns:
        notes on what may not work.

    Raises:
        RunnerError: it cannot.
    """
    option = f"--{engine}_job_server_jar"
    notes = _check_java(options)
    return notes + (check_jar(jar, engine, option) if jar else _check_own_jar(of_beam(options), engine, option))


def _check_java(options: PipelineOptions) -> list[str]:
    """Find out whether there is a Java that the job servers run on.

    Returns:
        a note where it is newer than that of the tests.

    Raises:
        RunnerError: there is none, or it is too old.
    """
    launcher = str(options.view_as(JobServerOptions).job_server_java_launcher)
    program = shutil.which(launcher)
    if program is None:
        raise RunnerError(f"The job server needs Java 11 or 17, and there is no {launcher!r} here. Install one.")
    version = java_version(program)
    if version is not None and version < _OLDEST_JAVA:
        raise RunnerError(f"The job server needs Java 11 or 17, and {program} is Java {version}. Install one of them.")
    if version is not None and version > _TESTED_JAVA:
        return [f"{program} is Java {version}; the tests use Java {_TESTED_JAVA}."]
    return []


def java_version(program: str) -> int | None:
    """The major version of a Java, such as 17; None where it does not tell one."""
    try:
        asked = subprocess.run(  # noqa: S603 - the program that the job server is started by
            [program, "-version"], capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', asked.stderr + asked.stdout)
    return int(found[1]) if found else None


def _check_prism(options: PipelineOptions) -> list[str]:
    location = options.view_as(PrismRunnerOptions).prism_location
    if location and "://" not in location and not Path(location).is_file():
        raise RunnerError(f"--prism_location names {location}, and there is no such file.")
    return []


def _check_dataflow(options: PipelineOptions) -> list[str]:
    """Find out whether Dataflow can be asked: its packages, its options, an account.

    Raises:
        RunnerError: something is missing.
    """
    if options.view_as(TestOptions).dry_run:  # a stage is translated, and nobody is asked
        return []
    if find_spec("apitools") is None:
        raise RunnerError("--runner=DataflowRunner needs packages that are not installed: pip install 'blift[gcp]'.")
    cloud = options.view_as(GoogleCloudOptions)
    for name in ("project", "region", "temp_location"):
        if not getattr(cloud, name):
            example = {"project": "MY-PROJECT", "region": "europe-west4", "temp_location": "gs://BUCKET/tmp"}[name]
            raise RunnerError(f"--runner=DataflowRunner needs --{name}, such as --{name}={example}.")
    from google.auth import default, exceptions  # noqa: PLC0415 - of an extra

    try:
        default()
    except exceptions.GoogleAuthError as error:
        raise RunnerError(
            f"There are no credentials for Google Cloud ({str(error).partition('.')[0]}). Run `gcloud auth "
            "application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS."
        ) from error
    return []


#: By name of the runner, what is checked before it is used; each gives notes.
CHECKS: dict[str, Callable[[PipelineOptions], list[str]]] = {
    "SparkRunner": _check_spark,
    "FlinkRunner": _check_flink,
    "PrismRunner": _check_prism,
    "DataflowRunner": _check_dataflow,
}
