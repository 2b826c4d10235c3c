"""Recipes with settings of the command line and variables of the environment: values, sentences, what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blift.pipelines.cli import main
from blift.pipelines.recipe.as_run import as_run, without_escapes
from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import RecipeError

_RECIPE = """\
# what it is for: ${NOBODY} reads comments
name: mine
description: "from ${PLACE}"
sources:
  reddit: {submissions: ["${ARCHIVES}/RS_*"], comments: [RC_*]}
curate:
  sample:
    n: ${COUNT}
  reddit:
    posts:
      pattern: 'costs \\$${5}'
      min_score: 3
card:
  summary: |
    Two lines
    of ${PLACE}.
  title: é ${PLACE}
"""
_ENVIRONMENT = {
    "PLACE": "a: b # c ${x}",
    "ARCHIVES": "/data/arch ives",
    "COUNT": "20",
    "HF_TOKEN": "x",
    "DB_PASSWORD": "y",
}


def run_with(
    text: str = _RECIPE, *settings: str, environment: dict[str, str] | None = None
) -> tuple[str, dict[str, Any]]:
    found = as_run(text, Path("mine.yaml"), settings, _ENVIRONMENT if environment is None else environment)
    return found.text, found.content


def test_variables_are_values_and_never_yaml() -> None:
    text, content = run_with()
    assert content["description"] == "from a: b # c ${x}"
    assert content["sources"]["reddit"] == {"submissions": ["/data/arch ives/RS_*"], "comments": ["RC_*"]}
    assert content["curate"]["sample"] == {"n": 20}
    assert content["curate"]["reddit"]["posts"] == {"pattern": r"costs \${5}", "min_score": 3}
    assert content["card"] == {"summary": "Two lines\nof a: b # c ${x}.\n", "title": "é a: b # c ${x}"}
    assert text.splitlines()[0] == "# what it is for: ${NOBODY} reads comments"
    assert "  sample:\n    n: 20\n" in text


def test_what_is_kept_gives_the_same_without_the_environment() -> None:
    for settings in ((), ("curate.sample.n=7", "card.title=${PLACE} and $${x}")):
        text, content = run_with(_RECIPE, *settings)
        again, same = run_with(text, environment={})
        assert (again, same) == (text, content)
        assert without_escapes(text, Path("recipe.yaml")).content == content


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40),
    st.sampled_from(["{}", "'{}'", '"{}"', "['{}']", ">\n  {}"]),
)
def test_any_value_of_a_variable_stays_that_value(value: str, form: str) -> None:
    text = f"name: {form.format('x${V}')}\nlast: 1\n"
    kept, content = run_with(text, environment={"V": value})
    found = content["name"][0] if form == "['{}']" else content["name"]
    assert found.rstrip("\n") == f"x{value}".rstrip("\n")
    assert content["last"] == 1
    assert run_with(kept, environment={}) == (kept, content)


def test_plain_numbers_and_booleans_keep_their_types() -> None:
    _, content = run_with(
        'a: ${N}\nb: ${Y}\nc: "${N}"\nd: ${D}\n', environment={"N": "12", "Y": "true", "D": "2021-02-03"}
    )
    assert (content["a"], content["b"], content["c"], str(content["d"])) == (12, True, "12", "2021-02-03")


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (
            "${MISSING}",
            r"mine\.yaml, line 2: `card\.title`: the environment variable MISSING is not set\. Set it, or write",
        ),
        ("${HF_TOKEN}", r"mine\.yaml, line 2: `card\.title`: `\$\{HF_TOKEN\}` is called as a secret is\."),
        ("${DB_PASSWORD}", r"is called as a secret is\. Recipes are copied"),
        ("${NOT-A-NAME}", r"`\$\{` begins no name of an environment variable\. Write \$\$\{ for a literal one\."),
        ("${", r"`\$\{` begins no name of an environment variable"),
    ],
)
def test_variables_that_cannot_be_used_are_told_with_key_and_line(written: str, sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        run_with(f"name: x\ncard: {{title: '{written}'}}\n")


def test_a_credential_in_a_variable_is_refused_and_not_shown() -> None:
    with pytest.raises(
        RecipeError, match="The environment variable PLACE, line 1, holds what looks like an access"
    ) as told:
        run_with("name: '${PLACE}'\n", environment={"PLACE": "hf_" + "abcdefgh" * 3})
    assert "abcdefgh" not in str(told.value)


def test_settings_replace_and_add_and_are_yaml() -> None:
    settings = (
        "curate.sample.n=5",
        "curate.youtube.posts.media_kinds=[video]",
        "sources.reddit.comments=",
        "fetch.x.y={a: 1}",
    )
    _, content = run_with(_RECIPE, *settings)
    assert content["curate"]["sample"] == {"n": 5}
    assert content["curate"]["youtube"] == {"posts": {"media_kinds": ["video"]}}
    assert content["sources"]["reddit"]["comments"] is None
    assert content["fetch"] == {"x": {"y": {"a": 1}}}
    assert run_with(_RECIPE, "curate.sample.n=5", "curate.sample.n=6")[1]["curate"]["sample"] == {"n": 6}


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("curate.sample.n", r"--set 'curate\.sample\.n' is no `key=value`\."),
        ("=3", r"--set '=3' is no `key=value`\."),
        ("a..b=3", r"--set 'a\.\.b=3' is no `key=value`\."),
        ("name.x=3", r"--set name\.x: `name` holds no keys that could be set; set `name` as a whole\."),
        ("name=[a", r"--set name, line \d: not valid YAML"),
        ("card.title=https://user:secret@example.com", r"--set card\.title, line 1, holds a user name or password"),
    ],
)
def test_settings_that_cannot_be_used_are_told(setting: str, sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        run_with(_RECIPE, setting)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("curate.sampel.n=3", "--set curate.sampel.n: unknown key `curate.sampel`, did you mean 'sample'?"),
        ("output.shards=many", "--set output.shards: `output.shards` is 'many': "),
        ("curate.sample.n=0", "--set curate.sample.n: `curate.sample.n` is 0: "),
    ],
)
def test_a_setting_that_the_recipe_does_not_allow_names_option_and_key(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str, sentence: str
) -> None:
    for command in ("plan", "build"):
        assert main([command, str(corpus / "demo.yaml"), "--out", str(tmp_path / "run"), "--set", setting]) == 2
        assert sentence in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_what_was_set_stands_in_the_run_folder_and_runs_again_from_there(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nsources: {reddit: {submissions: ['${CORPUS}/reddit/RS_2021-01.zst']}}\n"
        "rejects: {max_malformed: 0.9}\n"
    )
    monkeypatch.setenv("CORPUS", str(corpus))
    run = tmp_path / "run"
    arguments = ["--stages", "ingest", "--quiet", "--set", "output.shards=3"]
    assert main(["build", str(tmp_path / "mine.yaml"), "--out", str(run), *arguments]) == 0
    monkeypatch.delenv("CORPUS")
    text = (run / "recipe.yaml").read_text()
    assert yaml.safe_load(text)["output"] == {"shards": 3}
    (tmp_path / "kept.yaml").write_text(text)
    recipe = load_recipe(str(tmp_path / "kept.yaml")).recipe
    assert recipe.output.shards == 3
    assert recipe.sources.platforms["reddit"].patterns["submissions"] == [f"{corpus}/reddit/RS_2021-01.zst"]
