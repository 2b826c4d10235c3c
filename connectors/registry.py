"""The connectors of all platforms: those of blift, one folder each, and those that other packages bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module

from blift.connectors.connector import Connector
from blift.connectors.fetch.kinds import Kinds
from blift.connectors.fetching import Fetching, FetchSection
from blift.schemas.errors import InputError
from blift.schemas.platform import BUILT_IN, platforms, plugins


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
    return {name: found[name] for name in platforms()}


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


#: Keys of `fetch` in recipes that are no platform's.
OWN_KEYS = frozenset({"folder", "contact", "web", "schedule", "stage"})


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
