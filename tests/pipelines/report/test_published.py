"""`blift publish` with a Space: the report of the release in one commit, nothing sent twice, errors in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from blift.pipelines.cli import main
from tests.hub_server import READER, TOKEN, Fault, HubServer
from tests.hub_server.state import Blob, Repo

REPO, SPACE = "owner/demo", "owner/look"
Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def publish(released_run: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command on the run with personal data; its exit code, and the lines that it printed."""

    def do(*options: str, repo: str = REPO, space: str = SPACE) -> tuple[int, list[str]]:
        code = main(["publish", str(released_run), "--repo", repo, "--space", space, *options])
        said = capsys.readouterr()
        return code, [*said.out.splitlines(), *(line for line in said.err.splitlines() if line.startswith("blift: "))]

    return do


def space_of(hub: HubServer, name: str = SPACE) -> Repo:
    return hub.state.repos[f"spaces/{name}"]


def files_of(hub: HubServer) -> dict[str, Blob]:
    return space_of(hub).resolve("main").tree


def somebody_commits(repo: Repo, path: str, content: bytes) -> None:
    commit = repo.add(
        repo.branches["main"], {**repo.resolve("main").tree, path: Blob(len(content), content)}, "by hand"
    )
    repo.branches["main"] = commit.oid


def test_the_report_of_the_release_is_one_commit_in_a_static_space(hub: HubServer, publish: Run) -> None:
    code, lines = publish()
    assert (code, len(lines)) == (0, 2), lines
    assert lines[0].startswith(f"{REPO} is v1.0.0, commit ")
    assert lines[1].startswith(f"The Space {SPACE} shows the report, commit {space_of(hub).branches['main'][:10]} (")
    assert lines[1].endswith("; 1 deleted).")  # style.css of the template
    files = files_of(hub)
    assert {"index.html", "app.js", "app.css", "README.md", "data/funnel.js", ".gitattributes"} <= files.keys()
    assert "style.css" not in files
    assert not [path for path in files if path.startswith("media/")]
    assert [commit.title for commit in space_of(hub).history("main")] == [f"Report of {REPO} v1.0.0", "initial commit"]
    assert f"datasets:\n- {REPO}\n" in files["README.md"].content.decode()
    assert (space_of(hub).sdk, space_of(hub).private) == ("static", False)
    told = b"".join(blob.content for path, blob in files.items() if path.startswith("data/"))
    assert b"[email]" in told
    assert b"somebody@example.org" not in told
    listed = json.loads(files["blift-report.json"].content)
    assert (listed["dataset"], listed["version"]) == (REPO, "v1.0.0")
    assert {path: file["digest"] for path, file in listed["files"].items()} == {
        path: blob.remote_oid for path, blob in files.items() if path not in (".gitattributes", "blift-report.json")
    }


def test_the_same_again_sends_nothing_and_a_changed_file_is_sent_alone(
    hub: HubServer, publish: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    hub.forget_counts()
    assert publish() == (0, [f"{REPO} holds this already, as v1.0.0.", f"The Space {SPACE} shows this report already."])
    assert not {"commits", "uploads", "create_repo"} & hub.counted().keys()
    monkeypatch.setattr("blift.pipelines.report.published.report", _with_other_draw)
    _, lines = publish()
    assert f"The Space {SPACE} shows the report" in lines[1]
    assert (hub.counted()["commits"], len(space_of(hub).history("main"))) == (1, 3)
    assert "data/samples-0.js" in files_of(hub)


def _with_other_draw(folder: object, out: Path, *, released: bool) -> object:
    from blift.pipelines.report.report import report  # noqa: PLC0415 - the name in the module is this function

    return report(folder, out, released=released, samples=3)  # type: ignore[arg-type]  # what it was given


def test_a_dry_run_changes_nothing_there(hub: HubServer, publish: Run) -> None:
    code, lines = publish("--dry-run")
    assert code == 0
    assert lines[1].startswith(f"The Space {SPACE} would show the report: ")
    assert lines[1].endswith("; 0 deleted. Nothing was sent.")
    assert hub.state.repos == {}
    publish()
    hub.forget_counts()
    assert (
        publish("--dry-run")[1][1]
        == f"The Space {SPACE} would show the report: 0 files, 0 bytes; 0 deleted. Nothing was sent."
    )
    assert "commits" not in hub.counted()


def test_a_proposal_leaves_the_space_as_it_is(hub: HubServer, publish: Run) -> None:
    code, lines = publish("--create-pr")
    assert (code, lines[1].partition(":")[0]) == (0, f"The Space {SPACE} stays as it is")
    assert f"spaces/{SPACE}" not in hub.state.repos


def test_a_restricted_dataset_has_a_private_space(hub: HubServer, publish: Run) -> None:
    assert publish("--private")[0] == 0
    assert space_of(hub).private
    assert publish(space="owner/second")[0] == 0
    assert space_of(hub, "owner/second").private
    space_of(hub).private = False
    code, lines = publish()
    assert code == 2
    assert f"The Space {SPACE} is public and the dataset {REPO} is not" in lines[-1]
    hub.state.repos[REPO].private = False
    assert publish("--gated", "manual")[0] == 2
    assert hub.state.repos[REPO].gated is False


def test_a_space_with_another_sdk_is_refused_before_anything_is_sent(hub: HubServer, publish: Run) -> None:
    hub.state.create(TOKEN, "owner", "look", private=False, sdk="gradio")
    code, lines = publish()
    said = "is a Space with the SDK gradio; a report needs one with the SDK static. Choose another --space."
    assert (code, lines) == (2, [f"blift: {SPACE} {said}"])
    assert REPO not in hub.state.repos


def test_the_space_of_somebody_is_not_overwritten(hub: HubServer, publish: Run) -> None:
    theirs = hub.state.create(TOKEN, "owner", "look", private=False, sdk="static")
    somebody_commits(theirs, "game.js", b"play()\n")
    code, lines = publish()
    assert code == 2
    assert f"Its report was not published: The Space {SPACE} is taken" in lines[-1]
    assert "game.js" in lines[-1]
    assert lines[-1].startswith(f"blift: {REPO} is v1.0.0, commit ")
    assert publish("--force")[0] == 0
    assert {"game.js", "app.js"} <= files_of(hub).keys()


def test_a_new_static_space_made_by_hand_is_taken(hub: HubServer, publish: Run) -> None:
    hub.state.create(TOKEN, "owner", "look", private=False, sdk="static")
    assert publish()[0] == 0
    assert "app.js" in files_of(hub)


def test_what_somebody_changed_is_kept_and_what_somebody_added_stays(hub: HubServer, publish: Run) -> None:
    publish()
    somebody_commits(space_of(hub), "notes.txt", b"mine\n")
    assert publish()[1][1] == f"The Space {SPACE} shows this report already."
    somebody_commits(space_of(hub), "app.css", b"body { color: red }\n")
    code, lines = publish()
    assert code == 2
    assert f"Somebody else changed app.css in the Space {SPACE} since blift published it." in lines[-1]
    assert publish("--force")[0] == 0
    assert files_of(hub)["app.css"].content != b"body { color: red }\n"
    assert files_of(hub)["notes.txt"].content == b"mine\n"


@pytest.mark.parametrize(
    "content",
    [b"{}", b"\xff", b'{"files": {"../x": {"digest": "' + b"0" * 40 + b'"}}}', b'{"files": {"x": {"digest": "0"}}}'],
)
def test_a_damaged_list_in_the_space_is_a_sentence(content: bytes, hub: HubServer, publish: Run) -> None:
    publish()
    somebody_commits(space_of(hub), "blift-report.json", content)
    code, lines = publish()
    assert code == 2
    assert f"blift-report.json of the Space {SPACE}" in lines[-1]
    assert publish("--force")[0] == 0
    assert publish()[1][1] == f"The Space {SPACE} shows this report already."


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        ("look", "--space is 'look'; write it as OWNER/NAME."),
        ("stranger/look", "or choose another --space."),
        ("owner/a..b", "owner/a..b"),
    ],
)
def test_what_stands_in_the_way_is_said_in_one_sentence(
    space: str, sentence: str, hub: HubServer, publish: Run
) -> None:
    code, lines = publish(space=space)
    assert (code, len(lines)) == (2, 1)
    assert sentence in lines[0]
    assert TOKEN not in lines[0]
    assert not [name for name in hub.state.repos if name.startswith("spaces/")]


def test_a_token_that_may_only_read_is_refused(hub: HubServer, publish: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    publish()
    monkeypatch.setenv("HF_TOKEN", READER)
    code, lines = publish(repo="reader/demo")
    assert code == 2
    assert "The token may not write to reader/demo" in lines[-1]
    assert (len(space_of(hub).history("main")), "reader/demo" in hub.state.repos) == (2, False)


def test_a_lost_answer_makes_no_second_commit(hub: HubServer, publish: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    hub.fail(Fault("POST", r"^/api/spaces/.*/commit/", after=True))
    assert publish()[0] == 0
    assert len(space_of(hub).history("main")) == 2
