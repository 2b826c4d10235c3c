"""A recipe at an address is read as one of this machine, and its relative paths start where it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from blift import open_run
from blift.pipelines.cli import main
from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import RecipeError
from tests.connectors.test_filesystem import FarFileSystem
from tests.months import write_months
from tests.pipelines.conftest import run_build


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `far://bucket`, with archives and recipes."""
    root = tmp_path / "far"
    (root / "bucket").mkdir(parents=True)
    write_months(root / "bucket")
    monkeypatch.setattr(FarFileSystem, "root", str(root))
    return root / "bucket"


def test_it_builds_the_dataset_of_the_same_recipe_here(bucket: Path, tmp_path: Path) -> None:
    assert main(["build", "far://bucket/after.yaml", "--out", str(tmp_path / "far-run"), "--quiet"]) == 0
    here, _ = run_build(bucket / "after.yaml", tmp_path / "run")
    assert open_run(tmp_path / "far-run").fingerprint == here.fingerprint


def test_its_relative_paths_start_where_it_lies(bucket: Path) -> None:
    found = load_recipe("far://bucket/after.yaml")
    assert found.text == (bucket / "after.yaml").read_text()
    assert found.resolve(["RS_*.ndjson", "gs://other/RS.zst"]) == ["far://bucket/RS_*.ndjson", "gs://other/RS.zst"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name: mine\nsource: {}\n", "far://bucket/wrong.yaml, line 2: unknown key `source`, did you mean 'sources'?"),
        (b"\xff", "far://bucket/wrong.yaml is not UTF-8 text (byte 0); save it as UTF-8."),
        (b"#" * ((1 << 20) + 1), "far://bucket/wrong.yaml has more than 1048576 bytes, and is no recipe."),
    ],
)
def test_a_mistake_is_told_with_its_address(bucket: Path, content: bytes, said: str) -> None:
    (bucket / "wrong.yaml").write_bytes(content)
    with pytest.raises(RecipeError) as told:
        load_recipe("far://bucket/wrong.yaml")
    assert said in str(told.value)
    assert "blift-" not in str(told.value)


def test_a_recipe_that_is_not_there_is_a_sentence(bucket: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipe", "show", "far://bucket/after.yaml"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == (bucket / "after.yaml").read_text().rstrip("\n")
    assert main(["recipe", "check", "far://bucket/gone.yaml"]) == 2
    assert "far://bucket/gone.yaml" in capsys.readouterr().err
