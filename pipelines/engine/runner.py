"""The runner that a build is asked to use, checked before anything starts."""

from __future__ import annotations

import re
import shutil
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    JobServerOptions,
    PipelineOptions,
    PortableOptions,
    PrismRunnerOptions,
    SparkRunnerOptions,
    StandardOptions,
    TestOptions,
)
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
from apache_beam.runners.runner import create_runner

from blift.schemas.errors import BliftError, did_you_mean

_REACH_TIMEOUT_S = 5.0
#: In every jar of Beam: the version of the SDK that it was built from.
_JAR_VERSION = "org/apache/beam/sdk/sdk.properties"
#: The version of the job servers that `make test-runners` builds and compares bytes with.
_TESTED = "2.62.0"


class RunnerError(BliftError):
    """The runner is unknown, cannot be reached, or does not fit this blift."""


def check_runner(options: PipelineOptions, out: str, *, detach: bool) -> list[str]:
    """Find out, before a file is touched, whether the runner that is asked for can work.

    Args:
        options: Beam's options.
        out: the run folder.
        detach: nobody will wait for the job.

    Returns:
        notes on what may not work, although the runner can be tried.

    Raises:
        RunnerError: it cannot.
    """
    name = _known(str(options.view_as(StandardOptions).runner))
    portable = options.view_as(PortableOptions)
    if detach and portable.environment_type == "LOOPBACK":
        raise RunnerError(
            "--detach goes with workers that outlive this command, and --environment_type=LOOPBACK makes it the "
            "worker. Use DOCKER or EXTERNAL, or leave --detach out."
        )
    if name == "PortableRunner" and not portable.job_endpoint:
        raise RunnerError("--runner=PortableRunner needs --job_endpoint=HOST:PORT, where a job server listens.")
    notes: list[str] = []
    if portable.job_endpoint and portable.job_endpoint != "embed":
        _ask_job_server(str(portable.job_endpoint))
    elif name in _OF_RUNNER:
        notes = _OF_RUNNER[name](options)
    if name != "DataflowRunner" and options.view_as(TestOptions).dry_run:
        raise RunnerError(
            f"--dry_run is for Dataflow; {name} would run the stage. Leave it out; --limit makes a trial."
        )
    if name == "DataflowRunner" and "://" not in out:
        raise RunnerError(
            f"Dataflow's workers cannot write to {out} on this machine. Give --out, and the recipe's `sources`, as "
            "addresses such as gs://BUCKET/FOLDER."
        )
    return notes


def _known(asked: str) -> str:
    """The name of the runner's class.

    Raises:
        RunnerError: Beam has no such runner, or a package for it is missing.
    """
    try:
        return type(create_runner(asked)).__name__
    except ValueError as error:
        names = StandardOptions.KNOWN_RUNNER_NAMES
        hint = did_you_mean(asked, [*names, *(name.removesuffix("Runner") for name in names)]) or "."
        known = ", ".join(names)
        raise RunnerError(f"There is no runner {asked!r}{hint} Beam has: {known}.") from error
    except (ImportError, AttributeError) as error:
        extra = " pip install 'blift[gcp]' brings it." if "dataflow" in asked.lower() else ""
        raise RunnerError(f"The runner {asked} cannot be loaded: {str(error).rstrip('.')}.{extra}") from error


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
            f"No {what} answers at {endpoint} ({error.strerror or error}). Start it, or mend {option}; "
            "docs/runners.md has the commands."
        ) from error


def _ask_job_server(endpoint: str) -> None:
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


def _check_spark(options: PipelineOptions) -> list[str]:
    _check_java(options)
    jar = options.view_as(SparkRunnerOptions).spark_job_server_jar
    return check_jar(str(jar), "spark", "--spark_job_server_jar") if jar else []


def _check_flink(options: PipelineOptions) -> list[str]:
    _check_java(options)
    jar = options.view_as(FlinkRunnerOptions).flink_job_server_jar
    return check_jar(str(jar), "flink", "--flink_job_server_jar") if jar else []


def _check_java(options: PipelineOptions) -> None:
    launcher = str(options.view_as(JobServerOptions).job_server_java_launcher)
    if shutil.which(launcher) is None:
        raise RunnerError(f"The job server needs Java 11 or 17, and there is no {launcher!r} here. Install one.")


def _check_prism(options: PipelineOptions) -> list[str]:
    location = options.view_as(PrismRunnerOptions).prism_location
    if location and "://" not in location and not Path(location).is_file():
        raise RunnerError(f"--prism_location names {location}, and there is no such file.")
    return []


_OF_RUNNER: dict[str, Callable[[PipelineOptions], list[str]]] = {
    "SparkRunner": _check_spark,
    "FlinkRunner": _check_flink,
    "PrismRunner": _check_prism,
}
