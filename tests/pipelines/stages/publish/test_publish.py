"""A publication is one commit and one tag; the same content again is nothing; nobody's work is overwritten."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from blift.connectors.shard import name_of
from blift.pipelines.engine.stage_run import Report
from blift.pipelines.stages.publish.publish import Result
from blift.schemas.errors import InputError, PublishError
from tests.hub_server import Fault, HubServer
from tests.hub_server.state import Blob, Commit
from tests.pipelines.stages.publish.conftest import REPO, Waits

Publish = Callable[..., Result]


def files_at(hub: HubServer, revision: str) -> dict[str, str]:
    return {path: blob.remote_oid for path, blob in hub.state.repos[REPO].resolve(revision).tree.items()}


def text_at(hub: HubServer, path: str, revision: str = "main") -> str:
    return hub.state.repos[REPO].resolve(revision).tree[path].content.decode()


def somebody_commits(hub: HubServer, path: str, content: bytes) -> str:
    """A commit that blift did not make."""
    repo = hub.state.repos[REPO]
    tree = {**repo.resolve("main").tree, path: Blob(len(content), content)}
    commit = repo.add(repo.branches["main"], tree, "by hand")
    repo.branches["main"] = commit.oid
    return commit.oid


def new_card(folder: Path, summary: str) -> None:
    """Another card, and the same data."""
    recipe = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8"))
    recipe["card"] = {**recipe.get("card", {}), "summary": summary}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")


def test_one_commit_holds_everything_and_the_tag_names_it(
    hub: HubServer, publish_to: Publish, run_folder: Path
) -> None:
    result = publish_to(run_folder)
    repo = hub.state.repos[REPO]
    assert [commit.title for commit in repo.history("main")][1:] == ["initial commit"]
    assert repo.tags == {"v1.0.0": repo.branches["main"]} == {"v1.0.0": result.commit}
    listed = json.loads(text_at(hub, "manifest.json"))["files"]
    held = files_at(hub, "v1.0.0")
    assert {path: file["digest"] for path, file in listed.items()} == {
        path: digest for path, digest in held.items() if path not in (".gitattributes", "manifest.json")
    }
    assert {"README.md", "recipe.yaml", "funnel.svg", "schemas/sample-1.3.0.json"} <= held.keys()


@pytest.mark.parametrize(
    ("wish", "told"),
    [({}, [f"hf://datasets/{REPO}"]), ({"dry_run": True}, []), ({"create_pr": True}, [])],
    ids=["published", "dry run", "proposed"],
)
def test_the_address_is_told_once_the_dataset_is_there(
    publish_to: Publish, run_folder: Path, wish: dict[str, bool], told: list[str]
) -> None:
    addresses: list[str] = []
    publish_to(run_folder, report=Report(published=addresses.append), **wish)
    assert addresses == told


def test_the_same_content_again_makes_no_upload_no_commit_and_keeps_the_tag(
    hub: HubServer, publish_to: Publish, run_folder: Path
) -> None:
    first = publish_to(run_folder)
    hub.forget_counts()
    second = publish_to(run_folder)
    counted = hub.counted()
    assert {name: counted.get(name, 0) for name in ("uploads", "bytes_put", "commits", "tags", "lfs_batch")} == {
        "uploads": 0, "bytes_put": 0, "commits": 0, "tags": 0, "lfs_batch": 0
    }  # fmt: skip
    assert (second.there_before, second.commit, second.edition) == (True, first.commit, first.edition)


def test_a_build_elsewhere_of_the_same_archives_is_the_same_content(publish_to: Publish, run_folder: Path) -> None:
    publish_to(run_folder)
    manifest = json.loads((run_folder / "manifest.json").read_text())
    for record in manifest["stages"].values():
        record["seconds"] += 1.5
        record["versions"]["python"] = "3.99.0"
    (run_folder / "manifest.json").write_text(json.dumps(manifest))
    assert publish_to(run_folder).there_before


def test_a_card_alone_raises_the_last_number_and_sends_no_data(
    hub: HubServer, publish_to: Publish, run_folder: Path
) -> None:
    publish_to(run_folder)
    new_card(run_folder, "Other words.")
    hub.forget_counts()
    result = publish_to(run_folder)
    assert (result.edition.version, result.edition.previous) == ("v1.0.1", "v1.0.0")
    assert hub.counted().get("uploads", 0) == 0
    assert "Since v1.0.0 only the card or the recipe changed." in text_at(hub, "README.md", "v1.0.1")
    assert publish_to(run_folder).there_before


def test_a_tag_that_says_too_little_is_refused(publish_to: Publish, run_folder: Path) -> None:
    publish_to(run_folder, tag="v1.4.0")
    new_card(run_folder, "Other words.")
    with pytest.raises(PublishError, match=r"--tag v1.4.0 says too little: since v1.4.0 only the card .* v1.4.1"):
        publish_to(run_folder, tag="v1.4.0")
    assert publish_to(run_folder, tag="v2.0.0").edition.version == "v2.0.0"
    with pytest.raises(PublishError, match=r"holds the same already, as v2.0.0"):
        publish_to(run_folder, tag="v2.0.1")


def test_two_workers_make_the_commit_that_one_makes(hub: HubServer, publish_to: Publish, run_folder: Path) -> None:
    publish_to(run_folder)
    one = hub.state.repos.pop(REPO).resolve("v1.0.0")
    shutil.rmtree(run_folder / "release")
    for path in hub.state.folder.iterdir():
        path.unlink()
    publish_to(run_folder, beam=["--direct_num_workers=2", "--direct_running_mode=multi_processing"])
    two = hub.state.repos[REPO].resolve("v1.0.0")
    assert (one.oid, one.tree, one.description) == (two.oid, two.tree, two.description)


def test_a_dry_run_changes_nothing_there(hub: HubServer, publish_to: Publish, run_folder: Path) -> None:
    result = publish_to(run_folder, dry_run=True)
    assert (result.commit, hub.state.repos) == (None, {})
    assert result.sent > 30
    assert hub.counted().keys() <= {"requests", "info"}


def test_private_and_gated_are_set(hub: HubServer, publish_to: Publish, run_folder: Path) -> None:
    publish_to(run_folder, private=True, gated="manual")
    assert (hub.state.repos[REPO].private, hub.state.repos[REPO].gated) == (True, "manual")


class TestOthers:
    def test_a_dataset_with_other_files_is_taken(self, hub: HubServer, publish_to: Publish, run_folder: Path) -> None:
        hub.state.create("hf_ownersSecretOfThisTestOnly", "owner", "demo", private=False)
        head = somebody_commits(hub, "train.csv", b"a,b\n")
        with pytest.raises(PublishError, match=r"owner/demo is taken: it holds files .*train\.csv.*--force"):
            publish_to(run_folder)
        assert hub.state.repos[REPO].branches["main"] == head
        publish_to(run_folder, force=True)
        assert "train.csv" in files_at(hub, "v1.0.0")

    def test_files_that_others_added_stay(self, hub: HubServer, publish_to: Publish, run_folder: Path) -> None:
        publish_to(run_folder)
        somebody_commits(hub, "notes.txt", b"mine")
        new_card(run_folder, "Other words.")
        publish_to(run_folder)
        assert text_at(hub, "notes.txt", "v1.0.1") == "mine"

    def test_a_file_of_ours_that_others_changed_is_not_overwritten_unasked(
        self, hub: HubServer, publish_to: Publish, run_folder: Path
    ) -> None:
        publish_to(run_folder)
        head = somebody_commits(hub, "README.md", b"# Mended by hand\n")
        new_card(run_folder, "Other words.")
        with pytest.raises(PublishError, match=r"Somebody else changed README\.md in owner/demo.*--force"):
            publish_to(run_folder)
        assert hub.state.repos[REPO].branches["main"] == head
        assert publish_to(run_folder, force=True).edition.version == "v1.0.1"

    def test_a_commit_that_comes_between_wins_and_we_change_nothing(
        self, hub: HubServer, publish_to: Publish, run_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publish_to(run_folder)
        new_card(run_folder, "Other words.")
        original = hub.state.commit
        heads = []

        def interrupted(*request: Any) -> Commit:
            monkeypatch.setattr(hub.state, "commit", original)
            heads.append(somebody_commits(hub, "notes.txt", b"mine"))
            return original(*request)

        monkeypatch.setattr(hub.state, "commit", interrupted)
        with pytest.raises(PublishError, match=r"Somebody else committed to owner/demo while this was published"):
            publish_to(run_folder)
        repo = hub.state.repos[REPO]
        assert (repo.branches["main"], list(repo.tags)) == (heads[0], ["v1.0.0"])


class TestFaults:
    def test_an_answer_that_is_lost_after_the_commit_leaves_one_commit(
        self, hub: HubServer, publish_to: Publish, run_folder: Path
    ) -> None:
        hub.fail(Fault("POST", "/commit/", after=True))
        result = publish_to(run_folder)
        assert hub.counted()["commits"] == 1
        assert hub.state.repos[REPO].tags == {"v1.0.0": result.commit}

    def test_a_connection_that_breaks_before_the_commit_is_tried_again(
        self, hub: HubServer, publish_to: Publish, run_folder: Path
    ) -> None:
        hub.fail(Fault("POST", "/commit/"), Fault("POST", "/commit/", status=500), Fault("POST", "/tag/", after=True))
        publish_to(run_folder)
        assert (hub.counted()["commits"], hub.counted()["tags"]) == (1, 1)

    def test_too_many_requests_are_waited_out_as_the_server_says(
        self, hub: HubServer, publish_to: Publish, run_folder: Path
    ) -> None:
        hinted = {"RateLimit": '"api";r=0;t=37', "RateLimit-Policy": '"fixed window";"api";q=1000;w=300'}
        hub.fail(
            Fault("POST", "/repos/create", status=429, headers=hinted),
            Fault("GET", "/refs", status=503, headers={"Retry-After": "5"}),
            Fault("POST", "/commit/", status=429, headers=hinted),
            Fault("GET", "/revision/", status=502),
        )
        waits = Waits()
        publish_to(run_folder, waits=waits)
        assert sorted(waits.seconds) == [1.0, 6.0, 38.0, 38.0]
        assert hub.counted()["commits"] == 1

    def test_uploads_that_fail_are_sent_again_and_no_other(
        self, hub: HubServer, publish_to: Publish, run_folder: Path
    ) -> None:
        hub.fail(Fault("PUT", "/lfs/", status=500, skip=3), Fault("PUT", "/lfs/", skip=2))
        publish_to(run_folder)
        assert hub.counted()["uploads"] == len([path for path in files_at(hub, "main") if path.endswith(".parquet")])

    def test_a_server_that_stays_down_is_given_up_with_a_sentence(
        self, hub: HubServer, publish_to: Publish, run_folder: Path
    ) -> None:
        hub.fail(Fault("POST", "/commit/", status=503, times=99))
        with pytest.raises(PublishError, match=r"still answers 503\. Run the same command later"):
            publish_to(run_folder, waits=Waits(tries=4))
        assert list(hub.state.repos[REPO].tags) == []

    def test_a_tag_that_was_not_made_is_made_by_the_next_run(
        self, hub: HubServer, publish_to: Publish, run_folder: Path
    ) -> None:
        hub.fail(Fault("POST", "/tag/", status=500, times=99))
        with pytest.raises(PublishError, match="500"):
            publish_to(run_folder, waits=Waits(tries=2))
        hub.faults.planned.clear()
        assert publish_to(run_folder).there_before
        assert hub.state.repos[REPO].tags == {"v1.0.0": hub.state.repos[REPO].branches["main"]}


class TestPullRequests:
    def test_a_proposal_leaves_main_and_tags_alone_and_is_made_once(
        self, hub: HubServer, publish_to: Publish, run_folder: Path
    ) -> None:
        publish_to(run_folder)
        before = hub.state.repos[REPO].branches["main"]
        new_card(run_folder, "Other words.")
        first = publish_to(run_folder, create_pr=True)
        second = publish_to(run_folder, create_pr=True)
        repo = hub.state.repos[REPO]
        assert first.pull_request == second.pull_request == f"{hub.endpoint}/datasets/{REPO}/discussions/1"
        assert (repo.branches["main"], list(repo.tags), len(repo.pulls)) == (before, ["v1.0.0"], 1)
        assert "Other words." in text_at(hub, "README.md", "refs/pr/1")

    def test_more_files_than_one_commit_takes_reach_main_and_tag_in_one_step(
        self, hub: HubServer, publish_to: Publish, run_folder: Path
    ) -> None:
        result = publish_to(run_folder, files_per_commit=10)
        repo = hub.state.repos[REPO]
        assert hub.counted()["commits"] >= 3
        assert [commit.title.split(" (")[0] for commit in repo.history("main")] == [
            "blift v1.0.0: BLIFT demo", "initial commit"
        ]  # fmt: skip
        assert repo.tags == {"v1.0.0": result.commit}
        assert publish_to(run_folder, files_per_commit=10).there_before

    def test_a_proposal_that_broke_off_goes_on_where_it_stopped(
        self, hub: HubServer, publish_to: Publish, run_folder: Path
    ) -> None:
        hub.fail(Fault("POST", "/commit/", status=500, times=99, skip=1))
        with pytest.raises(PublishError, match="500"):
            publish_to(run_folder, files_per_commit=10, waits=Waits(tries=2))
        assert list(hub.state.repos[REPO].tags) == []
        hub.faults.planned.clear()
        publish_to(run_folder, files_per_commit=10)
        repo = hub.state.repos[REPO]
        shards = [path for path in files_at(hub, "v1.0.0") if path.endswith(".parquet")]
        assert hub.counted()["uploads"] == len(shards)
        assert len(repo.pulls) == 1


def test_a_shard_that_is_no_longer_what_was_written_does_not_travel_but_is_made_again(
    hub: HubServer, publish_to: Publish, run_folder: Path
) -> None:
    publish_to(run_folder, dry_run=True)
    shard = next((run_folder / "release" / "samples").iterdir())
    written = shard.read_bytes()
    content = bytearray(written)
    content[100] ^= 1
    shard.write_bytes(content)
    publish_to(run_folder)
    assert shard.read_bytes() == written
    tree = hub.state.repos[REPO].resolve("v1.0.0").tree
    assert tree[f"samples/{name_of(shard.name)}"].remote_oid == hashlib.sha256(written).hexdigest()


def test_a_folder_without_samples_is_refused(publish_to: Publish, run_folder: Path) -> None:
    manifest = json.loads((run_folder / "manifest.json").read_text())
    del manifest["stages"]["curate"], manifest["stages"]["instruct"]
    (run_folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="holds no samples to publish"):
        publish_to(run_folder)
    shutil.rmtree(run_folder)
