"""The notebook of the documentation, run cell by cell; `python -m tests.docs.notebook` writes what the cells print."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"


def code_cells() -> list[dict[str, Any]]:
    """The cells of the notebook that hold code."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def run_cells() -> list[str]:
    """What each cell prints, run in the present folder, one after the other, with the names of those before."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = []
    for cell in code_cells():
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)  # noqa: S102 - that is what a notebook is for
        printed.append(out.getvalue())
    return printed


def stored() -> list[str]:
    """What the notebook says that each cell prints."""
    return ["".join("".join(output["text"]) for output in cell["outputs"]) for cell in code_cells()]


def _write(printed: list[str]) -> None:
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    left = iter(enumerate(printed, start=1))
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"], text = next(left)
            stream = {"name": "stdout", "output_type": "stream", "text": text.splitlines(keepends=True)}
            cell["outputs"] = [stream] if text else []
    NOTEBOOK.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["print"]:
        sys.stdout.write(json.dumps(run_cells()))
    else:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            _write(run_cells())
