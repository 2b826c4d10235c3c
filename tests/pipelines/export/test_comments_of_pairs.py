"""What readers voted down is in no pair of real posts."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from blift.transforms.templates.context import plain


def shown_and_hidden(run: Path) -> tuple[int, int]:
    """Comments below 0 that samples have, and how many of their texts pairs show."""
    samples = pq.read_table(run / "samples", partitioning=None, columns=["sample_id", "comments"]).to_pylist()
    down: dict[str, set[str]] = {}
    for sample in samples:
        texts = {low: set() for low in (True, False)}
        for comment in sample["comments"]:
            texts[comment["score"] is not None and comment["score"] < 0].add(plain(comment["text"]))
        down[sample["sample_id"]] = {text for text in texts[True] - texts[False] if len(text) > 15}
    shown = 0
    for name in ("chat", "chat-without-media"):
        for pair in pq.read_table(run / "instructions" / name, partitioning=None).to_pylist():
            said = "\n".join(part["text"] or "" for message in pair["messages"] for part in message["content"])
            shown += sum(text in said for text in down[pair["sample_id"]])
    return sum(map(len, down.values())), shown


@pytest.mark.long
@pytest.mark.shared
def test_no_pair_of_real_posts_shows_a_comment_below_the_least_score(real_run: Path) -> None:
    there, shown = shown_and_hidden(real_run)
    assert there > 20
    assert shown == 0
