"""An update reads the archives that are new or have changed, and makes the bytes of a build from nothing."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.months import remove_month, write_month, write_recipe
from blift.connectors.files import InputFile
from blift.connectors.lines import BadLine, Lines
from blift.connectors.reddit import archive
from blift.pipelines.build.plan import plan
from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.stage import Reading
from blift.pipelines.recipe.file import load_recipe
from blift.pipelines.stages.ingest import known
from blift.schemas.errors import InputError
from tests.pipelines.conftest import run_build

from .conftest import SIZE

_TWO_WORKERS = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the archive files that readers opened, in the order in which they did."""
    names: list[str] = []
    read_records = archive.read_records

    def counted(file: InputFile, **options: Any) -> Iterator[Lines | BadLine]:
        names.append(file.name)
        return read_records(file, **options)

    monkeypatch.setattr(archive, "read_records", counted)
    return names


def made(manifest: Manifest) -> dict[str, Any]:
    """All that a build made, its rejects and its counts too."""
    records = manifest.stages.items()
    return {name: (record.shards, record.funnel, record.notes) for name, record in records} | {
        "fingerprint": manifest.fingerprint
    }


def from_nothing(recipe: Path, **options: Any) -> dict[str, Any]:
    out = recipe.parent / "from nothing"
    manifest, _ = run_build(recipe, out, **options)
    shutil.rmtree(out)
    return made(manifest)


def updated(recipe: Path, out: Path, **options: Any) -> dict[str, Any]:
    return made(run_build(recipe, out, **options)[0])


def parts_in(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "parts").glob("*"))


def files_of(*months: int) -> list[str]:
    return sorted(f"{kind}_{month:02d}.ndjson" for kind in ("RC", "RS") for month in months)


class Steps:
    """Random changes of a folder of months: one is added, replaced or removed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._random = folder, random.Random(seed)
        self._revisions = {1: 0, 2: 0, 3: 0}

    def take(self) -> list[str]:
        """Change one month; the names of the files that are new or other now."""
        missing = [month for month in range(1, 6) if month not in self._revisions]
        kinds = ["replace"] + ["add"] * bool(missing) + ["remove"] * (len(self._revisions) > 1)
        kind = self._random.choice(kinds)
        month = self._random.choice(missing if kind == "add" else sorted(self._revisions))
        if kind == "remove":
            del self._revisions[month]
            remove_month(self._folder, month)
            return []
        self._revisions[month] = self._revisions.get(month, -1) + 1
        write_month(self._folder, month, SIZE, self._revisions[month], pictures=False)
        return files_of(month)


@pytest.mark.parametrize("seed", range(2))
def test_any_sequence_of_updates_gives_the_bytes_of_a_build_from_nothing_and_reads_new_files_alone(
    months: Path, read: list[str], seed: int
) -> None:
    recipe, out = write_recipe(months, rejects={"out_of_scope": seed % 2 == 0}), months / "run"
    run_build(recipe, out, stages=["ingest"])
    steps = Steps(months, seed)
    for _ in range(3):
        new = steps.take()
        read.clear()
        update = updated(recipe, out, stages=["ingest"])
        assert sorted(read) == new
        assert update == from_nothing(recipe, stages=["ingest"])


def test_whole_datasets_are_the_same_with_two_workers_too(months: Path) -> None:
    recipe, out = write_recipe(months), months / "run"
    run_build(recipe, out)
    write_month(months, 4, SIZE, pictures=False)
    write_month(months, 2, SIZE, revision=1, pictures=False)
    remove_month(months, 1)
    [reading] = [each.reading for each in plan(load_recipe(str(recipe)), RunFolder(str(out)), None) if each.reading]
    sizes = {file: (months / file).stat().st_size for file in files_of(2, 3, 4)}
    assert reading == Reading(
        4, sum(sizes[file] for file in files_of(2, 4)), 2, sum(sizes[file] for file in files_of(3))
    )
    first = updated(recipe, out, beam=_TWO_WORKERS)
    assert first == from_nothing(recipe)
    assert main(["verify", str(out)]) == 0


def test_a_plan_says_how_many_files_are_read(months: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, out = write_recipe(months), months / "run"
    run_build(recipe, out)
    write_month(months, 4, SIZE, pictures=False)
    new, old = (sum((months / file).stat().st_size for file in files_of(*some)) for some in ((4,), (1, 2, 3)))
    assert main(["plan", str(recipe), "--out", str(out)]) == 0
    assert f"reads 2 files ({new:,} bytes) and takes over 6 files ({old:,} bytes)" in capsys.readouterr().out


def test_comments_on_posts_that_were_unknown_are_found_whether_they_were_kept_or_not(
    months: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_month(months, 1)
    monkeypatch.setattr(known, "_ORPHANS", 0)
    for for_each, expected in ((1, files_of(1)), (0, [*files_of(1), "RC_02.ndjson"])):
        monkeypatch.setattr(known, "_FOR_EACH", for_each)
        recipe, out = write_recipe(months), months / f"run {for_each}"
        run_build(recipe, out, stages=["ingest"])
        write_month(months, 1, SIZE, pictures=False)
        read.clear()
        update = updated(recipe, out, stages=["ingest"])
        assert sorted(read) == sorted(expected)
        assert update == from_nothing(recipe, stages=["ingest"])
        read.clear()
        remove_month(months, 1)
        assert updated(recipe, out, stages=["ingest"]) == from_nothing(recipe, stages=["ingest"])
        assert sorted(read) == files_of(2, 3)  # by the build from nothing
        assert len(parts_in(out)) == 4


def test_another_scope_reads_posts_again_and_comments_not(months: Path, read: list[str]) -> None:
    recipe, out = write_recipe(months), months / "run"
    run_build(recipe, out)
    scoped = recipe.read_text().replace("submissions:", "scope: {posted_from: 2018-03-01}\n    submissions:")
    recipe.write_text(scoped)
    read.clear()
    update = updated(recipe, out)
    assert sorted(read) == [name for name in files_of(1, 2, 3) if name.startswith("RS")]
    assert update == from_nothing(recipe)


def test_a_damaged_part_is_not_used(months: Path, read: list[str]) -> None:
    recipe, out = write_recipe(months), months / "run"
    run_build(recipe, out, stages=["ingest"])
    before = parts_in(out)
    for path in (out / "parts").iterdir():
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    write_month(months, 4, SIZE, pictures=False)
    read.clear()
    update = updated(recipe, out, stages=["ingest"])
    assert sorted(read) == files_of(1, 2, 3, 4)
    assert update == from_nothing(recipe, stages=["ingest"])
    assert set(before) < set(parts_in(out))
    remove_month(months, 4)
    read.clear()
    updated(recipe, out, stages=["ingest"])
    assert read == []


def test_a_part_behind_a_link_is_refused(months: Path, tmp_path: Path) -> None:
    recipe, out = write_recipe(months), months / "run"
    run_build(recipe, out, stages=["ingest"])
    path = next((out / "parts").iterdir())
    shutil.move(path, tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    write_month(months, 4, SIZE, pictures=False)
    with pytest.raises(InputError, match="is a symbolic link"):
        run_build(recipe, out, stages=["ingest"])


def test_a_manifest_may_not_name_a_part_elsewhere(months: Path) -> None:
    recipe, out = write_recipe(months), months / "run"
    run_build(recipe, out, stages=["ingest"])
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["stages"]["ingest"]["parts"][0] = "../elsewhere.part"
    (out / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="leads out of the folder"):
        run_build(recipe, out)


@pytest.mark.parametrize(("options", "sections"), [({"limit": 5}, {}), ({}, {"output": {"keep_parts": False}})])
def test_a_trial_and_a_recipe_that_wants_none_keep_no_parts(
    months: Path, options: dict[str, Any], sections: dict[str, Any]
) -> None:
    recipe, out = write_recipe(months, **sections), months / "run"
    manifest, _ = run_build(recipe, out, stages=["ingest"], **options)
    assert parts_in(out) == []
    assert manifest.parts == []


def test_parts_are_no_part_of_the_dataset_and_force_reads_all_again(months: Path, read: list[str]) -> None:
    recipe, out = write_recipe(months), months / "run"
    before, _ = run_build(recipe, out)
    without = write_recipe(months, output={"shards": 4, "keep_parts": False})
    assert from_nothing(without)["fingerprint"] == before.fingerprint
    read.clear()
    assert main(["build", str(write_recipe(months)), "--out", str(out), "--quiet", "--force", "ingest"]) == 0
    assert sorted(read) == files_of(1, 2, 3)


def test_parts_that_no_dataset_has_are_deleted(months: Path) -> None:
    recipe, out = write_recipe(months), months / "run"
    run_build(recipe, out)
    stray = out / "parts" / f"ingest-{'0' * 32}-{'1' * 16}.part"
    stray.write_bytes(b"of a build that was killed")
    of_another = out / "parts" / "notes.txt"
    of_another.write_text("mine")
    remove_month(months, 1)
    run_build(recipe, out)
    assert len(parts_in(out)) == 6 + 1  # those of month 1 are of the version before; the stray one is gone
    assert main(["clean", str(out)]) == 0
    assert len(parts_in(out)) == 4 + 1
    assert of_another.exists()
