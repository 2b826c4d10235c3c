"""What a build tells OpenLineage: a run for the build, and in it one for each stage, with what it reads and writes."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from blift.connectors.filesystem import is_here
from blift.connectors.shard import Shard, table_folder
from blift.pipelines.engine.openlineage_sender import Sender, configured
from blift.pipelines.engine.run_folder import RunFolder, StageRecord
from blift.pipelines.engine.stage import Prepared
from blift.pipelines.engine.stage_run import Report
from blift.schemas.configs import CONFIGS
from blift.schemas.registry import SCHEMAS

if TYPE_CHECKING:
    from openlineage.client.event_v2 import OutputDataset, RunEvent
    from openlineage.client.facet_v2 import DatasetFacet, JobFacet, RunFacet, schema_dataset

#: Of the jobs, where OPENLINEAGE_NAMESPACE names none.
NAMESPACE = "blift"
_TABLES = {folder: table for _, folder, table in CONFIGS}
#: Inputs of a stage that name files of the run folder.
_OF_FOLDER = ("shards", "media", "annotations")
#: Of more files than these, their folders are named in their place.
_MOST_FILES = 100


class Name(NamedTuple):
    """A dataset as OpenLineage names it."""

    namespace: str
    name: str


def name_of(path: str) -> Name:
    """The name of a file or a folder: ``file`` and its absolute path; of an address its bucket or host, and the rest.

    Passwords and queries of an address are left out.
    """
    if is_here(path):
        return Name("file", os.path.abspath(path))
    scheme, _, rest = path.partition("://")
    authority, _, key = rest.partition("/")
    user, _, host = authority.rpartition("@")
    if ":" in user:  # a password; a container of Azure has none
        authority = host
    if scheme in ("http", "https"):
        key = key.partition("?")[0].partition("#")[0]
    return Name(f"{scheme}://{authority}", key.rstrip("/") or "/")


def names_of(paths: Iterable[str]) -> list[Name]:
    """The names of files, or of the folders of many, each once, sorted."""
    found = {name_of(path) for path in paths}
    if len(found) > _MOST_FILES:
        found = {Name(each.namespace, posixpath.dirname(each.name) or "/") for each in found}
    return sorted(found)


@dataclass
class _Run:
    """A run that has begun."""

    job: str
    id: str
    inputs: Sequence[Name] = ()


@dataclass
class _Told:
    """Sends the events of a build, or of what else runs stages.

    Args:
        sender: of events.
        recipe: its name, which is that of the job.
        job: of the whole.
        folder: the run folder.
    """

    sender: Sender
    recipe: str
    job: str
    folder: RunFolder
    namespace: str = field(default_factory=lambda: os.environ.get("OPENLINEAGE_NAMESPACE") or NAMESPACE)

    def __post_init__(self) -> None:
        self._whole = self._new(self.job)
        self._stage: _Run | None = None
        self._published: list[Name] = []
        self._send("START", self._whole)

    def also(self, report: Report) -> Report:
        """A report whose stages are told here, too."""

        def started(stage: str, prepared: Prepared) -> None:
            self._started(stage, prepared)
            report.started(stage, prepared)

        def done(stage: str, record: StageRecord) -> None:
            self._done(stage, record)
            report.done(stage, record)

        def submitted(stage: str) -> None:
            self._stage = None
            report.submitted(stage)

        def published(address: str) -> None:
            self._published.append(name_of(address))
            report.published(address)

        return replace(report, started=started, done=done, submitted=submitted, published=published)

    def end(self, error: BaseException | None) -> None:
        """All is done, or an error ended it."""
        state = "COMPLETE" if error is None else "FAIL" if isinstance(error, Exception) else "ABORT"
        kind = type(error).__name__ if error is not None else None
        if self._stage:
            self._send(state, self._stage, error=kind)
        self._send(state, self._whole, error=kind)

    def _started(self, stage: str, prepared: Prepared) -> None:
        self._stage = self._new(f"{self.recipe}.{stage}")
        self._stage.inputs = [*names_of(prepared.reads), *self._tables(_paths_in(prepared.inputs))]
        self._send("START", self._stage)

    def _done(self, stage: str, record: StageRecord) -> None:
        run = self._stage
        if run is None:  # of a job that nobody waited for
            run = self._new(f"{self.recipe}.{stage}")
            run.inputs = self._tables(_paths_in(record.inputs))
            self._send("START", run, ago_s=record.seconds)
        self._stage = None
        self._send("COMPLETE", run, record.shards)

    def _tables(self, paths: Iterable[str]) -> list[Name]:
        """The names of the folders of files of the run folder."""
        return [name_of(self.folder.file(folder)) for folder in sorted({table_folder(path) for path in paths})]

    def _new(self, job: str) -> _Run:
        from openlineage.client.uuid import generate_new_uuid  # noqa: PLC0415 - an extra

        return _Run(job, str(generate_new_uuid()))

    def _send(
        self, state: str, run: _Run, written: Sequence[Shard] = (), *, error: str | None = None, ago_s: float = 0.0
    ) -> None:
        at = (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat()
        whole = None if run is self._whole else self._whole
        published = [] if whole else list(self._published)
        self.sender.send(
            lambda: _event(self.namespace, state, at, run, whole, self._written(written), published, error)
        )

    def _written(self, shards: Sequence[Shard]) -> dict[str, tuple[Name, list[Shard]]]:
        """The files of a stage by their folders, with the names of these."""
        by_folder: dict[str, list[Shard]] = {}
        for shard in shards:
            by_folder.setdefault(table_folder(shard.path), []).append(shard)
        return {folder: (name_of(self.folder.file(folder)), found) for folder, found in sorted(by_folder.items())}


@contextmanager
def told_to_openlineage(report: Report, recipe: str, folder: RunFolder, job: str = "") -> Iterator[Report]:
    """A report whose stages are told to OpenLineage, too, where that is configured; and the whole with them.

    Args:
        report: told what happens.
        recipe: its name.
        folder: the run folder.
        job: name of the whole; without one that of the recipe.
    """
    client = configured()
    if client is None:
        yield report
        return
    sender = Sender(client)
    told = _Told(sender, recipe, job or recipe, folder)
    try:
        yield told.also(report)
        told.end(None)
    except BaseException as error:
        told.end(error)
        raise
    finally:
        sender.close()


def _paths_in(inputs: Mapping[str, Any]) -> Iterator[str]:
    """Files of the run folder that the inputs of a stage name."""
    for name in _OF_FOLDER:
        yield from _parquet_in(inputs.get(name))


def _parquet_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if str(key).endswith(".parquet"):
                yield str(key)
            yield from _parquet_in(inner)


def _event(
    namespace: str,
    state: str,
    at: str,
    run: _Run,
    whole: _Run | None,
    written: Mapping[str, tuple[Name, list[Shard]]],
    published: Sequence[Name],
    error: str | None,
) -> RunEvent:
    from openlineage.client.event_v2 import (  # noqa: PLC0415 - an extra
        InputDataset,
        Job,
        OutputDataset,
        Run,
        RunEvent,
        RunState,
    )

    outputs = [_output(folder, name, shards) for folder, (name, shards) in written.items()]
    return RunEvent(
        eventType=RunState[state],
        eventTime=at,
        run=Run(run.id, _run_facets(namespace, whole, error)),
        job=Job(namespace, run.job, _job_facets("STAGE" if whole else "JOB")),
        inputs=[InputDataset(*name) for name in run.inputs],
        outputs=[*outputs, *(OutputDataset(*name) for name in published)],
        producer=_producer(),
    )


def _producer() -> str:
    return f"pkg:pypi/blift@{version('blift')}"


def _run_facets(namespace: str, whole: _Run | None, error: str | None) -> dict[str, RunFacet]:
    from openlineage.client.facet_v2 import error_message_run, parent_run, processing_engine_run  # noqa: PLC0415

    beam, ours = version("apache-beam"), version("blift")
    engine = processing_engine_run.ProcessingEngineRunFacet(beam, "Apache Beam", ours, producer=_producer())
    facets: dict[str, RunFacet] = {"processing_engine": engine}
    if parent := _parent(namespace, whole):
        run_id, of_job, job = parent
        facets["parent"] = parent_run.ParentRunFacet(
            parent_run.Run(run_id), parent_run.Job(of_job, job), producer=_producer()
        )
    if error:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            f"ended by {error}", "python", producer=_producer()
        )
    return facets


def _parent(namespace: str, whole: _Run | None) -> tuple[str, str, str] | None:
    """Id, namespace and job of the run that a run is in: the build, or what OPENLINEAGE_PARENT_ID names."""
    if whole:
        return whole.id, namespace, whole.job
    above, _, run_id = os.environ.get("OPENLINEAGE_PARENT_ID", "").rpartition("/")
    of_job, _, job = above.rpartition("/")
    return (run_id, of_job, job) if of_job else None


def _job_facets(kind: str) -> dict[str, JobFacet]:
    from openlineage.client.facet_v2 import job_type_job  # noqa: PLC0415 - an extra

    return {"jobType": job_type_job.JobTypeJobFacet("BATCH", "BLIFT", kind, producer=_producer())}


def _output(folder: str, name: Name, shards: Sequence[Shard]) -> OutputDataset:
    from openlineage.client.event_v2 import OutputDataset  # noqa: PLC0415 - an extra
    from openlineage.client.facet_v2 import output_statistics_output_dataset, schema_dataset  # noqa: PLC0415

    counts = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=sum(shard.rows for shard in shards),
        size=sum(shard.size_bytes for shard in shards),
        fileCount=len(shards),
        producer=_producer(),
    )
    facets: dict[str, DatasetFacet] = {}
    if table := _TABLES.get(folder.removeprefix("release/")):
        facets["schema"] = schema_dataset.SchemaDatasetFacet(_fields(SCHEMAS[table]), producer=_producer())
    return OutputDataset(name.namespace, name.name, facets=facets, outputFacets={"outputStatistics": counts})


def _fields(columns: Iterable[pa.Field]) -> list[schema_dataset.SchemaDatasetFacetFields]:
    """The columns of a table, with the members of structs, also of those in lists."""
    from openlineage.client.facet_v2 import schema_dataset  # noqa: PLC0415 - an extra

    found = []
    for column in columns:
        kind = column.type
        inner = kind.value_type if pa.types.is_list(kind) else kind
        members = _fields(inner) if pa.types.is_struct(inner) else []
        shown = ("struct" if inner is kind else "list<struct>") if members else str(kind)
        found.append(schema_dataset.SchemaDatasetFacetFields(name=column.name, type=shown, fields=members))
    return found
