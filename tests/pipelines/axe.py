"""What axe finds on a page: faults that keep people who use a keyboard or a screen reader from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / ".cache" / "page" / "node_modules" / "axe-core" / "axe.min.js"


def require_axe() -> None:
    """Skip the test where axe is not installed."""
    if not _AXE.exists():
        pytest.skip("axe is not installed here: run `make page`, which needs Node")


def serious(page: Page) -> list[tuple[str, str]]:
    """What is serious or worse: the rule, and the first part of the page that breaks it."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(_AXE.read_text())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] }).then((results) => results.violations)")
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
