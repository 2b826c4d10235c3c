"""Counts must show a loss, and only a loss."""

from blift.schemas.reasons import Reason
from blift.transforms.accounting import Tally, funnel, unbalanced


def test_a_step_is_what_came_in_less_what_was_lost() -> None:
    tally = Tally("curate")
    tally.step(1, "nsfw", "reddit post", 10, {Reason.NSFW: 3})
    (row,) = funnel(tally.counts)
    assert (row.rows_in, row.rows_out, row.rejected, row.balanced) == (10, 7, {"nsfw": 3}, True)
    assert unbalanced([row]) == []


def test_a_silent_drop_inside_a_step_is_named() -> None:
    tally = Tally("ingest")
    tally.flow(0, "read", "reddit post", 10, 7, {Reason.NOT_JSON: 2})
    assert unbalanced(funnel(tally.counts)) == [
        "ingest, read, reddit post: 10 rows in, 7 out, 0 merged, 2 rejected",
    ]


def test_a_silent_drop_between_steps_is_named() -> None:
    tally = Tally("curate")
    tally.step(1, "deleted", "comment", 10, {Reason.DELETED: 1})
    tally.step(2, "min_words", "comment", 8, {Reason.FEW_WORDS: 1})
    assert unbalanced(funnel(tally.counts)) == ["curate, comment: 9 rows left deleted, 8 came to min_words"]


def test_tallies_of_many_chunks_add_up_in_the_order_of_the_rules() -> None:
    tally = Tally("curate")
    for _ in range(3):
        tally.step(2, "b_rule", "comment", 4, {Reason.FEW_WORDS: 1})
        tally.step(1, "z_rule", "comment", 5, {Reason.DELETED: 1})
    rows = funnel(tally.counts)
    assert [(row.step, row.rows_in, row.rows_out) for row in rows] == [("z_rule", 15, 12), ("b_rule", 12, 9)]
    assert unbalanced(rows) == []
