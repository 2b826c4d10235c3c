"""Recipes by strangers: whatever one holds, it is read within bounds, and what is wrong is a short sentence."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blift.pipelines.cli import main
from blift.pipelines.recipe.file import load_recipe, recipe_of_result
from blift.schemas.errors import RecipeError

SMALLEST = "name: x\nsources: {reddit: {submissions: [a]}}\n"
#: Characters of all that is said on a recipe.
SHORT = 4000


def said_of(folder: Path, text: str) -> str:
    """What is said of a recipe, which must be wrong; its path is left out."""
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load_recipe(str(path))
    said = str(caught.value).replace(str(path), "mine.yaml")
    assert len(said) < SHORT
    return said


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol,lol]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join([*lines, f"name: *a{levels - 1}", "sources: {}", ""])


@pytest.mark.parametrize("levels", [1, 5, 7, 8, 30])
def test_aliases_are_refused_at_the_first(tmp_path: Path, levels: int) -> None:
    said = said_of(tmp_path, laughs(levels))
    assert said == ("mine.yaml, line 1: not valid YAML (`&a0`: anchors and aliases are not allowed; repeat the value).")


def test_a_list_that_holds_itself_is_refused(tmp_path: Path) -> None:
    assert "anchors and aliases are not allowed" in said_of(tmp_path, "name: &a [*a]\n")


@pytest.mark.parametrize(
    "text",
    [
        f"name: {'w' * 100_000}!\n",
        f"name: [{', '.join(['lol'] * 20_000)}]\n",
        f"{'k' * 100_000}: 1\n",
        f"name: x\n? [{'k' * 100_000}]\n: 1\n",
        SMALLEST + f"instruct: {{templates: [{'t' * 100_000}]}}\n",
        SMALLEST + f"curate: {{reddit: {{posts: {{nsfw_words: {'t' * 100_000}}}}}}}\n",
        SMALLEST + f"curate: {{reddit: {{posts: {{nsfw_words: [{'t' * 100_000}]}}}}}}\n",
        SMALLEST + f"fetch: {{reddit: {{listings: [{'t' * 100_000}]}}}}\n",
        SMALLEST + "".join(f"unknown{n}: 1\n" for n in range(20_000)),
        f"name: !{'t' * 100_000} x\n",
        f"name: &{'a' * 100_000} x\n",
        f"name: '{'w' * 100_000}\n",
        f"name: {'w' * 100_000}: x\n",
    ],
    ids=range(13),
)
def test_what_is_long_is_shown_in_part(tmp_path: Path, text: str) -> None:
    said_of(tmp_path, text)


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    lines = said_of(tmp_path, SMALLEST + "".join(f"unknown{n}: 1\n" for n in range(25))).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "and 5 more mistakes."


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("!!int x", "`x` is not an integer; put strings in quotes"),
        ("!!int ''", "`` is not an integer"),
        ("!!float x", "`x` is not a number"),
        ("!!bool x", "`x` is not a boolean"),
        ("!!timestamp x", "`x` is not a date or time"),
        ("2024-01-01T25:00:00", "`2024-01-01T25:00:00` is not a date or time"),
        ("2024-01-01T00:00:00+99:99", "is not a date or time"),
        ("2024-02-30", "`2024-02-30` is not a date or time"),
        ("9999-12-31T23:59:59-23:59", "`name` is "),
        ("9" * 5000, "is not an integer"),
        (":".join(["1"] * 50_000), "is not an integer"),
        ("0b_", "is not an integer"),
        ("0x_", "is not an integer"),
        ("!!null x", "`name` is None"),
        ("!!str [a]", "not valid YAML"),
        ("!!map a", "not valid YAML"),
        ("!!seq a", "not valid YAML"),
        ("!!set {a, b}", "`tag:yaml.org,2002:set` is a tag that is not supported"),
        ("!!omap [a: 1]", "is a tag that is not supported"),
        ("!!pairs [a: 1]", "is a tag that is not supported"),
        ("!!binary aGk=", "is a tag that is not supported"),
        ("!!python/name:os.system x", "is a tag that is not supported"),
        ("!mine x", "`!mine` is a tag that is not supported"),
        ("=", "is a tag that is not supported"),
        ("{<<: 3}", "not valid YAML"),
        ("{[a]: 1}", "not valid YAML"),
        (".nan", "`name` is nan"),
    ],
)
def test_values_that_do_not_fit_their_tag(tmp_path: Path, value: str, problem: str) -> None:
    said = said_of(tmp_path, f"name: {value}\n")
    assert said.startswith("mine.yaml, line 1")
    assert problem in said


@pytest.mark.parametrize(
    "text",
    [
        "name: " + "[" * 900 + "]" * 900 + "\n",
        "name: " + "[" * 100_000,
        "name: " + "{a: " * 900 + "}" * 900 + "\n",
        "".join(" " * n + "a:\n" for n in range(900)),
        "- " * 900 + "a\n",
        "? " * 900 + "a\n",
    ],
    ids=range(6),
)
def test_deep_nesting(tmp_path: Path, text: str) -> None:
    assert "lists and mappings are nested more than 32 deep" in said_of(tmp_path, text)


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan"])
def test_a_limit_is_a_finite_number(tmp_path: Path, number: str) -> None:
    said = said_of(tmp_path, SMALLEST + f"media: {{limits: {{timeout_s: {number}}}}}\n")
    assert "line 3: `media.limits.timeout_s` is " in said


def test_text_that_no_yaml_may_hold(tmp_path: Path) -> None:
    assert "not valid YAML" in said_of(tmp_path, "name: \x00\n")
    assert "not valid YAML" in said_of(tmp_path, 'name: "\\ud800\n')


NAMES = {
    "too long": "a" * 300,
    "too long a path": "a/" * 3000,
    "a device": "/dev/zero",
    "a folder": ".",
    "a pipe": "pipe",
    "nothing": '"a\\0b"',
    "half a character": '"\\ud800"',
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize(
    "section",
    [
        "curate: {{reddit: {{posts: {{nsfw_words: {}}}}}}}",
        "curate: {{youtube: {{posts: {{channels: {}}}}}}}",
        "instruct: {{templates: [{}]}}",
    ],
)
def test_lists_and_templates_that_are_no_files(tmp_path: Path, section: str, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    said_of(tmp_path, SMALLEST + section.format(name) + "\n")


@pytest.mark.parametrize("name", ["a" * 300, "/dev/zero", ".", "pipe", "a\0b", "a" * 300 + "/b", "a" * 5000])
def test_a_recipe_that_is_no_file(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    assert main(["recipe", "check", name]) == 2
    said = capsys.readouterr().err
    assert said.startswith(("blift: Cannot read the recipe ", "blift: There is no recipe "))
    assert len(said) < SHORT


def test_a_recipe_has_a_limit_of_size(tmp_path: Path) -> None:
    assert said_of(tmp_path, SMALLEST + "#" * (1 << 20)).endswith("it has more than 1,048,576 bytes.")


PASSWORD = "S3cretProxyPw"  # noqa: S105 - of nobody
SECRETS = {
    "proxy": f"fetch: {{youtube: {{proxy: 'http://bob:{PASSWORD}@10.0.0.9:3128'}}}}",
    "proxy without a scheme": f"fetch: {{youtube: {{proxy: 'bob:{PASSWORD}@10.0.0.9:3128'}}}}",
    "proxy, escaped": f'fetch: {{youtube: {{proxy: "http\\x3a//bob:{PASSWORD}\\x4010.0.0.9:3128"}}}}',
    "endpoint": f"media: {{describe: {{endpoint: {{url: 'http://me:{PASSWORD}@h/v1', model: m, max_requests: 1}}}}}}",
    "endpoint's query": f"media: {{describe: {{endpoint: {{url: 'http://h/v1?key={PASSWORD}', model: m}}}}}}",
    "key itself": f"media: {{describe: {{endpoint: {{key_env: sk-{PASSWORD}0123, url: 'http://h/v1', model: m}}}}}}",
    "prompt": f"media: {{describe: {{endpoint: {{prompt: 'Authorization: Bearer {PASSWORD}', model: m}}}}}}",
    "source": f"output: {{}}\ncollect: {{reddit: {{ids: ['https://bob:{PASSWORD}@example.org/ids']}}}}",
    "list": f"fetch: {{youtube: {{lists: ['https://example.org/?sig={PASSWORD}']}}}}",
    "card": f"card: {{summary: 'with hf_{PASSWORD}0123456789 one can'}}",
    "description": f"description: AIza{PASSWORD}0123456789abcdef",
    "comment": f"# proxy: http://bob:{PASSWORD}@10.0.0.9:3128",
    "key of a mapping": f"'http://bob:{PASSWORD}@host': 1",
    "several lines": f'description: "http://bob:\\\n  {PASSWORD}@host"',
    "no YAML at all": f"proxy: [http://bob:{PASSWORD}@host",
}


@pytest.mark.parametrize("section", SECRETS.values(), ids=SECRETS)
def test_a_credential_is_refused_wherever_it_stands_and_not_shown(tmp_path: Path, section: str) -> None:
    said = said_of(tmp_path, SMALLEST + section + "\n")
    assert said.startswith("mine.yaml, line ")
    assert ", holds " in said
    assert "Programs read credentials from the environment" in said
    assert PASSWORD not in said


@pytest.mark.parametrize("section", SECRETS.values(), ids=SECRETS)
def test_a_recipe_in_a_run_folder_is_looked_at_again_before_it_is_published(section: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe_of_result(SMALLEST + section + "\n", Path("run/recipe.yaml"))
    assert str(caught.value).startswith("run/recipe.yaml, line ")
    assert PASSWORD not in str(caught.value)


def test_a_list_that_a_recipe_names_holds_no_credential(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text(f"a word\nhttp://bob:{PASSWORD}@host\n")
    said = said_of(tmp_path, SMALLEST + "curate: {reddit: {posts: {nsfw_words: words.txt}}}\n")
    assert "words.txt, line 2, holds a user name or password in an address." in said
    assert PASSWORD not in said


def test_a_proxy_comes_from_the_environment_instead(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: x\ncollect: {youtube: {proxy_env: MY_PROXY}}\n")
    fetch = load_recipe(str(path)).recipe.fetch
    assert fetch is not None
    assert fetch.youtube is not None
    assert fetch.youtube.proxy_env == "MY_PROXY"
    assert "not both" in said_of(tmp_path, "name: x\ncollect: {youtube: {proxy_env: A, proxy: 'http://h:1'}}\n")


def test_what_stands_in_place_of_a_variables_name_is_not_shown(tmp_path: Path) -> None:
    said = said_of(tmp_path, "name: x\ncollect: {youtube: {proxy_env: 'my secret'}}\n")
    assert "takes the name of an environment variable" in said
    assert "my secret" not in said


_ATOMS = st.sampled_from(
    ["name", "x", "sources", "reddit", "submissions", "!!int", "!!set", "&a", "*a", "<<", "2024-01-01T25:00:00", "~"]
)
_MARKS = st.sampled_from([": ", "- ", "? ", "[", "]", "{", "}", ", ", "\n", "  ", "'", '"', "|\n", ">\n", "---\n", "%"])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(_ATOMS, _MARKS, st.text(max_size=3)), max_size=30).map("".join))
def test_no_text_is_a_traceback(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with suppress(RecipeError):
        load_recipe(str(path))
