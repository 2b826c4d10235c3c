"""The datasets of a run folder: an update never loses the one before, and readers see one of them, whole."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest

from blift import open_run
from blift.connectors.parquet import read_shard, write_shard
from blift.pipelines.build.build import build
from blift.pipelines.cli import main
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.run_folder import BUILDING, MANIFEST, Manifest, RunFolder
from blift.pipelines.engine.stage_run import Report, dataset_fingerprint
from blift.pipelines.engine.versions import numbers, run_folder
from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import InputError, OutputError
from tests.months import write_months, write_recipe
from tests.pipelines.conftest import Told, run_build

#: A run folder that the commit of this name wrote, of 12 posts.
_EARLIER = Path(__file__).with_name("earlier") / "run-2da6f77"


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("months")
    write_months(folder)
    return folder


@pytest.fixture(scope="module")
def first(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of the first month; tests that change it copy it first."""
    out = tmp_path_factory.mktemp("first") / "run"
    run_build(archives / "before.yaml", out)
    return out


@pytest.fixture(scope="module")
def both(archives: Path, first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same folder, updated by the second month."""
    out = Path(shutil.copytree(first, tmp_path_factory.mktemp("both") / "run"))
    run_build(archives / "after.yaml", out)
    return out


def ids(run: Path | str, cache: Path) -> list[str]:
    """The ids of the samples of a run folder, by our reader, which must be those that `datasets` finds."""
    own = sorted(open_run(run).table("samples")["sample_id"].to_pylist())
    if "@" not in str(run):
        loaded = datasets.load_dataset(str(run), "samples", split="train", cache_dir=str(cache / "loaded"))
        assert sorted(loaded["sample_id"]) == own
    return own


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """The files of a folder but its lock, with content and time of change."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def verified(run: Path | str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code of `blift verify`, and what it printed."""
    capsys.readouterr()
    code = main(["verify", str(run)])
    return code, capsys.readouterr().out


def test_an_update_is_the_dataset_of_a_build_from_nothing_and_the_one_before_is_kept(
    archives: Path, first: Path, both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anew, _ = run_build(archives / "after.yaml", tmp_path / "anew")
    assert open_run(both).fingerprint == anew.fingerprint
    assert ids(both, tmp_path) == ids(tmp_path / "anew", tmp_path)
    assert open_run(f"{both}@previous").fingerprint == open_run(first).fingerprint
    assert ids(f"{both}@previous", tmp_path) == ids(first, tmp_path) != ids(both, tmp_path)
    for run in (both, f"{both}@previous", f"{both}@1"):
        assert verified(run, capsys)[0] == 0
    before, after = tree(first), tree(both)
    shards = {name for name in before if name.endswith(".parquet")}
    assert shards < after.keys()
    assert [name for name in shards if before[name][0] != after[name][0]] == []


def test_a_diff_with_the_dataset_before_counts_what_the_update_added(
    both: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", f"{both}@previous", str(both), "--json"]) == 1
    changed = json.loads(capsys.readouterr().out)["rows"]["posts"]
    assert (changed["added"], changed["removed"], changed["changed"]) == (6, 0, 0)


def test_a_dataset_that_is_not_kept_is_told(both: Path, first: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", f"{both}@7"]) == 2
    assert "keeps no dataset under @7. Of those that updates have replaced it keeps " in capsys.readouterr().err
    with pytest.raises(
        InputError, match=r"keeps no dataset under @previous\. Of those that updates have replaced it keeps none"
    ):
        open_run(f"{first}@previous")


class Stopped(Exception):
    """What a test raises to stop a build."""


def stop_at(event: str, archives: Path, out: Path, seen: Callable[[], None] = lambda: None) -> None:
    """Update a run folder, and stop at what is told."""

    def tell(kind: str, stage: str) -> None:
        seen()
        if f"{kind} {stage}" == event:
            raise Stopped

    report = Report(lambda stage, _: tell("started", stage), lambda *_: None, lambda stage, _: tell("done", stage))
    with pytest.raises(Stopped):
        build(load_recipe(str(archives / "after.yaml")), RunFolder(str(out)), BeamArguments(), None, None, report)


@pytest.mark.parametrize(
    "event", ["started ingest", "done ingest", "started curate", "done curate", "started instruct"]
)
def test_an_update_that_ends_early_leaves_the_dataset_before_and_the_next_goes_on(
    event: str, archives: Path, first: Path, both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(first, tmp_path / "run"))
    fingerprint = open_run(first).fingerprint

    def same() -> None:
        assert open_run(out).fingerprint == fingerprint

    stop_at(event, archives, out, same)
    assert verified(out, capsys)[0] == 0
    assert ids(out, tmp_path) == ids(first, tmp_path)
    manifest, told = run_build(archives / "after.yaml", out)
    finished = {"done ingest": ["ingest"], "started curate": ["ingest"]}.get(event, ["ingest", "curate"])
    if event != "started ingest":
        assert [each for each in told if each.startswith("skipped")] == [f"skipped {name}" for name in finished]
    assert manifest.fingerprint == open_run(both).fingerprint
    assert tree(out).keys() == tree(both).keys()


@pytest.mark.parametrize("event", ["done ingest", "done instruct", "started prefer"])
def test_an_update_by_a_recipe_that_asks_for_more_leaves_the_dataset_before_too(
    event: str, archives: Path, first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(archives, tmp_path / "months"))
    write_recipe(folder / "after.yaml", preferences={"comments": {}})
    out = Path(shutil.copytree(first, tmp_path / "run"))
    stop_at(event, folder, out)
    assert open_run(out).fingerprint == open_run(first).fingerprint
    assert verified(out, capsys)[0] == 0
    run_build(folder / "after.yaml", out)
    assert "prefer" in RunFolder(str(out)).require_manifest().stages
    assert open_run(f"{out}@previous").fingerprint == open_run(first).fingerprint
    assert verified(out, capsys)[0] == 0


def test_stages_that_do_not_make_a_dataset_leave_the_one_before(
    archives: Path, first: Path, both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(first, tmp_path / "run"))
    command = ["build", str(archives / "after.yaml"), "--out", str(out)]
    assert main([*command, "--stages", "ingest"]) == 0
    assert "The dataset before stays in its place until curate and instruct have run." in capsys.readouterr().err
    assert open_run(out).fingerprint == open_run(first).fingerprint
    assert (out / "recipe.yaml").read_text() == (archives / "before.yaml").read_text()
    assert main([*command, "--stages", "curate,instruct"]) == 0
    assert open_run(out).fingerprint == open_run(both).fingerprint
    assert (out / "recipe.yaml").read_text() == (archives / "after.yaml").read_text()


def test_what_dies_between_the_card_and_the_manifest_leaves_the_new_dataset(
    archives: Path, first: Path, both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(first, tmp_path / "run"))
    with pytest.MonkeyPatch.context() as patch:

        def die(_: RunFolder) -> None:
            raise Stopped

        run_build(archives / "after.yaml", out, stages=["ingest", "curate"])
        switch = RunFolder.switch
        patch.setattr(RunFolder, "switch", lambda self: die(self) if self.is_switching() else switch(self))
        with pytest.raises(Stopped):
            run_build(archives / "after.yaml", out)
    assert json.loads((out / MANIFEST).read_text())["fingerprint"] == open_run(first).fingerprint
    assert open_run(out).fingerprint == open_run(both).fingerprint
    assert RunFolder(str(out)).recipe_text() == (archives / "after.yaml").read_text()
    assert ids(out, tmp_path) == ids(both, tmp_path)
    assert verified(out, capsys)[0] == 0
    with RunFolder(str(out)).locked():
        assert not (out / BUILDING).exists()
    assert open_run(out).fingerprint == open_run(both).fingerprint
    assert open_run(f"{out}@previous").fingerprint == open_run(first).fingerprint


@pytest.mark.parametrize("damage", [b"", b"{", b"[" * 100_000, b"null"])
def test_a_damaged_note_of_a_build_is_none(
    archives: Path, first: Path, both: Path, tmp_path: Path, damage: bytes
) -> None:
    out = Path(shutil.copytree(first, tmp_path / "run"))
    (out / BUILDING).write_bytes(damage)
    assert open_run(out).fingerprint == open_run(first).fingerprint
    assert run_build(archives / "after.yaml", out)[0].fingerprint == open_run(both).fingerprint


def test_a_folder_of_another_recipe_is_refused_before_anything_is_written(
    archives: Path, first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(first, tmp_path / "run"))
    other = write_recipe(archives / "other.yaml", name="other")
    before = tree(out)
    command = ["build", str(other), "--out", str(out), "--quiet"]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "holds the dataset of the recipe 'months', and this recipe is 'other'. Choose another --out, or say" in said
    assert tree(out) == before
    assert main([*command, "--replace"]) == 0
    assert json.loads((out / MANIFEST).read_text())["recipe"] == "other"
    assert open_run(f"{out}@previous").fingerprint == open_run(first).fingerprint


def test_a_trial_does_not_take_the_place_of_a_whole_dataset(archives: Path, first: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(first, tmp_path / "run"))
    before = tree(out)
    with pytest.raises(OutputError, match="holds a dataset of all input, and --limit would put a trial in its place"):
        run_build(archives / "before.yaml", out, limit=2)
    assert tree(out) == before


@pytest.mark.parametrize(("keep", "kept"), [(0, []), (1, [2]), (2, [1, 2])])
def test_so_many_datasets_are_kept_as_the_recipe_says(
    archives: Path, first: Path, both: Path, tmp_path: Path, keep: int, kept: list[int]
) -> None:
    out = Path(shutil.copytree(both, tmp_path / "run"))
    output = {"shards": 2, "keep": keep}
    run_build(write_recipe(archives / f"keep{keep}.yaml", "01", output=output), out)
    assert open_run(out).fingerprint == open_run(first).fingerprint
    assert numbers(RunFolder(str(out))) == kept
    if keep == 0:
        shards = {shard.path for shard in RunFolder(str(out)).require_manifest().shards}
        assert {name for name in tree(out) if name.endswith(".parquet")} == shards


def test_clean_deletes_what_was_replaced_and_what_no_dataset_has(
    both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(both, tmp_path / "run"))
    (out / "samples" / f"samples-00000-of-00002-{'ab' * 8}.parquet").write_text("left behind")
    (out / "samples" / "mine.parquet").write_text("of a person")
    assert main(["clean", str(out)]) == 0
    shards = {shard.path for shard in RunFolder(str(out)).require_manifest().shards}
    assert {name for name in tree(out) if name.endswith(".parquet")} == {*shards, "samples/mine.parquet"}
    assert numbers(RunFolder(str(out))) == []
    (out / "samples" / "mine.parquet").unlink()
    assert verified(out, capsys)[0] == 0


def test_a_run_folder_of_an_earlier_blift_opens_verifies_and_updates(
    archives: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(_EARLIER, tmp_path / "run"))
    fingerprint = open_run(out).fingerprint
    assert verified(out, capsys) == (0, capsys.readouterr().out) or verified(out, capsys)[0] == 0
    assert len(ids(out, tmp_path)) == 12
    recipe = write_recipe(archives / "earlier.yaml", name="small")

    def same() -> None:
        assert len(ids(out, tmp_path)) == 12
        assert open_run(out).fingerprint == fingerprint

    told = Told()
    report = Report(told.started, told.skipped, lambda stage, _: same() if stage != "instruct" else None)
    build(load_recipe(str(recipe)), RunFolder(str(out)), BeamArguments(), None, None, report)
    anew, _ = run_build(recipe, tmp_path / "anew")
    assert open_run(out).fingerprint == anew.fingerprint
    assert open_run(f"{out}@previous").fingerprint == fingerprint
    assert verified(out, capsys)[0] == verified(f"{out}@previous", capsys)[0] == 0


def test_a_dataset_whose_stages_have_not_all_run_is_not_verified(
    archives: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_build(archives / "before.yaml", tmp_path / "run", stages=["ingest"])
    code, said = verified(tmp_path / "run", capsys)
    assert code == 1
    assert "The dataset is not complete: curate and instruct have not run.\nRun `blift build`" in said


def test_a_flipped_byte_is_found_and_that_file_alone_is_written_again(
    archives: Path, first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(first, tmp_path / "run"))
    before = tree(out)
    victim = min((out / "samples").glob("*.parquet"))
    content = bytearray(victim.read_bytes())
    content[200] ^= 1
    victim.write_bytes(content)
    code, said = verified(out, capsys)
    assert code == 1
    assert f"samples/{victim.name} has changed: sha256 " in said
    assert "Run `blift build` with the recipe again" in said
    _, told = run_build(archives / "before.yaml", out)
    assert told == ["skipped ingest", "started curate", "done curate", "skipped instruct"]
    assert verified(out, capsys)[0] == 0
    after = tree(out)
    shards = {name for name in before if name.endswith(".parquet")}
    assert {name for name in shards if before[name] != after[name]} == {f"samples/{victim.name}"}
    assert after[f"samples/{victim.name}"][0] == before[f"samples/{victim.name}"][0]
    assert numbers(RunFolder(str(out))) == []


def with_rows(out: Path, folder: str, table: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the first row of a dataset, and write the manifest as though a build had made it."""
    run = RunFolder(str(out))
    manifest = run.require_manifest()
    for name, record in manifest.stages.items():
        for place, shard in enumerate(record.shards):
            if shard.path.startswith(folder) and shard.rows:
                rows = read_shard(str(out), shard, table)
                content = rows.to_pylist()
                change(content[0])
                changed = type(rows).from_pylist(content, schema=rows.schema)
                sink = out / shard.path
                pq.write_table(changed, sink)
                shards = list(record.shards)
                shards[place] = write_shard(changed, table, str(out), shard.path)
                stages = {**manifest.stages, name: record.__class__(**{**vars(record), "shards": shards})}
                every = [each for one in stages.values() for each in one.shards]
                run.write_manifest(Manifest(manifest.recipe, manifest.blift, stages, dataset_fingerprint(every)))
                return


@pytest.mark.parametrize(
    ("folder", "table", "column", "value", "said"),
    [
        ("comments/", "comment", "post_id", "reddit:stranger", "`post_id`: 1 value is no `post_id` of posts/, such as"),
        ("samples/", "sample", "sample_id", "0" * 32, "`sample_id`: "),
        ("posts/", "post", "upvote_ratio", 1.5, "DATA_RANGE: `upvote_ratio`"),
    ],
)
def test_rows_that_are_not_what_the_tables_say_are_told(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    folder: str, table: str, column: str, value: Any, said: str,
) -> None:  # fmt: skip
    out = Path(shutil.copytree(first, tmp_path / "run"))
    with_rows(out, folder, table, lambda row: row.update({column: value}))
    code, printed = verified(out, capsys)
    assert code == 1
    assert said in printed


def test_commands_on_an_earlier_dataset_say_what_helps(
    both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(both, tmp_path / "run"))
    kept = run_folder(f"{run}@previous")
    manifest = kept.require_manifest()
    only = next(shard for shard in manifest.shards if shard not in RunFolder(str(run)).require_manifest().shards)
    Path(kept.file(only.path)).unlink()
    assert main(["verify", f"{run}@previous"]) == 1
    printed = capsys.readouterr().out
    assert "A build writes the present dataset, and not this one, which an update has replaced." in printed
    assert "Run `blift build`" not in printed
    assert main(["clean", f"{run}@previous"]) == 2
    assert f"write blift clean {run}, with --keep N" in capsys.readouterr().err


def test_a_diff_names_the_side_that_is_not_there(
    both: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for sides in ([str(both), str(tmp_path / "gone")], ["gone", str(both)]):
        gone = next(side for side in sides if side.endswith("gone"))
        assert main(["diff", *sides]) == 2
        assert capsys.readouterr().err.startswith(f"blift: There is no run folder {gone}, and it is no dataset on the")


@pytest.mark.parametrize(
    ("against", "said"),
    [
        ("", "--against is empty. Name a git ref, a folder, OWNER/NAME@REVISION, or 'baselines'."),
        ("/dev/null", "'/dev/null' is a file. Name the folder of a dataset or of baselines, or a git ref."),
    ],
)
def test_a_check_against_nothing_says_why(against: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "check", "--against", against]) == 2
    assert said in capsys.readouterr().err


def test_tables_are_checked_against_an_earlier_dataset(both: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "check", "--against", f"{both}@previous"]) == 0
    assert "no findings against" in capsys.readouterr().out
