"""`blift publish` by Xet, as people run it: whole, once, and again after a kill."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blift.connectors.hub.client import Line
from blift.connectors.shard import name_of
from blift.pipelines.stages.publish.publish import Result
from blift.schemas.errors import PublishError
from tests import xet_client
from tests.hub_server import TOKEN, Fault, HubServer
from tests.hub_server.xet_api import XetStorage
from tests.pipelines.stages.publish.conftest import REPO
from tests.pipelines.stages.publish.test_command import LOAD, blift

_KILLED = -9


@pytest.fixture
def xet_hub(tmp_path: Path) -> Iterator[HubServer]:
    """A Hub with Xet's storage."""
    xet_client.require_xet()
    with HubServer(tmp_path / "hub", xet=True) as server:
        yield server


def environment(hub: HubServer, home: Path) -> dict[str, str]:
    """The environment of a machine that has never seen the Hub."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    own = {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN, "HF_HOME": str(home), "PYTHONPATH": os.getcwd()}
    return {**kept, **own, **xet_client.settings(home / "xet")}


def digests_at(hub: HubServer, revision: str) -> dict[str, str]:
    return {path: blob.remote_oid for path, blob in hub.state.repos[REPO].resolve(revision).tree.items()}


def test_what_was_published_by_xet_is_loaded_and_does_not_travel_twice(
    xet_hub: HubServer, run_folder: Path, tmp_path: Path
) -> None:
    env = environment(xet_hub, tmp_path / "home")
    told = blift("publish", str(run_folder), "--repo", REPO, env=env)
    assert told.returncode == 0, told.stderr
    line = r"owner/demo is v1\.0\.0, commit [0-9a-f]{10} \(\d+ files, [\d,]+ bytes; 0 deleted; by Xet\)\.\n"
    assert re.fullmatch(line, told.stdout)
    first = xet_hub.counted()
    assert (first["commits"], first.get("lfs_batch", 0), first.get("put_object", 0)) == (1, 0, 0)

    reader = environment(xet_hub, tmp_path / "another home")
    subprocess.run([sys.executable, "-c", LOAD, REPO, str(tmp_path / "out")], env=reader, check=True, timeout=240)
    assert xet_hub.counted()["xorb_bytes_read"] > 0
    loaded = json.loads((tmp_path / "out").read_text())
    held = json.loads((run_folder / "manifest.json").read_text())["stages"]["release"]["shards"]
    for shard in held:
        content = (Path(loaded["folder"]) / name_of(shard["path"]).removeprefix("release/")).read_bytes()
        assert content == (run_folder / shard["path"]).read_bytes()

    assert xet_hub.state.xet is not None
    stored = xet_hub.state.xet.stored_bytes()
    xet_hub.forget_counts()
    again = blift("publish", str(run_folder), "--repo", REPO, env=reader)
    assert again.stdout == "owner/demo holds this already, as v1.0.0.\n"
    done = xet_hub.counted()
    assert not done.keys() & {"write_token", "put_xorb", "put_shard", "commits", "bytes_put"}
    assert xet_hub.state.xet.stored_bytes() == stored
    assert not any(TOKEN in text or "xet_write" in text for text in (told.stdout, told.stderr, again.stderr))


@pytest.mark.parametrize("moment", ["contents are on the way", "contents are there"])
def test_a_publisher_that_is_killed_and_run_again_leaves_the_same_as_one_that_was_not(
    moment: str, xet_hub: HubServer, run_folder: Path, tmp_path: Path
) -> None:
    run_again = shutil.copytree(run_folder, tmp_path / "whole")
    with HubServer(tmp_path / "another hub", xet=True) as whole:
        told = blift("publish", str(run_again), "--repo", REPO, env=environment(whole, tmp_path / "whole home"))
        assert told.returncode == 0, told.stderr
        wanted = digests_at(whole, "v1.0.0")
    xet_hub.hold.at(1, "^POST /cas/v1/xorbs/" if moment == "contents are on the way" else "^POST .*/commit/")
    env = environment(xet_hub, tmp_path / "home")
    command = [sys.executable, "-m", "blift.pipelines.cli", "publish", str(run_folder), "--repo", REPO]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert xet_hub.hold.reached(process)
    process.kill()
    assert process.wait() == _KILLED
    assert xet_hub.state.repos[REPO].tags == {}
    assert ("put_shard" in xet_hub.counted()) == (moment == "contents are there")
    xet_hub.hold.release()
    assert blift("publish", str(run_folder), "--repo", REPO, env=env).returncode == 0
    repo = xet_hub.state.repos[REPO]
    assert (xet_hub.counted()["commits"], repo.tags) == (1, {"v1.0.0": repo.branches["main"]})
    assert digests_at(xet_hub, "v1.0.0") == wanted


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault("POST", "/preupload/", status=401, times=9), "blift: The Hub does not know the token."),
        (Fault("POST", "/preupload/", status=403, times=9), "blift: The token may not write to owner/demo."),
        (Fault("POST", "/cas/v1/xorbs/", times=99), "blift: Contents did not travel ("),
    ],
)
def test_what_stands_in_the_way_is_said_in_one_sentence_and_leaves_no_commit(
    fault: Fault, sentence: str, xet_hub: HubServer, run_folder: Path, tmp_path: Path
) -> None:
    xet_hub.fail(fault)
    told = blift("publish", str(run_folder), "--repo", REPO, "--quiet", env=environment(xet_hub, tmp_path / "home"))
    lines = [line for line in told.stderr.splitlines() if line.startswith("blift: ")]
    assert (told.returncode, len(lines), told.stdout) == (2, 1, ""), told.stderr
    assert lines[0].startswith(sentence)
    assert "Traceback" not in told.stderr
    assert TOKEN not in told.stderr
    assert "xet_write" not in told.stderr
    assert xet_hub.counted().get("commits", 0) == 0


def test_ctrl_c_ends_what_is_under_way_at_once_and_says_what_to_do(
    xet_hub: HubServer, run_folder: Path, tmp_path: Path
) -> None:
    xet_hub.hold.at(1, "^POST /cas/v1/xorbs/")  # which is not answered before the program has ended
    env = environment(xet_hub, tmp_path / "home")
    command = [sys.executable, "-m", "blift.pipelines.cli", "publish", str(run_folder), "--repo", REPO, "--quiet"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert xet_hub.hold.reached(process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert said.strip() == "Interrupted. Finished stages are kept: run the same command again to go on."
    xet_hub.hold.release()
    assert blift("publish", str(run_folder), "--repo", REPO, env=env).returncode == 0
    assert xet_hub.counted()["commits"] == 1


@pytest.fixture
def by_xet(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> XetStorage:
    """Xet's storage of the Hub, to which this process sends each file in a call of its own."""
    xet_client.require_xet()
    xet_client.use_here(tmp_path / "memory", monkeypatch)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "0")  # for processes of workers
    monkeypatch.setattr("blift.pipelines.stages.publish.upload._BATCH_BYTES", 1)
    hub.state.xet = XetStorage(hub.state.folder)
    return hub.state.xet


def test_what_calls_that_ended_had_sent_does_not_travel_again(
    hub: HubServer, publish_to: Callable[..., Result], run_folder: Path, by_xet: XetStorage
) -> None:
    hub.fail(Fault("POST", "/cas/v1/xorbs/", status=400, times=9, skip=5))
    with pytest.raises(PublishError, match=r"Contents did not travel \(.*400 Bad Request"):
        publish_to(run_folder)
    assert (hub.counted()["xorbs"], hub.counted()["uploads"]) == (5, 5)
    assert hub.state.repos[REPO].tags == {}
    hub.faults.planned.clear()
    hub.forget_counts()
    assert publish_to(run_folder).lines == (Line.XET,)
    contents = {blob.sha256 for blob in hub.state.repos[REPO].resolve("main").tree.values() if blob.sha256}
    assert contents == set(by_xet.by_sha256)
    assert hub.counted()["put_xorb"] == hub.counted()["xorbs"] == len(contents) - 5


@pytest.mark.long
def test_two_workers_send_by_xet_what_one_commits(
    hub: HubServer, publish_to: Callable[..., Result], run_folder: Path, by_xet: XetStorage
) -> None:
    result = publish_to(run_folder, beam=["--direct_num_workers=2", "--direct_running_mode=multi_processing"])
    assert result.lines == (Line.XET,)
    assert hub.counted()["commits"] == 1
    assert {b.sha256 for b in hub.state.repos[REPO].resolve("v1.0.0").tree.values() if b.sha256} == set(
        by_xet.by_sha256
    )
    assert not (run_folder / ".account-upload.json").exists()
