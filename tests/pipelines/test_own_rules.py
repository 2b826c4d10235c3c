"""Rules in a Python file, from the documentation to rejects: refused, allowed, on workers, after an edit."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import blift
from blift.pipelines.cli import main
from blift.pipelines.demo.corpus import write_corpus
from tests.docs.test_commands import ROOT, blocks

_PAGE = ROOT / "docs" / "rules.md"
_TWO_WORKERS = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page, and archives."""
    found = tmp_path_factory.mktemp("own_rules")
    write_corpus(found / "corpus")
    shutil.copytree(found / "corpus" / "reddit", found / "archives")
    (found / "my_rules.py").write_text(blocks(_PAGE, "python")[0])
    (recipe,) = blocks(_PAGE, "yaml")
    # The corpus shouts nowhere, and has broken files.
    (found / "mine.yaml").write_text(recipe.replace("0.5", "0.04") + "rejects: {max_malformed: 1}\n")
    return found


def build(folder: Path, out: str, *more: str) -> dict[str, Any]:
    arguments = ["build", str(folder / "mine.yaml"), "--out", str(folder / out), "--stages", "ingest,curate", "--quiet"]
    assert main([*arguments, "--allow-python", *more]) == 0
    found: dict[str, Any] = json.loads((folder / out / "manifest.json").read_text())
    return found


def test_a_recipe_with_python_is_refused_until_it_is_allowed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "trap.py").write_text("from pathlib import Path\nPath('sprung').touch()\n")
    (folder / "trap.yaml").write_text((folder / "mine.yaml").read_text().replace("my_rules.py", "trap.py"))
    trap = str(folder / "trap.yaml")
    for command in (["recipe", "check", trap], ["build", trap, "--out", str(folder / "no")], ["fetch", trap]):
        assert main(command) == 2
        said = capsys.readouterr().err
        assert "`python` runs the code in trap.py, which can do all that you can." in said
        assert "add --allow-python if you trust it" in said
    assert not Path("sprung").exists()
    assert not (folder / "no").exists()
    with pytest.raises(blift.RecipeError, match="add --allow-python"):
        blift.check_recipe(trap)
    assert blift.check_recipe(folder / "mine.yaml", allow_python=True) == []


@pytest.mark.long
def test_own_rules_reject_with_their_reason_and_give_the_same_bytes_on_workers(folder: Path) -> None:
    alone, shared = build(folder, "alone"), build(folder, "shared", *_TWO_WORKERS)
    assert alone["fingerprint"] == shared["fingerprint"]
    rejects = [row for path in (folder / "alone" / "rejects").glob("*") for row in pq.read_table(path).to_pylist()]
    reasons = {(row["rule"], row["reason"], row["record_table"]) for row in rejects}
    assert ("max_capitals", "shouting", "comment") in reasons
    assert ("videos_only", "no_video", "sample") in reasons
    steps = {row["step"]: row["rejected"] for row in alone["stages"]["curate"]["funnel"]}
    assert steps["max_capitals"]["shouting"] > 0
    assert steps["clickbait"] == {}


def test_an_edit_of_the_file_runs_the_stages_again_that_apply_rules(folder: Path) -> None:
    before = build(folder, "edited")
    rules = folder / "my_rules.py"
    rules.write_text(rules.read_text().replace("found > ratio", "found > 2 * ratio"))
    after = build(folder, "edited")
    assert before["stages"]["ingest"]["fingerprint"] == after["stages"]["ingest"]["fingerprint"]
    assert before["stages"]["curate"]["fingerprint"] != after["stages"]["curate"]["fingerprint"]
    assert re.fullmatch("[0-9a-f]{64}", after["stages"]["curate"]["inputs"]["python"]["sha256"])


def test_rules_are_tried_and_listed_from_python_and_the_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    code = blocks(_PAGE, "python")[1]
    exec(compile(code.replace("0.5", "0.04"), "page", "exec"), {})  # noqa: S102 - the page's own lines
    assert "shouting" in capsys.readouterr().out
    assert main(["rule", "list", "--python", "my_rules.py", "--for", "comment"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("comment  max_capitals           shouting ")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("max_capitals: 0.5", "max_capitls: 0.5", "unknown key `curate.reddit.comments.max_capitls`, did you mean"),
        ("max_capitals: 0.5", "max_capitals: loud", "`curate.reddit.comments.max_capitals` is 'loud': it must be"),
        ("python: my_rules.py", "python: 3", "A recipe names a file by its path, not by 3."),
        ("python: my_rules.py", "python: none.py", "Cannot read the rules in none.py: No such file or directory."),
        ("python: my_rules.py", "python: wrong.py", "The rule `clickbait` of wrong.py failed: ColumnNotFoundError: "),
        ("python: my_rules.py\n", "", "unknown key `curate.reddit.posts.clickbait`"),
    ],
    ids=range(6),
)  # fmt: skip
def test_a_mistake_shows_when_the_recipe_is_read(tmp_path: Path, old: str, new: str, said: str) -> None:
    source, (recipe,) = blocks(_PAGE, "python")[0], blocks(_PAGE, "yaml")
    (tmp_path / "my_rules.py").write_text(source)
    (tmp_path / "wrong.py").write_text(source.replace('pl.col("title")', 'pl.col("titel")'))
    assert old in recipe
    (tmp_path / "mine.yaml").write_text(recipe.replace(old, new))
    with pytest.raises(blift.RecipeError, match=re.escape(said)):
        blift.check_recipe(tmp_path / "mine.yaml", allow_python=True)
