"""The connectors of all platforms: those of blift, one folder each, and those that other packages bring."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module

from blift.connectors.connector import Connector
from blift.connectors.fetch.kinds import ItemKind, Kinds, RecordKind
from blift.connectors.fetching import Fetching, FetchSection
from blift.schemas.errors import InputError
from blift.schemas.platform import BUILT_IN, platforms, plugins
from blift.schemas.section import Section


@cache
def connectors() -> Mapping[str, Connector]:
    """Every connector by the name of its platform, in the order of the rows.

    Raises:
        InputError: that of another package cannot be loaded, or is none.
    """
    own = {row.name: import_module(f"blift.connectors.{row.name}.connector").CONNECTOR for row in BUILT_IN}
    found: dict[str, Connector] = {**own, **plugins()}
    for name, connector in found.items():
        if not isinstance(connector, Connector):
            raise InputError(f"The platform {name!r} that a package brings is no `Connector`. Update that package.")
        if connector.fetching is not None and (fault := _fault_of(connector.fetching)):
            raise InputError(f"The platform {name!r} that a package brings {fault}. Update that package.")
    return {name: found[name] for name in platforms()}


#: What `Fetching` holds, by the name of the attribute.
_HELD = {"sections": FetchSection, "items": ItemKind, "records": RecordKind}
_KEY = re.compile(r"[a-z][a-z0-9_]*")


def _fault_of(fetching: object) -> str | None:
    """What is wrong with what a connector says of fetching; None where nothing is."""
    if not isinstance(fetching, Fetching):
        return "has a `fetching` that is no `Fetching`"
    for name, kind in _HELD.items():
        held = getattr(fetching, name)
        if not isinstance(held, Sequence) or not all(isinstance(each, kind) for each in held):
            return f"has a `Fetching` whose `{name}` are no list of `{kind.__name__}`"
    for section in fetching.sections:
        if not isinstance(section.key, str) or not _KEY.fullmatch(section.key):
            return f"has a section of `fetch` with the key {section.key!r}, which is none of a-z, 0-9 and _"
        if not isinstance(section.model, type) or not issubclass(section.model, Section):
            return f"has a section `fetch.{section.key}` whose model is no `Section`"
    return None


def fetching() -> Mapping[str, Fetching]:
    """How each platform is fetched that can be, by its name.

    Raises:
        InputError: as ``connectors``.
    """
    return {name: one.fetching for name, one in connectors().items() if one.fetching is not None}


@cache
def kinds() -> Kinds:
    """The kinds of items and records of all platforms.

    Raises:
        InputError: as ``connectors``; or two platforms have kinds of one name.
    """
    return kinds_of(fetching())


def kinds_of(platforms: Mapping[str, Fetching]) -> Kinds:
    """The kinds of items and records of these platforms.

    Raises:
        InputError: two kinds have one name.
    """
    return Kinds(
        [(name, kind) for name, one in platforms.items() for kind in one.items],
        [(name, kind) for name, one in platforms.items() for kind in one.records],
    )


#: Keys of `fetch` in recipes that are no platform's, and the names of properties of that section.
OWN_KEYS = frozenset({"folder", "contact", "web", "schedule", "stage", "sections", "platforms"})


@cache
def fetch_sections() -> Sequence[FetchSection]:
    """The sections of `fetch` in recipes that platforms bring, in their order.

    Raises:
        InputError: as ``connectors``; or two have one key.
    """
    found: dict[str, FetchSection] = {}
    for name, one in fetching().items():
        for section in one.sections:
            if section.key in found or section.key in OWN_KEYS:
                raise InputError(
                    f"The platform {name!r} brings the section `fetch.{section.key}`, which is there already. Remove "
                    "the package that brings it."
                )
            found[section.key] = section
    return list(found.values())
