"""The Flex Template: its parameters are options of `blift build`, and its entry point does not wait for the job."""

import json
from pathlib import Path

import apache_beam as beam
import pytest

import blift.pipelines
from blift.pipelines.build.stages import STAGES, stage
from blift.pipelines.cli import parser
from blift.pipelines.engine.beam_arguments import BeamArguments, beam_arguments
from blift.pipelines.engine.pipeline import run_stage
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.stage import Request
from blift.pipelines.flex_template import command
from blift.pipelines.recipe.file import load_recipe

_METADATA = Path(blift.pipelines.__path__[0]) / "flex_template.json"


def test_a_launch_is_a_detached_build_on_dataflow() -> None:
    launched = command(["--recipe=gs://b/recipe.yaml", "--out=gs://b/run", "--limit=10", "--project=p"])
    args, rest = parser(launched).parse_known_args(launched)
    assert (args.command, args.recipe, args.out, args.limit, args.detach) == (
        "build",
        "gs://b/recipe.yaml",
        "gs://b/run",
        10,
        True,
    )
    assert rest == ["--runner=DataflowRunner", "--sdk_location=container", "--project=p"]


def test_every_parameter_of_the_metadata_is_known_to_the_command_or_to_beam() -> None:
    metadata = json.loads(_METADATA.read_text())
    values = {"recipe": "r.yaml", "out": "gs://b/run", "stages": ",".join(STAGES), "limit": "10"}
    flags = [f"--{item['name']}={values.get(item['name'], 'x')}" for item in metadata["parameters"]]
    launched = command(flags)
    args, rest = parser(launched).parse_known_args(launched)
    assert args.stages == values["stages"]
    beam_arguments([*rest, "--runner=FnApiRunner"])
    assert {item["name"] for item in metadata["parameters"] if not item["isOptional"]} == {
        "recipe",
        "out",
        "sdk_container_image",
    }


def test_nothing_waits_for_a_job_that_is_handed_over(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Handed:
        def wait_until_finish(self) -> None:
            pytest.fail("a Flex Template must not wait for its job")

    monkeypatch.setattr(beam.Pipeline, "run", lambda _: Handed())
    name = "ingest"
    folder = RunFolder(str(tmp_path))
    prepared = stage(name).prepare(Request(load_recipe(str(corpus / "demo.yaml")), folder, None, None))
    assert run_stage(name, folder, BeamArguments().options, prepared.plan, "fingerprint", detach=True) is None
