"""`blift publish` as people run it: what it leaves can be loaded, and what stands in its way is said in a sentence."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.months import Size, write_month, write_recipe
from blift.connectors.shard import name_of
from blift.pipelines.cli import main
from blift.pipelines.stages.publish.publish import Result
from tests.hub_server import READER, TOKEN, HubServer
from tests.pipelines.stages.publish.conftest import REPO

LOAD = """
import json, sys, datasets
from huggingface_hub import DatasetCard, snapshot_download
datasets.disable_progress_bars()
repo, out = sys.argv[1:]
found = {}
for config in datasets.get_dataset_config_names(repo, revision="v1.0.0"):
    splits = datasets.load_dataset(repo, config, revision="v1.0.0")
    streamed = datasets.load_dataset(repo, config, revision="v1.0.0", streaming=True)
    declared = datasets.load_dataset_builder(repo, config, revision="v1.0.0").info.features
    for name, split in splits.items():
        assert split.features == declared, (config, split.features, declared)
        rows = [json.dumps(row, default=str, sort_keys=True) for row in split]
        assert rows == [json.dumps(row, default=str, sort_keys=True) for row in streamed[name]], config
        found[f"{config}/{name}"] = rows
folder = snapshot_download(repo, repo_type="dataset", revision="v1.0.0")
DatasetCard.load(folder + "/README.md").validate(repo_type="dataset")
json.dump({"rows": found, "folder": folder}, open(out, "w"))
"""


def environment(hub: str, home: Path, token: str | None) -> dict[str, str]:
    """The environment of a process that talks to the Hub on loopback."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return {
        **kept,
        **({"HF_TOKEN": token} if token else {}),
        "HF_ENDPOINT": hub,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "PYTHONPATH": os.getcwd(),
    }


def blift(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "blift.pipelines.cli", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=240)


WITHOUT = """
import sys
from blift.pipelines.cli import main
code = main(sys.argv[1:])
kinds = {name.partition(".")[0] for name in sys.modules}
slow = {"apache_beam", "rich", "scipy"}
sys.exit(" ".join(sorted(slow & kinds)) or code)
"""


def test_publishing_what_is_released_imports_what_is_slow_for_nothing(
    hub: HubServer, released: Path, tmp_path: Path
) -> None:
    env = environment(hub.endpoint, tmp_path / "home", TOKEN)
    for _ in range(2):  # a first version, and the same again
        command = [sys.executable, "-c", WITHOUT, "publish", str(released), "--repo", REPO]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.partition(" (")[0]) == (0, "release   already done"), done.stderr
    assert "holds this already, as v1.0.0" in done.stdout


Here = Callable[..., tuple[int, str]]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Here:
    """Run the command in this process, with a token and a Hub; its exit code and what it said to stderr."""
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))

    def do(token: str | None, endpoint: str, *arguments: str) -> tuple[int, str]:
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        if token:
            monkeypatch.setenv("HF_TOKEN", token)
        else:
            monkeypatch.delenv("HF_TOKEN", raising=False)
        return main(arguments), capsys.readouterr().err

    return do


def test_what_was_published_is_loaded_row_by_row_streamed_and_as_a_snapshot(
    hub: HubServer, run_folder: Path, tmp_path: Path
) -> None:
    env = environment(hub.endpoint, tmp_path / "home", TOKEN)
    told = blift("publish", str(run_folder), "--repo", REPO, env=env)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("owner/demo is v1.0.0, commit ")
    assert told.stdout.endswith("0 deleted; whole files by LFS, as HF_HUB_DISABLE_XET says).\n")
    subprocess.run([sys.executable, "-c", LOAD, REPO, str(tmp_path / "out")], env=env, check=True, timeout=240)
    loaded = json.loads((tmp_path / "out").read_text())
    held = json.loads((run_folder / "manifest.json").read_text())["stages"]["release"]["shards"]
    for config, folder in (("samples/train", "samples/"), ("blift/train", "blift/"), ("rejects/train", "rejects/")):
        assert len(loaded["rows"][config]) == sum(
            shard["rows"] for shard in held if shard["path"].startswith(f"release/{folder}")
        )
    for shard in held:
        content = (Path(loaded["folder"]) / name_of(shard["path"]).removeprefix("release/")).read_bytes()
        assert content == (run_folder / shard["path"]).read_bytes()
    again = blift("publish", str(run_folder), "--repo", REPO, env=env)
    assert again.stdout == "owner/demo holds this already, as v1.0.0.\n"
    assert blift("diff", f"{REPO}@v1.0.0", str(run_folder), env=env).returncode == 0
    texts = [told.stdout, told.stderr, again.stderr]
    texts += [path.read_text() for path in Path(loaded["folder"]).iterdir() if path.is_file()]
    assert not any(TOKEN in text for text in [*texts, (run_folder / "manifest.json").read_text()])


@pytest.mark.parametrize(
    ("token", "repo", "sentence"),
    [
        (None, REPO, "There is no token for the Hub. Set HF_TOKEN, or log in with `hf auth login`."),
        ("hf_notATokenThatIsKnown", REPO, "The Hub does not know the token. Make a new one with write access"),
        (READER, REPO, "The token may not write to owner/demo. Use a token with write access"),
        (TOKEN, "stranger/demo", "The token may not write to stranger/demo."),
        (TOKEN, "demo", "--repo is 'demo'; write it as OWNER/NAME."),
        (TOKEN, "owner/a..b", "owner/a..b"),
    ],
)
def test_what_stands_in_the_way_is_said_in_one_sentence(
    token: str | None, repo: str, sentence: str, hub: HubServer, released: Path, here: Here
) -> None:
    code, said = here(token, hub.endpoint, "publish", str(released), "--repo", repo, "--quiet")
    lines = [line for line in said.splitlines() if line.startswith("blift: ")]
    assert (code, len(lines)) == (2, 1), said
    assert sentence in lines[0]
    assert token is None or token not in said
    assert hub.counted().get("commits", 0) == 0


def test_nobody_there_and_offline_are_said(released: Path, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    publish = ("publish", str(released), "--repo", REPO, "--quiet")
    code, said = here(TOKEN, "http://127.0.0.1:9", *publish)
    assert code == 2
    assert "blift: Cannot reach the Hub at http://127.0.0.1:9" in said
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    code, said = here(TOKEN, "http://127.0.0.1:9", *publish)
    assert code == 2
    assert "blift: HF_HUB_OFFLINE is set" in said


def test_a_gated_dataset_is_said_to_be_gated(
    hub: HubServer, publish_to: Callable[..., Result], run_folder: Path, tmp_path: Path, here: Here
) -> None:
    publish_to(run_folder, gated="manual")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"name: back\nsources:\n  hub: {{repo: {REPO}}}\n")
    for token in (None, READER):
        code, said = here(token, hub.endpoint, "build", str(recipe), "--out", str(tmp_path / "back"))
        assert code == 2
        assert "blift: owner/demo is gated and not open to you. Ask for access at" in said


def test_a_build_whose_recipe_names_a_dataset_publishes_it(hub: HubServer, tmp_path: Path) -> None:
    write_month(tmp_path, 1, Size(posts=6, comments=12), pictures=False)
    recipe = write_recipe(tmp_path, publish={"repo": REPO, "tag": "v3.1.0"})
    env = environment(hub.endpoint, tmp_path / "home", TOKEN)
    told = blift("build", str(recipe), "--out", str(tmp_path / "run"), env=env)
    assert told.returncode == 0, told.stderr
    assert "owner/demo is v3.1.0" in told.stdout
    assert hub.state.repos[REPO].tags == {"v3.1.0": hub.state.repos[REPO].branches["main"]}
    trial = blift("build", str(recipe), "--out", str(tmp_path / "trial"), "--limit", "5", env=env)
    assert (trial.returncode, hub.counted()["commits"]) == (0, 1)


def test_a_publisher_that_is_killed_and_run_again_leaves_one_whole_commit(
    hub: HubServer, run_folder: Path, tmp_path: Path
) -> None:
    env = environment(hub.endpoint, tmp_path / "home", TOKEN)
    hub.hold.at(6, "^PUT ")
    command = [sys.executable, "-m", "blift.pipelines.cli", "publish", str(run_folder), "--repo", REPO]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert hub.hold.reached(process)
    process.kill()
    process.wait()
    assert (hub.counted()["uploads"] <= 5, hub.state.repos[REPO].tags) == (True, {})  # others were under way
    hub.hold.release()
    assert blift("publish", str(run_folder), "--repo", REPO, env=env).returncode == 0
    repo = hub.state.repos[REPO]
    assert (hub.counted()["commits"], repo.tags) == (1, {"v1.0.0": repo.branches["main"]})
    objects = {blob.sha256 for blob in repo.resolve("v1.0.0").tree.values() if blob.sha256}
    assert hub.counted()["uploads"] == len(objects)
