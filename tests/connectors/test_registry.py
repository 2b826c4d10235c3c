"""Platforms of other packages: found by their entry point, and told where they cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blift.connectors import registry
from blift.connectors.connector import Connector
from blift.connectors.fetch.items import Item
from blift.connectors.fetch.kinds import ItemKind, Lines, RecordKind, Role
from blift.connectors.fetching import Fetching, FetchSection, SectionPlan
from blift.connectors.reddit.connector import CONNECTOR as REDDIT
from blift.schemas import platform
from blift.schemas.errors import InputError
from blift.schemas.section import Section

_CONNECTOR = """\
from blift.connectors.connector import Archive, Connector
from blift.schemas.platform import Platform

ROW = Platform(name="{name}", title="Lemmy", states=frozenset({{"score"}}), post_address="https://lemmy.example/{{post}}")
CONNECTOR = Connector(platform=ROW, about="Lemmy.", archives=[
    Archive(key="posts", description="Files.", posts=lambda unit, scope: iter(())),
])
"""


def installed(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """`blift recipe docs` where a package with this connector is installed."""
    (folder / "blift_lemmy.py").write_text(code)
    facts = folder / "blift_lemmy-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: blift-lemmy\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[blift.platforms]\nlemmy = blift_lemmy:CONNECTOR\n")
    command = [sys.executable, "-m", "blift.pipelines.cli", "recipe", "docs"]
    paths = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths})


def test_a_package_brings_a_platform_without_a_change_of_blift(tmp_path: Path) -> None:
    done = installed(tmp_path, _CONNECTOR.format(name="lemmy"))
    assert done.returncode == 0, done.stderr
    assert "### `sources.lemmy`" in done.stdout
    assert "### `curate.lemmy.posts`" in done.stdout


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (_CONNECTOR.format(name="reddit"), "A package brings the platform 'reddit', which blift has itself."),
        ("import no_such_module\n", "The platform 'lemmy' of blift-lemmy cannot be loaded (ModuleNotFoundError"),
        ("CONNECTOR = 7\n", "The platform 'lemmy' of blift-lemmy is no connector."),
    ],
)
def test_a_package_that_cannot_be_used_is_one_sentence(tmp_path: Path, code: str, said: str) -> None:
    done = installed(tmp_path, code)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


class FetchLemmy(Section):
    """Lemmy."""


SECTION = FetchSection(
    key="lemmy", model=FetchLemmy, description="Lemmy.", plan=lambda *_: SectionPlan([Item("lemmy-post", "1")])
)
POST = ItemKind(name="lemmy-post", role=Role.POST, plural="Lemmy posts", service="lemmy")
FETCHING = Fetching(
    sections=[SECTION],
    items=[POST],
    records=[RecordKind(name="lemmy-post", plural="Lemmy posts", archive=Lines("posts"))],
)


def changed(one: Any, **attributes: Any) -> Any:
    """It with other attributes, of whatever type."""
    return replace(one, **attributes)


class _Entry:
    """An entry point of a package; `dist` as importlib has it where the package is not known."""

    dist = None

    def __init__(self, name: str, fetching: Any) -> None:
        self.name, self._fetching = name, fetching

    def load(self) -> Connector:
        row = platform.Platform(name="lemmy", title="Lemmy")
        return replace(REDDIT, platform=row, fetching=self._fetching)


_CACHED: tuple[Any, ...] = (
    *(platform.platforms, platform.plugins),
    *(registry.connectors, registry.kinds, registry.fetch_sections),
)


@pytest.fixture
def bring(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Let packages bring the platform `lemmy`, each with what it says of fetching."""

    def _bring(*fetching: Any) -> None:
        entries = [_Entry(f"lemmy{place}", one) for place, one in enumerate(fetching)]
        monkeypatch.setattr(platform, "entry_points", lambda **_: entries)
        for each in _CACHED:
            each.cache_clear()

    yield _bring
    for each in _CACHED:
        each.cache_clear()


def test_a_platform_of_a_package_can_be_fetched(bring: Callable[..., None]) -> None:
    bring(FETCHING)
    assert registry.connectors()["lemmy"].fetching is FETCHING
    assert SECTION in registry.fetch_sections()
    assert registry.kinds().item("lemmy-post") is POST


@pytest.mark.parametrize(
    ("fetching", "said"),
    [
        ("lemmy", "has a `fetching` that is no `Fetching`. Update that package."),
        (changed(FETCHING, sections=None), "has a `Fetching` whose `sections` are no list of `FetchSection`."),
        (changed(FETCHING, items=["lemmy-post"]), "has a `Fetching` whose `items` are no list of `ItemKind`."),
        (changed(FETCHING, records=[POST]), "has a `Fetching` whose `records` are no list of `RecordKind`."),
        (changed(FETCHING, sections=[changed(SECTION, key="_a b")]), "with the key '_a b', which is none of a-z, 0-9"),
        (changed(FETCHING, sections=[changed(SECTION, model=int)]), "`fetch.lemmy` whose model is no `Section`."),
    ],
)
def test_fetching_that_is_none_is_one_sentence(bring: Callable[..., None], fetching: Any, said: str) -> None:
    bring(fetching)
    with pytest.raises(InputError, match=r"^The platform 'lemmy' that a package brings has a ") as raised:
        registry.connectors()
    assert said in str(raised.value)


@pytest.mark.parametrize("key", ["web", "platforms", "sections", "reddit"])
def test_a_section_with_a_key_that_is_taken_is_one_sentence(bring: Callable[..., None], key: str) -> None:
    bring(changed(FETCHING, sections=[changed(SECTION, key=key)]))
    with pytest.raises(InputError, match=f"^The platform 'lemmy' brings the section `fetch.{key}`, which is there"):
        registry.fetch_sections()


def test_a_kind_that_a_platform_has_twice_is_one_sentence(bring: Callable[..., None]) -> None:
    bring(changed(FETCHING, items=[POST, replace(POST, plural="others")]))
    with pytest.raises(InputError, match=r"^The platform 'lemmy' has items of the kind 'lemmy-post' twice. Update the"):
        registry.kinds()


def test_two_packages_with_one_platform_are_one_sentence(bring: Callable[..., None]) -> None:
    bring(FETCHING, None)
    with pytest.raises(InputError, match=r"^Two packages bring the platform 'lemmy'. Remove one of them.$"):
        registry.connectors()
