"""The media stage as a pipeline: which of its steps asks its runner for hardware, and what is noted."""

from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.pvalue import TaggedOutput

from blift.connectors.media.settings import DecoderChoice, MeasureConfig
from blift.connectors.web.placeholders import DIGESTS
from blift.pipelines.stages.media.measuring import ROWS
from blift.pipelines.stages.media.pipeline import MediaConfig, _Match, _MergeUses, plan
from blift.schemas.reasons import Reason
from blift.transforms.accounting import REJECTS
from blift.transforms.media.files import FILES, WANTED

_ACCELERATOR = "beam:resources:accelerator:v1"


def accelerators(folder: Path, decoder: DecoderChoice) -> dict[str, bytes]:
    """The accelerator that each step of the stage asks for, of those that ask."""
    config = MediaConfig(
        folder=str(folder),
        shards=2,
        store=str(folder),
        measure=MeasureConfig(decoder=decoder),
        posts={},
        duplicates=None,
        describe=None,
        speech=None,
        python=None,
        reject_out_of_scope=False,
    )
    pipeline = beam.Pipeline()
    plan(pipeline, [], [], config)
    sent = pipeline.to_runner_api()
    hints = {
        step.unique_name: sent.components.environments[step.environment_id].resource_hints
        for step in sent.components.transforms.values()
        if step.environment_id
    }
    return {name: hint[_ACCELERATOR] for name, hint in hints.items() if _ACCELERATOR in hint}


def test_the_step_that_decodes_asks_for_a_gpu_where_the_recipe_does_and_no_other_step(tmp_path: Path) -> None:
    asked = accelerators(tmp_path, DecoderChoice.GPU)
    assert {name.split("/")[0] for name in asked} == {"Measure"}
    assert set(asked.values()) == {b"type:nvidia-l4;count:1;install-nvidia-driver"}


@pytest.mark.parametrize("decoder", [DecoderChoice.AUTO, DecoderChoice.CPU])
def test_no_step_asks_for_a_gpu_where_the_recipe_does_not(tmp_path: Path, decoder: DecoderChoice) -> None:
    assert accelerators(tmp_path, decoder) == {}


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("a.jpg", "Several media are called a.jpg; a file gets to one of them only in a folder named after the host."),
        ("i.redd.it/a.jpg", "Several media on i.redd.it are called a.jpg; none got the file of that name."),
        ("beside:x/a.jpg", "Several media have their file beside the record as x/a.jpg; none got it."),
    ],
)
def test_a_name_that_several_media_have_is_noted_with_what_to_do(name: str, note: str) -> None:
    files = [{"name": name, "path": "/files/a.jpg", "file": "a.jpg", "size_bytes": 1}]
    use = {"place": 0, "posted_at": None, "spoken": False, "single": True, "title": None}
    wanted = [{"name": name, "whose": key, "media_key": key, **use} for key in ("one", "other")]
    found = {"files": [pa.Table.from_pylist(files, FILES)], "wanted": [pa.Table.from_pylist(wanted, WANTED)]}
    told = [out.value for out in _Match().process((0, found)) if isinstance(out, TaggedOutput)]
    assert told == [note]


def row_of(sha256: str, key: str, title: str, *, side: int = 160) -> pa.Table:
    """A row of one file with one use."""
    plain = {"string": "", "int64": 1, "double": 1.0, "bool": False}
    row = {field.name: plain.get(str(field.type), []) for field in ROWS} | {"posted_at": None}
    row |= {"sha256": sha256, "file": f"{key}.jpg", "width": side, "height": side}
    uses = [{"media_key": key, "place": 0}]
    return pa.Table.from_pylist([row | {"uses": uses, "media_key": key, "unite_as": key, "titles": [title]}], ROWS)


def merged(*rows: pa.Table) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Digests that stay; media, rule and detail of rejects."""
    out = list(_MergeUses().process((0, rows)))
    (stay,) = (table for table in out if isinstance(table, pa.Table))
    told = [found.value for found in out if isinstance(found, TaggedOutput) and found.tag == REJECTS]
    rejects = [row for table in told for row in table.to_pylist()]
    assert {row["reason"] for row in rejects} <= {Reason.PLACEHOLDER.value}
    return stay.column("sha256").to_pylist(), [(row["record_id"], row["rule"], row["detail"]) for row in rejects]


def test_files_that_stand_for_media_that_are_gone_are_rejected_each() -> None:
    titles = ["My first sourdough bread", "Storm over the bay", "Grandfather in 1943"]
    shared = [row_of("s" * 64, f"k{place}", title) for place, title in enumerate(titles)]
    (known,) = (digest for digest in DIGESTS if digest.startswith("9b59"))
    stay, rejects = merged(*shared, row_of(known, "gone", "A title"), row_of("a" * 64, "kept", titles[0]))
    assert stay == ["a" * 64]
    told = "media with 3 unrelated titles have these bytes"
    assert sorted(rejects) == [
        ("gone", "placeholder", "a known picture of its host"),
        *[(f"k{place}", "placeholder", told) for place in range(3)],
    ]


def test_a_picture_that_was_posted_again_stays_one_media() -> None:
    titles = ["Storm over the bay", "The storm over our bay", "storm, bay", "Grandfather in 1943"]
    rows = [row_of("s" * 64, f"k{place}", title, side=900) for place, title in enumerate(titles)]
    assert merged(*rows) == (["s" * 64], [])
