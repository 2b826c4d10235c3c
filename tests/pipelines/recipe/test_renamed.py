"""Names of earlier versions: they still work, and what is printed names the new ones."""

import json
from pathlib import Path

import pytest
import yaml

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import MANIFEST, RunFolder
from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import RecipeError


def test_a_recipe_with_old_names_means_the_same_and_a_note_tells_the_new_ones(tmp_path: Path) -> None:
    new, old = tmp_path / "new.yaml", tmp_path / "old.yaml"
    asked = {"youtube": {"ids": ["a"]}}
    reddit = {"reddit": {"submissions": ["RS.ndjson"], "fetched": ["f"]}}
    new.write_text(yaml.safe_dump({"name": "mine", "fetch": asked, "sources": reddit}))
    reddit = {"reddit": {"submissions": ["RS.ndjson"], "collections": ["f"]}}
    old.write_text(yaml.safe_dump({"name": "mine", "collect": asked, "sources": reddit}))
    assert load_recipe(str(old)).recipe == load_recipe(str(new)).recipe
    assert load_recipe(str(new)).notes == ()
    assert load_recipe(str(old)).notes == (
        f"{old}: `collect` is now called `fetch`; the old name still works.",
        f"{old}: `sources.reddit.collections` is now called `sources.reddit.fetched`; the old name still works.",
    )


def test_a_key_under_both_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "both.yaml"
    path.write_text("name: mine\nfetch: {}\ncollect: {}\n")
    with pytest.raises(RecipeError, match=r"`collect` is the old name of `fetch`\. Keep the new one alone"):
        load_recipe(str(path))


def test_the_old_command_runs_the_new_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collect", str(tmp_path / "none.yaml")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "note: `blift collect` is now called `blift fetch`; the old name still works."
    assert said[1].startswith("blift: There is no recipe")


def test_a_manifest_of_an_earlier_version_has_the_stages_of_today(tmp_path: Path) -> None:
    record = {
        "fingerprint": "f" * 64, "inputs": {}, "shards": [], "funnel": [], "seconds": 1.0, "versions": {}, "notes": [],
    }  # fmt: skip
    stages = dict.fromkeys(["gather", "collect", "curate"], record)
    content = {"format": 1, "recipe": "mine", "blift": "0.1.0", "stages": stages, "fingerprint": "f" * 64}
    (tmp_path / MANIFEST).write_text(json.dumps(content))
    assert list(RunFolder(str(tmp_path)).require_manifest().stages) == ["fetch", "ingest", "curate"]
