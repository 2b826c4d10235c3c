"""A dataset on S3 is the dataset on this machine: built there, killed and resumed there, and read there."""

import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runners.builds import run_blift
from tests.runners.conftest import Run
from tests.runners.engines import ENGINES
from tests.runners.processes import Processes
from tests.s3_server import BUCKET, S3, s3_server

pytestmark = [pytest.mark.runner, pytest.mark.timeout(1800)]

#: The command, killed when it begins to write samples.
_KILLED = """
import os, signal
from blift.connectors import parquet
from blift.pipelines import cli
write = parquet.open_to_write
def write_or_die(path):
    if "/samples/" in path:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(path)
parquet.open_to_write = write_or_die
cli.main()
"""


@pytest.fixture
def s3() -> Iterator[S3]:
    """An empty bucket on a server on loopback."""
    with s3_server() as served:
        yield served


def on_s3(corpus: Path, folder: Path) -> Path:
    """The recipe of a corpus, with its archives in the bucket."""
    shutil.copytree(corpus, folder, ignore=shutil.ignore_patterns("reddit", "youtube", "pictures"))
    recipe = folder / "demo.yaml"
    text, begins = recipe.read_text(), re.compile(r"(?<=[\s\"])(?=(reddit|youtube|pictures)/)")
    recipe.write_text(begins.sub(f"s3://{BUCKET}/{corpus.name}/", text))
    return recipe


def test_a_build_on_s3_that_was_killed_and_resumed_has_the_same_bytes(
    s3: S3, corpora: Callable[[str], Path], run: Run, tmp_path: Path
) -> None:
    corpus = corpora("demo").parent
    s3.upload(corpus)
    build = ["build", str(on_s3(corpus, tmp_path / "recipe")), "--out", f"s3://{BUCKET}/run"]
    with Processes(tmp_path / "killed") as processes:
        assert processes.start("blift", [sys.executable, "-P", "-c", _KILLED, *build]).wait() == -signal.SIGKILL
    assert s3.names("run/posts/")
    with Processes(tmp_path / "resumed") as processes:
        printed = run_blift(processes, *build)
        assert (
            f"The dataset is in s3://{BUCKET}/run, fingerprint {run(ENGINES[0], 'demo').fingerprint[:16]}." in printed
        )
        assert "files are as they were written" in run_blift(processes, "verify", f"s3://{BUCKET}/run")
        assert '"sample_id"' in run_blift(processes, "inspect", f"s3://{BUCKET}/run", "--rows", "1", "--json")
        assert "already done" in run_blift(processes, *build)
