"""What the engines need from outside: pinned here, fetched once by the ordinary clients into an ignored cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

BEAM = version("apache-beam")
#: Of the line that Beam's job server for Spark 3 is built against.
SPARK = "3.5.7"
FLINK = "1.19.1"
#: Of Flink's operator for Kubernetes: the schema of its manifests.
FLINK_OPERATOR_VERSION = "1.10.0"
#: An Azure Blob Storage for tests; the version of the Google Cloud Storage stands in `tests/stores/gcs/go.mod`.
AZURITE_VERSION = "3.35.0"
#: As `tests/stores/hdfs/pom.xml` has it.
HADOOP = "3.4.1"
MAVEN_DEPENDENCY = "3.6.1"
#: Of the job servers: the newest of which every part is in the registries; the whole jars are in none.
JOB_SERVERS = "2.62.0"

_CACHE = Path(__file__).parents[2] / ".cache" / "runners"
_POMS = Path(__file__).parent / "job_servers"
_STORES = Path(__file__).parents[1] / "stores"
_FETCH_TIMEOUT_S = 1200


class Missing(Exception):
    """A tool cannot be had here; the text says which and why."""


@dataclass(frozen=True)
class Tool:
    """One tool: its name, the program that fetches it, where it lies, and how it is fetched to there."""

    name: str
    client: str
    path: Path
    fetch: Callable[[Path], None]

    def find(self) -> Path:
        """Where the tool lies, fetched first where it is not there yet.

        Raises:
            Missing: the client that fetches it is not installed, or its registry has no such thing.
        """
        if self.path.exists():
            return self.path
        if self in _missing:
            raise _missing[self]
        try:
            return self._fetch()
        except Missing as missing:
            _missing[self] = missing
            raise

    def _fetch(self) -> Path:
        if shutil.which(self.client) is None:
            raise Missing(f"{self.name}: not fetched yet, and {self.client} is not installed")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.path.parent) as half:
            try:
                self.fetch(Path(half))
            except subprocess.CalledProcessError as error:
                raise Missing(f"{self.name}: {self.client} could not fetch it: {_reason(error.output)}") from error
            except subprocess.TimeoutExpired as error:
                raise Missing(f"{self.name}: {self.client} did not fetch it in {_FETCH_TIMEOUT_S} s") from error
            (Path(half) / self.path.name).rename(self.path)
        return self.path


#: What was asked for in vain; it is asked for once.
_missing: dict[Tool, Missing] = {}


def _reason(output: str) -> str:
    """The line of a client's output that names the cause, without the address of a registry."""
    for said in output.splitlines():
        if found := re.search(r"(?i)could not find .*?(?= in )|.*not found", said):
            return found.group().strip()
    return output[-300:].strip()


def run_client(command: list[str], **variables: str) -> None:
    """Run a client to its end.

    Raises:
        CalledProcessError: it failed; its output says why.
        TimeoutExpired: it took too long.
    """
    subprocess.run(
        command,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_FETCH_TIMEOUT_S,
        env={**os.environ, **variables},
    )


def _fetch_prism(folder: Path) -> None:
    run_client(["go", "install", f"github.com/apache/beam/sdks/v2/go/cmd/prism@v{BEAM}"], GOBIN=str(folder))


def _build_gcs_server(folder: Path) -> None:
    """Builds the server out of the program beside the tests of stores, and of what its `go.mod` names."""
    for name in ("go.mod", "main.go"):
        shutil.copy(_STORES / "gcs" / name, folder)
    run_client(["go", "build", "-C", str(folder), "-mod=mod", "-o", "gcs-server"])


def _copy_flink_operator(folder: Path) -> None:
    copy = f"org.apache.maven.plugins:maven-dependency-plugin:{MAVEN_DEPENDENCY}:copy"
    artifact = f"-Dartifact=org.apache.flink:flink-kubernetes-operator-api:{FLINK_OPERATOR_VERSION}"
    run_client(["mvn", "-B", "-q", copy, artifact, f"-DoutputDirectory={folder}"])


def _copy_hdfs(folder: Path) -> None:
    """Copies the jars that the pom beside the tests of stores names."""
    shutil.copy(_STORES / "hdfs" / "pom.xml", folder)
    copy = f"org.apache.maven.plugins:maven-dependency-plugin:{MAVEN_DEPENDENCY}:copy-dependencies"
    path = folder / f"hdfs-{HADOOP}"
    run_client(["mvn", "-B", "-q", "-f", str(folder / "pom.xml"), copy, f"-DoutputDirectory={path}"])


def _install_azurite(folder: Path) -> None:
    package, path = f"azurite@{AZURITE_VERSION}", str(folder / f"azurite-{AZURITE_VERSION}")
    run_client(["npm", "install", "--no-audit", "--no-fund", f"--prefix={path}", package])


def _package_jar(engine: str, name: str) -> Callable[[Path], None]:
    """Builds a job server out of its parts, as the pom beside this file says."""

    def fetch(folder: Path) -> None:
        shutil.copy(_POMS / engine / "pom.xml", folder)
        run_client(["mvn", "-B", "-q", "-f", str(folder / "pom.xml"), "package"])
        (folder / "target" / name).rename(folder / name)

    return fetch


def _download(package: str, release: str, name: str) -> Callable[[Path], None]:
    """Takes the distribution of an engine out of the source archive of its Python package, which carries it whole."""

    def fetch(folder: Path) -> None:
        which = f"{package}=={release}"
        run_client(["pip", "download", "-q", "--no-deps", "--no-binary=:all:", f"--dest={folder}", which])
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
        next(folder.glob("*/deps")).rename(folder / name)

    return fetch


def _jar(engine: str, line: str) -> Tool:
    name = f"beam-runners-{line}-job-server-{JOB_SERVERS}.jar"
    return Tool(name, "mvn", _CACHE / name, _package_jar(engine, name))


PRISM = Tool(f"Prism {BEAM}", "go", _CACHE / f"prism-{BEAM}" / "prism", _fetch_prism)
GCS_SERVER = Tool("fake-gcs-server", "go", _CACHE / "fake-gcs-server-1.56.1" / "gcs-server", _build_gcs_server)
_OPERATOR_JAR = f"flink-kubernetes-operator-api-{FLINK_OPERATOR_VERSION}.jar"
FLINK_OPERATOR = Tool(_OPERATOR_JAR, "mvn", _CACHE / _OPERATOR_JAR, _copy_flink_operator)
HDFS = Tool(f"HDFS {HADOOP}", "mvn", _CACHE / f"hdfs-{HADOOP}", _copy_hdfs)
AZURITE = Tool("Azurite", "npm", _CACHE / f"azurite-{AZURITE_VERSION}", _install_azurite)
SPARK_JOB_SERVER = _jar("spark", "spark-3")
FLINK_JOB_SERVER = _jar("flink", "flink-1.19")
SPARK_DISTRIBUTION = Tool(
    f"Spark {SPARK}", "pip", _CACHE / f"spark-{SPARK}", _download("pyspark", SPARK, f"spark-{SPARK}")
)
FLINK_DISTRIBUTION = Tool(
    f"Flink {FLINK}", "pip", _CACHE / f"flink-{FLINK}", _download("apache-flink-libraries", FLINK, f"flink-{FLINK}")
)
