"""Clusters are what links connect, in any order, named after the member that stays."""

import datetime as dt

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from transforms.media.clusters import MEMBERS, connected, named_clusters

_MEMBERS = pl.DataFrame(MEMBERS.empty_table()).schema | {"component": pl.String()}
_LINKS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=12)


def links(pairs: list[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"left": pl.String, "right": pl.String}, orient="row")


@given(_LINKS, st.randoms(use_true_random=False))
def test_components_do_not_depend_on_the_order_or_direction_of_links(pairs: list[tuple[str, str]], rng: object) -> None:
    shuffled = [pair[::-1] if place % 2 else pair for place, pair in enumerate(pairs)]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert connected(links(pairs)).equals(connected(links(shuffled)))


@given(_LINKS)
def test_what_is_linked_is_in_one_component_named_after_its_first_member(pairs: list[tuple[str, str]]) -> None:
    component = {row["sha256"]: row["component"] for row in connected(links(pairs)).to_pylist()}
    assert all(component[left] == component[right] for left, right in pairs)
    for name in set(component.values()):
        assert name == min(file for file, own in component.items() if own == name)


def test_a_chain_is_one_cluster_and_strangers_are_others() -> None:
    found = connected(links([("a", "b"), ("c", "b"), ("x", "y")])).to_pydict()
    assert dict(zip(found["sha256"], found["component"], strict=True)) == {
        "a": "a",
        "b": "a",
        "c": "a",
        "x": "x",
        "y": "x",
    }


def member(sha256: str, pixels: int, day: int | None, key: str | None, component: str = "c") -> dict[str, object]:
    posted_at = dt.datetime(2020, 1, day, tzinfo=dt.UTC) if day else None
    return {"sha256": sha256, "pixels": pixels, "posted_at": posted_at, "media_key": key, "component": component}


def cluster_of(*members: dict[str, object]) -> set[tuple[str, str]]:
    found = named_clusters(pl.DataFrame(list(members), schema=_MEMBERS)).to_pylist()
    return {(row["cluster"], row["unite_as"]) for row in found}


def test_the_largest_stays_then_the_earliest_then_the_first_by_digest() -> None:
    assert cluster_of(member("a", 10, 1, "ka"), member("b", 20, 9, "kb")) == {("b", "kb")}
    assert cluster_of(member("a", 20, 9, "ka"), member("b", 20, 1, "kb")) == {("b", "kb")}
    assert cluster_of(member("b", 20, 1, "kb"), member("a", 20, 1, "ka")) == {("a", "ka")}
    assert cluster_of(member("a", 20, None, "ka"), member("b", 20, 1, "kb")) == {("b", "kb")}


def test_posts_are_united_under_the_first_key_of_a_single_file() -> None:
    assert cluster_of(member("a", 30, 1, None), member("b", 20, 1, "kb")) == {("a", "kb")}
