"""The media stage as a pipeline: which of its steps asks its runner for hardware."""

from pathlib import Path

import apache_beam as beam
import pytest

from pipelines.media.config import DecoderChoice, MeasureConfig
from pipelines.media.stage import MediaConfig, plan

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
