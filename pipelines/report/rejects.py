"""Rejects by reason, some of each with their record and line."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from blift.pipelines.report.datasets import Datasets

#: Rejects of one step and reason that are listed with their records.
LISTED = 200
_GROUP = ["stage", "rule", "reason", "record_table"]
#: Columns of a reject but for its record.
LIGHT = [*_GROUP, "record_id", "detail", "source", "line"]
#: Fields of a post that the page shows of it, where its reject holds no record.
_POST = ["post_id", "platform", "permalink", "url", "title", "text", "subreddit", "channel_name", "posted_at", "score"]
_POST += ["likes", "views", "num_comments", "media_kind", "media_host", "media_key", "nsfw", "deleted", "removed"]


class Rejects:
    """Rejects by stage, rule, reason and kind of record, gathered shard by shard."""

    def __init__(self) -> None:
        self._counted: dict[tuple[str, ...], int] = {}
        self._kept: dict[tuple[str, ...], list[dict[str, Any]]] = {}

    def add(self, rejects: pl.DataFrame) -> None:
        """Add rejects: the columns ``LIGHT`` of their table."""
        for key, group in rejects.partition_by(_GROUP, as_dict=True).items():
            name = tuple(map(str, key))
            self._counted[name] = self._counted.get(name, 0) + group.height
            self._kept[name] = sorted([*self._kept.get(name, []), *_first(group)], key=_order)[:LISTED]

    def told(self, datasets: Datasets) -> list[dict[str, Any]]:
        """How many there are of each group, and some of them with their records.

        The listed ones are those whose ids are first when read backwards, which is a draw that stays the same.
        """
        _add_records(datasets, [row for rows in self._kept.values() for row in rows])
        return [
            {
                **dict(zip(_GROUP, name, strict=True)),
                "count": self._counted[name],
                "records": [_told(row) for row in self._kept[name]],
            }
            for name in sorted(self._counted)
        ]


def _first(group: pl.DataFrame) -> list[dict[str, Any]]:
    order = [pl.col("record_id").fill_null("").str.reverse(), "source", "line", "detail"]
    return group.bottom_k(LISTED, by=order).to_dicts()


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["record_id"] or "")[::-1], row["source"] or "", row["line"] or 0, row["detail"] or ""


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in _GROUP and value is not None}


def _add_records(datasets: Datasets, rows: list[dict[str, Any]]) -> None:
    """Give each reject its record: what the run kept of it, or else its row of the posts."""
    by_id = _by_id(rows, [row["record_id"] for row in rows if row["record_id"]])
    for found in datasets.pick("rejects", "record_id", list(by_id), ["record_id", "stage", "rule", "payload"]):
        for row in by_id[found["record_id"]]:
            if (row["stage"], row["rule"]) == (found["stage"], found["rule"]) and found["payload"]:
                row["payload"] = found["payload"]
    _add_nameless(datasets, [row for row in rows if not row["record_id"]])
    without = [row for row in rows if "payload" not in row and row["record_table"] == "post" and row["record_id"]]
    posts = _by_id(without, [row["record_id"] for row in without])
    for found in datasets.pick("posts", "post_id", list(posts), _POST):
        for row in posts[found["post_id"]]:
            row["payload"] = _as_json(found)
            row["payload_of"] = "posts"


def _as_json(row: dict[str, Any]) -> str:
    known = {key: value for key, value in row.items() if value is not None}
    return json.dumps(known, default=str, ensure_ascii=False)


def _add_nameless(datasets: Datasets, rows: list[dict[str, Any]]) -> None:
    """Records without an id are known by their line."""
    by_line = {(row["source"], row["line"]): row for row in rows}
    sources = sorted({row["source"] for row in rows if row["source"]})
    for found in datasets.pick("rejects", "source", sources, ["record_id", "source", "line", "payload"]):
        row = by_line.get((found["source"], found["line"]))
        if row is not None and found["record_id"] is None and found["payload"]:
            row["payload"] = found["payload"]


def _by_id(rows: list[dict[str, Any]], ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {each: [] for each in sorted(set(ids))}
    for row in rows:
        if row["record_id"] in found:
            found[row["record_id"]].append(row)
    return found
