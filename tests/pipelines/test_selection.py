"""The part of archives that a researcher wants: by list, by number, by days; what is not there is named."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from blift.pipelines.cli import main
from blift.pipelines.commands.show import funnel_rows
from blift.pipelines.engine.run_folder import Manifest
from blift.transforms.accounting import unbalanced
from tests.pipelines.conftest import run_build

_RECIPE = """
name: chosen
sources:
  reddit:
    submissions: ["reddit/RS_*.zst"]
    comments: ["reddit/RC_*"]
    scope: SCOPE
  youtube:
    info: ["youtube/*.info.json*"]
    scope: SCOPE
curate: {CURATE}
rejects: {max_malformed: 0.5}
output: {shards: 2}
"""

Build = Callable[..., tuple[Path, Manifest]]


@pytest.fixture
def build(corpus: Path, tmp_path: Path) -> Build:
    """Builds of a part of the demo corpus: scope of both platforms, and the section `curate`."""

    numbers = itertools.count()

    def of(scope: str, curate: str = "{}", stages: tuple[str, ...] = ("ingest",)) -> tuple[Path, Manifest]:
        recipe = corpus / f"{tmp_path.name}.yaml"
        recipe.write_text(_RECIPE.replace("SCOPE", scope).replace("{CURATE}", curate))
        out = tmp_path / f"out{next(numbers)}"
        return out, run_build(recipe, out, stages=stages)[0]

    return of


def ids(folder: Path, table: str = "posts", column: str = "post_id") -> list[str]:
    return sorted(pq.read_table(folder / table, partitioning=None).column(column).to_pylist())


def test_a_list_of_82_ids_and_addresses_gives_exactly_those_and_names_the_missing(
    built: tuple[Path, Manifest], corpus: Path, tmp_path: Path, build: Build
) -> None:
    posts = pq.read_table(built[0] / "posts", partitioning=None, columns=["post_id", "permalink"]).to_pylist()
    reddit = [row for row in posts if row["post_id"].startswith("reddit:")][:60]
    youtube = [row for row in posts if row["post_id"].startswith("youtube:")][:20]
    written = [row["permalink"] if place % 2 else row["post_id"] for place, row in enumerate([*reddit, *youtube])]
    missing = ["https://www.reddit.com/r/pics/comments/zzzz9/gone/", "youtube:AAAAAAAAAAA"]
    (corpus / f"{tmp_path.name}.txt").write_text("\n".join([*written, *missing]))
    out, manifest = build(f"{{ids: {tmp_path.name}.txt}}")
    assert ids(out) == sorted(row["post_id"] for row in [*reddit, *youtube])
    (found,) = [row for row in funnel_rows(manifest) if row.table == "listed post"]
    assert (found.rows_in, found.rows_out, found.rejected) == (82, 80, {"not_found": 2})
    assert unbalanced(list(funnel_rows(manifest))) == []
    rejects = pq.read_table(out / "rejects", partitioning=None).to_pylist()
    assert sorted(row["detail"] for row in rejects if row["reason"] == "not_found") == sorted(missing)
    assert any("2 of the 82 posts" in note and missing[0] in note for note in manifest.stages["ingest"].notes)


@pytest.mark.long
def test_so_many_samples_are_drawn_whatever_else_there_is(build: Build) -> None:
    stages = ("ingest", "curate")
    out, _ = build("{}", stages=stages)
    every = ids(out, "samples", "sample_id")
    out, manifest = build("{}", "{sample: {n: 10, seed: 1}}", stages=stages)
    ten = ids(out, "samples", "sample_id")
    assert len(ten) == 10
    assert set(ten) < set(every)
    assert unbalanced(list(funnel_rows(manifest))) == []
    out, _ = build("{}", "{sample: {n: 12, seed: 1}}", stages=stages)
    assert set(ten) < set(ids(out, "samples", "sample_id"))
    out, _ = build("{}", "{sample: {n: 10, seed: 2}}", stages=stages)
    assert ids(out, "samples", "sample_id") != ten
    out, _ = build("{}", "{sample: {n: 100000}}", stages=stages)
    assert ids(out, "samples", "sample_id") == every


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("{posted_from: 2021-02-01, posted_before: 2021-01-01}", "no day lies between them"),
        ("{posted_from: 2021-01-01, posted_before: 2021-01-01}", "no day lies between them"),
        ("{ids: nowhere.txt}", "The list nowhere.txt cannot be read"),
    ],
)
def test_an_impossible_selection_names_the_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], scope: str, said: str
) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(_RECIPE.replace("SCOPE", scope).replace("{CURATE}", "{}"))
    assert main(["recipe", "check", str(recipe)]) == 2
    assert said in capsys.readouterr().err


def test_a_selection_of_nothing_is_told_with_the_option(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = corpus / f"{tmp_path.name}.yaml"
    text = _RECIPE.replace("{CURATE}", "{}").replace("SCOPE", "{posted_before: 2001-01-01}")
    recipe.write_text(text)
    assert main(["build", str(recipe), "--out", str(tmp_path / "out"), "--stages", "ingest", "--quiet"]) == 0
    assert "No post was ingested: `posted_before` left out all" in capsys.readouterr().err
