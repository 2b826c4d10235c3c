"""The page on building: the example that chooses a subset is a recipe."""

from pathlib import Path

from blift.pipelines.recipe.file import load_recipe
from tests.docs.test_commands import blocks

_PAGE = Path(__file__).parents[2] / "docs" / "build.md"


def test_the_example_that_chooses_a_subset_is_a_recipe(tmp_path: Path) -> None:
    (example,) = blocks(_PAGE, "yaml")
    (tmp_path / "wanted.txt").write_text("t3_1abc\nhttps://www.reddit.com/r/pics/comments/1abd/a_title/\n")
    (tmp_path / "topic.txt").write_text("barn\n")
    (tmp_path / "mine.yaml").write_text(f"name: mine\n{example}")
    recipe = load_recipe(str(tmp_path / "mine.yaml")).recipe
    assert recipe.curate.sample is not None
    assert recipe.curate.sample.n == 1000
