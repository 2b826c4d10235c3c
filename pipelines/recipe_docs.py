"""docs/recipe.md, out of the recipe's models and the list of rules, so that it cannot differ from the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from pipelines.recipe import Recipe
from pipelines.recipe_file import model_in
from schemas.platform import Platform
from transforms.rules.registry import Rule, all_rules

_INTRODUCTION = """\
# The recipe

A recipe is a YAML file that says what to read, which rules to apply, and what to write. `blift recipe check
RECIPE.yaml` checks one; `blift recipe json-schema` prints a JSON Schema for editors; `blift recipe show blift-paper`
prints the paper's.

This page is made from the code by `make docs`; CI checks that it is current.
"""


def recipe_markdown() -> str:
    """The documentation of every key of a recipe and of every rule, as Markdown."""
    parts = [_INTRODUCTION, "## Keys\n"]
    parts += _sections(Recipe, "")
    parts.append("## Rules\n")
    parts.append(
        "A rule that a recipe does not name is off. Rules run in this order; the first that a record breaks rejects "
        "it, with the reason given here. What is absent breaks no rule: a rule on views keeps a video that hides "
        "them.\n"
    )
    parts += [_rule(rule) for rule in all_rules()]
    return "\n".join(parts)


def _sections(model: type[BaseModel], path: str) -> Iterator[str]:
    """A table of the keys of a section, then its sections; sections of rules only point to the rules."""
    rule_names = {rule.name for rule in all_rules()}
    plain = {name: field for name, field in model.model_fields.items() if model_in(field.annotation) is None}
    title = f"### `{path}`\n" if path else "### Top level\n"
    if plain and set(plain) <= rule_names:
        yield f"{title}\n{(model.__doc__ or '').strip()} " + ", ".join(f"[`{name}`](#{name})" for name in plain) + ".\n"
        return
    yield f"{title}\n{(model.__doc__ or '').strip()}\n"
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
        kind = "section" if model_in(field.annotation) else _kind(field.annotation)
        yield f"| `{name}` | {kind} | {default} | {field.description} |"
    yield ""
    for name, field in model.model_fields.items():
        inner = model_in(field.annotation)
        if inner is not None:
            yield from _sections(inner, f"{path}.{name}" if path else name)


def _default(value: Any) -> str:
    return "" if isinstance(value, BaseModel) else "null" if value is None else f"`{value}`"


def _kind(annotation: Any) -> str:
    text = str(annotation) if not isinstance(annotation, type) else annotation.__name__
    for noise in ("typing.", "datetime.", "schemas.platform.", "pipelines.recipe.", "transforms.rules.knobs."):
        text = text.replace(noise, "")
    return f"`{text}`".replace("|", "\\|") if "Annotated" not in text else "number"


def _rule(rule: Rule) -> str:
    whose = " and ".join(platform.value for platform in Platform if platform in rule.platforms)
    doc = " ".join(rule.doc.split())
    return (
        f"### `{rule.name}`\n\n{doc}\n\n"
        f"For {whose} {rule.record.value}s, in {rule.stage}; reason `{rule.reason.value}`; knob: {_knob(rule.knob)}.\n"
    )


def _knob(knob: Any) -> str:
    text = str(getattr(knob, "__name__", knob))
    if "Annotated" in text or "Words" in text or "Ids" in text:
        return "a file"
    return (
        f"`{str(knob).replace('schemas.platform.', '').replace('datetime.', '')}`" if "[" in str(knob) else f"`{text}`"
    )
