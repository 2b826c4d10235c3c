"""A version rises by what changed, row by row; and nothing opens the privacy gate but another build."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blift.connectors.parquet import read_shard, write_shard
from blift.connectors.shard import Shard, name_of
from blift.pipelines.stages.publish.diff import diff
from blift.pipelines.stages.publish.publish import Result
from blift.pipelines.stages.publish.versions import chosen_tag, difference, next_tag, parse_tag
from blift.schemas.definition import Column, Definition, definition
from blift.schemas.errors import InputError, PublishError
from blift.schemas.level import Level
from blift.schemas.records import RECORDS
from blift.transforms.digests import RowChanges
from tests.hub_server import TOKEN, HubServer
from tests.pipelines.stages.publish.conftest import REPO

SAMPLE = definition(RECORDS["sample"])


def rewritten(folder: Path, table: str, name: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Another content for the first shard of a dataset, as another build would leave it."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for record in manifest["stages"].values():
        for place, shard in enumerate(record["shards"]):
            if shard["path"].startswith(f"{name}/"):
                rows = pl.DataFrame(pl.from_arrow(read_shard(str(folder), Shard(**shard), table)))
                changed = change(rows).to_arrow(compat_level=pl.CompatLevel.oldest())
                record["shards"][place] = vars(write_shard(changed, table, str(folder), shard["path"]))
                (folder / "manifest.json").write_text(json.dumps(manifest))
                return


def noted(folder: Path, shard: Shard) -> None:
    """Let the manifest say of a shard what it is now."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for record in manifest["stages"].values():
        record["shards"] = [vars(shard) if name_of(old["path"]) == shard.name else old for old in record["shards"]]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def without_two_and_one_changed(rows: pl.DataFrame) -> pl.DataFrame:
    kept = rows[2:]
    first = pl.int_range(pl.len()) == 0
    return kept.with_columns(title=pl.when(first).then(pl.lit("Another title")).otherwise("title"))


@pytest.mark.parametrize(
    ("previous", "level", "lowest"),
    [
        (None, Level.MAJOR, "v1.0.0"),
        ("v1.2.3", Level.PATCH, "v1.2.4"),
        ("v1.2.3", Level.MINOR, "v1.3.0"),
        ("v1.2.3", Level.MAJOR, "v2.0.0"),
    ],
)
def test_the_lowest_version_that_says_enough(previous: str | None, level: Level, lowest: str) -> None:
    assert next_tag(previous, level) == lowest


@pytest.mark.parametrize("tag", ["1.0.0", "v1.0", "v1.0.0-rc1", "v01.0.0", "latest"])
def test_other_tags_are_no_versions(tag: str) -> None:
    with pytest.raises(PublishError, match=r"is no version\. Write --tag as v1\.2\.0"):
        parse_tag(tag)


def test_a_broken_table_or_a_configuration_that_is_gone_raises_the_first_number() -> None:
    less = Definition(table="sample", version="2.0.0", fields=SAMPLE.fields[1:])
    more = SAMPLE.model_copy(update={"fields": (*SAMPLE.fields, Column(name="x", type="string", nullable=True))})
    old = {"samples": SAMPLE}
    assert difference({}, old, {"samples": less}).level is Level.MAJOR
    assert difference({}, old, {}).schemas == ["The configuration `samples` is gone."]
    assert difference({}, old, {}).level is Level.MAJOR
    assert difference({}, old, {"samples": more}).level is Level.MINOR
    assert difference({}, old, {**old, "media": SAMPLE}).level is Level.MINOR
    assert difference({"samples": RowChanges(removed=1)}, old, old).level is Level.MINOR
    same = difference({"samples": RowChanges()}, old, old)
    assert (same.level, same.schemas) == (Level.PATCH, [])
    assert chosen_tag("v1.9.0", "v1.2.3", same) == "v1.9.0"


def test_rows_are_counted_one_by_one_in_card_commit_and_manifest(
    hub: HubServer,
    publish_to: Callable[..., Result],
    run_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish_to(run_folder)
    rewritten(run_folder, "sample", "samples", without_two_and_one_changed)
    with pytest.raises(PublishError, match=r"--tag v1.0.7 says too little: since v1.0.0 rows or columns changed"):
        publish_to(run_folder, tag="v1.0.7")
    hub.forget_counts()
    result = publish_to(run_folder)
    assert (result.edition.version, result.edition.changed.rows["samples"]) == ("v1.1.0", RowChanges(0, 2, 1))
    assert hub.counted()["uploads"] == 3  # a shard of samples, the same in six columns, and digests
    commit = hub.state.repos[REPO].resolve("v1.1.0")
    sentence = "- `samples`: 0 rows added, 2 removed, 1 changed"
    assert sentence in commit.description
    assert sentence in commit.tree["README.md"].content.decode()
    manifest = json.loads(commit.tree["manifest.json"].content)
    assert (manifest["previous"], manifest["changes"]["rows"]["samples"]) == (
        "v1.0.0", {"added": 0, "removed": 2, "changed": 1}
    )  # fmt: skip
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    assert diff(f"{REPO}@v1.0.0", f"{REPO}@v1.1.0", as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"]["samples"], said["raises"], said["next"]) == (
        {"added": 0, "removed": 2, "changed": 1}, "minor", "v1.1.0"
    )  # fmt: skip


def test_a_shard_that_is_no_longer_written_is_deleted_and_only_that(
    hub: HubServer, publish_to: Callable[..., Result], run_folder: Path
) -> None:
    publish_to(run_folder)
    manifest = json.loads((run_folder / "manifest.json").read_text())
    shards = manifest["stages"]["instruct"]["shards"]
    gone = next(shard for shard in shards if shard["path"].startswith("instructions/chat/validation"))
    shards.remove(gone)
    (run_folder / "manifest.json").write_text(json.dumps(manifest))
    before = set(hub.state.repos[REPO].resolve("v1.0.0").tree)
    result = publish_to(run_folder)
    assert result.deleted == 1
    assert before - set(hub.state.repos[REPO].resolve(result.edition.version).tree) == {name_of(gone["path"])}


def test_what_was_withdrawn_shuts_the_gate_and_force_does_not_open_it(
    hub: HubServer, publish_to: Callable[..., Result], run_folder: Path
) -> None:
    shard = next((run_folder / "samples").iterdir())
    chosen = pq.read_table(shard, columns=["comments"]).column("comments").combine_chunks().flatten()
    one = pa.compute.struct_field(chosen, "comment_id")[0].as_py()
    flagged = pl.when(pl.col("comment_id") == one).then(pl.lit(value=True)).otherwise("deleted")
    for path in sorted((run_folder / "comments").iterdir()):
        rows = pl.DataFrame(pl.from_arrow(pq.read_table(path)))
        if one in rows["comment_id"]:
            table = rows.with_columns(deleted=flagged).to_arrow(compat_level=pl.CompatLevel.oldest())
            noted(run_folder, write_shard(table, "comment", str(run_folder), f"comments/{path.name}"))
    for force in (False, True):
        with pytest.raises(InputError, match="1 comments or posts that were deleted or removed are in the samples"):
            publish_to(run_folder, force=force)
    assert hub.state.repos == {}


def test_texts_leave_redacted_and_the_account_says_how_much(
    hub: HubServer, publish_to: Callable[..., Result], run_folder: Path
) -> None:
    said = "ask u/somebody or somebody@mail.example, +1 415 555 2671"
    rewritten(run_folder, "sample", "samples", lambda rows: rows.with_columns(title=pl.lit(said)))
    publish_to(run_folder)
    commit = hub.state.repos[REPO].resolve("v1.0.0")
    gate = json.loads(commit.tree["manifest.json"].content)["privacy"]
    count = json.loads((run_folder / "manifest.json").read_text())["stages"]["release"]["findings"]
    assert gate["passed"] is True
    found = gate["replaced"]["samples"]
    assert {kind: count[f"samples {kind}"] for kind in found} == found
    assert min(found.values()) >= 1
    for path, blob in commit.tree.items():
        if path.endswith(".parquet") and not path.startswith("digests/"):
            text = str(pq.read_table(hub.state.object_path(blob.sha256 or "")).to_pylist())
            assert "somebody" not in text, path
            assert "555 2671" not in text, path
            assert TOKEN not in text
    rejects = [path for path in commit.tree if path.startswith("rejects/")]
    assert rejects
    for path in rejects:
        table = pq.read_table(hub.state.object_path(commit.tree[path].sha256 or ""))
        assert table.column("payload").null_count == table.num_rows
