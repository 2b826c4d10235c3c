"""A digest of the source of packages: what an earlier run kept is of use only where the same code would make it."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def source_digest(*packages: str) -> str:
    """A digest of the source files of packages or modules, by import name; one that is not there adds nothing."""
    digest = hashlib.sha256()
    for package in sorted(set(packages)):
        spec = find_spec(package)
        for root in sorted(spec.submodule_search_locations or [spec.origin or ""] if spec else ()):
            place = Path(root)
            for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
                digest.update(f"{package}/{path.relative_to(place)}".encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
