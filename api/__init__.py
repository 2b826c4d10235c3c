"""Builds datasets of how people receive what other people post.

The names below are the public interface of ``blift`` for Python. Each is imported when it is first used, so that
``import blift`` is fast. Tables are ``pyarrow.Table`` with the columns of `docs/schemas.md`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blift.archives import ArchiveTables, latest_comments, latest_posts, platform_names, read_archive
    from blift.pairs import load_template, render_pairs, template_names
    from blift.rows import (
        apply_rules,
        canonical_urls,
        identify_languages,
        media_keys,
        near_duplicate_comments,
        rule_names,
        schema,
        table_names,
    )
    from blift.runs import Run, build, check_recipe, measure_file, open_run
    from blift.schemas.errors import BliftError, InputError, OutputError, RecipeError
    from blift.transforms.rules import Check, rule

#: Where each public name is defined.
_HOME = {
    "ArchiveTables": "archives",
    "latest_comments": "archives",
    "latest_posts": "archives",
    "platform_names": "archives",
    "read_archive": "archives",
    "load_template": "pairs",
    "render_pairs": "pairs",
    "template_names": "pairs",
    "apply_rules": "rows",
    "canonical_urls": "rows",
    "identify_languages": "rows",
    "media_keys": "rows",
    "near_duplicate_comments": "rows",
    "rule_names": "rows",
    "schema": "rows",
    "table_names": "rows",
    "Check": "transforms.rules",
    "rule": "transforms.rules",
    "Run": "runs",
    "build": "runs",
    "check_recipe": "runs",
    "measure_file": "runs",
    "open_run": "runs",
    "BliftError": "schemas.errors",
    "InputError": "schemas.errors",
    "OutputError": "schemas.errors",
    "RecipeError": "schemas.errors",
}

__version__ = version("blift")
__all__ = [
    "ArchiveTables",
    "BliftError",
    "Check",
    "InputError",
    "OutputError",
    "RecipeError",
    "Run",
    "__version__",
    "apply_rules",
    "build",
    "canonical_urls",
    "check_recipe",
    "identify_languages",
    "latest_comments",
    "latest_posts",
    "load_template",
    "measure_file",
    "media_keys",
    "near_duplicate_comments",
    "open_run",
    "platform_names",
    "read_archive",
    "render_pairs",
    "rule",
    "rule_names",
    "schema",
    "table_names",
    "template_names",
]


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used.

    Raises:
        AttributeError: there is no such name.
    """
    if name not in _HOME:
        raise AttributeError(f"module 'blift' has no attribute {name!r}")
    found = getattr(import_module(f"blift.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
