"""The stats stage: what a build writes, limits that fail it, and that the dataset before stays."""

import json
import shutil
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import RecipeError
from tests.pipelines.conftest import run_build
from tests.pipelines.export.conftest import comment, image_post

RECIPE = """\
name: described
sources:
  reddit: {{submissions: [RS.ndjson], comments: [RC.ndjson]}}
instruct:
  splits: {{validation: 0, test: 0}}
output: {{shards: 2}}
{stats}
"""
LIMITS = """\
stats:
  limits:
    - {column: title, max_missing: 0.1}
    - {column: comments, min_mean: 3}
    - {table: instructions, column: template, min_distinct: 2}
    - {column: score, max_mean: 5, min_mean: 1}
"""


def write_corpus(folder: Path, posts: int = 6, stats: str = "stats: {tokenizer: words.json}") -> Path:
    """Posts with two comments each, a tokenizer, and a recipe."""
    rows = [image_post(f"p{place}") | {"score": place} for place in range(posts)]
    comments = [comment(row["id"], place, score=place) for row in rows for place in range(2)]
    for name, lines in (("RS", rows), ("RC", comments)):
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "The": 1, "title": 2, "of": 3}, unk_token="[UNK]"))  # noqa: S106
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(folder / "words.json"))
    (folder / "recipe.yaml").write_text(RECIPE.format(stats=stats))
    return folder / "recipe.yaml"


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a corpus, and of its run folder `out`."""
    folder = tmp_path_factory.mktemp("described")
    run_build(write_corpus(folder), folder / "out")
    return folder


def statistics_file(run: Path) -> Path:
    (found,) = (run / "stats").iterdir()
    return found


def test_a_build_writes_what_the_command_prints(described: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["stats", str(described / "out"), "--json", "--tokenizer", str(described / "words.json")]
    assert main(command) == 0
    printed = capsys.readouterr().out
    named = printed.replace(str(described / "words.json"), "words.json")
    assert statistics_file(described / "out").read_text() == named
    found = json.loads(printed)
    (title,) = [
        column
        for table in found["tables"]
        if table["name"] == "samples"
        for column in table["columns"]
        if column["column"] == "title"
    ]
    assert (title["tokens"]["min"], title["tokens"]["max"]) == (4, 4)  # The title of p0
    assert title["characters"]["mean"] == len("The title of p0")


def test_a_build_again_skips_it_and_verify_finds_nothing(described: Path) -> None:
    _, events = run_build(described / "recipe.yaml", described / "out")
    assert events == ["skipped ingest", "skipped curate", "skipped instruct", "skipped stats"]
    assert main(["verify", str(described / "out")]) == 0


def test_the_card_has_a_section(described: Path) -> None:
    card = (described / "out" / "README.md").read_text()
    assert "## Statistics\n" in card
    assert "| `samples` | `score` | 6 | 0.0 % | █·█·█·█·██ 0 .. 2 .. 5, mean 2.5 |\n" in card
    assert (
        "| `samples` | `title` | 6 | 0.0 % | chars █ 15 .. 15 .. 15, mean 15; tokens █ 4 .. 4 .. 4, mean 4 |\n" in card
    )
    assert "Tokens are those of `words.json` (sha256 `" in card


@pytest.mark.long
def test_two_processes_write_the_same_bytes(described: Path, tmp_path: Path) -> None:
    run = shutil.copytree(described / "out", tmp_path / "out")
    before = statistics_file(run)
    before.unlink()
    beam = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    _, events = run_build(described / "recipe.yaml", run, stages=["stats"], beam=beam)
    assert events == ["started stats", "done stats"]
    assert statistics_file(run) == before


def test_statistics_do_not_change_the_fingerprint_of_a_dataset(described: Path, tmp_path: Path) -> None:
    run = shutil.copytree(described / "out", tmp_path / "out")
    plain = tmp_path / "plain.yaml"
    shutil.copytree(described, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("out"))
    plain.write_text(RECIPE.format(stats=""))
    before = RunFolder(str(run)).require_manifest()
    after, events = run_build(plain, run)
    assert events == ["skipped ingest", "skipped curate", "skipped instruct"]
    assert after.fingerprint == before.fingerprint
    assert "## Statistics" not in (run / "README.md").read_text()


def test_a_damaged_file_is_written_again(described: Path, tmp_path: Path) -> None:
    run = shutil.copytree(described / "out", tmp_path / "out")
    content = statistics_file(run).read_bytes()
    statistics_file(run).write_bytes(b"{}")
    assert main(["verify", str(run)]) == 1
    _, events = run_build(described / "recipe.yaml", run)
    assert events[-1] == "done stats"
    assert statistics_file(run).read_bytes() == content


def test_a_table_that_is_not_there_is_told(described: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", str(described / "out"), "--table", "media"]) == 2
    assert "has none of the tables to describe. Name another one with --table." in capsys.readouterr().err


def test_limits_fail_a_build_and_the_dataset_before_stays(
    described: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = shutil.copytree(described / "out", tmp_path / "out")
    before = RunFolder(str(run)).require_manifest()
    recipe = write_corpus(tmp_path, posts=14, stats=LIMITS)
    assert main(["build", str(recipe), "--out", str(run), "--quiet"]) == 3
    assert capsys.readouterr().err == (
        "blift: `comments` of samples: mean is 2, below the limit 3 (`min_mean` of `stats.limits`).\n"
        "`template` of instructions: distinct is 1, below the limit 2 (`min_distinct` of `stats.limits`).\n"
        "`score` of samples: mean is 6.5, above the limit 5 (`max_mean` of `stats.limits`).\n"
    )
    assert RunFolder(str(run)).require_manifest() == before
    assert main(["verify", str(run)]) == 0
    # The same command says it again at once, and a limit that the dataset keeps lets it in.
    assert main(["build", str(recipe), "--out", str(run), "--quiet"]) == 3
    capsys.readouterr()
    recipe.write_text(RECIPE.format(stats="stats: {limits: [{column: score, max_mean: 7}]}"))
    assert main(["build", str(recipe), "--out", str(run), "--quiet"]) == 0
    after = RunFolder(str(run)).require_manifest()
    assert after.fingerprint != before.fingerprint
    assert "| `samples` | `score` | 14 |" in (run / "README.md").read_text()
    assert main(["inspect", f"{run}@previous"]) == 0


def test_drift_is_limited_too(described: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stats = """\
stats:
  against: before
  limits:
    - {column: score, max_kolmogorov_smirnov: 0.4, max_jensen_shannon: 0.9}
    - {column: posted_at, max_l_infinity: 0}
    - {column: text, max_jensen_shannon: 0.5}
"""
    shutil.copytree(described / "out", tmp_path / "before")
    recipe = write_corpus(tmp_path, posts=14, stats=stats)
    assert main(["build", str(recipe), "--out", str(tmp_path / "out"), "--quiet"]) == 3
    said = capsys.readouterr().err
    assert said.startswith(
        "blift: `score` of samples (values): kolmogorov smirnov is 0.571429, above the limit 0.4 "
        "(`max_kolmogorov_smirnov` of `stats.limits`).\n"
    )
    lacking = "`text` of samples is in one of the two datasets alone, or has values in neither"
    assert f"{lacking}, so `max_jensen_shannon` (0.5) of `stats.limits` cannot be compared." in said
    assert "posted_at" not in said


@pytest.mark.parametrize(
    ("stats", "said"),
    [
        ("{tables: [sampels]}", "there is no configuration 'sampels', did you mean 'samples'?"),
        ("{limits: [{column: scores, max_mean: 1}]}", "'samples' has no column 'scores', did you mean 'score'?"),
        ("{limits: [{column: score}]}", "the limit on `score` sets no bound; add one, such as `max_missing: 0.1`"),
        ("{limits: [{column: score, min_distinct: 3}]}", "`min_distinct` is no limit of 'score', which is a number"),
        ("{limits: [{column: score, min_mean: 3, max_mean: 1}]}", "no mean lies between them"),
        ("{limits: [{column: score, max_jensen_shannon: 0.1}]}", "compares with another dataset; set `against`"),
        ("{tables: [posts], limits: [{column: score, max_mean: 1}]}", "a limit is on 'samples', which `tables` leaves"),
        ("{limits: [{column: score, max_missing: 2}]}", "it must be at most 1"),
    ],
)
def test_a_mistake_in_the_section_is_told_before_anything_runs(stats: str, said: str, tmp_path: Path) -> None:
    recipe = write_corpus(tmp_path, stats=f"stats: {stats}")
    with pytest.raises(RecipeError) as told:
        load_recipe(str(recipe))
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "Cannot read the tokenizer"),
        ("{}", "is no tokenizer ("),
        ('{"version": "1.0"', "is no tokenizer ("),
        ("\udcff", "is no tokenizer ("),
    ],
)
def test_a_tokenizer_that_is_none_is_told(
    content: str | None, said: str, described: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_bytes(content.encode(errors="surrogateescape"))
    assert main(["stats", str(described / "out"), "--tokenizer", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("blift: ")
    assert said in told
    assert told.count("\n") == 1
