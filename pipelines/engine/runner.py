"""The runner that a build is asked to use: checked before anything starts, and its failures told in a sentence."""

from __future__ import annotations

import re
import shutil
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import apache_beam as beam
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
from apache_beam.runners.runner import create_runner

from blift.schemas.errors import BliftError, did_you_mean

_REACH_TIMEOUT_S = 5.0
_ONE_IMAGE = "docs/runners.md says how to make one that fits."
WORKER_ENDED = (
    "A worker ended in the middle: it was killed, or ran out of memory. Finished stages are kept: run the same "
    "command again, with more memory a worker, or fewer workers a machine, if this comes back."
)
#: What Beam fetches where no option names a file.
_FETCHED = {
    "job server jar": "--spark_job_server_jar or --flink_job_server_jar",
    "prism binary": "--prism_location",
}
#: In every jar of Beam: the version of the SDK that it was built from.
_JAR_VERSION = "org/apache/beam/sdk/sdk.properties"


class RunnerError(BliftError):
    """The runner is unknown, cannot be reached, or does not fit this blift."""


def check_runner(options: PipelineOptions, out: str, *, detach: bool) -> None:
    """Find out, before a file is touched, whether the runner that is asked for can work.

    Args:
        options: Beam's options.
        out: the run folder.
        detach: nobody will wait for the job.

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
    if portable.job_endpoint and portable.job_endpoint != "embed":
        reach(str(portable.job_endpoint), "job server", "--job_endpoint")
    elif name in _OF_RUNNER:
        _OF_RUNNER[name](options)
    if name != "DataflowRunner" and options.view_as(TestOptions).dry_run:
        raise RunnerError(
            f"--dry_run is for Dataflow; {name} would run the stage. Leave it out; --limit makes a trial."
        )
    if name == "DataflowRunner" and "://" not in out:
        raise RunnerError(
            f"Dataflow's workers cannot write to {out} on this machine. Give --out, and the recipe's `sources`, as "
            "addresses such as gs://BUCKET/FOLDER."
        )


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


def check_jar(path: str, engine: str, option: str) -> None:
    """Find out whether a file is the job server of an engine, of this Beam's version.

    Args:
        path: of the file; an address is left to Beam.
        engine: `spark` or `flink`.
        option: that named the file.

    Raises:
        RunnerError: it is something else, or of another version.
    """
    if "://" in path:
        return
    wanted = f"Take version {beam.__version__} of beam-runners-{engine}-...-job-server."
    if not Path(path).is_file():
        raise RunnerError(f"{option} names {path}, and there is no such file. {wanted}")
    try:
        with zipfile.ZipFile(path) as jar:
            main = _field(jar, "META-INF/MANIFEST.MF", "Main-Class")
            version = _field(jar, _JAR_VERSION, "version")
    except zipfile.BadZipFile as error:
        raise RunnerError(f"{path} is no jar. {wanted}") from error
    if f".{engine}." not in main:
        raise RunnerError(f"{path} is not Beam's job server for {engine.capitalize()}. {wanted}")
    if version != beam.__version__:
        raise RunnerError(f"{path} is of Beam {version or 'unknown'}, and this is Beam {beam.__version__}. {wanted}")


def _field(jar: zipfile.ZipFile, member: str, name: str) -> str:
    """A field of a file of properties within a jar; empty where it is not there."""
    if member not in jar.namelist():
        return ""
    found = re.search(rf"^{name}\s*[=:]\s*(\S+)", jar.read(member).decode("utf-8", "replace"), flags=re.MULTILINE)
    return found.group(1) if found else ""


def _check_spark(options: PipelineOptions) -> None:
    spark = options.view_as(SparkRunnerOptions)
    if spark.spark_job_server_jar:
        check_jar(str(spark.spark_job_server_jar), "spark", "--spark_job_server_jar")
    _check_java(options)


def _check_flink(options: PipelineOptions) -> None:
    flink = options.view_as(FlinkRunnerOptions)
    if flink.flink_job_server_jar:
        check_jar(str(flink.flink_job_server_jar), "flink", "--flink_job_server_jar")
    _check_java(options)


def _check_java(options: PipelineOptions) -> None:
    launcher = str(options.view_as(JobServerOptions).job_server_java_launcher)
    if shutil.which(launcher) is None:
        raise RunnerError(f"The job server needs Java 11 or 17, and there is no {launcher!r} here. Install one.")


def _check_prism(options: PipelineOptions) -> None:
    location = options.view_as(PrismRunnerOptions).prism_location
    if location and "://" not in location and not Path(location).is_file():
        raise RunnerError(f"--prism_location names {location}, and there is no such file.")


_OF_RUNNER: dict[str, Callable[[PipelineOptions], None]] = {
    "SparkRunner": _check_spark,
    "FlinkRunner": _check_flink,
    "PrismRunner": _check_prism,
}


def sentence_on(text: str) -> str | None:
    """What a runner's failure means, where it is a mistake in how workers or servers were set up; else None.

    Args:
        text: the failure as the runner tells it, often a traceback from a worker.
    """
    if sentence := _on_modules(text):
        return sentence
    if re.search(r"SDK worker disconnected|Channel closed prematurely|worker .{0,80} died", text):
        return WORKER_ENDED
    if found := re.search(r"Unable to fetch remote (job server jar|prism binary) at (\S+?):? ", text):
        return (
            f"Beam cannot fetch the {found.group(1)} from {found.group(2)}. Name a file that is here by "
            f"{_FETCHED[found.group(1)]}; docs/runners.md has the commands."
        )
    if "validation errors" in text or "Missing required option" in text:
        missing = "; ".join(re.findall(r"(?:Missing|Invalid)[^\n]*?(?=\.?$)", text, flags=re.MULTILINE))
        return f"The runner's options are not complete: {missing}. docs/runners.md has a whole command."
    if found := re.search(r"addresses; last error: .*?(\d+\.\d+\.\d+\.\d+:\d+|\[[\d:a-f]+\]:\d+)", text):
        return (
            f"Nothing answers at {found.group(1)}: the job server or the worker pool ended, or was not started. "
            "Look at its log, start it, and run the same command again."
        )
    return None


def _on_modules(text: str) -> str | None:
    """The same, where the workers lack a module."""
    if found := re.search(r"No module named '?((?:blift|apache_beam)\b)", text):
        return (
            f"The workers have no blift (No module named {found.group(1)!r}). Install the same blift in their image or "
            f"environment; {_ONE_IMAGE}"
        )
    if found := re.search(r"No module named '?([\w.]+)", text):
        return f"The workers lack the module {found.group(1)}. Use one image for all of them; {_ONE_IMAGE}"
    return None
