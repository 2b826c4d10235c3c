"""Commands that are killed before counted changes leave no half, and the same command again ends as if undisturbed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from backports import zstd

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from tests.hub_server import TOKEN, HubServer
from tests.kill.killed import Command, spread
from tests.reddit_server import RedditServer, made_up

#: Kills of each command: a few among the tests; by `make kill` 100 in all, and 100 losses of power.
FEW = 2
MANY = {"build": 25, "update": 20, "fetch": 20, "publish": 15, "folder": 5}
REPO = "owner/demo"


def kills(command: str) -> list[Any]:
    """The numbers of kills, as parameters, and whether what was not synced by then is lost."""
    many = [pytest.mark.kill, pytest.mark.timeout(7_200)]
    return [
        pytest.param(FEW, False, id="few"),
        pytest.param(FEW, True, id="few without power", marks=pytest.mark.long),
        pytest.param(MANY[command], False, id="many", marks=many),
        pytest.param(MANY[command], True, id="many without power", marks=many),
    ]


def nearly_all_were_killed(killed: int, planned: int) -> None:
    """A few runs may have ended before the change at which they were to be killed."""
    assert killed >= planned * 0.9, f"{killed} of {planned} were killed"


def names(folder: Path) -> list[str]:
    """All files of a folder but its lock, and what limits the pace of those who ask."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return sorted(str(path.relative_to(folder)) for path in found if path.parent.name != ".manners")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two small archives and a recipe."""
    folder = tmp_path_factory.mktemp("archives")
    site = made_up(12)
    for name, rows in (("RS", list(site.submissions.values())), ("RC", [])):
        lines = [json.dumps({**row, "retrieved_on": 1_700_000_000}) for row in rows]
        (folder / f"{name}.ndjson").write_text("".join(f"{line}\n" for line in lines))
    sources = {"reddit": {"submissions": ["RS.ndjson"], "comments": ["RC.ndjson"]}}
    recipe = {"name": "killed", "sources": sources, "output": {"shards": 2}, "publish": {"repo": REPO}}
    (folder / "mine.yaml").write_text(yaml.safe_dump(recipe))
    return folder


def build(archives: Path, out: Path) -> Command:
    """The build of the archives; what it publishes is another command's."""
    arguments = ["build", str(archives / "mine.yaml"), "--out", str(out), "--quiet"]
    return Command([*arguments, "--stages", "ingest,curate,instruct"], out, {})


def manifest_of(out: Path) -> Manifest | None:
    return RunFolder(str(out)).read_manifest()


@pytest.mark.parametrize(("planned", "without_power"), kills("build"))
def test_a_build(
    archives: Path, tmp_path: Path, planned: int, without_power: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = tmp_path / "whole"
    assert build(archives, whole).run(tmp_path / "counts") == 0
    manifest = manifest_of(whole)
    assert manifest is not None
    killed = 0
    for number, at in enumerate(spread(tmp_path / "counts", planned)):
        out = tmp_path / f"run{number}"
        killed += build(archives, out).is_killed(tmp_path / f"counts{number}", at, without_power=without_power)
        if (half := manifest_of(out)) is not None:
            complete = half.stages.keys() == manifest.stages.keys()
            assert main(["verify", str(out)]) == (0 if complete else 1), f"{at}: {capsys.readouterr()}"
            assert complete or "The dataset is not complete: " in capsys.readouterr().out
        assert build(archives, out).run(tmp_path / f"counts{number}") == 0
        again = manifest_of(out)
        assert again is not None
        assert (at, again.fingerprint) == (at, manifest.fingerprint)
        assert main(["verify", str(out)]) == 0
        assert (at, names(out)) == (at, names(whole))
    nearly_all_were_killed(killed, planned)


class Fetch:
    """A recipe that fetches from a Reddit on loopback, and what it left."""

    def __init__(self, folder: Path, reddit: RedditServer) -> None:
        folder.mkdir()
        self.folder = folder / "fetched"
        asked = {"listings": ["pics/new"], "requests_per_minute": 60_000}
        (folder / "mine.yaml").write_text(yaml.safe_dump({"name": "killed", "fetch": {"reddit": asked}}))
        (folder / "praw.ini").write_text(reddit.praw_ini())
        arguments = ["fetch", str(folder / "mine.yaml"), "--out", str(self.folder), "--quiet"]
        self.command = Command(arguments, self.folder, {"XDG_CONFIG_HOME": str(folder)})

    def records(self) -> dict[str, list[dict[str, Any]]]:
        """The records without the time of reading, sorted, by the name of their file."""
        found = {}
        for path in sorted((self.folder / "reddit").glob("*.zst")):
            with zstd.open(path) as stream:
                rows = [json.loads(line) for line in stream.read().splitlines()]
            for row in rows:
                row.pop("retrieved_on", None)
            found[path.name] = sorted(rows, key=lambda row: str(row["id"]))
        return found


@pytest.mark.parametrize(("planned", "without_power"), kills("fetch"))
def test_a_fetch(tmp_path: Path, planned: int, without_power: bool) -> None:
    with RedditServer(made_up(30)) as server:
        whole = Fetch(tmp_path / "whole", server)
        assert whole.command.run(tmp_path / "counts") == 0
        assert whole.records()
        killed = 0
        for number, at in enumerate(spread(tmp_path / "counts", planned)):
            fetch = Fetch(tmp_path / f"fetch{number}", server)
            killed += fetch.command.is_killed(tmp_path / f"counts{number}", at, without_power=without_power)
            assert fetch.command.run(tmp_path / f"counts{number}") == 0
            assert (at, fetch.records()) == (at, whole.records())
            assert (at, names(fetch.folder)) == (at, names(whole.folder))
        nearly_all_were_killed(killed, planned)


@contextmanager
def publishing(built: Path, folder: Path) -> Iterator[tuple[HubServer, Command]]:
    """A Hub of its own, and the command that publishes a copy of a run folder there."""
    run = Path(shutil.copytree(built, folder / "run"))
    with HubServer(folder / "hub") as hub:
        environment = {
            "HF_TOKEN": TOKEN,
            "HF_ENDPOINT": hub.endpoint,
            "HF_HOME": str(folder / "home"),
            "HF_HUB_DISABLE_XET": "1",
        }
        yield hub, Command(["publish", str(run), "--repo", REPO, "--quiet"], run, environment)


def tree(hub: HubServer) -> dict[str, str]:
    """The files of the published version by their digests."""
    return {path: blob.oid for path, blob in hub.state.repos[REPO].resolve("v1.0.0").tree.items()}


@pytest.mark.parametrize(("planned", "without_power"), kills("publish"))
def test_a_publication(archives: Path, tmp_path: Path, planned: int, without_power: bool) -> None:
    built = tmp_path / "built"
    assert build(archives, built).run(tmp_path / "counts of build") == 0
    with publishing(built, tmp_path / "whole") as (hub, command):
        assert command.run(tmp_path / "counts") == 0
        published, shown = tree(hub), names(command.folder)
    killed = 0
    for number, at in enumerate(spread(tmp_path / "counts", planned)):
        with publishing(built, tmp_path / f"publish{number}") as (hub, command):
            killed += command.is_killed(tmp_path / f"counts{number}", at, without_power=without_power)
            if REPO in hub.state.repos and hub.state.repos[REPO].tags:
                assert (at, tree(hub)) == (at, published)
            assert command.run(tmp_path / f"counts{number}") == 0
            repo = hub.state.repos[REPO]
            assert (at, repo.tags) == (at, {"v1.0.0": repo.branches["main"]})
            assert (at, hub.counted()["commits"], tree(hub)) == (at, 1, published)
            assert (at, names(command.folder)) == (at, shown)
    nearly_all_were_killed(killed, planned)
