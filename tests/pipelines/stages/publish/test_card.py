"""The card of a published dataset is what the Hub and `datasets` take, and says what happened."""

import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import Features
from defusedxml import ElementTree
from huggingface_hub import DatasetCard

from blift.pipelines.engine.features import features
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.stages.publish.edition import Edition, Facts
from blift.pipelines.stages.publish.funnel_picture import funnel_picture
from blift.pipelines.stages.publish.versions import Difference
from blift.schemas.arrow import FEATURES_KEY
from blift.schemas.level import Level
from blift.schemas.records import RECORDS
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import FunnelRow
from blift.transforms.digests import RowChanges
from tests.hub_server.card_rules import problems_of
from tests.pipelines.stages.publish.conftest import REPO, recipe_of

FIRST = Edition("v1.0.0", None, Difference())
SECOND = Edition(
    "v2.0.0",
    "v1.3.0",
    Difference(
        {"samples": RowChanges(1200, 3, 40), "rejects": RowChanges()}, ["The configuration `x` is gone."], Level.MAJOR
    ),
)


@pytest.fixture(scope="module")
def facts(released: Path) -> Facts:
    folder = RunFolder(str(released))
    manifest = folder.read_manifest()
    assert isinstance(manifest, Manifest)
    return Facts(manifest, recipe_of(folder).recipe.card, REPO)


@pytest.fixture(scope="module")
def card(facts: Facts) -> str:
    return facts.card_text(FIRST)


def front_of(card: str) -> dict[str, Any]:
    parsed = yaml.safe_load(card.split("---\n")[1])
    assert isinstance(parsed, dict)
    return parsed


def test_the_hubs_rules_find_nothing_wrong(card: str) -> None:
    assert problems_of(card) == []
    assert DatasetCard(card).data.to_dict()["pretty_name"] == "BLIFT demo"


def test_configs_are_samples_blift_both_shapes_and_rejects(card: str) -> None:
    front = front_of(card)
    names = [config["config_name"] for config in front["configs"]]
    pairs = ["instructions", "chat", "instructions_without_media", "chat_without_media"]
    pairs += ["preferences", "preferences_without_media"]
    assert names == ["samples", "blift", *pairs, "media", "rejects"] == [
        info["config_name"] for info in front["dataset_info"]
    ]  # fmt: skip
    assert [config["config_name"] for config in front["configs"] if config.get("default")] == ["samples"]


@pytest.mark.parametrize("table", list(SCHEMAS))
def test_features_are_written_as_datasets_writes_them(table: str) -> None:
    written = features(SCHEMAS[table])
    said = {key: said for key, said in SCHEMAS[table].metadata.items() if key == FEATURES_KEY}
    assert written == Features.from_arrow_schema(SCHEMAS[table].with_metadata(said))._to_yaml_list()


def test_the_card_says_what_a_row_is_in_the_words_of_the_record_classes(card: str) -> None:
    assert re.search(r"^\| `samples` \| train \| .* \| One media item with the behaviour of ", card, re.MULTILINE)
    assert all((record.__doc__ or "").partition("\n")[0].endswith(".") for record in RECORDS.values())


def test_rows_and_features_are_those_of_the_files(released: Path, card: str) -> None:
    for info in front_of(card)["dataset_info"]:
        for split in info["splits"]:
            folder = info["config_name"].replace("_", "-").replace("chat", "instructions/chat")
            folder = re.sub("^instructions(?!/)", "instructions/llava", folder)
            folder = re.sub("^preferences", "instructions/preferences", folder)
            name = split["name"] if folder.startswith("instructions/") else ""
            paths = sorted((released / "release" / folder).glob(f"{name}*.parquet"))
            assert split["num_examples"] == sum(pq.read_metadata(path).num_rows for path in paths)
            assert split["num_bytes"] == sum(path.stat().st_size for path in paths)
            held = Features.from_arrow_schema(pq.read_schema(paths[0]).remove_metadata())
            assert held == Features._from_yaml_list(info["features"])


def test_blift_has_the_six_columns(card: str) -> None:
    info = next(info for info in front_of(card)["dataset_info"] if info["config_name"] == "blift")
    assert [feature["name"] for feature in info["features"]] == [
        "url", "permalink", "comments", "num_comments", "subreddit", "title"
    ]  # fmt: skip


def test_what_changed_stands_in_the_card(facts: Facts) -> None:
    assert "## What changed in v1.0.0\n\nThe first version." in facts.card_text(FIRST)
    second = facts.card_text(SECOND)
    assert "Since v1.3.0:" in second
    assert "- `samples`: 1,200 rows added, 3 removed, 40 changed" in second
    assert "- The configuration `x` is gone." in second
    assert "- `rejects`:" not in second


@pytest.mark.parametrize(
    "words",
    [
        "## Licence and terms", "Reddit's User Agreement", "YouTube's Terms of", "## Intended use", "**Opt-out.**",
        "## Personal data and opt-out", "## Rebuild it", "blift build recipe.yaml", "## Cite", "![What every step",
        'load_dataset("owner/demo", "samples", split="train", revision="v1.0.0")', "### What was filtered, and why",
    ],
)  # fmt: skip
def test_the_card_speaks_of(words: str, card: str) -> None:
    assert words in card


def test_sources_have_time_ranges_and_every_step_its_row(card: str, facts: Facts) -> None:
    ranges = re.findall(r"^\| (reddit|youtube) \| (\d{4}-\d\d) \| (\d{4}-\d\d) \| ([\d,]+) \|$", card, re.MULTILINE)
    assert [platform for platform, *_ in ranges] == ["reddit", "youtube"]
    assert sum(int(count) for *_, count in ranges) == facts.configs[0].splits[0].rows
    assert all(first <= last for _, first, last, _ in ranges)
    for row in funnel_rows(facts.manifest):
        assert f"| {row.stage} | {row.table} | {row.step} | {row.rows_in:,} | {row.rows_out:,} |" in card


def test_the_picture_is_svg_and_escapes_what_it_writes(facts: Facts) -> None:
    odd = FunnelRow("curate", "a<b&c", 0, "x>y", 10, 7, 1, {"deleted": 2})
    for rows in (list(funnel_rows(facts.manifest)), [odd], []):
        root = ElementTree.fromstring(funnel_picture(rows))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "a&lt;b&amp;c" in funnel_picture([odd])


def test_the_same_release_gives_the_same_card(facts: Facts, card: str) -> None:
    assert Facts(facts.manifest, facts.card, facts.repo).card_text(FIRST) == card
