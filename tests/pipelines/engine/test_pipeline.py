"""What every stage shares."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["blift.pipelines.engine.pipeline", "blift.pipelines.stages.release.pipeline"])
def test_whatever_stage_is_run_alone_its_tables_are_coded_as_arrow(module: str) -> None:
    code = (
        f"import {module}, pyarrow as pa; from apache_beam import coders; "
        "print(type(coders.registry.get_coder(pa.Table)).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "TableCoder\n"
