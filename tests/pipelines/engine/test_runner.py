"""A runner that cannot work is told in one sentence, before a file is touched or out of what the runner said."""

import re
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import JobServerOptions, PortableOptions

from blift.pipelines.cli import main, parser
from blift.pipelines.engine.beam_arguments import beam_arguments
from blift.pipelines.engine.runner import check_runner
from blift.pipelines.engine.runner_failures import sentence_on
from blift.pipelines.engine.runner_needs import RunnerError, check_jar, reach
from blift.schemas.errors import BliftError
from tests.job_server import listening

_SPARK_MAIN = "org.apache.beam.runners.spark.SparkJobServerDriver"


def check(*options: str, out: str = "/data/run", detach: bool = False) -> list[str]:
    return check_runner(beam_arguments(options).options, out, detach=detach)


def jar(folder: Path, main: str = _SPARK_MAIN, version: str = beam.__version__) -> str:
    """A file laid out as Beam's job servers are."""
    path = folder / "job-server.jar"
    with zipfile.ZipFile(path, "w") as content:
        content.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\nMain-Class: {main}\r\n")
        content.writestr("org/apache/beam/sdk/sdk.properties", f"# SDK\nversion={version}\nsdk_version={version}\n")
    return str(path)


@pytest.fixture
def job_server() -> Iterator[int]:
    """A port that a job server listens at."""
    with listening(with_jobs=True) as port:
        yield port


@pytest.fixture
def other_server() -> Iterator[int]:
    """A port that a server of gRPC listens at which knows nothing of jobs."""
    with listening(with_jobs=False) as port:
        yield port


@pytest.fixture
def closed() -> int:
    """A port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("asked", ["Sprak", "sparkruner", "Nothing"])
def test_an_unknown_runner_is_named_with_those_that_there_are(asked: str) -> None:
    with pytest.raises(RunnerError, match=rf"There is no runner '{asked}'.* Beam has: .*SparkRunner") as told:
        check(f"--runner={asked}")
    assert ("did you mean" in str(told.value)) == (asked != "Nothing")


@pytest.mark.parametrize("asked", ["FnApiRunner", "fnapi", "prism", "PrismRunner"])
def test_known_runners_pass(asked: str) -> None:
    check(f"--runner={asked}")


def test_a_runner_class_that_cannot_be_loaded_is_told() -> None:
    with pytest.raises(RunnerError, match=r"The runner no\.such\.Runner cannot be loaded: No module named 'no'\."):
        check("--runner=no.such.Runner")


def test_a_portable_runner_needs_an_endpoint() -> None:
    with pytest.raises(RunnerError, match="needs --job_endpoint=HOST:PORT"):
        check("--runner=PortableRunner")


def test_a_job_server_that_does_not_answer_is_told_at_once(closed: int) -> None:
    with pytest.raises(RunnerError, match=rf"No job server answers at localhost:{closed} \(Connection refused\)"):
        check("--runner=PortableRunner", f"--job_endpoint=localhost:{closed}")


def test_a_job_server_that_answers_passes(job_server: int) -> None:
    assert check("--runner=PortableRunner", f"--job_endpoint=localhost:{job_server}") == []


def test_what_is_no_job_server_is_told(other_server: int) -> None:
    sentence = rf"The server at localhost:{other_server} is not a Beam job server\. Correct --job_endpoint;"
    with pytest.raises(RunnerError, match=sentence):
        check("--runner=PortableRunner", f"--job_endpoint=localhost:{other_server}")


@pytest.mark.parametrize("address", ["localhost", "localhost:", ":8099", "localhost:job"])
def test_an_endpoint_is_a_host_and_a_port(address: str) -> None:
    with pytest.raises(RunnerError, match="give HOST:PORT"):
        reach(address, "job server", "--job_endpoint")


@pytest.mark.parametrize("version", [beam.__version__, "2.62.0"])
def test_a_job_server_that_was_tested_passes(version: str, tmp_path: Path) -> None:
    assert check_jar(jar(tmp_path, version=version), "spark", "--spark_job_server_jar") == []


def test_a_job_server_that_was_not_tested_may_be_tried_and_is_told(tmp_path: Path) -> None:
    (note,) = check("--runner=SparkRunner", f"--spark_job_server_jar={jar(tmp_path, version='2.60.0')}")
    assert note.endswith(
        f"job-server.jar is the job server of Beam 2.60.0, this is Beam {beam.__version__}, and the tests use 2.62.0."
    )


def test_workers_are_kept_and_java_is_opened_where_nobody_says_otherwise() -> None:
    options = beam_arguments(["--runner=SparkRunner"]).options
    assert options.view_as(PortableOptions).environment_cache_millis == "60000"
    opened = options.view_as(JobServerOptions).job_server_jvm_properties
    assert "--add-opens=java.base/sun.security.action=ALL-UNNAMED" in opened
    own = beam_arguments(["--runner=PortableRunner", "--environment_cache_millis=5"]).options
    assert own.view_as(PortableOptions).environment_cache_millis == "5"
    assert beam_arguments([]).options.view_as(PortableOptions).environment_cache_millis == 0


@pytest.mark.parametrize("runner", ["PortableRunner", "PrismRunner", "SparkRunner", "FlinkRunner"])
def test_a_job_may_take_longer_than_beam_waits_for_an_answer(runner: str) -> None:
    assert beam_arguments([f"--runner={runner}"]).options.view_as(PortableOptions).job_server_timeout > 24 * 3600
    for flag in ("--job_server_timeout", "--job-server-timeout"):
        own = beam_arguments([f"--runner={runner}", f"{flag}=5"]).options
        assert own.view_as(PortableOptions).job_server_timeout == 5


def test_the_job_server_of_another_engine_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match=r"is not Beam's job server for Flink"):
        check("--runner=FlinkRunner", f"--flink_job_server_jar={jar(tmp_path)}")


def test_a_jar_that_is_none_or_absent_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.jar").write_text("text")
    with pytest.raises(RunnerError, match=r"text\.jar is not a jar"):
        check("--runner=SparkRunner", f"--spark_job_server_jar={tmp_path / 'text.jar'}")
    with pytest.raises(RunnerError, match="there is no such file"):
        check("--runner=SparkRunner", f"--spark_job_server_jar={tmp_path / 'absent.jar'}")


def test_java_that_is_not_installed_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="needs Java 11 or 17, and there is no 'no-such-java' here"):
        check(
            "--runner=SparkRunner",
            f"--spark_job_server_jar={jar(tmp_path)}",
            "--job_server_java_launcher=no-such-java",
        )


def test_prism_where_there_is_none_is_told() -> None:
    with pytest.raises(RunnerError, match="--prism_location names /no/prism, and there is no such file"):
        check("--runner=PrismRunner", "--prism_location=/no/prism")


def test_only_dataflow_can_translate_a_stage_and_not_run_it() -> None:
    with pytest.raises(RunnerError, match="--dry_run is for Dataflow; FnApiRunner would run the stage"):
        check("--dry_run=True")
    with pytest.raises(BliftError, match=r"would not keep anything from being published\. Write --dry-run\."):
        beam_arguments(["--dry_run=True"], "publish")


@pytest.mark.parametrize("command", ["build", "publish", "doctor"])
def test_a_near_option_of_the_command_itself_is_offered(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    flags = parser([command]).parse_known_args([command, "here", "--out=here"])[0].flags
    for option in set(re.findall(r"(?<=[ \[,])--[a-z-]+", capsys.readouterr().out.partition("All other")[0])):
        if option != "--runner":
            with pytest.raises(BliftError, match=f"has the option {option}x, did you mean '{option}'"):
                beam_arguments([f"{option}x"], command, flags)


def test_detaching_from_workers_that_end_with_the_command_is_refused(job_server: int) -> None:
    with pytest.raises(RunnerError, match="--detach goes with workers that outlive this command"):
        check(
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{job_server}",
            "--environment_type=LOOPBACK",
            detach=True,
        )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ModuleNotFoundError: No module named 'blift' [while running 'x']", "The workers have no blift"),
        ("ModuleNotFoundError: No module named 'blift.transforms.tables'\n", "The workers have no blift"),
        ("ModuleNotFoundError: No module named 'polars'\n", "The workers lack the module polars."),
        (
            "Pipeline job-1 failed: SDK worker disconnected: worker[job-1], 2 active instructions",
            "A worker ended in the middle",
        ),
        ("RuntimeError: Channel closed prematurely.", "A worker ended in the middle"),
        ("java.lang.IllegalStateException: Process died with exit code 137", "A worker ended in the middle"),
        ("io.grpc.StatusRuntimeException: CANCELLED: cancelled", "A worker ended in the middle"),
        (
            "java.util.concurrent.TimeoutException: Heartbeat of TaskManager with id 127.0.0.1:4-8 timed out.",
            "A worker ended in the middle",
        ),
        (
            "RemoteTransportException: Connection unexpectedly closed by remote task manager '127.0.0.1/127.0.0.1:4'.",
            "A worker ended in the middle",
        ),
        (
            '<RPC with:\n\tstatus = StatusCode.UNAVAILABLE\n\tdetails = "Stream removed (Socket closed)"',
            "The job server ended in the middle",
        ),
        (
            "io.grpc.StatusRuntimeException: UNAVAILABLE: io exception",
            "The executors cannot reach the worker pool: it ended.",
        ),
        (
            'java.io.IOException: Cannot run program "docker": error=2, No such file or directory',
            "The executors cannot start workers: where they run, there is no program docker.",
        ),
        (
            "java.io.IOException: Insufficient number of network buffers: required 9, but only 3 available.",
            "Flink has too few network buffers",
        ),
        (
            "Pipeline has validations errors: \nMissing required option: project.\nMissing required option: region.",
            "The runner's options are not complete: Missing required option: project; Missing required option: region.",
        ),
        (
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:9: Connection refused",
            "Nothing answers at 127.0.0.1:9:",
        ),
        (
            "RuntimeError: Unable to fetch remote prism binary at https://a/prism.zip: HTTP Error 404: Not Found",
            "Beam cannot fetch the prism binary from https://a/prism.zip. Name a file that is here by --prism_location",
        ),
    ],
)
def test_what_a_runner_says_of_its_workers_becomes_a_sentence(said: str, sentence: str) -> None:
    told = sentence_on(said)
    assert told is not None
    assert told.startswith(sentence)


def test_other_failures_stay_as_they_are() -> None:
    assert sentence_on("ZeroDivisionError: division by zero") is None


@pytest.mark.parametrize(
    ("options", "alone"),
    [
        ([], True),
        (["--direct_num_workers=1"], True),
        (["--direct_num_workers=2", "--direct_running_mode=multi_processing"], False),
        (["--direct_num_workers=0", "--direct_running_mode=multi_processing"], False),
        (["--runner=PrismRunner"], False),
        (["--runner=PortableRunner", "--job_endpoint=localhost:1", "--environment_type=LOOPBACK"], False),
    ],
)
def test_this_process_knows_whether_it_is_the_only_worker(options: list[str], alone: bool) -> None:
    assert beam_arguments(options).run_here == alone
