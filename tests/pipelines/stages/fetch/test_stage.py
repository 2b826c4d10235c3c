"""Collection as a stage of a build: ids in, parts and rejects out; what parts have ended is not asked for again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from praw.config import Config

from blift.connectors.fetch.items import FILE, Item
from blift.connectors.reddit.kinds import RedditItem
from blift.connectors.registry import kinds
from blift.connectors.youtube.kinds import YoutubeItem
from blift.pipelines.stages.fetch.parts import Part, ended_items, parts_of, warnings, whole_parts
from blift.schemas.errors import FetchError, RecipeError
from blift.transforms.accounting import unbalanced
from tests.pipelines.conftest import run_build
from tests.reddit_server import Fault, RedditServer, made_up

ITEMS = st.lists(
    st.builds(Item, st.sampled_from([RedditItem.SUBMISSION, YoutubeItem.VIDEO, FILE]), st.text("abc", max_size=3))
)


@given(items=ITEMS, ended=ITEMS, size=st.integers(1, 5))
def test_each_item_that_has_not_ended_is_in_one_part(items: list[Item], ended: list[Item], size: int) -> None:
    known = {(item.kind, item.key) for item in ended}
    parts = parts_of(items, kinds(), known, size)
    asked = [item for part in parts for item in part.items]
    assert Counter(asked) == Counter({item for item in items if (item.kind, item.key) not in known})
    assert all(0 < len(part.items) <= size for part in parts)
    assert all(len({item.kind for item in part.items}) == 1 for part in parts)


@given(
    items=st.lists(
        st.builds(Item, st.just(YoutubeItem.VIDEO), st.text("abc", min_size=1, max_size=3)), min_size=1, unique=True
    )
)
def test_a_part_is_called_by_its_items_whatever_their_order(items: list[Item]) -> None:
    assert Part(tuple(items)).name == Part(tuple(reversed(items))).name
    assert Part(tuple(items)).name != Part((*items, Item(YoutubeItem.VIDEO, "other"))).name


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    site = made_up(40, plain=False)
    (tmp_path / "ids.txt").write_text("\n".join([*site.submissions, "zzzzzz"]))
    with RedditServer(site) as server:
        (tmp_path / "praw.ini").write_text(server.praw_ini())
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        monkeypatch.setattr(Config, "CONFIG", None)
        yield server


def recipe(folder: Path, **stage: int) -> Path:
    asked = {"reddit": {"ids": ["ids.txt"], "requests_per_minute": 60_000}, "stage": stage}
    (folder / "mine.yaml").write_text(yaml.safe_dump({"name": "mine", "fetch": asked}))
    return folder / "mine.yaml"


def test_a_build_asks_first_and_a_second_one_asks_nothing(server: RedditServer, tmp_path: Path) -> None:
    path = recipe(tmp_path, lanes=2, part=15)
    manifest, events = run_build(path, tmp_path / "run")
    assert events[:2] == ["started fetch", "done fetch"]
    assert len(whole_parts(str(tmp_path / "run"))) == 3
    assert server.violations == []
    before = server.counts()
    again, events = run_build(path, tmp_path / "run")
    assert events == ["skipped fetch", "skipped ingest", "skipped curate", "skipped instruct"]
    assert server.counts() == before
    assert again.fingerprint == manifest.fingerprint


@pytest.mark.usefixtures("server")
def test_what_is_not_there_is_a_reject_with_its_reason_and_nothing_is_lost(tmp_path: Path) -> None:
    manifest, _ = run_build(recipe(tmp_path, lanes=1, part=200), tmp_path / "run")
    assert unbalanced(manifest.stages["fetch"].funnel) == []
    (shard,) = (tmp_path / "run" / "rejects").glob("fetch-*")
    rows = pq.read_table(shard).to_pylist()
    missing = next(row for row in rows if row["record_id"] == "reddit:zzzzzz")
    assert (missing["reason"], missing["detail"]) == ("unavailable", "not_found: Reddit knows no such post")
    taken_back = [row for row in rows if row["reason"] in ("deleted", "removed")]
    assert taken_back
    posts = pq.read_table(next((tmp_path / "run" / "posts").glob("*.parquet"))).column("post_id").to_pylist()
    assert {row["record_id"] for row in taken_back} & set(posts) == set()


def test_a_new_id_is_asked_for_alone(server: RedditServer, tmp_path: Path) -> None:
    path = recipe(tmp_path, lanes=1, part=200)
    names = (tmp_path / "ids.txt").read_text().splitlines()
    (tmp_path / "ids.txt").write_text("\n".join(names[:-5]))
    run_build(path, tmp_path / "run", stages=["fetch"])
    asked = len(server.asked)
    (tmp_path / "ids.txt").write_text("\n".join(names))
    run_build(path, tmp_path / "run", stages=["fetch"])
    new = [one.fields.get("id", "") for one in server.asked[asked:] if one.path == "/api/info"]
    assert {name.removeprefix("t3_") for ids in new for name in ids.split(",")} == set(names[-5:])
    ended = ended_items(str(tmp_path / "run"))
    assert {("submission", name) for name in names} <= ended.well
    assert ended.failed == frozenset()


@pytest.mark.usefixtures("server")
def test_a_part_without_its_list_is_none(tmp_path: Path) -> None:
    path = recipe(tmp_path, lanes=1, part=15)
    run_build(path, tmp_path / "run")
    lost = whole_parts(str(tmp_path / "run"))[0]
    (Path(lost) / "ended.parquet").unlink()
    _, events = run_build(path, tmp_path / "run")
    assert events[:2] == ["started fetch", "done fetch"]
    assert lost in whole_parts(str(tmp_path / "run"))


def test_the_stage_needs_its_section(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\ncollect: {reddit: {listings: [pics/new]}}\n")
    with pytest.raises(RecipeError, match=r"The stage fetch needs `fetch\.stage`"):
        run_build(tmp_path / "mine.yaml", tmp_path / "run", stages=["fetch"])


def ended(folder: Path, part: str, **states: str) -> None:
    """A part that has ended, whose videos are in the states."""
    rows = [{"kind": "video", "key": key, "state": state} for key, state in states.items()]
    (folder / "fetched" / part).mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "fetched" / part / "ended.parquet")


def test_items_that_failed_are_a_warning_and_where_all_did_the_stage_is_not_done(tmp_path: Path) -> None:
    assert warnings(str(tmp_path)) == []
    ended(tmp_path, "a", abcdefghijk="failed", bbbbbbbbbbk="failed")
    with pytest.raises(FetchError, match=r"^Nothing was got: 2 of 2 items failed; the rejects of `fetch` say why\."):
        warnings(str(tmp_path))
    ended(tmp_path, "b", ccccccccccc="absent", abcdefghijk="done")
    assert warnings(str(tmp_path)) == [
        "1 of 3 items failed; the rejects of `fetch` say why. The next build asks for them again."
    ]


def test_a_build_whose_items_all_failed_says_so_and_asks_again(
    server: RedditServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recipe(tmp_path, lanes=1, part=200)
    with monkeypatch.context() as patch:
        patch.setattr("blift.connectors.fetch.changes.TRIES", 1)
        server.faults = [Fault("/api/info", times=100, status=500)]
        with pytest.raises(FetchError, match=r"^Nothing was got: 41 of 41 items failed"):
            run_build(path, tmp_path / "run", stages=["fetch"])
    server.faults = []
    manifest, events = run_build(path, tmp_path / "run", stages=["fetch"])
    assert events == ["started fetch", "done fetch"]
    assert manifest.stages["fetch"].notes == []
