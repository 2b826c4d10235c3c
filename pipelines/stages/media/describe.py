"""Scenes described by models: each distinct keyframe is shown to them once, and what they say fills its scenes."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import polars as pl
import pyarrow as pa
from apache_beam.ml.inference.base import ModelHandler, PredictionResult, RunInference
from apache_beam.pvalue import TaggedOutput

from blift.connectors.malformed import reject_table
from blift.connectors.models.config import EndpointConfig, TaggerConfig
from blift.connectors.models.optional import require
from blift.connectors.models.pictures import Outcome, PictureShare, read_picture
from blift.connectors.models.tagger import OnnxTagger
from blift.schemas.errors import InputError, RecipeError
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, TALLY, Tally, TallyKey
from blift.transforms.shuffle import ShardedTable, SplitByShard
from blift.transforms.tables import concat, frame, shard_of, split

_LEFT = "left"
_MEDIA = SCHEMAS["media"]
_KEYFRAME, _DESCRIBE = 0, 1
#: Keyframes that a worker reads at a time: they may lie on a distant filesystem.
_READERS = 8

_ASKED = pa.schema(
    [
        pa.field("digest", pa.string()),
        pa.field("path", pa.string()),
        pa.field("media", pa.string()),
        pa.field("scene", pa.int64()),
        pa.field("keyframe", pa.string()),
    ]
)
_DESCRIBED = ["media", "scene", "model", "caption", "tags", "screen_text"]

_REASONS = {Outcome.FAILED: Reason.MODEL_FAILED, Outcome.UNREADABLE: Reason.UNREADABLE_FILE}


@dataclass(frozen=True)
class DescribeConfig:
    """Who describes scenes, and where their keyframes lie; at least one model.

    Attributes:
        stage: that the scenes are described in, for rejects and the funnel.
        store: folder of the media store; URIs of keyframes are relative to it.
        shards: into which media rows are divided; one table comes out of each.
        endpoint: what gives captions, tags and text on screen.
        tagger: what gives tags, added after the endpoint's.
    """

    stage: str
    store: str
    shards: int
    endpoint: EndpointConfig | None = None
    tagger: TaggerConfig | None = None

    def __post_init__(self) -> None:
        if not self.endpoint and not self.tagger:
            raise RecipeError("Scenes are to be described, and by no model. Name an `endpoint` or a `tagger`.")

    @property
    def shares(self) -> int:
        """Parts into which keyframes are divided: those of the endpoint's limits."""
        return self.endpoint.limits.shares if self.endpoint else self.shards

    def models(self) -> dict[str, ModelHandler[PictureShare, PredictionResult, Any]]:
        """The models, by the word that the funnel has for what they did, in the order in which they fill a scene."""
        found: dict[str, ModelHandler[PictureShare, PredictionResult, Any]] = {}
        if self.endpoint:
            require("openai", "models", "An endpoint")
            from blift.connectors.models.endpoint import VisionEndpoint  # noqa: PLC0415 - needs the extra

            found["captioned"] = VisionEndpoint(self.endpoint)
        if self.tagger:
            found["tagged"] = OnnxTagger(self.tagger)
        return found


class Described(NamedTuple):
    """Media tables, sorted by sha256 and one a shard; reject tables; tallies; sentences for the manifest."""

    media: beam.PCollection[pa.Table]
    rejects: beam.PCollection[pa.Table]
    tallies: beam.PCollection[tuple[TallyKey, int]]
    notes: beam.PCollection[str]


class DescribeScenes(beam.PTransform[beam.PCollection[pa.Table], Described]):
    """Media tables to the same rows with `caption`, `tags` and `screen_text` of their scenes filled.

    A scene that no model could describe stays as it is, with a reject that says why; one that the limits left out
    is counted in a note.
    """

    def __init__(self, config: DescribeConfig) -> None:
        super().__init__()
        self._config = config

    def expand(self, media: beam.PCollection[pa.Table]) -> Described:
        config = self._config
        found = media | "Find keyframes" >> beam.ParDo(_FindKeyframes(config)).with_output_types(
            ShardedTable
        ).with_outputs(REJECTS, TALLY, main="main")
        shares = (
            found.main
            | "Group shares" >> beam.GroupByKey()
            | "Sort shares" >> beam.MapTuple(_share).with_output_types(ShardedTable)
        )
        answered = [
            shares
            | f"Ask: {name}" >> RunInference(model)
            | f"Spread: {name}"
            >> beam.ParDo(_Spread(name, config))
            .with_output_types(ShardedTable)
            .with_outputs(REJECTS, TALLY, _LEFT, main="main")
            for name, model in config.models().items()
        ]
        filled = (
            {
                "media": media
                | "Media by shard" >> beam.ParDo(SplitByShard("sha256", config.shards)).with_output_types(ShardedTable),
                "answers": [answers.main for answers in answered] | "All answers" >> beam.Flatten(),
            }
            | "Group media" >> beam.CoGroupByKey()
            | "Fill scenes" >> beam.MapTuple(_fill).with_output_types(pa.Table)
        )
        notes = (
            [answers[_LEFT] for answers in answered]
            | "All left" >> beam.Flatten()
            | "Count left" >> beam.CombinePerKey(sum)
            | "Notes" >> beam.MapTuple(_note)
        )
        return Described(
            filled,
            [part[REJECTS] for part in (found, *answered)] | "All rejects" >> beam.Flatten(),
            [part[TALLY] for part in (found, *answered)] | "All tallies" >> beam.Flatten(),
            notes,
        )


class _FindKeyframes(beam.DoFn):
    """Media tables to ``(share, scenes with the digest of their keyframe)``."""

    def __init__(self, config: DescribeConfig) -> None:
        self._config = config
        self._names = tuple(config.models())

    def process(self, media: pa.Table) -> Iterator[ShardedTable | TaggedOutput]:
        config, tally = self._config, Tally(self._config.stage)
        scenes = keyframes(media).to_dicts()
        digests = self._digests({scene["keyframe"] for scene in scenes})
        unreadable = [
            _reject(config.stage, "keyframe", Reason.UNREADABLE_FILE, scene, str(digests[scene["keyframe"]]))
            for scene in scenes
            if isinstance(digests[scene["keyframe"]], InputError)
        ]
        for name in self._names:
            lost = {Reason.UNREADABLE_FILE: len(unreadable)} if unreadable else {}
            tally.step(_KEYFRAME, "keyframe", f"{name} scene", len(scenes), lost)
        asked = pa.Table.from_pylist(
            [
                {**scene, "digest": digests[scene["keyframe"]], "path": self._path(scene["keyframe"])}
                for scene in scenes
                if isinstance(digests[scene["keyframe"]], str)
            ],
            _ASKED,
        )
        if asked.num_rows:
            yield from split(asked, shard_of(pl.Series(asked.column("digest")), config.shares))
        if unreadable:
            yield TaggedOutput(REJECTS, reject_table(unreadable))
        yield from tally.emit()

    def _digests(self, uris: set[str]) -> dict[str, str | InputError]:
        """The digest of every keyframe, or why it cannot be read."""
        ordered = sorted(uris)
        with ThreadPoolExecutor(_READERS) as readers:
            return dict(zip(ordered, readers.map(self._digest, ordered), strict=True))

    def _digest(self, uri: str) -> str | InputError:
        try:
            return read_picture(self._path(uri)).digest
        except InputError as error:
            return error

    def _path(self, uri: str) -> str:
        return posixpath.join(self._config.store, uri)


def keyframes(media: pa.Table) -> pl.DataFrame:
    """``media`` (sha256), ``scene`` (its number, 0 first) and ``keyframe`` (URI) of every scene that has one."""
    return (
        frame(media.select(["sha256", "scenes"]))
        .select(
            pl.col("sha256").alias("media"),
            pl.int_ranges(pl.col("scenes").list.len(), dtype=pl.Int64).alias("scene"),
            pl.col("scenes").list.eval(pl.element().struct.field("keyframe")).alias("keyframe"),
        )
        .explode("scene", "keyframe", empty_as_null=False)
        .drop_nulls("keyframe")
    )


def _share(index: int, tables: Iterable[pa.Table]) -> PictureShare:
    """All scenes of a share, in an order that depends on nothing but their content."""
    order = [("digest", "ascending"), ("media", "ascending"), ("scene", "ascending")]
    return index, concat(tables, _ASKED).sort_by(order)


class _Spread(beam.DoFn):
    """Answers about the keyframes of a share to ``(shard of the media, scenes with what was said of them)``."""

    def __init__(self, name: str, config: DescribeConfig) -> None:
        self._name = name
        self._config = config

    def process(self, result: PredictionResult) -> Iterator[ShardedTable | TaggedOutput]:
        (_, asked), answers = result.example, result.inference
        stage, tally = self._config.stage, Tally(self._config.stage)
        scenes = frame(asked).join(frame(answers), on="digest", how="left", maintain_order="left")
        lost = scenes.filter(pl.col("outcome").is_in([outcome.value for outcome in _REASONS]))
        rejects = [
            _reject(stage, self._name, _REASONS[Outcome(scene["outcome"])], scene, scene["detail"])
            for scene in lost.to_dicts()
        ]
        reasons = Counter(Reason(row["reason"]) for row in rejects)
        tally.step(_DESCRIBE, "describe", f"{self._name} scene", scenes.height, reasons)
        described = scenes.filter(pl.col("outcome") == Outcome.DESCRIBED.value).with_columns(model=pl.lit(self._name))
        if described.height:
            shards = shard_of(described["media"], self._config.shards)
            yield from split(described.select(_DESCRIBED).to_arrow(compat_level=pl.CompatLevel.oldest()), shards)
        if rejects:
            yield TaggedOutput(REJECTS, reject_table(rejects))
        left = int((scenes["outcome"] == Outcome.LEFT.value).sum())
        if left:
            yield TaggedOutput(_LEFT, (self._name, left))
        yield from tally.emit()


def _reject(stage: str, rule: str, reason: Reason, scene: Mapping[str, Any], detail: str) -> dict[str, Any]:
    return {
        "stage": stage,
        "rule": rule,
        "reason": reason.value,
        "record_table": "scene",
        "record_id": f"{scene['media']}:{scene['scene']}",
        "detail": detail,
        "source": scene["keyframe"],
        "line": None,
        "payload": None,
    }


def _note(name: str, scenes: int) -> str:
    """What the manifest says of scenes that the limits left out."""
    return (
        f"{scenes} scenes are not {name}: the endpoint's limits were used up before their turn. Raise max_requests or "
        "max_tokens and run again; answers so far are kept."
    )


def _fill(_: int, found: Mapping[str, Iterable[pa.Table]]) -> pa.Table:
    media = concat(found["media"], _MEDIA).sort_by("sha256")
    return fill(media, list(chain.from_iterable(table.to_pylist() for table in found["answers"])))


def fill(media: pa.Table, answers: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Media rows with answers in their scenes.

    A caption and a text on screen replace what is there; tags are added after those that are there, each once.

    Args:
        answers: with ``media`` (sha256), ``scene`` (number), ``model``, ``caption``, ``tags``, ``screen_text``.
    """
    of_scene: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for answer in sorted(answers, key=_model):
        of_scene.setdefault((answer["media"], answer["scene"]), []).append(answer)
    lists = media.column("scenes").combine_chunks()
    offsets = np.concatenate([[0], np.cumsum(lists.value_lengths().to_numpy(zero_copy_only=False))])
    fields = list(lists.type.value_type)
    children = lists.flatten().flatten()
    columns = {field.name: child for field, child in zip(fields, children, strict=True)}
    said = {name: columns[name].to_pylist() for name in ("caption", "tags", "screen_text")}
    for sha256, first, end in zip(media.column("sha256").to_pylist(), offsets[:-1], offsets[1:], strict=True):
        for place in range(first, end):
            for answer in of_scene.get((sha256, int(place - first)), ()):
                said["tags"][place] = list(dict.fromkeys([*said["tags"][place], *answer["tags"]]))
                for name in ("caption", "screen_text"):
                    said[name][place] = answer[name] or said[name][place]
    arrays = [pa.array(said[field.name], field.type) if field.name in said else columns[field.name] for field in fields]
    scenes = pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.StructArray.from_arrays(arrays, fields=fields), type=lists.type
    )
    return media.set_column(media.schema.get_field_index("scenes"), media.schema.field("scenes"), scenes)


def _model(answer: Mapping[str, Any]) -> str:
    return str(answer["model"])  # "captioned" before "tagged"
