"""Why a row is in a dataset, or why it is not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pyarrow as pa

from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.explore.choice import quoted_name, quoted_text
from blift.pipelines.explore.explanation import Explanation, Member, MergedInto, PairMade, ReadFrom, RejectTold
from blift.pipelines.explore.ids import hint_of_id
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.rules_seen import (
    CURATE,
    INGEST,
    RuleSeen,
    choice_options,
    comment_options,
    post_options,
    rules_seen,
    sample_options,
)
from blift.pipelines.report.clusters import COMPARED, joined
from blift.schemas.arrow import conform
from blift.schemas.errors import InputError, cut
from blift.schemas.parts import MediaKind
from blift.schemas.platform import platform_of
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.post_language import with_comments
from blift.transforms.rules.registry import RecordKind
from blift.transforms.tables import frame
from blift.transforms.unite import sample_id

#: Rows of one table that an explanation names, comments that may tell the language of a post, characters of a title.
_MOST_ROWS, _TELLING, _TITLE = 1_000, 10, 200
#: What tables of pairs are called, up to their end.
_PAIRS = ("instructions", "preferences")
#: How ids of pairs begin: with the id of a sample.
_OF_A_PAIR = re.compile(r"[0-9a-f]{32}-")
#: What is rejected of a sample that stays: the timelines of its record.
_OF_A_PART = "one_length"
#: What rejects call a media item.
_MEDIA = "media"
_KINDS = {"post": RecordKind.POST, "comment": RecordKind.COMMENT, "sample": RecordKind.SAMPLE}

Row = Mapping[str, Any]


class Explainer:
    """Explains records of one dataset.

    Args:
        database: its tables.
        manifest: says which rules ran.
    """

    def __init__(self, database: Database, manifest: Manifest) -> None:
        self._database, self._manifest = database, manifest

    def explain(self, wanted: str) -> list[Explanation]:
        """What became of the records with an id: as tables and rejects have it, without its platform, or an address.

        Raises:
            InputError: no record has it; the sentence names a near one.
        """
        found = [
            *(self._post(row) for row in self._by("posts", wanted, "post_id", "native_id", "permalink")),
            *(self._comment(row) for row in self._by("comments", wanted, "comment_id", "native_id")),
        ]
        if not found:
            found += [self._sample(row) for row in self._by("samples", wanted, "sample_id", "media_key", "sha256")]
        if _OF_A_PAIR.match(wanted):
            found += [self._pair(table, row) for table in self._pair_tables() for row in self._by(table, wanted, "id")]
        told = {(one.record, one.id) for one in found}
        others = [key for key in self._named_by_rejects(wanted) if key not in told]
        # The media of a video has the id of its post, whose explanation tells of it.
        found += [self._rejected(*key) for key in others if not (found and key[0] == _MEDIA)]
        if not found:
            raise InputError(f"No row and no reject has the id {wanted!r}{hint_of_id(self._database, wanted)}")
        return found

    def _post(self, row: Row) -> Explanation:
        post_id = str(row["post_id"])
        rejects = self._rejects("post", post_id)
        sample = None if _of(rejects, CURATE) else self._sample_of(row)
        rules = [rule for stage in (INGEST, CURATE) for rule in self._rules("post", stage, row, rejects)]
        return self._told("post", post_id, row["title"], rules, sample, rejects, self._read([post_id], rejects))

    def _comment(self, row: Row) -> Explanation:
        comment_id, post_id = str(row["comment_id"]), str(row["post_id"])
        rejects = self._rejects("comment", comment_id)
        post = next(iter(self._by("posts", post_id, "post_id")), None)
        if not _later(rejects) and (of_post := _of(self._rejects("post", post_id), CURATE)):
            rejects = [*rejects, _with_its_post(of_post, comment_id)]
        sample = None if _of(rejects, CURATE) or post is None else self._sample_of(post)
        rules = self._rules("comment", CURATE, row, rejects)
        read = self._read([comment_id], rejects)
        return self._told("comment", comment_id, row["text"], rules, sample, rejects, read)

    def _sample(self, row: Row) -> Explanation:
        rejects = self._rejects("sample", row["sample_id"])
        merged = self._merged(row)
        read = self._read(merged.post_ids, [])
        rules = self._rules("sample", CURATE, row, rejects)
        return self._told("sample", row["sample_id"], row["title"], rules, merged, rejects, read)

    def _pair(self, table: str, row: Row) -> Explanation:
        merged = next((self._merged(each) for each in self._by("samples", row["sample_id"], "sample_id")), None)
        ids = merged.post_ids if merged else []
        if preferred := row.get("preferred"):
            ids = [preferred["record_id"], row["other"]["record_id"]]
        pair = PairMade(table, row["id"], str(row["split"]))
        what = f"template {row['template']}" if "template" in row else f"{row['kind']} compared by {row['measure']}"
        ended = f"It is in {table}, split {row['split']} ({what})."
        return Explanation("pair", row["id"], True, ended, None, self._read(ids, []), [], merged, [pair], [])

    def _rejected(self, record: str, record_id: str) -> Explanation:
        """A record of which there is its reject alone."""
        rejects = self._rejects(record, record_id)
        stages = [stage for stage in (INGEST, CURATE) if record in _KINDS and _of(rejects, stage)]
        rules = [rule for stage in stages for rule in self._rules(record, stage, None, rejects)]
        read = self._read([record_id], rejects)
        told = self._told(record, record_id, None, rules, None, rejects, read, ingested=False)
        if record != "pair":
            return told
        sample = next(iter(self._by("samples", record_id.partition("-")[0], "sample_id")), None)
        merged = self._merged(sample) if sample else None
        ids = merged.post_ids if merged else []
        return replace(told, merged=merged, read_from=self._read(ids, []))

    def _told(
        self,
        record: str,
        record_id: str,
        title: str | None,
        rules: Iterable[RuleSeen],
        merged: MergedInto | None,
        rejects: Sequence[Row],
        read: list[ReadFrom],
        *,
        ingested: bool = True,
    ) -> Explanation:
        later = _later(rejects) if ingested else rejects
        own = next((reject for reject in later if reject["rule"] != _OF_A_PART), None)
        of_sample = self._rejects("sample", merged.sample_id) if merged and record != "sample" else []
        kept, ended = _end(record, own, merged, of_sample)
        if merged and not merged.in_dataset and not of_sample and "sample" in sample_options(self._manifest):
            ended = f"Kept by all rules for {record}s; its sample {merged.sample_id} was not drawn (`curate.sample`)."
        after = [*self._rejects(_MEDIA, merged.media_key), *self._pairs_rejected(merged.sample_id)] if merged else []
        listed = [*rejects, *of_sample, *after]
        return Explanation(
            record=record,
            id=record_id,
            kept=kept,
            ended=ended,
            title=cut(title, _TITLE) if title else None,
            read_from=read,
            rules=list(rules),
            merged=merged,
            pairs=self._pairs(merged.sample_id) if merged and merged.in_dataset else [],
            rejects=[RejectTold(*(reject[name] for name in RejectTold.__annotations__)) for reject in listed],
        )

    def _rules(self, record: str, stage: str, row: Row | None, rejects: Sequence[Row]) -> list[RuleSeen]:
        """What the rules of a stage saw; of samples and of what is left of a reject, what the rejects say of it."""
        if stage not in self._manifest.stages:
            return []
        platform = None
        if record != "sample":
            name = row["platform"] if row else next(reject["record_id"] for reject in rejects).partition(":")[0]
            platform = platform_of(name)
        if platform is None:
            options = sample_options(self._manifest)
        elif record == "post":
            options = post_options(self._manifest, stage, platform)
        elif stage == CURATE:
            options = comment_options(self._manifest, platform) | choice_options(self._manifest, platform)
        else:
            options = {}
        seen = self._as_judged(record, row) if row else None
        # Of a row that was ingested, what ingest rejected is another observation.
        reject = None if row and stage == INGEST else _of(rejects, stage)
        return list(rules_seen(_KINDS[record], platform, stage, options, seen, reject))

    def _as_judged(self, record: str, row: Row) -> pl.DataFrame:
        """A record as rules saw it: a post with the comments that may tell its language."""
        one = _frame([row], record)
        if record != "post":
            return one
        telling = f"post_id = {quoted_text(row['post_id'])} AND text IS NOT NULL AND NOT deleted AND NOT removed"
        comments = self._where("comments", telling, order="comment_id", most=_TELLING)
        return with_comments(one, _frame(comments, "comment"))

    def _sample_of(self, post: Row) -> MergedInto | None:
        """The sample that a post was made a part of; None where it shows no media."""
        if not (key := post["media_key"]):
            return None
        united = key
        if post["media_kind"] != MediaKind.GALLERY.value:
            united = next((file["unite_as"] for file in self._files([key]).values()), key)
        found = self._by("samples", sample_id(united), "sample_id")
        if found:
            return self._merged(found[0])
        keys = ", ".join(quoted_text(each) for each in {united, *self._files_united_as(united)})
        posts = self._where("posts", f"media_key IN ({keys})", ["post_id", "media_key"], order="post_id")
        members = [Member(each["post_id"], each["media_key"], None, "unknown") for each in posts]
        return MergedInto(sample_id(united), united, None, False, members)

    def _merged(self, sample: Row) -> MergedInto:
        ids = ", ".join(quoted_text(audience["post_id"]) for audience in sample["audiences"])
        posts = self._where("posts", f"post_id IN ({ids})" if ids else "", ["post_id", "media_key"], order="post_id")
        files = self._files([sample["media_key"], *(post["media_key"] for post in posts)])
        speaks = files.get(sample["media_key"])
        members = []
        for post in posts:
            file = files.get(post["media_key"])
            why = _in_words(joined(sample, post["media_key"], file, speaks))
            members.append(Member(post["post_id"], post["media_key"], file["file"] if file else None, why))
        return MergedInto(sample["sample_id"], sample["media_key"], sample["cluster"], True, members)

    def _files(self, keys: Iterable[str | None]) -> dict[str, Row]:
        """The first file of each media by its `media_key`; the one that stays of its cluster goes first."""
        listed = ", ".join(quoted_text(key) for key in dict.fromkeys(keys) if key)
        used = f"list_has_any(list_transform(uses, lambda use: use.media_key), [{listed}])"
        rows = self._where("media", used if listed else "", [*COMPARED, "cluster"], order="sha256")
        found: dict[str, Row] = {}
        for row in sorted(rows, key=lambda row: row["cluster"] not in (None, row["sha256"])):
            for use in row["uses"]:
                if use["place"] == 0:
                    found.setdefault(use["media_key"], row)
        return found

    def _files_united_as(self, key: str) -> list[str]:
        rows = self._where("media", f"unite_as = {quoted_text(key)}", ["uses"])
        return [use["media_key"] for row in rows for use in row["uses"]]

    def _pairs(self, of_sample: str) -> list[PairMade]:
        found = []
        for table in self._pair_tables():
            where = f"sample_id = {quoted_text(of_sample)}"
            if self._database.tables[table].table == "preference":
                where += f" OR other.sample_id = {quoted_text(of_sample)}"
            rows = self._where(table, where, ["id", "split"], order="id")
            found += [PairMade(table, row["id"], str(row["split"])) for row in rows]
        return found

    def _pair_tables(self) -> list[str]:
        return [name for name in self._database.tables if name.startswith(_PAIRS)]

    def _rejects(self, record: str, record_id: str) -> list[Row]:
        condition = f"record_table = {quoted_text(record)} AND record_id = {quoted_text(record_id)}"
        return self._where("rejects", condition, order="stage")

    def _pairs_rejected(self, of_sample: str) -> list[Row]:
        condition = f"record_table = 'pair' AND starts_with(record_id, {quoted_text(of_sample + '-')})"
        return self._where("rejects", condition, order="record_id")

    def _named_by_rejects(self, wanted: str) -> list[tuple[str, str]]:
        """The records that rejects call so."""
        condition = f"record_id = {quoted_text(wanted)}"
        if ":" not in wanted:
            condition += f" OR ends_with(record_id, {quoted_text(':' + wanted)})"
        rows = self._where("rejects", condition, ["record_table", "record_id"], order="record_id")
        return list(dict.fromkeys((row["record_table"], row["record_id"]) for row in rows))

    def _read(self, ids: Sequence[str], rejects: Sequence[Row]) -> list[ReadFrom]:
        """Where records were read: ingested ones have origins, and what ingest rejected is named by its reject."""
        listed = ", ".join(map(quoted_text, ids))
        rows = self._where("origins", f"record_id IN ({listed})" if listed else "", order="record_id")
        found = [
            ReadFrom(row["record_id"], row["source"], row["line"], _iso(row["retrieved_at"]), row["latest"])
            for row in rows
        ]
        gone = [row for row in rejects if row["source"] and (row["stage"] == INGEST or not rows)]
        return [*found, *(ReadFrom(row["record_id"], row["source"], row["line"], None, False) for row in gone)]

    def _by(self, table: str, wanted: str, *columns: str) -> list[Row]:
        """The rows of a table of which one of the columns has a value."""
        return self._where(table, " OR ".join(f"{quoted_name(name)} = {quoted_text(wanted)}" for name in columns))

    def _where(
        self, table: str, where: str, columns: Sequence[str] = (), order: str = "", most: int = _MOST_ROWS
    ) -> list[Row]:
        """Rows of a table that meet a condition; none where it is empty, or there is no such table."""
        if table not in self._database.tables or not where:
            return []
        return list(self._database.pick(table, where, columns, order, most))


def _end(record: str, reject: Row | None, merged: MergedInto | None, of_sample: Sequence[Row]) -> tuple[bool, str]:
    """Whether a record is in the dataset, and the sentence on it."""
    if reject is not None:
        detail = f" ({cut(reject['detail'], _TITLE)})" if reject["detail"] else ""
        return False, f"Rejected by {reject['stage']}: rule {reject['rule']}, reason {reject['reason']}{detail}."
    if merged is None:
        return False, "It is in no sample: the stages after ingest have not used it."
    if merged.in_dataset:
        return True, "It is in the samples." if record == "sample" else f"It is in the sample {merged.sample_id}."
    why = next((f": rule {row['rule']}, reason {row['reason']}" for row in of_sample), "")
    return False, f"Kept by all rules for {record}s; its sample {merged.sample_id} was rejected{why}."


def _with_its_post(of_post: Row, comment_id: str) -> Row:
    """The reject of a comment on a rejected post, where the recipe does not list it."""
    why = {"rule": "post_kept", "reason": Reason.POST_REJECTED.value, "detail": of_post["record_id"]}
    return {**of_post, **why, "record_table": "comment", "record_id": comment_id, "source": None, "line": None}


def _later(rejects: Sequence[Row]) -> list[Row]:
    return [row for row in rejects if row["stage"] != INGEST]


def _of(rejects: Sequence[Row], stage: str) -> Row | None:
    """The reject of a stage that left the record out."""
    return next((row for row in rejects if row["stage"] == stage and row["rule"] != _OF_A_PART), None)


def _in_words(why: Mapping[str, Any]) -> str:
    match why["by"]:
        case "address":
            return "the same address or id of the media"
        case "bytes":
            return "the same bytes"
        case "frames":
            return f"near-duplicates: {why['alike']} of {why['frames']} sampled frames are alike"
        case "pictures":
            return f"near-duplicates: {why['bits']} of 64 bits of the hashes differ"
        case "united":
            return "near-duplicates"
        case _:
            return "unknown"


def _frame(rows: Sequence[Row], table: str) -> pl.DataFrame:
    if not rows:
        return frame(SCHEMAS[table].empty_table())
    return frame(conform(pa.Table.from_pylist(list(rows)), SCHEMAS[table]))


def _iso(time: Any) -> str | None:
    return None if time is None else str(time.isoformat())
