"""What OpenLineage is told of a build, and that it neither fails nor holds up one."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blift.pipelines.cli import main
from blift.pipelines.engine.openlineage_events import Name, name_of, names_of, told_to_openlineage
from blift.pipelines.engine.openlineage_sender import Sender, configured
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.stage import Prepared
from blift.pipelines.engine.stage_run import Report
from blift.schemas.errors import InputError
from tests.loopback import Handler, Loopback
from tests.reddit_server import made_up


class Backend(Loopback):
    """Takes events as a lineage server does."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.authorizations: list[str | None] = []
        super().__init__(_Takes)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]


class _Takes(Handler):
    def serve(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.site.bodies.append(body.decode())
        self.server.site.authorizations.append(self.headers["Authorization"])
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def backend() -> Iterator[Backend]:
    with Backend() as server:
        yield server


@pytest.fixture(autouse=True)
def _not_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe with a small archive."""
    rows = made_up(12).submissions.values()
    (tmp_path / "RS.ndjson").write_text("\n".join(json.dumps({**row, "retrieved_on": 1_700_000_000}) for row in rows))
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nsources: {reddit: {submissions: [RS.ndjson]}}\n")
    return path


def shown(event: dict[str, Any]) -> tuple[str, str]:
    return event["job"]["name"], event["eventType"]


def test_a_build_is_a_run_and_each_stage_one_in_it(
    recipe: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", backend.address)
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "s3cret")
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", "airflow/monthly.blift/01890b5e-4bb7-7c5c-9b2c-6b7a3f3d2a11")
    run = recipe.parent / "run"
    build = ["build", str(recipe), "--out", str(run), "--quiet"]
    assert main(build) == 0
    assert capsys.readouterr().err == ""
    assert "s3cret" not in [value for name, value in os.environ.items() if name != "OPENLINEAGE_API_KEY"]
    assert not [name for name in os.environ if name.startswith("OPENLINEAGE__")], "keys stay under their own names"
    assert set(backend.authorizations) == {"Bearer s3cret"}
    assert "s3cret" not in "".join(backend.bodies)
    events = backend.events
    stages = ["mine.ingest", "mine.curate", "mine.instruct"]
    assert list(map(shown, events)) == [
        ("mine", "START"),
        *((stage, state) for stage in stages for state in ("START", "COMPLETE")),
        ("mine", "COMPLETE"),
    ]
    assert {event["job"]["namespace"] for event in events} == {"blift"}
    assert {event["producer"] for event in events} == {"pkg:pypi/blift@0.1.0"}
    whole = events[0]["run"]["runId"]
    above = events[0]["run"]["facets"]["parent"]["job"]
    assert (above["namespace"], above["name"]) == ("airflow", "monthly.blift")
    assert {event["run"]["facets"]["parent"]["run"]["runId"] for event in events[1:-1]} == {whole}
    assert events[-1]["run"]["runId"] == whole
    assert len({event["run"]["runId"] for event in events}) == 4

    ingest, curate = events[2], events[4]
    names = [(dataset["namespace"], dataset["name"]) for dataset in ingest["inputs"]]
    assert names == [("file", str(recipe.parent / "RS.ndjson"))]
    assert [dataset["name"] for dataset in curate["inputs"]] == [str(run / "origins"), str(run / "posts")]
    posts = next(dataset for dataset in ingest["outputs"] if dataset["name"] == str(run / "posts"))
    shards = json.loads((run / "manifest.json").read_text())["stages"]["ingest"]["shards"]
    of_posts = [shard for shard in shards if shard["path"].startswith("posts/")]
    counts = posts["outputFacets"]["outputStatistics"]
    assert (counts["rowCount"], counts["fileCount"]) == (12, len(of_posts))
    assert counts["size"] == sum(shard["size_bytes"] for shard in of_posts)
    types = {column["name"]: column for column in posts["facets"]["schema"]["fields"]}
    assert types["post_id"]["type"] == "string"
    samples = next(dataset for dataset in curate["outputs"] if dataset["name"] == str(run / "samples"))
    structs = [column for column in samples["facets"]["schema"]["fields"] if column["type"] == "list<struct>"]
    assert structs
    assert all(column["fields"] for column in structs)

    backend.bodies.clear()
    assert main(build) == 0
    assert list(map(shown, backend.events)) == [("mine", "START"), ("mine", "COMPLETE")], "no stage ran"
    assert backend.events[0]["run"]["runId"] != whole


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where OpenLineage's own file says that events go."""
    path = tmp_path / "events.ndjson"
    transport = f"transport: {{type: file, log_file_path: {path}, append: true}}\n"
    (tmp_path / "openlineage.yml").write_text(transport)
    return path


@pytest.mark.parametrize(
    ("error", "state"), [(InputError("/home/me/secret.zst is damaged"), "FAIL"), (KeyboardInterrupt(), "ABORT")]
)
def test_what_ends_early_is_told_without_texts(error: BaseException, state: str, log: Path, tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path / "run"))
    archives = [f"s3://bucket/RS_{month}.zst" for month in (1, 2)]

    def fail() -> None:
        with told_to_openlineage(Report(), "mine", folder) as told:
            told.started("ingest", prepared(archives))
            raise error

    with pytest.raises(type(error)):
        fail()
    events = written(log)
    assert list(map(shown, events)) == [
        ("mine", "START"), ("mine.ingest", "START"), ("mine.ingest", state), ("mine", state),
    ]  # fmt: skip
    assert events[1]["inputs"] == [
        {"namespace": "s3://bucket", "name": f"RS_{month}.zst", "facets": {}, "inputFacets": {}} for month in (1, 2)
    ]
    assert events[2]["run"]["facets"]["errorMessage"]["message"] == f"ended by {type(error).__name__}"
    assert "secret.zst" not in log.read_text()


def prepared(reads: list[str]) -> Prepared:
    return Prepared(inputs={}, plan=lambda _: pytest.fail("nothing runs"), reads=reads)


def test_what_is_published_is_an_output_of_the_whole(log: Path, tmp_path: Path) -> None:
    with told_to_openlineage(Report(), "mine", RunFolder(str(tmp_path / "run")), job="mine.publish") as told:
        told.published("hf://datasets/me/mine")
    begun, ended = written(log)
    assert begun["outputs"] == []
    named = [(dataset["namespace"], dataset["name"]) for dataset in ended["outputs"]]
    assert (*shown(ended), named) == ("mine.publish", "COMPLETE", [("hf://datasets", "me/mine")])


def test_a_stage_that_is_handed_over_is_told_when_it_is_done(
    log: Path, tmp_path: Path, built: tuple[Path, Any]
) -> None:
    record = built[1].stages["curate"]
    with told_to_openlineage(Report(), "mine", RunFolder(str(tmp_path / "run"))) as told:
        told.started("ingest", prepared([]))
        told.submitted("ingest")
    with told_to_openlineage(Report(), "mine", RunFolder(str(tmp_path / "run")), job="mine.publish") as told:
        told.done("curate", record)
    events = written(log)
    assert list(map(shown, events)) == [
        ("mine", "START"), ("mine.ingest", "START"), ("mine", "COMPLETE"),
        ("mine.publish", "START"), ("mine.curate", "START"), ("mine.curate", "COMPLETE"), ("mine.publish", "COMPLETE"),
    ]  # fmt: skip
    assert {Path(dataset["name"]).name for dataset in events[4]["inputs"]} >= {"posts", "media"}
    assert events[4]["eventTime"] < events[5]["eventTime"]


def test_nothing_is_sent_where_nothing_is_configured(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert configured() is None
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "mine")
    assert configured() is None
    monkeypatch.setenv("OPENLINEAGE_URL", backend.address)
    assert configured() is not None
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "True ")
    assert configured() is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"OPENLINEAGE_CONFIG": "gone.yml"}, "its configuration names no transport."),
        ({"OPENLINEAGE__TRANSPORT__TYPE": "http"}, "`url` key not passed to HttpConfig)."),
        ({"OPENLINEAGE_URL": "user:pass@://nowhere"}, "its configuration is wrong (ValueError)."),
        ({"OPENLINEAGE__TRANSPORT__TYPE": "no.such.Transport"}, "its configuration is wrong ("),
    ],
)
def test_a_wrong_configuration_is_a_warning(
    variables: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert configured() is None
    said = capsys.readouterr().err
    assert said.startswith("warning: OpenLineage is configured, and no events are sent: ")
    assert sentence in said
    assert "pass" not in said.replace("not passed", "")


def test_a_missing_extra_is_a_warning(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "openlineage.client", None)
    assert configured() is None
    assert "Install blift[lineage], or set OPENLINEAGE_DISABLED=true." in capsys.readouterr().err


def test_a_place_for_events_that_does_not_take_them_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Backend() as gone:
        address = gone.address.replace("http://", "http://me:pass@")
    transport = f"transport: {{type: http, url: '{address}', retry: {{total: 0, connect: 0}}}}\n"
    (tmp_path / "openlineage.yml").write_text(transport)
    with told_to_openlineage(Report(), "mine", RunFolder(str(tmp_path / "run"))):
        pass
    said = capsys.readouterr().err
    assert said.startswith("warning: 2 of 2 events could not be sent to OpenLineage (ConnectionError")
    assert "pass" not in said
    (tmp_path / "openlineage.yml").write_text("transport: {type: file, log_file_path: gone/events, append: true}\n")
    with told_to_openlineage(Report(), "mine", RunFolder(str(tmp_path / "run"))):
        pass
    assert "warning: 2 of 2 events could not be sent to OpenLineage (RuntimeError" in capsys.readouterr().err


def test_nobody_waits_long_for_a_server_that_is_slow(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", backend.address)
    client = configured()
    assert client is not None
    backend.hold.at(1)
    sender, made = Sender(client, wait_s=0.1), threading.Event()

    def event() -> Any:
        made.set()
        return _an_event()

    sender.send(event)
    sender.send(lambda: pytest.fail("what waits is dropped"))
    made.wait()
    sender.close()
    assert "2 of 2 events could not be sent to OpenLineage (no answer in 0.1 s)" in capsys.readouterr().err
    backend.hold.release()


def _an_event() -> Any:
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState  # noqa: PLC0415 - an extra

    run = Run("01890b5e-4bb7-7c5c-9b2c-6b7a3f3d2a11")
    return RunEvent(eventType=RunState.START, eventTime="2026-01-01T00:00:00Z", run=run, job=Job("blift", "mine"))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/data/RS_2024-01.zst", Name("file", "/data/RS_2024-01.zst")),
        ("s3://bucket/months/RS.zst", Name("s3://bucket", "months/RS.zst")),
        ("gs://bucket/run/", Name("gs://bucket", "run")),
        ("gs://bucket", Name("gs://bucket", "/")),
        ("abfss://box@account.dfs.core.windows.net/a", Name("abfss://box@account.dfs.core.windows.net", "a")),
        ("https://me:key@host:8443/a.json?token=x#y", Name("https://host:8443", "a.json")),
        ("hf://datasets/owner/name", Name("hf://datasets", "owner/name")),
    ],
)
def test_datasets_have_the_names_that_openlineage_gives(path: str, name: Name) -> None:
    assert name_of(path) == name


def test_relative_paths_are_named_in_full(tmp_path: Path) -> None:
    assert name_of("archives/RS.zst") == Name("file", str(tmp_path / "archives" / "RS.zst"))


def test_of_many_files_their_folders_are_named() -> None:
    few, many = ([f"s3://bucket/{place % 3}/{place}.json" for place in range(count)] for count in (100, 101))
    assert len(names_of(few)) == 100
    assert names_of(many) == [Name("s3://bucket", str(place)) for place in range(3)]
