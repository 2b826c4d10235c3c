"""What may leave: no payloads, nothing that was withdrawn, no author who is not a hash; and BLIFT's six columns."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from blift.schemas.arrow import conform
from blift.schemas.errors import InputError
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.release import blift_rows, posted_by_month, release, withdrawn_ids, withdrawn_in


def comments(**columns: list[object]) -> pa.Table:
    rows = len(next(iter(columns.values())))
    given = {
        "comment_id": [f"reddit:c{place}" for place in range(rows)],
        "post_id": ["reddit:p"] * rows,
        "platform": ["reddit"] * rows,
        "native_id": [f"c{place}" for place in range(rows)],
        "deleted": [False] * rows,
        "removed": [False] * rows,
        **columns,
    }
    return conform(pa.table(given), SCHEMAS["comment"])


def rejects(*rows: dict[str, object]) -> pa.Table:
    common = {"stage": "curate", "rule": "x", "record_table": "post", "record_id": "reddit:a", "source": "f", "line": 1}
    return pa.Table.from_pylist([{**common, "payload": "{}", **row} for row in rows], SCHEMAS["reject"])


def test_withdrawn_comments_stay_and_are_counted() -> None:
    found = release(
        comments(text=["a", "b", "c"], deleted=[False, True, True], removed=[False, False, True]), "comment"
    )
    assert found.rows.column("text").to_pylist() == ["a"]
    assert found.withheld == {Reason.DELETED: 2, Reason.REMOVED: 0}


def test_rejects_lose_payloads_and_what_was_withdrawn_its_name() -> None:
    found = release(
        rejects(
            {"reason": "few_words", "detail": "2"},
            {"reason": "deleted", "detail": "said"},
            {"reason": "not_json", "detail": "near 'Bob'"},
        ),
        "reject",
    ).rows.to_pylist()
    assert [row["payload"] for row in found] == [None, None, None]
    assert [row["record_id"] for row in found] == ["reddit:a", None, "reddit:a"]
    assert [row["source"] for row in found] == ["f", None, "f"]
    assert [row["detail"] for row in found] == ["2", None, None]


def test_an_author_that_is_no_hash_stops_the_release() -> None:
    assert release(comments(author=["0123456789abcdef", None]), "comment").rows.num_rows == 2
    with pytest.raises(InputError, match="1 values of the column `author` are no keyed hashes"):
        release(comments(author=["0123456789abcdef", "somebody"]), "comment")


def samples() -> pa.Table:
    comment = {"platform": "reddit"}
    row = {
        "sample_id": "s", "media_key": "k", "media_kind": "image", "platform": "reddit", "title": "T",
        "num_comments": 7, "url": "https://i.redd.it/a.jpg", "subreddit": "pics",
        "permalink": "https://www.reddit.com/r/pics/comments/p/",
        "comments": [comment | {"comment_id": f"reddit:c{place}", "text": f"t{place}"} for place in range(3)],
        "audiences": [{"post_id": "reddit:p", "platform": "reddit"}],
        **{name: [] for name in ("media_urls", "phash", "replay", "scenes", "speech")},
    }  # fmt: skip
    return conform(pa.Table.from_pylist([row], SCHEMAS["sample"]), SCHEMAS["sample"])


def test_what_was_withdrawn_is_found_within_samples() -> None:
    withdrawn = np.sort(withdrawn_ids(comments(text=["a", "b"], deleted=[False, True]), "comment_id"))
    assert withdrawn_in(samples(), withdrawn) == 1
    assert withdrawn_in(samples(), np.empty(0, np.uint64)) == 0
    assert withdrawn_in(samples().slice(0, 0), withdrawn) == 0


def test_blift_has_exactly_the_published_columns() -> None:
    found = blift_rows(samples())
    assert found.to_pylist() == [
        {
            "url": "https://i.redd.it/a.jpg",
            "permalink": "https://www.reddit.com/r/pics/comments/p/",
            "comments": ["t0", "t1", "t2"],
            "num_comments": 7,
            "subreddit": "pics",
            "title": "T",
        }
    ]
    assert list(found.to_pylist()[0]) == ["url", "permalink", "comments", "num_comments", "subreddit", "title"]


def test_samples_are_counted_by_month() -> None:
    table = samples()
    dated = pl.DataFrame(pl.from_arrow(pa.concat_tables([table, table]))).with_columns(
        posted_at=pl.Series([None, 1_600_000_000_000_000]).cast(pl.Datetime("us", "UTC"))
    )
    assert posted_by_month(dated.to_arrow()) == [("reddit", "2020-09", 1), ("reddit", "unknown", 1)]
