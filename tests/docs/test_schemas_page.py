"""The page on tables, followed to the letter: a nullable column is added to `sample`, and a check and a build work at
once.
"""

import re
import tomllib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from blift.pipelines.demo.corpus import write_corpus
from blift.pipelines.schema.settings import read_policy
from blift.schemas.definition import version_numbers
from blift.schemas.policy import Mode
from blift.schemas.records import RECORDS
from tests.docs.test_commands import ROOT, blocks, commands
from tests.tree import Tree, tree_in

PAGE = ROOT / "docs" / "schemas.md"
RECIPE = """\
name: page
sources:
  reddit:
    submissions: ["reddit/RS_*.zst"]
    comments: ["reddit/RC_*"]
"""


def add_to_class(tree: Tree, name: str, line: str) -> None:
    """Add a line at the end of the last class of `schemas/sample.py`, which is the one of that name."""
    path = tree.file("schemas/sample.py")
    before, _, after = path.read_text().partition(f"class {name}(Record):")
    assert "\nclass " not in after
    path.write_text(f"{before}class {name}(Record):{after.rstrip()}\n    {line}\n")


def test_a_column_that_is_added_as_the_page_says_is_there_at_once(tmp_path: Path) -> None:
    tree = tree_in(tmp_path / "tree")
    [line] = [text.strip() for text in blocks(PAGE, "python") if "Field(" in text]
    name = line.partition(":")[0]
    add_to_class(tree, "Sample", line)
    first, *others = commands(PAGE)
    done = tree.run(*first[1:])
    assert done.returncode == 1
    old = RECORDS["sample"].version
    major, minor, _ = version_numbers(old)
    needed = f"{major}.{minor + 1}.0"
    assert f"`{name}` was added, nullable (compatible). Raise the version to {needed}" in done.stdout
    tree.edit("schemas/sample.py", f'version: ClassVar[str] = "{old}"', f'version: ClassVar[str] = "{needed}"')
    assert [command[2] for command in others] == ["baseline", "check"]
    for command in others:
        tree.succeed(*command[1:])
    write_corpus(tmp_path / "corpus")
    (tmp_path / "corpus" / "page.yaml").write_text(RECIPE)
    tree.succeed("build", str(tmp_path / "corpus" / "page.yaml"), "--out", str(tmp_path / "run"))
    shards = [pq.read_table(path) for path in (tmp_path / "run" / "samples").glob("*.parquet")]
    assert sum(shard.num_rows for shard in shards) > 0
    assert all(shard.column(name).null_count == shard.num_rows for shard in shards)
    assert {shard.schema.metadata[b"blift.version"].decode() for shard in shards} == {needed}
    tree.succeed("schema", "validate", str(tmp_path / "run"))
    tree.succeed("verify", str(tmp_path / "run"))


def test_the_settings_of_the_page_are_read(tmp_path: Path) -> None:
    [text] = blocks(PAGE, "toml")
    (tmp_path / "pyproject.toml").write_text(text)
    policy = read_policy(tmp_path / "pyproject.toml")
    assert (policy.mode, policy.mode_of("sample")) == (Mode.BACKWARD, Mode.FULL_TRANSITIVE)
    [exception] = policy.exceptions
    assert exception.until == tomllib.loads(text)["tool"]["blift"]["schema"]["exceptions"][0]["until"]


@pytest.mark.parametrize(("place", "file"), [(0, "action.yml"), (1, ".pre-commit-hooks.yaml")])
def test_the_examples_for_other_repositories_name_what_is_there(place: int, file: str) -> None:
    [*_, example] = yaml.safe_load(blocks(PAGE, "yaml")[place])
    there = yaml.safe_load((ROOT / file).read_text())
    if file == "action.yml":
        assert set(example["with"]) <= set(there["inputs"])
    else:
        assert [hook["id"] for hook in example["hooks"]] == [hook["id"] for hook in there]


def test_the_page_names_the_formats_and_exit_codes_of_the_command() -> None:
    text = re.sub(r"\s+", " ", PAGE.read_text())
    assert "`text`, `json`, `github`, `sarif` or `junit`" in text
    assert "0 without findings, 1 with findings, and 2 if the command cannot run" in text
