"""Clusters are what links connect, in any order, named after the member that stays."""

import datetime as dt
import random
from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.media.clusters import CLUSTERED, CONNECTED, MEMBERS, connected, named_clusters

_MEMBERS = pl.DataFrame(MEMBERS.empty_table()).schema | {"component": pl.String(), "links": pl.Int64()}
_LINKS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=12)


def links(pairs: list[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"left": pl.String, "right": pl.String}, orient="row")


@given(_LINKS, st.randoms(use_true_random=False))
def test_components_do_not_depend_on_the_order_or_direction_of_links(
    pairs: list[tuple[str, str]], rng: random.Random
) -> None:
    shuffled = [pair[::-1] if place % 2 else pair for place, pair in enumerate(pairs)]
    rng.shuffle(shuffled)
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


@given(_LINKS)
def test_components_are_no_larger_than_links_make_them(pairs: list[tuple[str, str]]) -> None:
    slow = {name: name for pair in pairs for name in pair}
    for _ in slow:
        for left, right in pairs:
            slow[left] = slow[right] = min(slow[left], slow[right])
    assert {row["sha256"]: row["component"] for row in connected(links(pairs)).to_pylist()} == slow


def test_a_long_chain_is_one_component() -> None:
    names = [f"{number:04}" for number in range(3000)]
    found = connected(links(list(pairwise(names[::-1])))).to_pydict()
    assert (found["sha256"], set(found["component"])) == (names, {"0000"})


def test_no_links_connect_nothing() -> None:
    assert connected(links([])).equals(CONNECTED.empty_table())


def member(
    sha256: str, pixels: int, day: int | None, key: str | None, component: str = "c", linked: int = 1
) -> dict[str, object]:
    posted_at = dt.datetime(2020, 1, day, tzinfo=dt.UTC) if day else None
    row = {"sha256": sha256, "pixels": pixels, "posted_at": posted_at, "media_key": key}
    return row | {"component": component, "links": linked}


def _alike(_one: str, _other: str) -> bool:
    return True


def cluster_of(*members: dict[str, object]) -> set[tuple[str, str | None]]:
    found = named_clusters(pl.DataFrame(list(members), schema=_MEMBERS), _alike).to_pylist()
    return {(row["cluster"], row["unite_as"]) for row in found}


def test_the_largest_stays_then_the_earliest_then_the_first_by_digest() -> None:
    assert cluster_of(member("a", 10, 1, "ka"), member("b", 20, 9, "kb")) == {("b", "kb")}
    assert cluster_of(member("a", 20, 9, "ka"), member("b", 20, 1, "kb")) == {("b", "kb")}
    assert cluster_of(member("b", 20, 1, "kb"), member("a", 20, 1, "ka")) == {("a", "ka")}
    assert cluster_of(member("a", 20, None, "ka"), member("b", 20, 1, "kb")) == {("b", "kb")}


def test_posts_are_united_under_the_first_key_of_a_single_file() -> None:
    assert cluster_of(member("a", 30, 1, None), member("b", 20, 1, "kb")) == {("a", "kb")}


def test_without_a_single_file_the_cluster_unites_nothing() -> None:
    assert cluster_of(member("a", 30, 1, None), member("b", 20, 1, None)) == {("a", None)}


def test_clusters_do_not_mix_and_every_member_has_one_row() -> None:
    rows = [member("a", 1, 1, "ka", "x"), member("b", 9, 1, "kb", "y"), member("c", 2, 1, "kc", "x")]
    rows.append(member("d", 3, 1, "kd", "y"))
    found = named_clusters(pl.DataFrame(rows, schema=_MEMBERS), _alike)
    assert found.schema == CLUSTERED
    assert {row["sha256"]: (row["cluster"], row["unite_as"]) for row in found.to_pylist()} == {
        "a": ("c", "kc"),
        "b": ("b", "kb"),
        "d": ("b", "kb"),
        "c": ("c", "kc"),
    }


def test_what_is_not_alike_the_member_that_stays_is_in_another_cluster_or_in_none() -> None:
    rows = [member(name, 9 - place, 1, f"k{name}") for place, name in enumerate("abcde")]
    alike = {("a", "b"), ("b", "c"), ("c", "d")}  # a chain; nobody is like e
    asked: list[tuple[str, str]] = []

    def same(one: str, other: str) -> bool:
        asked.append((one, other))
        return (one, other) in alike

    found = named_clusters(pl.DataFrame(rows, schema=_MEMBERS), same)
    assert {row["sha256"]: row["cluster"] for row in found.to_pylist()} == {"a": "b", "b": "b", "c": "b"}
    assert all(one < other for one, other in asked)
    assert len(asked) == len(set(asked))


def test_of_many_that_are_alike_the_one_that_most_are_linked_with_stays() -> None:
    """A picture and twenty that people made of it: they are like the picture, and not like one another."""
    names = [f"{number:02}" for number in range(21)]
    rows = [member(name, 90 - place, 1, f"k{name}", linked=1) for place, name in enumerate(names)]
    rows[20]["links"] = 20
    asked: list[tuple[str, str]] = []

    def same(one: str, other: str) -> bool:
        asked.append((one, other))
        return "20" in (one, other)

    found = named_clusters(pl.DataFrame(rows, schema=_MEMBERS), same).to_pydict()
    assert (len(found["sha256"]), set(found["cluster"]), len(asked)) == (21, {"20"}, 20)


def test_links_are_counted_once_for_each_pair() -> None:
    found = connected(links([("a", "b"), ("b", "a"), ("b", "c"), ("b", "b"), ("d", "d")])).to_pydict()
    assert dict(zip(found["sha256"], found["links"], strict=True)) == {"a": 1, "b": 2, "c": 1, "d": 0}


_RANKS = st.lists(st.tuples(st.integers(1, 3), st.none() | st.integers(1, 3), st.booleans()), min_size=2, max_size=8)


@given(_RANKS, st.randoms(use_true_random=False))
def test_who_stays_does_not_depend_on_the_order_of_members(
    ranks: list[tuple[int, int | None, bool]], rng: random.Random
) -> None:
    rows = [
        member(f"s{place}", pixels, day, f"k{place}" if keyed else None)
        for place, (pixels, day, keyed) in enumerate(ranks)
    ]
    best = sorted(range(len(ranks)), key=lambda place: (-ranks[place][0], ranks[place][1] or 99, place))
    keys = [f"k{place}" for place in best if ranks[place][2]]
    rng.shuffle(rows)
    assert cluster_of(*rows) == {(f"s{best[0]}", keys[0] if keys else None)}
