"""The shapes that addresses of a host or a platform come in, as data: patterns, and what each stands for.

Patterns are of the Rust crate `regex` (no look-around); in what they stand for, `$1` is their first group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: What a shape gives for a link that only leads elsewhere; the target, percent-encoded or not, follows.
LEADS_TO = "leads-to:"
#: The end of an id in an address, and the address that follows in one that only leads elsewhere.
END = r"(?:[^A-Za-z0-9_-].*)?$"
TARGET = r"(https?(?::|%(?:25)*3A)[^&#]+).*$"

#: A pattern, and what stands for its match.
Replacement = tuple[str, str]


@dataclass(frozen=True)
class Site:
    """Hosts whose addresses come in many shapes.

    Attributes:
        hosts: pattern for the whole host without its skin.
        shapes: for what follows the host (path, query, fragment), with the address it stands for; the first that
            matches counts.
        group: the name by which a recipe knows the host; without one it is known by its registered name.
        ignores_case: letters of the path are the same in either case.
    """

    hosts: str
    shapes: tuple[Replacement, ...] = ()
    group: str | None = None
    ignores_case: bool = False


@dataclass(frozen=True)
class Urls:
    """What is known of the addresses of one platform.

    Attributes:
        sites: its hosts, and the canonical addresses of their shapes.
        skins: patterns of hosts, and the host without its skin, such as `old.` or `m.`.
        tracking: by host, names of parameters that only say how somebody came to a page.
        kinds: by kind of media, patterns of canonical addresses (without `https://`) that show it.
        keys: from a canonical address to the key of its media; without one the address is the key.
        hosted: beginnings of canonical addresses, and the group that hosts what they show.
        quick: the commonest addresses in their plainest spelling, and their canonical form, for speed alone.
        relative: addresses without scheme and host, as the platform itself writes them, and the whole address.
        bare_hosts: pattern of hosts that people write without a scheme.
        archived_hosts: pattern of hosts whose archived pages (web.archive.org) count as the pages themselves.
    """

    sites: tuple[Site, ...] = ()
    skins: tuple[Replacement, ...] = ()
    tracking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys: tuple[Replacement, ...] = ()
    hosted: tuple[Replacement, ...] = ()
    quick: tuple[Replacement, ...] = ()
    relative: tuple[Replacement, ...] = ()
    bare_hosts: str | None = None
    archived_hosts: str | None = None
