"""The media stage as a pipeline: which of its steps asks its runner for hardware, and what is noted."""

from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.pvalue import TaggedOutput

from blift.connectors.media.settings import DecoderChoice, MeasureConfig
from blift.pipelines.stages.media.pipeline import MediaConfig, _Match, plan
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
    use = {"place": 0, "posted_at": None, "spoken": False, "single": True}
    wanted = [{"name": name, "whose": key, "media_key": key, **use} for key in ("one", "other")]
    found = {"files": [pa.Table.from_pylist(files, FILES)], "wanted": [pa.Table.from_pylist(wanted, WANTED)]}
    told = [out.value for out in _Match().process((0, found)) if isinstance(out, TaggedOutput)]
    assert told == [note]
