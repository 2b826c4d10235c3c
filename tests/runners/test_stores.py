"""A dataset in a store is the dataset on this machine: built there, killed and resumed there, and read there."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from blift.connectors.filesystem import has_folders
from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import RunFolder
from tests.hub_server import TOKEN, HubServer
from tests.months import write_months
from tests.runners.builds import BLIFT, run_blift
from tests.runners.conftest import Run
from tests.runners.engines import ENGINES
from tests.runners.processes import Processes
from tests.stores.store import Store
from tests.stores.stores import STORES

pytestmark = [
    pytest.mark.runner,
    pytest.mark.timeout(1800),
    # Clients leave a connection to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

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


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty bucket on a server on loopback."""
    with STORES[request.param]() as served:
        yield served


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A Hub on loopback."""
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubServer(tmp_path / "hub") as server:
        yield server


class Command:
    """Commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def prints(self, *arguments: str, code: int = 0) -> str:
        """What one prints, which ends with this exit code."""
        ended = main(list(arguments))
        printed, said = self._capsys.readouterr()
        assert (ended, "Traceback" in said) == (code, False), f"{arguments}: {ended}\n{printed}\n{said}"
        return printed + said


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def fingerprint_in(printed: str) -> str:
    found = re.search(r"fingerprint (\w{16})", printed)
    assert found, printed
    return found.group(1)


@dataclass(frozen=True)
class OnDisk:
    """Archives on this machine, the run folder of those of the first month, and its fingerprint."""

    archives: Path
    run: str
    fingerprint: str


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> OnDisk:
    folder = tmp_path_factory.mktemp("on_disk")
    archives, run = folder / "archives", str(folder / "run")
    archives.mkdir()
    (folder / "words.txt").write_text("zebra\n")
    words = {"reddit": {"posts": {"words_out": str(folder / "words.txt")}}}
    write_months(archives, curate=words, card={"license": "cc-by-4.0"}, output={"shards": 1})
    assert main(["build", str(archives / "before.yaml"), "--out", run, "--runner=FnApiRunner", "--quiet"]) == 0
    return OnDisk(archives, run, RunFolder(run).require_manifest().fingerprint[:16])


def test_every_command_takes_addresses(
    store: Store, on_disk: OnDisk, hub: HubServer, command: Command, tmp_path: Path
) -> None:
    store.upload(on_disk.archives)
    run = f"{store.address}/run"
    recipe, in_memory = f"{store.address}/archives/before.yaml", "--runner=FnApiRunner"
    assert "reads 2 files" in command.prints("plan", recipe, "--out", run)

    with Processes(tmp_path / "killed") as processes:
        killed = [sys.executable, "-P", "-c", _KILLED, "build", recipe, "--out", run, in_memory]
        assert processes.run("blift", killed, 600)[0] == -signal.SIGKILL, processes.log("blift")
    assert store.names("run/posts/")
    assert not store.names("run/samples/")
    built = command.prints("build", recipe, "--out", run, in_memory)
    assert "ingest    already done" in built
    assert f"The dataset is in {run}, " in built
    assert fingerprint_in(built) == on_disk.fingerprint
    assert "already done" in command.prints("build", recipe, "--out", run, in_memory)

    assert "files are as they were written" in command.prints("verify", run)
    assert f"fingerprint {fingerprint_in(built)}" in command.prints("inspect", run)
    rows = [json.loads(line) for line in command.prints("inspect", run, "--rows=2", "--json").splitlines()]
    assert "sample_id" in rows[0]
    assert rows[0]["sample_id"] in command.prints("explain", run, rows[0]["sample_id"])
    command.prints("diff", on_disk.run, run)
    assert "comments: 15 rows" in command.prints("stats", run)
    assert f"{run} " in command.prints("doctor", f"--store={run}")
    command.prints("report", run, "--out", str(tmp_path / "report"))
    assert (tmp_path / "report" / "index.html").is_file()
    with Processes(tmp_path / "published") as processes:
        variables = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "home")}
        published = run_blift(processes, "publish", run, "--repo=owner/months", variables=variables)
        assert "owner/months is v1.0.0" in published

    update = command.prints("build", f"{store.address}/archives/after.yaml", "--out", run, in_memory)
    assert fingerprint_in(update) != fingerprint_in(built)
    before = store.names("run/")
    deleted = re.search(r"Deleted (\d+) files", command.prints("clean", run, "--keep=0"))
    assert deleted
    assert len(before) - len(store.names("run/")) >= int(deleted.group(1)) > 0
    assert "files are as they were written" in command.prints("verify", run)


def test_what_is_wrong_with_an_address_is_told(store: Store, tmp_path: Path) -> None:
    write_months(tmp_path)
    recipe, nowhere, here = str(tmp_path / "before.yaml"), store.elsewhere, str(tmp_path / "run")

    def said(*arguments: str) -> tuple[int, str]:
        with Processes(tmp_path / "logs") as processes:  # the command may end its process at once
            code, printed = processes.run("blift", [BLIFT, *arguments], 600)
        assert "Traceback" not in printed
        return code, printed

    no_recipe = f"blift: Cannot read the recipe {store.address}/none.yaml: there is no such file.\n"
    assert said("build", f"{store.address}/none.yaml", "--out", here) == (2, no_recipe)
    archives = f"sources.reddit.submissions=['{store.address}/RS_*']"
    code, printed = said("build", recipe, "--set", archives, "--out", here)
    assert (code, f"No file matches {store.address}/RS_*." in printed) == (2, True), printed
    code, printed = said("verify", nowhere)
    assert (code, f"{nowhere} has no manifest.json: it is no run folder" in printed) == (2, True), printed
    if has_folders(store.address):
        return  # it makes folders
    no_bucket = f"There is no bucket or container for {nowhere}. Create it, or correct the address."
    code, printed = said("build", recipe, "--out", nowhere)
    no_files = f"Cannot reach {nowhere}/parts/ingest-*.part: there is no such bucket or file. Check"  # of this build
    assert (code, no_bucket in printed or no_files in printed) == (2, True), printed
    code, printed = said("doctor", f"--store={nowhere}")
    assert (code, no_bucket in printed) == (1, True), printed


def in_store(corpus: Path, store: Store, folder: Path) -> Path:
    """The recipe of a corpus, with its archives in the bucket."""
    shutil.copytree(corpus, folder, ignore=shutil.ignore_patterns("reddit", "youtube", "pictures"))
    recipe = folder / "demo.yaml"
    text, begins = recipe.read_text(), re.compile(r"(?<=[\s\"])(?=(reddit|youtube|pictures)/)")
    recipe.write_text(begins.sub(f"{store.address}/{corpus.name}/", text))
    return recipe


def test_the_demo_in_a_store_has_the_same_bytes(
    store: Store, corpora: Callable[[str], Path], run: Run, tmp_path: Path
) -> None:
    corpus = corpora("demo").parent
    store.upload(corpus)
    with Processes(tmp_path / "built") as processes:
        recipe = str(in_store(corpus, store, tmp_path / "recipe"))
        printed = run_blift(processes, "build", recipe, "--out", f"{store.address}/run")
        assert f"fingerprint {run(ENGINES[0], 'demo').fingerprint[:16]}." in printed
        assert "files are as they were written" in run_blift(processes, "verify", f"{store.address}/run")
