"""docs/recipe.md, out of the recipe's models and the list of rules, so that it cannot differ from the code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema

from blift.pipelines.recipe.mistakes import model_in
from blift.pipelines.recipe.model import Recipe
from blift.schemas.platform import platforms
from blift.transforms.rules.registry import Rule, all_rules

_INTRODUCTION = """\
# The recipe

A recipe is a YAML file that says what to read, which rules to apply, and what to write. `blift recipe check
RECIPE.yaml` checks one; `blift recipe json-schema` prints a JSON Schema for editors; `blift recipe show blift-paper`
prints the paper's.

A recipe is copied into the run folder and published, so it holds no credentials: a user name or password in an
address, a secret in a query (`?token=`), an HTTP header or an access token is refused wherever it stands, comments
included, and again when a run folder is published. Credentials come from the environment; `key_env` and
`proxy_env` name the variable. The same holds for templates and lists that a recipe names.

`${NAME}` in a value stands for an environment variable; one that is not set is an error. `$${` stands for `${`. Without
quotes the value may become a number, a date or a boolean; within brackets and braces YAML needs the quotes. Variables
that are called as secrets are, such as `HF_TOKEN`, are refused. `blift build`, `plan` and `fetch` take
`--set KEY=VALUE`, as often as needed: keys with dots between them, and a value in YAML that takes the place of what the
recipe says or is added to it. Relative paths in it start at the recipe. The recipe in the run folder has the values of
variables and settings in their places, so that it gives the same again.

A recipe is plain YAML of at most 1 MiB: no anchors and aliases, no tags beyond those of plain values, at most 32
lists and mappings within one another. The files that it names are regular files: a list has at most 32 MiB, a
template 64 KiB.

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
        "them. Two rules always run at their mildest: a post without media (`media_kinds`) and a comment without a "
        "word (`min_words`) make no sample.\n"
    )
    parts += [_rule(rule) for rule in all_rules()]
    return "\n".join(parts)


def _sections(model: type[BaseModel], path: str) -> Iterator[str]:
    """A table of the keys of a section, then its sections; sections of rules only point to the rules."""
    rule_names = {rule.name for rule in all_rules()}
    plain = {name: field for name, field in model.model_fields.items() if model_in(field.annotation) is None}
    title = f"### `{path}`\n" if path else "### Top level\n"
    if plain and set(plain) <= rule_names:
        links = ", ".join(f"[`{name}`](#{name}-{_record_of(path)})" for name in plain)
        yield f"{title}\n{(model.__doc__ or '').strip()}\n\n{links}.\n"
        return
    yield f"{title}\n{(model.__doc__ or '').strip()}\n"
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
        kind = _kind_of_section(field.annotation) or _kind(field.annotation, field.metadata)
        yield f"| `{name}` | {kind} | {default} | {field.description} |"
    yield ""
    for name, field in model.model_fields.items():
        inner = model_in(field.annotation)
        if inner is not None:
            yield from _sections(inner, f"{path}.{name}" if path else name)


def _kind_of_section(annotation: Any) -> str:
    """What a key with keys of its own holds; empty for any other key."""
    if model_in(annotation) is None:
        return ""
    return "list of sections" if get_origin(annotation) is list else "section"


def _default(value: Any) -> str:
    if isinstance(value, BaseModel):
        return ""
    if isinstance(value, list):
        return f"`[{', '.join(str(getattr(item, 'name', item)) for item in value)}]`"
    return "null" if value is None else f"`{value}`" if value != "" else "empty"


def _kind(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """A type in the words of somebody who writes YAML."""
    for note in metadata:
        if isinstance(note, WithJsonSchema):
            return str((note.json_schema or {}).get("title", "name or path of a file"))
    origin, members = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(members[0], members[1:])
    if origin in (Union, UnionType):
        return " or ".join(_kind(member) for member in members if member is not NoneType)
    if origin is Literal:
        return " or ".join(f"`{member}`" for member in members)
    if origin is list:
        return f"list of {_kind(members[0])}"
    if origin is dict:
        return f"mapping of {_kind(members[0])} to {_kind(members[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{member.value}`" for member in annotation)
    return _WORDS[annotation]


_WORDS: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false", date: "day"}


def _rule(rule: Rule) -> str:
    names = [name for name, platform in platforms().items() if rule.applies_to(platform)]
    whose = ", ".join(names) if rule.of else "all"
    doc = " ".join(rule.doc.split())
    return (
        f"### `{rule.name}` ({rule.record.value})\n\n{doc}\n\n"
        f"For {whose} {rule.record.value}s, in {rule.stage}; reason `{rule.reason}`; option: {_kind(rule.option)}.\n"
    )


def _record_of(path: str) -> str:
    """What the rules of a section judge."""
    return {"comments": "comment", "samples": "sample"}.get(path.rsplit(".", 1)[-1], "post")
