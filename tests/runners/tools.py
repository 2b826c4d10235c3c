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
FLINK_LINE = "1.20"

_CACHE = Path(__file__).parents[2] / ".cache" / "runners"
_FETCH_TIMEOUT_S = 600


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


def _fetch_jar(artifact: str) -> Callable[[Path], None]:
    def fetch(folder: Path) -> None:
        which = f"-Dartifact=org.apache.beam:{artifact}:{BEAM}"
        run_client(["mvn", "-B", "-q", "-U", "dependency:copy", which, f"-DoutputDirectory={folder}"])

    return fetch


def _fetch_spark(folder: Path) -> None:
    """Python's package of Spark carries the whole distribution."""
    run_client(["pip", "download", "-q", "--no-deps", "--no-binary=:all:", f"--dest={folder}", f"pyspark=={SPARK}"])
    with tarfile.open(folder / f"pyspark-{SPARK}.tar.gz") as package:
        package.extractall(folder, filter="data")
    (folder / f"pyspark-{SPARK}" / "deps").rename(folder / f"spark-{SPARK}")


def _jar(artifact: str) -> Tool:
    name = f"{artifact}-{BEAM}.jar"
    return Tool(name, "mvn", _CACHE / name, _fetch_jar(artifact))


PRISM = Tool(f"Prism {BEAM}", "go", _CACHE / f"prism-{BEAM}" / "prism", _fetch_prism)
SPARK_JOB_SERVER = _jar("beam-runners-spark-3-job-server")
FLINK_JOB_SERVER = _jar(f"beam-runners-flink-{FLINK_LINE}-job-server")
SPARK_DISTRIBUTION = Tool(f"Spark {SPARK}", "pip", _CACHE / f"spark-{SPARK}", _fetch_spark)
