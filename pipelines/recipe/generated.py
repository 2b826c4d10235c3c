"""Sections of a recipe that are made of the list of rules and of what platforms bring."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, create_model

from blift.pipelines.recipe.contradictions import RuleOptions
from blift.schemas.platform import Platform
from blift.schemas.section import Section
from blift.transforms.rules import RecordKind, Rule, rules_for


def section(name: str, doc: str, fields: Mapping[str, Any], base: type[Section] = Section) -> type[Section]:
    """A section class with these fields; ``doc`` is its documentation."""
    made: type[Section] = create_model(name, __base__=base, __doc__=doc, **fields)
    return made


def rules(
    whose: str, record: RecordKind, platform: Platform | None, stage: str = "curate", own: Sequence[Rule] = ()
) -> type[Section]:
    """A section with one option for every rule that can judge such a record; all are off by default."""
    options: dict[str, Any] = {}
    for rule in rules_for(record, platform, stage, own):
        kind, off = (bool, False) if rule.option is bool else (rule.option | None, None)
        options[rule.name] = (kind, Field(default=off, description=rule.doc))
    name = f"{camel(platform.name) if platform else ''}{camel(record.value)}{camel(stage)}"
    return section(name, f"Rules for {whose}, in the order in which they run.", options, RuleOptions)


def camel(name: str) -> str:
    """A name as classes are called: `VideoSites` of `video_sites`."""
    return "".join(part.capitalize() for part in re.split(r"[^a-zA-Z0-9]+", name))
