"""Every stage translates for Dataflow, offline: one image, no package staged, and a GPU only for the step that asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from blift.pipelines.build.stages import STAGES, stage
from blift.pipelines.engine.beam_arguments import beam_arguments
from blift.pipelines.engine.hardware import on_gpu
from blift.pipelines.engine.pipeline import run_stage
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.stage import Request
from blift.pipelines.recipe.file import load_recipe
from tests.runners.conftest import Run
from tests.runners.engines import ENGINES

pytestmark = pytest.mark.runner

_IMAGE = "registry.example/blift:template"
_ACCELERATOR = "beam:resources:accelerator:v1"


@pytest.fixture
def translated(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The pipelines that would be sent to Dataflow; nothing leaves this process."""
    pytest.importorskip("google.cloud.storage", reason="Dataflow needs the extra gcp")
    from apache_beam.runners.dataflow.internal import apiclient  # noqa: PLC0415 - of an extra

    sent: list[Any] = []
    monkeypatch.setattr(apiclient, "Job", lambda _, pipeline: sent.append(pipeline))
    return sent


def dataflow() -> PipelineOptions:
    """The options of docs/runners.md."""
    return beam_arguments(
        [
            "--runner=DataflowRunner",
            "--project=blift-project",
            "--region=us-central1",
            "--temp_location=gs://blift-bucket/temp",
            "--staging_location=gs://blift-bucket/staging",
            f"--sdk_container_image={_IMAGE}",
            "--sdk_location=container",
            "--dry_run=True",
        ]
    ).options


@pytest.mark.parametrize("name", [known for known in STAGES if known != "fetch"])  # the demo asks nobody
def test_a_stage_translates_with_one_image_and_no_package_staged(
    name: str, translated: list[Any], run: Run, corpora: Callable[[str], Path]
) -> None:
    folder = RunFolder(str(run(ENGINES[0], "demo").folder))
    request = Request(load_recipe(str(corpora("demo"))), folder, None, folder.read_manifest())
    assert run_stage(name, folder, dataflow(), stage(name).prepare(request).plan, "fingerprint", detach=True) is None
    (pipeline,) = translated
    environments = list(pipeline.components.environments.values())
    assert [_IMAGE.encode() in environment.payload for environment in environments] == [True]
    # A list of versions goes along, for diagnosis; no package and no pickled session does.
    staged = [artifact.role_payload for environment in environments for artifact in environment.dependencies]
    assert [b"submission_environment_dependencies.txt" in name for name in staged] == [True]
    urns = {transform.spec.urn for transform in pipeline.components.transforms.values()}
    assert "beam:transform:group_by_key:v1" in urns


def test_only_the_step_that_asks_for_a_gpu_has_one(translated: list[Any]) -> None:
    pipeline = beam.Pipeline(options=dataflow())
    paths = pipeline | "Paths" >> beam.Create(["a", "b"]) | "Spread" >> beam.Reshuffle()
    measured = paths | "Measure" >> on_gpu(beam.Map(len), kind="nvidia-tesla-t4")
    _ = measured | "Spread again" >> beam.Reshuffle() | "Write" >> beam.Map(str)
    pipeline.run()
    (sent,) = translated
    hints = {
        step.unique_name: dict(sent.components.environments[step.environment_id].resource_hints)
        for step in sent.components.transforms.values()
        if step.environment_id
    }
    asked = {name for name, hint in hints.items() if hint}
    assert asked == {"Measure"}
    assert hints["Measure"][_ACCELERATOR] == b"type:nvidia-tesla-t4;count:1;install-nvidia-driver"
