"""Fetching as a stage of a build: items go to the runner's workers, and what they fetched lies in the run folder.

Items are dealt to a few lanes, each asked by one worker at a time at its part of the pace, so that all lanes together
keep to the limit without a word between machines. A lane is worked off part by part. Each part is a small fetch folder
in a folder of its own, whose list of ended items is written last: parts with one are the state of the stage, and a run
begins with the items that none of them has.
"""

from __future__ import annotations

import os
import posixpath
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.pvalue import TaggedOutput

from blift.connectors.fetch.archives import Written, write_archives
from blift.connectors.fetch.changes import ItemState
from blift.connectors.fetch.items import Item
from blift.connectors.fetch.kinds import Kinds, Role
from blift.connectors.fetch.state import State
from blift.connectors.malformed import reject_table
from blift.connectors.parquet import replace_file, take_in
from blift.connectors.registry import kinds
from blift.connectors.shard import Shard
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects
from blift.pipelines.stages.fetch.parts import ENDED, ENDED_ITEMS, STAGE, Part, reason_of
from blift.pipelines.stages.fetch.plan import FetchPlan
from blift.pipelines.stages.fetch.worker import work_alone
from blift.schemas.reasons import Absent, Reason
from blift.transforms.accounting import REJECTS, TALLY, Tally

_ASK = 0


@dataclass(frozen=True)
class FetchConfig:
    """What the workers of the stage need to know.

    Attributes:
        folder: the run folder.
        plan: who is asked, and how; its own items and folder do not count.
        lanes: in so many the items are asked for at the same time.
        shards: of the rejects.
    """

    folder: str
    plan: FetchPlan
    lanes: int
    shards: int


def plan(pipeline: beam.Pipeline, parts: Sequence[Part], config: FetchConfig) -> StagePlan:
    """The stage as a pipeline: items in, files in the run folder and rejects out."""
    lanes = [(number % config.lanes, part) for number, part in enumerate(parts)]
    asked = (
        pipeline
        | "Parts" >> beam.Create(lanes).with_output_types(tuple[int, Part])
        | "Lanes" >> beam.GroupByKey()
        | "Ask" >> beam.ParDo(_Ask(config)).with_outputs(TALLY, REJECTS, main="main")
    )
    rejects = asked[REJECTS] | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    return StagePlan([asked.main, rejects], [asked[TALLY]])


class _Ask(beam.DoFn):
    """The parts of a lane, one after another: each a fetch folder in the run folder; rejects for what is not there."""

    def __init__(self, config: FetchConfig) -> None:
        self._config = config

    def process(self, element: tuple[int, Iterable[Part]]) -> Iterator[Shard | TaggedOutput]:
        _, parts = element
        for part in sorted(parts, key=lambda part: part.name):
            yield from self._part(part)

    def _part(self, part: Part) -> Iterator[Shard | TaggedOutput]:
        with tempfile.TemporaryDirectory(prefix="blift-part-") as folder:
            plan = replace(self._config.plan, folder=folder, items=part.items)
            state = State(folder, kinds())
            state.add(part.items)
            work_alone(plan, threading.Event())
            written = write_archives(state, folder)
            ended = pa.Table.from_pylist(
                [dict(zip(ENDED_ITEMS.names, row, strict=True)) for row in state.ended()], schema=ENDED_ITEMS
            )
            state.close()
            yield from self._keep(folder, part, ended, written)
        yield from _account(ended, kinds())

    def _keep(self, folder: str, part: Part, ended: pa.Table, written: Written) -> Iterator[Shard]:
        """The part's files in the run folder, the list of its items last."""
        target = posixpath.join(self._config.folder, part.name)
        for name in archive_names(folder):
            take_in(os.path.join(folder, name), target, name)
        sink = pa.BufferOutputStream()
        pq.write_table(ended, sink)
        content = bytes(sink.getvalue())
        replace_file(posixpath.join(target, ENDED), content)
        rows = sum(written.records.values())
        yield Shard(posixpath.join(part.name, ENDED), rows, len(content), sha256(content).hexdigest())


def archive_names(folder: str) -> list[str]:
    """The files of a fetch folder that others read, relative to it."""
    return sorted(
        os.path.relpath(os.path.join(parent, name), folder)
        for parent, _, names in os.walk(folder)
        for name in names
        if not os.path.relpath(os.path.join(parent, name), folder).startswith((".", "fetch.sqlite"))
    )


def _account(ended: pa.Table, known: Kinds) -> Iterator[TaggedOutput]:
    tally = Tally(STAGE)
    rows = ended.to_pylist()
    rejects = []
    for kind in sorted({row["kind"] for row in rows}):
        own = [row for row in rows if row["kind"] == kind]
        missing = [row for row in own if row["state"] != ItemState.DONE]
        lost: dict[Reason, int] = {}
        for row in missing:
            reason = _reason(row)
            lost[reason] = lost.get(reason, 0) + 1
            rejects.append(_reject(known, row, reason))
        tally.step(_ASK, "ask", f"{known.item(kind).service} {kind}", len(own), lost)
    if rejects:
        yield TaggedOutput(REJECTS, reject_table(rejects))
    yield from tally.emit()


def _reason(row: dict[str, str]) -> Reason:
    return reason_of(Absent(row["reason"])) if row["reason"] else Reason.UNAVAILABLE


def _reject(known: Kinds, row: dict[str, str], reason: Reason) -> dict[str, object]:
    item = Item(row["kind"], row["key"])
    said = row["reason"] or row["state"]
    return {
        "stage": STAGE,
        "rule": "ask",
        "reason": reason.value,
        "record_table": "media" if known.item(item.kind).role is Role.FILE else "post",
        "record_id": known.post_id(item) or item.key,
        "detail": f"{said}: {row['message']}" if row["message"] else said,
        "source": item.kind,
        "line": None,
        "payload": None,
    }
