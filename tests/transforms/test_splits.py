"""Splits: what belongs together stays together, others stay where they are, and shares are near those asked for."""

from collections import defaultdict

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.splits import components, split_of
from blift.transforms.tables import hash64

Row = tuple[str | None, str | None]

_CLUSTERS = st.none() | st.sampled_from(["1", "2", "3", "4"])
_CHANNELS = st.none() | st.sampled_from(["a", "b", "c", "d", "e"])
_ROWS = st.lists(st.tuples(_CLUSTERS, _CHANNELS), min_size=1, max_size=20)


def groups_of(rows: list[Row]) -> list[str]:
    """The group of every row of (cluster, channel); the ids are s0, s1, ..."""
    ids = pl.Series([f"s{place}" for place in range(len(rows))], dtype=pl.String)
    clusters, channels = (pl.Series([row[side] for row in rows], dtype=pl.String) for side in (0, 1))
    return components(ids, clusters, channels).to_list()


def test_samples_of_one_channel_are_together_and_named_after_it() -> None:
    assert groups_of([(None, "a"), (None, "b"), (None, "a")]) == ["channel:a", "channel:b", "channel:a"]


def test_samples_of_one_cluster_are_together_and_named_after_it() -> None:
    assert groups_of([("7", None), ("8", None), ("7", None)]) == ["cluster:7", "cluster:8", "cluster:7"]


def test_a_sample_with_neither_stands_alone_under_its_own_id() -> None:
    assert groups_of([(None, None), (None, None)]) == ["sample:s0", "sample:s1"]


def test_channels_and_clusters_chain_samples_that_share_nothing_directly() -> None:
    chain: list[Row] = [(None, "b"), ("1", "b"), ("1", "a"), ("2", "a"), ("2", None), (None, "z")]
    assert groups_of(chain) == [*["channel:a"] * 5, "channel:z"]


def test_a_channel_and_a_cluster_of_the_same_name_are_not_the_same() -> None:
    assert groups_of([("1", None), (None, "1")]) == ["cluster:1", "channel:1"]


def test_no_samples_have_no_groups() -> None:
    assert groups_of([]) == []


def together(rows: list[Row]) -> list[int]:
    """For every row the first row that it must not be parted from, found the slow way."""
    label = list(range(len(rows)))
    for _ in rows:
        for one, (cluster, channel) in enumerate(rows):
            for other, (cluster_there, channel_there) in enumerate(rows):
                if (cluster and cluster == cluster_there) or (channel and channel == channel_there):
                    label[one] = label[other] = min(label[one], label[other])
    return label


@given(_ROWS)
def test_groups_are_the_connected_components_no_more_and_no_less(rows: list[Row]) -> None:
    groups, slow = groups_of(rows), together(rows)
    for one in range(len(rows)):
        for other in range(len(rows)):
            assert (groups[one] == groups[other]) == (slow[one] == slow[other])


@given(_ROWS, st.floats(0, 0.5), st.floats(0, 0.5))
def test_no_channel_and_no_cluster_is_in_two_splits(rows: list[Row], validation: float, test: float) -> None:
    splits = split_of(pl.Series(groups_of(rows), dtype=pl.String), validation, test).to_list()
    seen: dict[str, set[str]] = defaultdict(set)
    for (cluster, channel), split in zip(rows, splits, strict=True):
        if cluster:
            seen[f"cluster {cluster}"].add(split)
        if channel:
            seen[f"channel {channel}"].add(split)
    assert all(len(found) == 1 for found in seen.values())


@given(_ROWS, st.integers(1, 10))
def test_more_samples_of_other_channels_move_none(rows: list[Row], more: int) -> None:
    others: list[Row] = [(None, f"new{place}") for place in range(more)]
    before = split_of(pl.Series(groups_of(rows)), 0.3, 0.3).to_list()
    after = split_of(pl.Series(groups_of(rows + others)), 0.3, 0.3).to_list()
    assert after[: len(rows)] == before


@given(_ROWS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(range(len(rows))))))
def test_groups_do_not_depend_on_the_order_of_samples(drawn: tuple[list[Row], list[int]]) -> None:
    rows, order = drawn
    ids = pl.Series([f"s{place}" for place in range(len(rows))])
    clusters, channels = (pl.Series([row[side] for row in rows], dtype=pl.String) for side in (0, 1))
    shuffled = components(ids.gather(order), clusters.gather(order), channels.gather(order)).to_list()
    straight = components(ids, clusters, channels).to_list()
    assert shuffled == [straight[place] for place in order]


@pytest.mark.parametrize(("validation", "test"), [(0.1, 0.1), (0.05, 0.2), (0.0, 0.5)])
def test_shares_are_near_those_asked_for(validation: float, test: float) -> None:
    names = pl.Series([f"channel:{place}" for place in range(20_000)])
    shares = split_of(names, validation, test).value_counts(normalize=True)
    found = dict(shares.iter_rows())
    assert found.get("validation", 0.0) == pytest.approx(validation, abs=0.01)
    assert found.get("test", 0.0) == pytest.approx(test, abs=0.01)
    assert found["train"] == pytest.approx(1 - validation - test, abs=0.01)


def test_a_name_is_in_the_same_split_in_every_version() -> None:
    names = pl.Series([f"channel:{place}" for place in range(12)])
    splits = {"channel:0", "channel:4", "channel:5", "channel:6", "channel:7", "channel:8", "channel:9"}
    chosen = dict(zip(names, split_of(names, 0.3, 0.3), strict=True))
    assert {name for name, split in chosen.items() if split == "validation"} == splits
    assert {name for name, split in chosen.items() if split == "test"} == {"channel:10", "channel:11"}


def test_a_name_at_the_bound_of_a_share_is_beyond_it() -> None:
    names = pl.Series(["channel:a"])
    bound = float(hash64("split " + names)[0] / 2.0**64)
    assert split_of(names, bound, 0.1).to_list() == ["test"]
    assert split_of(names, bound, 0.0).to_list() == ["train"]
    assert split_of(names, bound / 2, bound - bound / 2).to_list() == ["train"]


def test_no_groups_are_in_no_split() -> None:
    assert split_of(pl.Series([], dtype=pl.String), 0.1, 0.1).dtype == pl.String


def test_without_shares_everything_is_for_training() -> None:
    assert split_of(pl.Series([f"channel:{place}" for place in range(100)]), 0.0, 0.0).unique().to_list() == ["train"]
