"""YAML that strangers wrote: bounded in depth, without aliases, of plain values only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from blift.schemas.errors import RecipeError, cut

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # PyYAML without libyaml: the same, slower
    from yaml import SafeLoader  # type: ignore[assignment]

#: Lists and mappings within one another; a recipe needs seven.
MAX_DEPTH = 32

_PREFIX = "tag:yaml.org,2002:"
_NOUNS = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "null": "null",
    "timestamp": "date or time",
    "seq": "list",
    "map": "mapping",
}
#: Digits of a number in YAML's base 60 would take time by the square of their count.
_MAX_DIGITS = 100


@dataclass(frozen=True)
class YamlText:
    """What a YAML text holds.

    Attributes:
        content: strings, numbers, booleans, dates, None, lists and mappings of them.
        node: the same with the line of each part; None for an empty text.
    """

    content: Any
    node: yaml.Node | None

    def strings(self) -> Iterator[tuple[int, str]]:
        """Every scalar, keys included, with the number of its line, 1 first."""
        left = [self.node] if self.node else []
        while left:
            node = left.pop()
            if isinstance(node, yaml.MappingNode):
                left.extend(part for pair in node.value for part in pair)
            elif isinstance(node, yaml.SequenceNode):
                left.extend(node.value)
            else:
                yield node.start_mark.line + 1, str(node.value)


def read_yaml(text: str, where: str) -> YamlText:
    """The content of a YAML text.

    Args:
        text: one document.
        where: what the text is, at the beginning of an error's sentence.

    Raises:
        RecipeError: it is not valid YAML, is nested too deeply, or holds an alias, a tag of another kind of value, or
            one key twice.
    """
    try:
        _check_shape(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            return YamlText(None if node is None else loader.construct_document(node), node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}, line {mark.line + 1}" if mark else where
        problem = str(getattr(error, "problem", None) or error)
        raise RecipeError(f"{place}: not valid YAML ({cut(problem, 400)}).") from error


def content_of(node: yaml.Node) -> Any:
    """What a node of a text holds, once parts of it were changed."""
    loader = _Loader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _check_shape(text: str) -> None:
    """Look at the parts one by one, before anything is made of them."""
    depth = 0
    for event in yaml.parse(text, Loader=SafeLoader):
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            mark = "*" if isinstance(event, yaml.AliasEvent) else "&"
            raise _Mistake(f"`{mark}{cut(event.anchor)}`: anchors and aliases are not allowed; repeat the value", event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _Mistake(f"lists and mappings are nested more than {MAX_DEPTH} deep", event)


class _Mistake(yaml.YAMLError):
    """As PyYAML tells its own: what is wrong, and where."""

    def __init__(self, problem: str, place: yaml.Event | yaml.Node) -> None:
        super().__init__(problem)
        self.problem = problem
        self.problem_mark = place.start_mark


class _Loader(SafeLoader):
    """YAML's plain values. A key that stands twice is a mistake: the first would be dropped in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise _Mistake(f"the key `{cut(key.value)}` stands twice; make one of both", key)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
        name = node.tag.removeprefix(_PREFIX)
        if name not in _NOUNS:
            raise _Mistake(f"`{cut(node.tag)}` is a tag that is not supported; write a plain value, in quotes", node)
        if name in ("int", "float") and len(node.value) > _MAX_DIGITS:
            raise _no_value(node)
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
            raise _no_value(node) from error


def _no_value(node: yaml.Node) -> _Mistake:
    name = node.tag.removeprefix(_PREFIX)
    noun = f"{'an' if name == 'int' else 'a'} {_NOUNS[name]}"
    return _Mistake(f"`{cut(str(node.value))}` is not {noun}; put strings in quotes", node)
