"""What of a table may leave: personal data replaced, withdrawn rows absent, payloads of rejects left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from blift.schemas.errors import InputError
from blift.schemas.reasons import MALFORMED, Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.privacy import redact
from blift.transforms.tables import frame, hash64, rows_of

#: Rejects of these name what their author, or the platform, has withdrawn.
_WITHDRAWN = [Reason.DELETED.value, Reason.REMOVED.value]
_MALFORMED = [reason.value for reason in MALFORMED]


@dataclass(frozen=True)
class Released:
    """Rows that may leave, the rows that stay by their reason, and how much personal data was replaced, by kind."""

    rows: pa.Table
    withheld: dict[Reason, int]
    redacted: Counter[str]


def release(rows: pa.Table, table: str) -> Released:
    """The rows of a table as they may be published.

    Posts and comments that were withdrawn stay; rejects lose their payload, and those of withdrawn records their
    id and address too; texts are redacted (see ``blift.transforms.privacy``).

    Raises:
        InputError: a column that should hold keyed hashes of authors holds something else.
    """
    withheld: dict[Reason, int] = {}
    if table in ("post", "comment"):
        rows, withheld = _standing(rows)
    if table == "reject":
        rows = _bare_rejects(rows)
    if "author" in rows.schema.names:
        _check_authors(rows.column("author"))
    redacted, found = redact(rows)
    return Released(redacted, withheld, found)


def _standing(rows: pa.Table) -> tuple[pa.Table, dict[Reason, int]]:
    """Rows that nobody withdrew."""
    flags = frame(rows.select(["deleted", "removed"]))
    withheld = {
        Reason.DELETED: int(flags["deleted"].sum()),
        Reason.REMOVED: int((flags["removed"] & ~flags["deleted"]).sum()),
    }
    keep = ~(flags["deleted"] | flags["removed"])
    return rows.filter(pa.array(keep.to_numpy())), withheld


def _bare_rejects(rows: pa.Table) -> pa.Table:
    withdrawn = pl.col("reason").is_in(_WITHDRAWN)
    unread = pl.col("reason").is_in(_MALFORMED)
    bare = frame(rows).with_columns(
        payload=pl.lit(None, dtype=pl.String),
        record_id=pl.when(~withdrawn).then("record_id"),
        source=pl.when(~withdrawn).then("source"),
        line=pl.when(~withdrawn).then("line"),
        # A detail of malformed input quotes it; one of a withdrawn record may quote what was withdrawn.
        detail=pl.when(~withdrawn & ~unread).then("detail"),
    )
    return rows_of(bare, "reject")


def _check_authors(authors: pa.ChunkedArray) -> None:
    strange = ~pl.Series(authors, dtype=pl.String).drop_nulls().str.contains(r"^[0-9a-f]{16}$")
    if strange.any():
        raise InputError(
            f"{int(strange.sum())} values of the column `author` are no keyed hashes, so they may be names. "
            "Build the run folder again with this blift."
        )


def withdrawn_ids(rows: pa.Table, id_column: str) -> np.ndarray:
    """Hashes (uint64) of the ids of withdrawn posts or comments."""
    flagged = frame(rows).filter(pl.col("deleted") | pl.col("removed"))
    return hash64(flagged[id_column])


def withdrawn_in(samples: pa.Table, withdrawn: np.ndarray) -> int:
    """How many comments and posts of the samples are among the withdrawn ones, whose hashes are sorted."""
    if not len(withdrawn):
        return 0
    found = 0
    for column, member in (("comments", "comment_id"), ("audiences", "post_id")):
        ids = pl.Series(samples.column(column)).explode().struct.field(member).drop_nulls()
        wanted = hash64(ids)
        places = np.minimum(np.searchsorted(withdrawn, wanted), len(withdrawn) - 1)
        found += int((withdrawn[places] == wanted).sum())
    return found


def blift_rows(samples: pa.Table) -> pa.Table:
    """Samples in the six columns of the published BLIFT."""
    present = [name for name in SCHEMAS["blift"].names if name in samples.column_names]
    rows = frame(samples.select(present)).with_columns(
        comments=pl.col("comments").list.eval(pl.element().struct.field("text"))
    )
    return rows_of(rows, "blift")


def posted_by_month(samples: pa.Table) -> list[tuple[str, str, int]]:
    """Platform, month (`2021-07`) and number of samples; samples without a time are of the month `unknown`."""
    months = frame(samples.select(["platform", "posted_at"])).select(
        "platform", month=pl.col("posted_at").dt.strftime("%Y-%m").fill_null("unknown")
    )
    return sorted(months.group_by("platform", "month").len().iter_rows())
