"""The difference of two run folders or published versions, printed."""

from __future__ import annotations

import os
import posixpath
import re

from rich.console import Console
from rich.table import Table
from rich.text import Text

from blift.connectors.hub.client import Hub
from blift.connectors.hub.named import named_on_hub
from blift.pipelines.engine.versions import is_run_folder, run_folder
from blift.pipelines.stages.publish.compare import Side, compared, hub_side, json_text, run_side
from blift.pipelines.stages.publish.versions import next_tag
from blift.schemas.errors import BliftError
from blift.schemas.printable import printable, printable_lines

_EXIT_DIFFERS = 1


def diff(before: str, after: str, *, as_json: bool) -> int:
    """Print what changed between two run folders, or versions as ``OWNER/NAME@v1.0.0``; 1 where something did.

    Raises:
        BliftError: one of them is neither, or cannot be read.
    """
    for name in (before, after):
        _check_name(name)
    released = not all(is_run_folder(name) for name in (before, after))
    old, new = (_side(name, released=released) for name in (before, after))
    changed = compared(old, new)
    previous = _tag(before)
    lowest = next_tag(previous, changed.level) if previous else None
    same = not changed.schemas and not any(rows.any for rows in changed.rows.values())
    if as_json:
        print(printable_lines(json_text(changed, lowest)))
    else:
        table = Table(header_style="bold")
        for heading in ("config", "added", "removed", "changed"):
            table.add_column(heading, justify="left" if heading == "config" else "right")
        for config, rows in changed.rows.items():
            counts = (f"{count:,}" for count in (rows.added, rows.removed, rows.changed))
            table.add_row(Text(printable(config)), *counts)
        Console(highlight=False).print(table)
        for sentence in changed.schemas:
            print(printable(sentence))
        if not same:
            part = changed.level.name.lower()
            print(f"The {part} version must rise" + (f": {lowest} or higher." if lowest else "."))
    return 0 if same else _EXIT_DIFFERS


def _check_name(name: str) -> None:
    """Check that a name is that of a run folder or may be that of a dataset, before either side is read.

    Raises:
        BliftError: it is neither.
    """
    if is_run_folder(name):
        return
    above = posixpath.dirname(name)
    if named_on_hub(name) is None or os.path.isdir(above):
        raise BliftError(
            f"There is no run folder {name}, and it is no dataset on the Hub. Write a dataset as OWNER/NAME@v1.0.0."
        )


def _side(name: str, *, released: bool) -> Side:
    if is_run_folder(name):
        return run_side(run_folder(name), released=released)
    repo, _, revision = name.partition("@")
    hub = Hub(repo)
    return hub_side(hub, hub.snapshot(revision or "main"))


def _tag(name: str) -> str | None:
    """The version that a published dataset was asked for by."""
    found = None if is_run_folder(name) else re.search(r"@(v\d+\.\d+\.\d+)$", name)
    return found[1] if found else None
