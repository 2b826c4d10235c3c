"""The folder of a report: made ours, filled with the page and its data, and cleared of what an earlier report left."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from blift.connectors.inside import check_paths
from blift.connectors.parquet import replace_file
from blift.pipelines.engine.out_folder import check_apart, check_ours, files_in
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.errors import OutputError

#: Says that a folder is a report.
ABOUT = "blift-report.json"
#: What the page is made of, apart from its data; written by `make page`.
PAGE = Path(__file__).parent / "page"
#: The file that a browser opens. It is there when all that it shows is.
OPENED = "index.html"
BESIDE = ("app.js", "app.css", "LICENSES.txt")
_OURS = re.compile(
    r"(?:index\.html|app\.js|app\.css|LICENSES\.txt|README\.md|blift-report\.json|data/[a-z]+(?:-[0-9]+)?\.js"
    r"|media/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]+)(?:\.[0-9a-f]{32}\.partial)?"
)


def claim(out: Path, folder: RunFolder) -> None:
    """Make a folder ours, new or of an earlier report.

    Raises:
        OutputError: it holds files of others, is itself a file, or lies in the run folder.
    """
    check_apart(out, folder, "a report")
    out.mkdir(parents=True, exist_ok=True)
    there = files_in(out)
    if ABOUT not in there and not all(name.startswith(ABOUT) for name in there):
        raise OutputError(
            f"{out} holds files that are no report, such as {there[0]!r}. Choose an empty or new folder as --out."
        )
    check_ours(out, there, _OURS.fullmatch)
    check_paths(str(out), there)
    (out / OPENED).unlink(missing_ok=True)
    replace_file(str(out / ABOUT), b'{"format": 1}\n')


def write_page(out: Path, shown: Iterable[str]) -> None:
    """Write the page, whose data and pictures are there, and delete what an earlier report left.

    Args:
        shown: the files that the page shows.
    """
    for name in BESIDE:
        replace_file(str(out / name), (PAGE / name).read_bytes())
    _sweep(out, {ABOUT, *BESIDE, *shown})
    replace_file(str(out / OPENED), (PAGE / OPENED).read_bytes())


def write_data(out: Path, name: str, content: Any) -> str:
    """Write a piece of data as a script, which pages that are opened as files can load; its name.

    The data is a string that the page parses: no key of it can mean anything to JavaScript.
    """
    told = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False)
    quoted = told.replace("\\", "\\\\").replace("'", "\\'")
    script = f"blift('{name}','{quoted}');\n"
    path = f"data/{name}.js"
    replace_file(str(out / path), script.encode("utf-8", "replace"))
    return path


def _sweep(out: Path, kept: set[str]) -> None:
    """Delete other files, and folders that are empty then."""
    for name in files_in(out):
        if name not in kept:
            (out / name).unlink()
    for folder in sorted((path for path in out.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
