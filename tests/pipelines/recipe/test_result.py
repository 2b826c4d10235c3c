"""What a recipe says of its result is checked, and read, without the lists and archives that the recipe names."""

from pathlib import Path

import pytest
import yaml

from blift.pipelines.recipe.file import SHIPPED, recipe_of_result
from blift.schemas.errors import RecipeError

PATH = Path("run/recipe.yaml")
SMALLEST = "name: small\n"
OF_A_RESULT = {"name", "description", "rejects", "output", "card", "publish"}


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_recipe_says_of_its_result_what_its_text_says(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    said = {key: value for key, value in yaml.safe_load(text).items() if key in OF_A_RESULT}
    recipe = recipe_of_result(text, PATH).recipe
    assert recipe.model_dump(mode="json", include=OF_A_RESULT, exclude_unset=True) == said


def test_the_rest_of_the_recipe_is_not_looked_at() -> None:
    text = f"{SMALLEST}sources: {{reddit: {{submissions: [no such file]}}}}\ncurate: nothing of it is looked at\n"
    assert recipe_of_result(text, PATH).recipe.name == "small"


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("publish: {repo: nobody}", "line 2: `publish.repo` is 'nobody'"),
        ("publish: {repo: 'a/b\n\n'}", "line 2: `publish.repo` is"),
        ("publish: {gated: maybe}", "line 2: `publish.gated` is 'maybe'"),
        ("publish: {configs: []}", "line 2: `publish.configs` is []"),
        ("publish: {configs: [1]}", "line 2: `publish.configs.0` is 1"),
        ("publish: {media: inside}", "line 2: `publish.media` is 'inside'"),
        ("output: {partition_by: day}", "line 2: `output.partition_by` is 'day'"),
        ("output: {partition_by: Month}", "`output.partition_by` is 'Month': it must be 'month'."),
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
def test_what_is_wrong_is_told_with_its_place(section: str, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe_of_result(f"{SMALLEST}{section}\n", PATH)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a\n", "name: A\n", "card: {}\n", "name: 1\n"])
def test_what_is_no_recipe_is_refused(text: str) -> None:
    with pytest.raises(RecipeError):
        recipe_of_result(text, PATH)
