"""What a recipe says of its result is the same read the short way and by the recipe's models."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blift.pipelines.recipe.file import SHIPPED, recipe_of_result
from blift.pipelines.recipe.result import plain_result
from blift.pipelines.recipe.result_file import result_of
from blift.schemas.errors import RecipeError

PATH = Path("run/recipe.yaml")
OF_A_RESULT = ("name", "description", "rejects", "output", "card", "publish")
SMALLEST = "name: small\n"


def by_models(text: str) -> dict[str, Any]:
    recipe = recipe_of_result(text, PATH).recipe
    return {key: value for key, value in recipe.model_dump(mode="json").items() if key in OF_A_RESULT}


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_recipe_is_read_the_short_way(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    plain = plain_result(text)
    assert plain is not None
    assert msgspec.to_builtins(plain) == by_models(text)


@pytest.mark.parametrize(
    "section",
    [
        "publish: {repo: a/b, private: true, gated: auto, tag: v1.0.0, configs: [samples], media: embedded}",
        "publish: {gated: null, configs: null, media_files: keyframes}",
        "card: {title: “T”, summary: 'a: b', license: mit, language: [en, de]}",
        "rejects: {payload: none, out_of_scope: true, max_malformed: 1.0}",
        "output: {shards: auto}",
        "output: {shards: 8}",
        "rejects: {max_malformed: 1}",
        "description: some words",
        "sources: {reddit: {submissions: [no such file]}}\ncurate: nothing of it is looked at",
    ],
)
def test_what_is_said_plainly_is_read_the_short_way(section: str) -> None:
    text = f"{SMALLEST}{section}\n"
    plain = plain_result(text)
    assert plain is not None
    assert msgspec.to_builtins(plain) == by_models(text)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("publish: {repo: nobody}", "line 2: `publish.repo` is 'nobody'"),
        ("publish: {repo: 'a/b\n\n'}", "line 2: `publish.repo` is"),
        ("publish: {gated: maybe}", "line 2: `publish.gated` is 'maybe'"),
        ("publish: {configs: []}", "line 2: `publish.configs` is []"),
        ("publish: {configs: [1]}", "line 2: `publish.configs.0` is 1"),
        ("publish: {media: inside}", "line 2: `publish.media` is 'inside'"),
        ("publish: {tags: v1}", "unknown key `publish.tags`, did you mean"),
        ("publish: []", "line 2: `publish` is []"),
        ("card: {language: en}", "line 2: `card.language` is 'en'"),
        ("card: null", "line 2: `card` is None"),
        ("rejects: {max_malformed: 2}", "line 2: `rejects.max_malformed` is 2"),
        ("output: {shards: 0}", "line 2: `output.shards"),
        ("output: [1]", "line 2: `output` is [1]"),
        ("description: [1]", "line 2: `description` is [1]"),
        ("card: {", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_told_by_the_recipes_models(section: str, said: str) -> None:
    text = f"{SMALLEST}{section}\n"
    assert plain_result(text) is None
    with pytest.raises(RecipeError) as caught:
        result_of(text, PATH)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a\n", "name: A\n", "card: {}\n", "name: 1\n"])
def test_what_is_no_recipe_is_told_by_the_recipes_models(text: str) -> None:
    assert plain_result(text) is None
    with pytest.raises(RecipeError):
        result_of(text, PATH)


@pytest.mark.parametrize("section", ["publish: {private: 1}", "publish: {private: 'on'}"])
def test_what_is_unusual_and_right_is_read_by_the_recipes_models(section: str) -> None:
    text = f"{SMALLEST}{section}\n"
    assert plain_result(text) is None
    assert result_of(text, PATH).recipe.name == "small"


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 3), st.floats(-1, 2), st.text(max_size=3))
_VALUES = st.one_of(
    _SCALARS,
    st.lists(_SCALARS, max_size=2),
    st.sampled_from(["auto", "none", "all", "beside", "files", "a/b", "v1.0.0"]),
)
_KEYS = {
    "publish": ["repo", "private", "gated", "tag", "configs", "media", "media_files", "x"],
    "card": ["title", "summary", "license", "language"],
    "rejects": ["payload", "out_of_scope", "max_malformed"],
    "output": ["shards", "x"],
}
_SECTIONS = st.fixed_dictionaries(
    {"name": st.just("small")},
    optional={
        name: st.one_of(_VALUES, st.dictionaries(st.sampled_from(keys), _VALUES, max_size=3))
        for name, keys in _KEYS.items()
    },
)


@given(_SECTIONS)
def test_the_short_way_reads_nothing_that_the_models_refuse_or_read_otherwise(content: dict[str, Any]) -> None:
    text = yaml.safe_dump(content, allow_unicode=True)
    plain = plain_result(text)
    if plain is not None:
        assert msgspec.to_builtins(plain) == by_models(text)
