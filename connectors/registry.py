"""The connectors of all platforms: those of blift, one folder each, and those that other packages bring."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from blift.connectors.connector import Connector
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
