"""Annotations: which rows can be used, of which samples each is, and what a template sees of them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import xxhash

from blift.schemas.annotation import MEMORABILITY, REGIONS, SALIENCY_OBJECTS, SALIENCY_REGIONS, MatchedBy
from blift.schemas.arrow import from_rows
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.rules.post_lists import candidates_of
from blift.transforms.tables import arrow, frame, rows_of
from blift.transforms.urls import url_table

#: The most entries of a map, and characters of a name or a licence.
_MOST_PARTS, _LONGEST = 1000, 200
#: Rows that can be used: what they say, and ``row_id``, which is the same for rows that say the same of the same.
USABLE = pa.schema(
    [
        pa.field("row_id", pa.string()),
        *(pa.field(name, pa.string()) for name in ("sha256", "post_id", "url")),
        *(SCHEMAS["annotation"].field(name) for name in ("kind", "value", "map", "annotators", "licence", "source")),
        pa.field("line", pa.int64()),
    ]
)
#: Names of media, and the samples that have them: digests, posts, addresses.
NAMES = pa.schema([pa.field(name, pa.string()) for name in ("name", "sample_id", "media_key", "matched_by")])
#: Names that rows of annotations give.
ASKED = pa.schema([pa.field("name", pa.string()), pa.field("row_id", pa.string())])
#: Rows of annotations and the samples that they are of.
MATCHES = pa.schema([pa.field(name, pa.string()) for name in ("row_id", "sample_id", "media_key", "matched_by")])
_RANK = {matched.value: rank for rank, matched in enumerate(MatchedBy)}


def judged(rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Rows that can be used (``USABLE``), and rejects of the others, as they were read (``ROWS`` of the reader)."""
    kept, rejected = [], []
    for row in rows.to_pylist():
        fault = _fault(row)
        if fault is None:
            kept.append(_usable(row))
        else:
            rejected.append(_reject(row, *fault))
    return pa.Table.from_pylist(kept, USABLE), from_rows(rejected, SCHEMAS["reject"])


def _fault(row: Mapping[str, Any]) -> tuple[Reason, str] | None:  # noqa: PLR0911 - one line for each fault
    """Why a row cannot be used: the first fault, its reason and a detail."""
    kind, value, parts = row["kind"], row["value"], row["map"]
    if not any(row[name] for name in ("sha256", "post_id", "url")):
        return Reason.MISSING_FIELD, "`sha256`, `post_id` and `url` are all null"
    if row["sha256"] and not _is_hex(row["sha256"]):
        return Reason.WRONG_TYPE, "`sha256` is no digest of 64 hex digits"
    if not kind:
        return Reason.MISSING_FIELD, "`kind` is null"
    if not (kind.isascii() and kind.replace("_", "a").isalnum() and kind.islower() and len(kind) <= _LONGEST):
        return Reason.WRONG_TYPE, "`kind` is no name of a-z, 0-9 and `_`"
    if value is None and not parts:
        return Reason.MISSING_FIELD, "`value` and `map` are both null"
    if value is not None and not math.isfinite(value):
        return Reason.WRONG_TYPE, "`value` is not finite"
    if row["annotators"] is not None and row["annotators"] < 1:
        return Reason.OUT_OF_RANGE, f"`annotators` is {row['annotators']}"
    if len(row["licence"] or "") > _LONGEST:
        return Reason.WRONG_TYPE, f"`licence` has more than {_LONGEST} characters"
    return _fault_of_map(kind, parts or []) or _fault_of_kind(kind, value, parts or [])


def _fault_of_map(kind: str, parts: Sequence[Mapping[str, Any] | None]) -> tuple[Reason, str] | None:
    if len(parts) > _MOST_PARTS:
        return Reason.WRONG_TYPE, f"`map` has {len(parts):,} entries, and {_MOST_PARTS:,} at most are read"
    if any(part is None or part["value"] is None or not math.isfinite(part["value"]) for part in parts):
        return Reason.WRONG_TYPE, "a value of `map` is null or not finite"
    names = [part["name"] for part in parts if part is not None]
    if kind == SALIENCY_REGIONS and all(name is None for name in names):
        return None
    if any(not name or len(name) > _LONGEST for name in names):
        return Reason.WRONG_TYPE, f"a name of `map` is null, empty, or has more than {_LONGEST} characters"
    if len(set(names)) < len(names):
        return Reason.WRONG_TYPE, "a name stands in `map` twice"
    return None


def _fault_of_kind(kind: str, value: float | None, parts: Sequence[Any]) -> tuple[Reason, str] | None:
    if kind == MEMORABILITY:
        if value is None:
            return Reason.MISSING_FIELD, "`value` of a memorability is null"
        if not 0 <= value <= 1:
            return Reason.OUT_OF_RANGE, f"a memorability is {value:g}, and not 0 to 1"
    if kind in {SALIENCY_OBJECTS, SALIENCY_REGIONS}:
        if any(part["value"] < 0 for part in parts):
            return Reason.OUT_OF_RANGE, "a saliency is below 0"
        if not parts:
            return Reason.MISSING_FIELD, f"`map` of a {kind} is null"
    if kind == SALIENCY_REGIONS:
        names = [part["name"] for part in parts]
        if len(parts) != len(REGIONS) or (any(names) and set(names) != set(REGIONS)):
            return Reason.WRONG_TYPE, f"`map` has not the nine cells of a grid: {', '.join(REGIONS)}"
    return None


def _is_hex(text: str) -> bool:
    return len(text) == hashlib.sha256().digest_size * 2 and all(sign in "0123456789abcdefABCDEF" for sign in text)


def _usable(row: Mapping[str, Any]) -> dict[str, Any]:
    parts = row["map"] or []
    if row["kind"] == SALIENCY_REGIONS:
        by_name = {part["name"] or name: part["value"] for part, name in zip(parts, REGIONS, strict=True)}
        parts = [{"name": name, "value": by_name[name]} for name in REGIONS]
    # The surest name of the three: what the others name may have changed.
    sha256 = row["sha256"].lower() if row["sha256"] else None
    post_id = row["post_id"] if not sha256 and row["post_id"] else None
    said = {
        "sha256": sha256,
        "post_id": post_id,
        "url": row["url"] if not sha256 and not post_id else None,
        **{name: row[name] for name in ("kind", "annotators", "licence")},
        "value": None if row["value"] is None else row["value"] + 0.0,
        "map": [{"name": part["name"], "value": part["value"] + 0.0} for part in parts],
    }
    row_id = xxhash.xxh3_128_hexdigest(json.dumps(said, sort_keys=True).encode())
    return {"row_id": row_id, **said, "source": row["source"], "line": row["line"]}


def _reject(row: Mapping[str, Any], reason: Reason, detail: str) -> dict[str, Any]:
    named = next((row[name] for name in ("sha256", "post_id", "url") if row[name]), None)
    return {
        "stage": "annotate", "rule": "read", "reason": reason.value, "record_table": "annotation",
        "record_id": named[:_LONGEST] if named else None, "detail": detail, "source": row["source"],
        "line": row["line"], "payload": None,
    }  # fmt: skip


def asked_names(rows: pa.Table) -> pa.Table:
    """The names that usable rows give (``ASKED``): a digest, the posts that an id may stand for, an address."""
    found = frame(rows)
    digests = found.drop_nulls("sha256").select("row_id", name="sha256:" + pl.col("sha256"))
    texts = found.select("row_id", text=pl.coalesce("post_id", "url")).drop_nulls("text")
    posts = texts.select(
        "row_id",
        name=pl.Series([list(ids) for ids in candidates_of(texts["text"].to_list())], dtype=pl.List(pl.String)),
    )
    posts = posts.explode("name").drop_nulls("name").select("row_id", name="post_id:" + pl.col("name"))
    addresses = found.drop_nulls("url").select("row_id", "url")
    keys = url_table(addresses["url"])["media_key"]
    media = addresses.select("row_id", name="url:" + keys).drop_nulls("name")
    return arrow(pl.concat([digests, posts, media]).unique(), ASKED)


def names_of(samples: pa.Table, media: pa.Table) -> pa.Table:
    """The names of samples (``NAMES``).

    Args:
        samples: ``sample_id``, ``media_key``, ``sha256``, ``media_urls`` and ``audiences`` of the sample table.
        media: ``media_names`` of their files.
    """
    rows = frame(samples)
    keyed = rows.select("sample_id", "media_key")
    own = rows.drop_nulls("sha256").select("sample_id", "media_key", name="sha256:" + pl.col("sha256"))
    posts = (
        rows.select("sample_id", "media_key", post=pl.col("audiences").list.eval(pl.element().struct.field("post_id")))
        .explode("post")
        .drop_nulls("post")
        .select("sample_id", "media_key", name="post_id:" + pl.col("post"))
    )
    urls = rows.select("sample_id", "media_key", url="media_urls").explode("url").drop_nulls("url")
    addresses = urls.select("sample_id", "media_key", name="url:" + url_table(urls["url"])["media_key"])
    keys = keyed.with_columns(name="url:" + pl.col("media_key"))
    others = (
        frame(media).join(keyed, on="media_key", how="inner").select("sample_id", "media_key", "name", "matched_by")
    )
    found = [
        own.with_columns(matched_by=pl.lit(MatchedBy.SHA256.value)),
        posts.with_columns(matched_by=pl.lit(MatchedBy.POST_ID.value)),
        *(part.with_columns(matched_by=pl.lit(MatchedBy.URL.value)) for part in (addresses, keys)),
        others,
    ]
    return arrow(pl.concat([part.select(NAMES.names) for part in found]).drop_nulls("name").unique(), NAMES)


#: Names of files by the ``media_key`` of the sample that they are united in.
MEDIA_NAMES = pa.schema([pa.field(name, pa.string()) for name in ("media_key", "name", "matched_by")])


def media_names(media: pa.Table) -> pa.Table:
    """The names of files of the media table (``MEDIA_NAMES``): of a sample's own, and of those that show the same."""
    rows = frame(media.select(["sha256", "uses", "unite_as"])).explode("uses").drop_nulls("uses")
    rows = rows.with_columns(pl.col("uses").struct.field("media_key", "place")).drop("uses")
    digest, key = "sha256:" + pl.col("sha256"), "url:" + pl.col("media_key")
    own = rows.select("media_key", name=digest, matched_by=pl.lit(MatchedBy.SHA256.value))
    united = rows.filter((pl.col("place") == 0) & (pl.col("media_key") != pl.col("unite_as")))
    near = pl.lit(MatchedBy.NEAR_DUPLICATE.value)
    others = [united.select(media_key="unite_as", name=name, matched_by=near) for name in (digest, key)]
    return arrow(pl.concat([own, *others]).unique(), MEDIA_NAMES)


def matched(asked: pa.Table, names: pa.Table) -> pa.Table:
    """Which rows are of which samples (``MATCHES``), by equal names."""
    return arrow(frame(asked).join(frame(names), on="name", how="inner").unique(), MATCHES)


def of_samples(rows: pa.Table, matches: pa.Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Annotations of samples, with ``media_key``, and the usable rows that are of no sample; each row counts once.

    Args:
        rows: usable ones; of those that say the same, the first by file and line stays.
        matches: theirs; of several to one sample, the surest stays.
    """
    distinct = frame(rows).sort("source", "line").unique("row_id", keep="first", maintain_order=True)
    surest = (
        frame(matches)
        .sort(pl.col("matched_by").replace_strict(_RANK, return_dtype=pl.Int8))
        .unique(["row_id", "sample_id"], keep="first", maintain_order=True)
    )
    joined = distinct.join(surest, on="row_id", how="inner")
    ids = [
        xxhash.xxh3_128_hexdigest(f"{row} {sample}".encode())
        for row, sample in joined.select("row_id", "sample_id").rows()
    ]
    return (
        joined.with_columns(annotation_id=pl.Series(ids, dtype=pl.String)),
        distinct.join(surest, on="row_id", how="anti"),
    )


def annotation_table(annotations: pl.DataFrame) -> pa.Table:
    """The annotation table, in the order of samples."""
    return rows_of(annotations.sort("sample_id", "kind", "annotation_id"), "annotation")


def told_of(annotations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a template sees of the annotations of one sample: of each kind the one that is surest to be of it.

    Among equally sure ones it is that of the most people, else the first by id. Values are those of the source.
    """
    best = sorted(
        annotations, key=lambda row: (_RANK[row["matched_by"]], -(row["annotators"] or 0), row["annotation_id"])
    )
    by_kind = {row["kind"]: row for row in reversed(best)}
    objects = by_kind[SALIENCY_OBJECTS]["map"] if SALIENCY_OBJECTS in by_kind else []
    return {
        "memorability": by_kind[MEMORABILITY]["value"] if MEMORABILITY in by_kind else None,
        "salient_objects": sorted(objects, key=lambda part: (-part["value"], part["name"])),
        "salient_regions": by_kind[SALIENCY_REGIONS]["map"] if SALIENCY_REGIONS in by_kind else [],
    }
