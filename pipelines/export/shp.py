"""Preferences in the columns of the Stanford Human Preferences dataset (SHP), as its card documents them."""

from __future__ import annotations

from typing import Any

from blift.pipelines.export.pair import ExportedPreference
from blift.schemas.preference import PreferenceKind


def shp_leaves_out(preference: ExportedPreference) -> str | None:
    """Why SHP has no row for a preference."""
    if preference.row["kind"] != PreferenceKind.COMMENTS.value:
        return "that compare no comments (SHP has comments alone)"
    if preference.row["score_ratio"] is None:
        return "whose other comment has no score above 0 (SHP states the ratio)"
    return None


def shp_row(preference: ExportedPreference) -> dict[str, Any]:
    """A row of SHP. Which comment is A is drawn by the hash of both, so that about half of the labels are 1."""
    row = preference.row
    is_first = int(row["id"].rpartition("-")[2], 16) % 2 == 0
    sides = [(row["preferred"], preference.answer("chosen")), (row["other"], preference.answer("rejected"))]
    (first, first_text), (second, second_text) = sides if is_first else sides[::-1]
    return {
        "post_id": _native(row["post_id"]),
        "domain": f"{row['subreddit'] or row['channel_id'] or 'unknown'}_{row['split']}",
        **({} if row["upvote_ratio"] is None else {"upvote_ratio": row["upvote_ratio"]}),
        "history": row["history"],
        "c_root_id_A": _native(first["record_id"]),
        "c_root_id_B": _native(second["record_id"]),
        "created_at_utc_A": int(first["posted_at"].timestamp()),
        "created_at_utc_B": int(second["posted_at"].timestamp()),
        "score_A": first["value"],
        "score_B": second["value"],
        "human_ref_A": first_text[0]["content"][0]["text"],
        "human_ref_B": second_text[0]["content"][0]["text"],
        "labels": int(is_first),
        "seconds_difference": float(row["seconds_difference"]),
        "score_ratio": row["score_ratio"],
    }


def _native(record_id: str) -> str:
    """The platform's own id."""
    return record_id.partition(":")[2]
