"""The GitHub Action and the pre-commit hook, as another repository uses them, as far as that goes offline."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pipelines.schema.conftest import edit, git_in, line_of

TOP = Path(__file__).parents[3]
ACTION: dict[str, Any] = yaml.safe_load((TOP / "action.yml").read_text())
[HOOK] = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text())


@pytest.fixture
def path_with_blift(tmp_path: Path) -> str:
    """A search path on which `blift` is this one, as after the step that installs it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "blift"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m blift.pipelines.cli "$@"\n')
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def run_action(path: str, base: str, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the step that checks, as GitHub runs it: inputs as variables of the environment, and its bash."""
    step = ACTION["runs"]["steps"][-1]
    values = {name: each["default"] for name, each in ACTION["inputs"].items()} | inputs
    given = {name: values[text.split("inputs.")[1].rstrip(" }")] for name, text in step["env"].items()}
    environment = {**os.environ, "PATH": path, "GITHUB_BASE_REF": base, **given}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)


def test_every_input_is_described_has_a_default_and_reaches_the_step() -> None:
    used = " ".join(ACTION["runs"]["steps"][-1]["env"].values())
    for name, each in ACTION["inputs"].items():
        assert each["description"].strip().endswith(".")
        assert isinstance(each["default"], str)
        assert f"inputs.{name} " in used
    assert all(step["shell"] == "bash" for step in ACTION["runs"]["steps"])


def test_a_breaking_pull_request_is_annotated_at_file_and_line(project: Path, path_with_blift: str) -> None:
    git_in(project)("switch", "--quiet", "--create", "breaking")
    models = project / "shop" / "models.py"
    edit(models, "    amount: int = Field(ge=1)\n", "    amount: str\n")
    edit(models, '["open", "paid"]', '["open", "paid", "shipped"]')
    edit(models, "    note: str | None = None\n", "")
    git_in(project)("commit", "--all", "--quiet", "--message", "Break")
    done = run_action(path_with_blift, "main", schema="shop.models:Order\n")
    amount, order = line_of(models, "amount: str"), line_of(models, "class Order")
    assert done.returncode == 1, done.stderr
    assert done.stdout == (
        f"::error file=shop/models.py,line={amount},title=COLUMN_SAME_TYPE Order::`lines[].amount` changed its type "
        "from int64 to string. Readers with the version before cannot read data of this version.\n"
        f"::error file=shop/models.py,line={order},title=COLUMN_NO_DELETE Order::`note` was removed. "
        "Code that was written for the version before may fail.\n"
    )


def test_an_additive_pull_request_passes(project: Path, path_with_blift: str) -> None:
    git_in(project)("switch", "--quiet", "--create", "additive")
    edit(
        project / "shop" / "models.py",
        "    note: str | None = None\n",
        "    note: str | None = None\n    sum: float | None\n",
    )
    git_in(project)("commit", "--all", "--quiet", "--message", "Add")
    done = run_action(path_with_blift, "main", schema="shop.models:Order\nshop.models:Line\n")
    assert (done.returncode, done.stdout) == (0, "")


def test_without_a_pull_request_the_commit_before_counts(project: Path, path_with_blift: str) -> None:
    edit(project / "shop" / "models.py", "    item: str\n", "    article: str\n")
    git_in(project)("commit", "--all", "--quiet", "--message", "Rename")
    done = run_action(path_with_blift, "", schema="shop.models:Line", format="text")
    assert (done.returncode, done.stdout.partition(" Neither")[0]) == (
        1,
        "shop/models.py:11: COLUMN_SAME_NAME: `item` was renamed to `article`.",
    )


def test_findings_may_go_to_a_file(project: Path, path_with_blift: str) -> None:
    edit(project / "shop" / "models.py", "    item: str\n", "")
    git_in(project)("commit", "--all", "--quiet", "--message", "Remove")
    done = run_action(path_with_blift, "", schema="shop.models:Line", format="sarif", output="found.sarif")
    assert (done.returncode, done.stdout) == (1, "")
    assert '"ruleId": "COLUMN_NO_DELETE"' in (project / "found.sarif").read_text()


def test_a_table_that_was_removed_is_annotated(project: Path, path_with_blift: str) -> None:
    edit(project / "shop" / "models.py", "class Order(", "class Purchase(")
    git_in(project)("commit", "--all", "--quiet", "--message", "Rename")
    done = run_action(path_with_blift, "", schema="shop.models:Order")
    place, _, sentence = done.stdout.partition("::The table")
    assert (done.returncode, place) == (1, "::error file=shop/models.py,line=1,title=TABLE_NO_DELETE Order")
    assert sentence.startswith(" Order was removed.")


def test_a_shallow_checkout_is_enough(project: Path, path_with_blift: str, tmp_path: Path) -> None:
    git_in(project)("switch", "--quiet", "--create", "breaking")
    edit(project / "shop" / "models.py", "    item: str\n", "")
    git_in(project)("commit", "--all", "--quiet", "--message", "Remove")
    git_in(project)("push", "--quiet", "origin", "breaking")
    origin = (tmp_path / "origin.git").as_uri()
    git_in(tmp_path)("clone", "--quiet", "--depth=1", "--branch=breaking", origin, "shallow")
    os.chdir(tmp_path / "shallow")
    for base in ("main", ""):
        done = run_action(path_with_blift, base, schema="shop.models:Line")
        assert done.returncode == 1
        assert done.stdout.startswith("::error file=shop/models.py,line=8,title=COLUMN_NO_DELETE Line::")


@pytest.mark.usefixtures("project")
def test_tables_must_be_named_in_another_repository(path_with_blift: str) -> None:
    done = run_action(path_with_blift, "main")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("Name your tables with --schema my.models:Table.\n")


@pytest.mark.usefixtures("project")
def test_a_mistake_in_an_input_is_told(path_with_blift: str) -> None:
    done = run_action(path_with_blift, "main", schema="shop.models:Ordr")
    assert (done.returncode, done.stderr) == (2, "blift: shop.models has no 'Ordr', did you mean 'Order'?\n")


def test_pre_commit_knows_the_hook() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(TOP / ".pre-commit-hooks.yaml")]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_the_hook_refuses_a_commit_that_breaks(project: Path, path_with_blift: str) -> None:
    command = [*shlex.split(HOOK["entry"]), "--schema=shop.models:Order"]
    environment = {**os.environ, "PATH": path_with_blift}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "1 table: no findings against HEAD.\n")
    edit(project / "shop" / "models.py", "    order_id: str\n", "")
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split(": ")[1]) == (1, "COLUMN_NO_DELETE")
