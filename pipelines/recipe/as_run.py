"""A recipe as it runs: its text with what was set on the command line and taken from the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from blift.pipelines.recipe.text import read_recipe
from blift.schemas.credentials import is_secret_name, refuse_credentials
from blift.schemas.errors import RecipeError, cut
from blift.schemas.yaml_text import YamlText, content_of, read_yaml

#: A variable, a literal `${`, or what is neither.
_REFERENCE = re.compile(r"\$(?P<literal>\$\{)|\$\{(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)\})?")
#: Scalars that mean the same within a list in brackets and outside, so that they need no quotes.
_BARE = re.compile(r"[-+]?\.?[\w/][\w./+-]*", re.ASCII)
_STRING, _MAP = "tag:yaml.org,2002:str", "tag:yaml.org,2002:map"


@dataclass(frozen=True)
class RecipeText:
    """A recipe as it runs.

    Attributes:
        text: YAML that gives the same again, wherever it is read.
        content: the mapping that it holds.
        node: its parts with their places, for sentences.
        notes: what to tell its author, such as the variables that were read.
    """

    text: str
    content: dict[str, Any]
    node: yaml.Node | None
    notes: tuple[str, ...] = ()


def as_run(text: str, path: Path, settings: Sequence[str], environment: Mapping[str, str]) -> RecipeText:
    """A recipe with settings in their places, and variables as their values.

    Args:
        settings: `key=value` each, of keys with dots between them and values in YAML.
        environment: where `${NAME}` in a value is looked up; `$${` stands for `${`.

    Raises:
        RecipeError: the text is no recipe, a setting names no place in it, a variable is not set, or something holds
            a credential.
    """
    content, node = read_recipe(text, path)
    if node is None or not (settings or "${" in text):
        return RecipeText(text, content, node)
    for setting in settings:
        _graft(node, setting)
    edits, names = [], dict[str, None]()
    for place, scalar in list(_values(node, ())):
        if "${" not in scalar.value:
            continue
        where = f"{place_in(path, scalar)}: `{place}`"
        value = _expanded(scalar.value, where, environment, names)
        edits.append((scalar.start_mark.index, scalar.end_mark.index, _written(scalar, value)))
        _set_value(scalar, value)
    if settings:
        text = yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=120)
    else:
        for start, end, written in reversed(edits):
            text = text[:start] + written + text[end:]
    _unescape(node)
    refuse_credentials(YamlText(None, node).strings(), str(path))
    notes = [f"{path}: `${{{name}}}` was taken from the environment." for name in names]
    return RecipeText(text, content_of(node), node, tuple(notes))


def without_escapes(text: str, path: Path) -> RecipeText:
    """A recipe that has run: nothing is looked up, and `$${` stands for `${`."""
    content, node = read_recipe(text, path)
    if node is None or "$${" not in text:
        return RecipeText(text, content, node)
    _unescape(node)
    return RecipeText(text, content_of(node), node)


def _unescape(node: yaml.Node) -> None:
    for _, scalar in _values(node, ()):
        scalar.value = scalar.value.replace("$${", "${")


def place_in(path: Path, node: yaml.Node) -> str:
    """Where a part of a recipe was written: file and line, or the option that set it."""
    name = str(node.start_mark.name)
    return name if name.startswith("--set ") else f"{path}, line {node.start_mark.line + 1}"


def _values(node: yaml.Node, keys: tuple[str, ...]) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Every scalar that is no key, with the keys that lead to it."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _values(value, (*keys, cut(str(key.value), 40)))
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _values(value, keys)
    elif isinstance(node, yaml.ScalarNode):
        yield ".".join(keys), node


def _expanded(value: str, where: str, environment: Mapping[str, str], names: dict[str, None]) -> str:
    """A value with its variables; each `${` of what they hold is escaped, as in the recipe.

    Raises:
        RecipeError: a variable is not set, is none, or is one for a secret.
    """

    def found(reference: re.Match[str]) -> str:
        if reference["literal"]:
            return reference[0]
        name = reference["name"]
        if name is None:
            raise RecipeError(
                f"{where}: `${{` begins no name of an environment variable. Write $${{ for a literal one."
            )
        if is_secret_name(name):
            raise RecipeError(
                f"{where}: `${{{name}}}` is called as a secret is. Recipes are copied into run folders and published; "
                "name the variable of a credential by `key_env` or `proxy_env`."
            )
        if name not in environment:
            raise RecipeError(
                f"{where}: the environment variable {name} is not set. Set it, or write $${{ for a literal ${{."
            )
        names[name] = None
        refuse_credentials([(1, environment[name])], f"The environment variable {name}")
        return environment[name].replace("${", "$${")

    return _REFERENCE.sub(found, value)


def _set_value(scalar: yaml.ScalarNode, value: str) -> None:
    """Give a scalar another value; where it stands without quotes, its type is that of the new one."""
    if not scalar.style and _BARE.fullmatch(value):
        found = read_yaml(value, "").node
        scalar.tag = found.tag if found else _STRING
    else:
        scalar.tag, scalar.style = _STRING, '"'
    scalar.value = value


def _written(scalar: yaml.ScalarNode, value: str) -> str:
    """A scalar as it stands in the text."""
    if not scalar.style and _BARE.fullmatch(value):
        return value
    quoted = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=len(value) * 6 + 80).rstrip("\n")
    return quoted + ("\n" if scalar.style in ("|", ">") else "")


def _graft(root: yaml.Node, setting: str) -> None:
    """Put a setting in its place in a recipe.

    Raises:
        RecipeError: it is no `key=value`, its value is no YAML, or what its keys lead to has no keys.
    """
    dotted, equals, written = setting.partition("=")
    keys = dotted.strip().split(".")
    where = f"--set {cut(dotted.strip(), 200)}"
    if not equals or not all(keys):
        raise RecipeError(
            f"--set {cut(repr(setting), 200)} is no `key=value`. Write keys with dots between them, such as "
            "--set curate.sample.n=100."
        )
    refuse_credentials([(1, written)], where)
    value = read_yaml(written, where).node or _scalar("", "tag:yaml.org,2002:null", where)
    _move(value, where)
    node = root
    for place, key in enumerate(keys):
        if not isinstance(node, yaml.MappingNode):
            above = ".".join(keys[:place])
            raise RecipeError(f"{where}: `{above}` holds no keys that could be set; set `{above}` as a whole.")
        is_last = place == len(keys) - 1
        at = next((at for at, (name, _) in enumerate(node.value) if name.value == key), None)
        there = None if at is None else node.value[at][1]
        if is_last or there is None or _is_null(there):
            there = value if is_last else yaml.MappingNode(_MAP, [], _mark(where), _mark(where), flow_style=False)
            pair = (_scalar(key, _STRING, where), there)
            node.value[len(node.value) if at is None else at : None if at is None else at + 1] = [pair]
        node = there


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _scalar(value: str, tag: str, where: str) -> yaml.ScalarNode:
    return yaml.ScalarNode(tag, value, _mark(where), _mark(where))


def _mark(where: str) -> yaml.Mark:
    return yaml.Mark(where, 0, 0, 0, None, 0)


def _move(node: yaml.Node, where: str) -> None:
    """Let a part and all that it holds say that an option set it."""
    node.start_mark = node.end_mark = _mark(where)
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                _move(part, where)
    elif isinstance(node, yaml.SequenceNode):
        for part in node.value:
            _move(part, where)
