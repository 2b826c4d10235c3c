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

from blift.connectors.fetch.archives import Written, table_rows, write_archives
from blift.connectors.fetch.changes import PLATFORM_OF, ItemState
from blift.connectors.fetch.items import SERVICE, Item, Kind
from blift.connectors.fetch.state import State
from blift.connectors.filesystem import matching
from blift.connectors.inside import check_paths
from blift.connectors.malformed import reject_table
from blift.connectors.parquet import replace_file, take_in
from blift.connectors.shard import Shard
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects
from blift.pipelines.stages.fetch.plan import FetchPlan
from blift.pipelines.stages.fetch.worker import work_alone
from blift.schemas.errors import FetchError
from blift.schemas.reasons import Absent, Reason
from blift.transforms.accounting import REJECTS, TALLY, Tally

STAGE = "fetch"
#: Where parts lie in the run folder, and what makes one whole.
PARTS, ENDED = "fetched", "ended.parquet"
_ASK = 0
_ENDED = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("state", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("message", pa.string()),
    ]
)
#: What a build calls it that something is not to be had; for the rest it has one word.
_REASON_OF = {
    Absent.DELETED: Reason.DELETED,
    Absent.REMOVED: Reason.REMOVED,
    Absent.BANNED: Reason.REMOVED,
    Absent.LIVE: Reason.LIVE,
    Absent.NO_MEDIA: Reason.NO_FILE,
    Absent.NOT_MEDIA: Reason.NOT_MEDIA,
    Absent.TOO_MANY_BYTES: Reason.TOO_MANY_BYTES,
    Absent.BOMB: Reason.BOMB,
}
#: What an item is in the table of rejects.
_RECORD_OF = {Kind.FILE: "media", Kind.FOOTAGE: "media"}


def reason_of(absent: Absent) -> Reason:
    """What a build calls it that something is not to be had."""
    return _REASON_OF.get(absent, Reason.UNAVAILABLE)


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


@dataclass(frozen=True)
class Part:
    """Some items, by whose names the part is called."""

    items: tuple[Item, ...]

    @property
    def name(self) -> str:
        """The part's folder in the run folder: equal items have an equal one, so that a retry replaces a half."""
        names = "\n".join(sorted(f"{item.kind} {item.key}" for item in self.items))
        return posixpath.join(PARTS, sha256(names.encode()).hexdigest()[:32])


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


def parts_of(items: Iterable[Item], ended: Iterable[tuple[str, str]], size: int) -> list[Part]:
    """The items that no part has ended yet, in parts; those of one kind together."""
    known = set(ended)
    left = sorted({item for item in items if (item.kind.value, item.key) not in known})
    found = []
    for kind in Kind:
        own = [item for item in left if item.kind is kind]
        found += [Part(tuple(own[first : first + size])) for first in range(0, len(own), size)]
    return found


@dataclass(frozen=True)
class EndedItems:
    """Kind and key of the items that parts have ended.

    Attributes:
        well: done, or known to be absent.
        failed: in all parts that have them.
        parts: how many parts there are.
    """

    well: frozenset[tuple[str, str]]
    failed: frozenset[tuple[str, str]]
    parts: int


def ended_items(folder: str) -> EndedItems:
    """The items that the parts in a run folder have ended."""
    well: set[tuple[str, str]] = set()
    failed: set[tuple[str, str]] = set()
    lists = _lists(folder)
    for path in lists:
        for row in table_rows(
            path, pa.schema(list(_ENDED)[:3]), "Delete it, and run the same command again: it asks for its items anew."
        ):
            (failed if row["state"] == ItemState.FAILED else well).add((row["kind"], row["key"]))
    return EndedItems(frozenset(well), frozenset(failed - well), len(lists))


def warnings(folder: str) -> list[str]:
    """A sentence where some of the items failed that a build asked for.

    Raises:
        FetchError: all of them did.
    """
    ended = ended_items(folder)
    failed = len(ended.failed)
    if not failed:
        return []
    asked = failed + len(ended.well)
    if not ended.well:
        raise FetchError(
            f"Nothing was got: {asked:,} of {asked:,} items failed; the rejects of `{STAGE}` say why. Run the same "
            "command again to ask for them again."
        )
    return [
        f"{failed:,} of {asked:,} items failed; the rejects of `{STAGE}` say why. The next build asks for them again."
    ]


def whole_parts(folder: str) -> list[str]:
    """Folders of the parts that are whole: fetch folders, as a build reads them."""
    return [posixpath.dirname(path) for path in _lists(folder)]


def _lists(folder: str) -> list[str]:
    found = [entry.path for entry in matching(folder, posixpath.join(PARTS, "*", ENDED))]
    check_paths(folder, [path[len(posixpath.join(folder, "")) :] for path in found])
    return found


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
            state = State(folder)
            state.add(part.items)
            work_alone(plan, threading.Event())
            written = write_archives(state, folder)
            ended = pa.Table.from_pylist(
                [dict(zip(_ENDED.names, row, strict=True)) for row in state.ended()], schema=_ENDED
            )
            state.close()
            yield from self._keep(folder, part, ended, written)
        yield from _account(ended)

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


def _account(ended: pa.Table) -> Iterator[TaggedOutput]:
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
            rejects.append(_reject(Kind(kind), row, reason))
        tally.step(_ASK, "ask", f"{SERVICE[Kind(kind)].value} {kind}", len(own), lost)
    if rejects:
        yield TaggedOutput(REJECTS, reject_table(rejects))
    yield from tally.emit()


def _reason(row: dict[str, str]) -> Reason:
    return reason_of(Absent(row["reason"])) if row["reason"] else Reason.UNAVAILABLE


def _reject(kind: Kind, row: dict[str, str], reason: Reason) -> dict[str, object]:
    platform = PLATFORM_OF.get(kind)
    said = row["reason"] or row["state"]
    return {
        "stage": STAGE,
        "rule": "ask",
        "reason": reason.value,
        "record_table": _RECORD_OF.get(kind, "post"),
        "record_id": f"{platform.name}:{row['key']}" if platform else row["key"],
        "detail": f"{said}: {row['message']}" if row["message"] else said,
        "source": kind.value,
        "line": None,
        "payload": None,
    }
