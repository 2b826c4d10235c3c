"""What a recipe says of its services is what they are asked with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from blift.connectors.fetch.items import MEDIA, Item
from blift.connectors.reddit.config import CommentsWanted
from blift.connectors.reddit.kinds import RedditItem
from blift.connectors.web.manners import Budget
from blift.pipelines.recipe.file import load_recipe
from blift.pipelines.stages.fetch.ask import Place, plan_of
from blift.pipelines.stages.fetch.plan import FetchPlan
from blift.schemas.errors import RecipeError


def plan(folder: Path, lanes: int = 1, **fetch: Any) -> FetchPlan:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"name": "mine", "fetch": fetch}))
    place = Place(str(folder / "fetched"), str(folder / "store"), str(folder / "partial"), lanes)
    return plan_of(load_recipe(str(path)), place, Budget()).plan


def config_of(found: FetchPlan, service: str) -> Any:
    """What the service's fetchers are made with."""
    make: Any = found.services[service].make
    return make.args[0]


def test_every_word_on_comments_reaches_reddit(tmp_path: Path) -> None:
    comments = {"per_post": 7, "more_requests": 1, "sort": "new", "depth": 2}
    found = plan(tmp_path, reddit={"listings": ["pics/new"], "comments": comments})
    assert config_of(found, "reddit").comments == CommentsWanted(7, 1, "new", 2)
    assert found.items == [Item(RedditItem.LISTING, "pics/new")]
    assert config_of(plan(tmp_path, reddit={"listings": ["pics/new"], "comments": None}), "reddit").comments is None


@pytest.mark.parametrize("depth", [0, -1, "all"])
def test_a_depth_that_is_none_is_told(tmp_path: Path, depth: object) -> None:
    with pytest.raises(RecipeError, match=r"fetch\.reddit\.comments\.depth"):
        plan(tmp_path, reddit={"listings": ["pics/new"], "comments": {"depth": depth}})


def test_lanes_share_every_limit(tmp_path: Path) -> None:
    found = plan(
        tmp_path,
        lanes=4,
        reddit={"listings": ["pics/new"], "requests_per_minute": 100, "media": {}},
        youtube={"lists": ["@madeup"], "requests_per_minute": 60},
        web={"per_host_per_s": 8},
    )
    assert config_of(found, "reddit").requests_per_minute == 25
    assert config_of(found, "youtube").requests_per_minute == 15
    assert config_of(found, MEDIA).web.per_host_per_s == 2


def test_servers_of_our_own_are_let_in_for_youtube_and_for_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLIFT_ALLOW_ADDRESSES", "127.0.0.1:8080, 10.1.0.0/16")
    found = plan(tmp_path, reddit={"listings": ["pics/new"], "media": {}}, youtube={"lists": ["@madeup"]})
    allowed = ("127.0.0.1:8080", "10.1.0.0/16")
    assert config_of(found, "youtube").allowed == config_of(found, MEDIA).web.allowed == allowed
