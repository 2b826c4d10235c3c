"""Where columns come from is measured, and the generated pages say it."""

from pathlib import Path

import pytest

from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.recipe.file import load_recipe
from blift.pipelines.schema import rules_page
from blift.pipelines.schema.lineage import lineage, page_of, rules_on_columns
from blift.schemas.policy import MODES
from blift.schemas.rule_list import RULES

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_columns_come_from_the_fields_whose_change_changes_them(corpus: Path, built: tuple[Path, Manifest]) -> None:
    source, run = load_recipe(str(corpus / "demo.yaml")), RunFolder(str(built[0]))
    found = lineage(source, run)
    assert found["post"]["title"] == ["reddit submissions: `title`", "youtube info: `title`"]
    assert found["post"]["replay"] == ["youtube info: `duration`", "youtube info: `heatmap`"]
    assert found["post"]["nsfw"] == ["reddit submissions: `over_18`", "youtube info: `age_limit`"]
    assert found["comment"]["text"] == ["reddit comments: `body`", "youtube info: `comments`"]
    assert found["sample"]["like_percent"] == ["`post.likes`", "`post.views`"]
    assert "`media.scenes`" in found["sample"]["scenes"]
    assert found["sample"]["sample_id"] == ["`post.media_key`"]
    assert found["instruction"]["image"] == ["`media.sha256`", "`media.uses`", "`sample.media_key`"]
    assert found["chat"]["score_ratio"] == ["`sample.posted_at`", "`sample.score`", "`sample.subreddit`"]
    assert found["preference"]["chosen"] == ["`comment.text`", "`post.title`"]
    assert found["preference"]["images"] == ["`media.sha256`", "`media.uses`"]
    assert "`post.views`" in found["preference"]["preferred"]
    assert found["annotation"]["value"] == ["annotations: `value`"]
    assert "annotations: `sha256`" in found["annotation"]["sample_id"]
    assert found["blift"]["title"] == ["`sample.title`"]
    assert page_of(found, source) == (DOCS / "lineage.md").read_text()


def test_the_rules_of_a_recipe_are_listed_by_the_columns_that_they_look_at(corpus: Path) -> None:
    rules = rules_on_columns(load_recipe(str(corpus / "demo.yaml")))
    assert rules[("post", "nsfw")] == ["reddit `nsfw`", "youtube `nsfw`"]
    assert "youtube `views_above`" in rules[("post", "views")]
    assert ("post", "width") not in rules


def test_the_page_of_rules_is_current_and_has_all_of_them() -> None:
    page = (DOCS / "schema-rules.md").read_text()
    assert page == rules_page.page()
    assert all(f"| `{name}` | " in page for name in (*MODES, *(rule.id for rule in RULES)))
