"""The dataset card: its front matter is what the Hub reads, and its counts are those of the shards."""

import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from blift.connectors.shard import Shard
from blift.pipelines.commands.show import funnel_rows
from blift.pipelines.engine.card import dataset_card
from blift.pipelines.engine.card_parts import configs_of
from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.recipe.file import load_recipe
from blift.pipelines.recipe.model import Card
from blift.schemas.configs import CONFIGS
from blift.schemas.records import RECORDS


def split_card(text: str) -> tuple[dict[str, Any], str]:
    """The front matter, parsed, and the card for people."""
    _, front, body = text.split("---\n", 2)
    parsed = yaml.safe_load(front)
    assert isinstance(parsed, dict)
    return parsed, body


@pytest.fixture(scope="module")
def card(built: tuple[Path, Manifest]) -> tuple[dict[str, Any], str]:
    return split_card((built[0] / "README.md").read_text(encoding="utf-8"))


def files_of(folder: Path, paths: list[str]) -> list[Path]:
    return sorted(folder / path for path in paths)


def rows_in(paths: list[Path]) -> int:
    return sum(int(pq.read_metadata(path).num_rows) for path in paths)


def test_the_front_matter_is_yaml_with_what_the_recipe_says(card: tuple[dict[str, Any], str]) -> None:
    front, _ = card
    assert (front["pretty_name"], front["license"], front["language"]) == ("BLIFT demo", "apache-2.0", ["en"])
    assert front["size_categories"] == ["n<1K"]


def test_the_first_config_is_the_default_and_all_have_their_files(
    built: tuple[Path, Manifest], card: tuple[dict[str, Any], str]
) -> None:
    configs = card[0]["configs"]
    assert [config["config_name"] for config in configs] == [name for name, _, _ in CONFIGS if name != "annotations"]
    assert [config["config_name"] for config in configs if config.get("default")] == ["samples"]
    for config in configs:
        for files in config["data_files"]:
            assert files_of(built[0], files["path"]), files


def test_every_shard_is_in_one_config_and_one_split(
    built: tuple[Path, Manifest], card: tuple[dict[str, Any], str]
) -> None:
    folder, manifest = built
    named = [path for config in card[0]["configs"] for files in config["data_files"] for path in files["path"]]
    for record in manifest.stages.values():
        for shard in record.shards:
            if shard.path.startswith("files/"):  # lists for publishing later; they name paths of this machine
                continue
            assert named.count(shard.path) == 1, shard.path
    assert files_of(folder, named) == sorted(set(folder.rglob("*.parquet")) - set((folder / "files").iterdir()))


def test_counts_are_those_of_the_files(built: tuple[Path, Manifest], card: tuple[dict[str, Any], str]) -> None:
    front, body = card
    stated = {
        (name, split): tuple(int(number.replace(",", "")) for number in numbers)
        for name, split, *numbers in re.findall(
            r"^\| `(\w+)` \| (\w+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| [A-Z]", body, re.MULTILINE
        )
    }
    found = {}
    for config in front["configs"]:
        for files in config["data_files"]:
            paths = files_of(built[0], files["path"])
            size = sum(path.stat().st_size for path in paths)
            found[(config["config_name"], files["split"])] = (rows_in(paths), len(paths), size)
    assert stated == found


def test_the_funnel_stands_there_row_by_row(built: tuple[Path, Manifest], card: tuple[dict[str, Any], str]) -> None:
    for row in funnel_rows(built[1]):
        assert f"| {row.stage} | {row.table} | {row.step} | {row.rows_in:,} | {row.rows_out:,} |" in card[1]


def test_fingerprint_sources_and_features_stand_there(
    built: tuple[Path, Manifest], card: tuple[dict[str, Any], str]
) -> None:
    _, manifest = built
    body = card[1]
    assert f"`{manifest.fingerprint}`" in body
    for name, size, _ in manifest.stages["ingest"].inputs["files"][:50]:
        assert f"| `{name}` | {size:,} |" in body
    for table in {table for name, _, table in CONFIGS if name != "annotations"}:
        for field in RECORDS[table].model_fields:
            assert f"`{field}`" in body, (table, field)


def test_a_title_that_yaml_would_misread_stays_a_text(corpus: Path, built: tuple[Path, Manifest]) -> None:
    recipe = load_recipe(str(corpus / "demo.yaml")).recipe
    for title in ("no", "a: b", "--- # 1", "Zürich – 東京", '"', "a\nb"):
        titled = recipe.model_copy(update={"card": Card(title=title, language=["no", "de"])})
        front = yaml.safe_load(dataset_card(titled.card, built[1]).split("---\n", 1)[1].split("\n---\n", 1)[0])
        assert (front["pretty_name"], front["language"]) == (title, ["no", "de"])


def test_files_in_folders_of_months_are_those_of_their_config_and_split() -> None:
    paths = [
        "samples/month=2024-02/samples-00000-of-00001.parquet",
        "samples/month=2024-03/samples-00000-of-00001.parquet",
        "instructions/llava/month=2024-02/train-00000-of-00001.parquet",
        "instructions/llava/month=2024-03/test-00000-of-00001.parquet",
        "media/media-00000-of-00001.parquet",
    ]
    found = configs_of([Shard(path, 1, 1, "0" * 64) for path in paths])
    assert {config.name: [(split.name, split.pattern, split.paths) for split in config.splits] for config in found} == {
        "samples": [("train", "samples/*/*.parquet", paths[:2])],
        "instructions": [
            ("train", "instructions/llava/*/train-*.parquet", paths[2:3]),
            ("test", "instructions/llava/*/test-*.parquet", paths[3:4]),
        ],
        "media": [("train", "media/*.parquet", paths[4:])],
    }


def test_the_card_of_a_collect_alone_has_only_its_configs(corpus: Path, built: tuple[Path, Manifest]) -> None:
    recipe = load_recipe(str(corpus / "demo.yaml")).recipe
    collected = Manifest("demo", "0.1.0", {"ingest": built[1].stages["ingest"]}, "f" * 64)
    front, body = split_card(dataset_card(recipe.card, collected))
    assert [config["config_name"] for config in front["configs"]] == ["posts", "comments", "origins", "rejects"]
    assert [config["config_name"] for config in front["configs"] if config.get("default")] == ["posts"]
    assert "`samples`" not in body
