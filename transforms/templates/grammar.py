"""Which of Jinja's grammar a turn may use, and where its cost is counted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer

from blift.schemas.errors import did_you_mean
from blift.transforms.templates.budget import UNITS_PER_CHARACTER, UNITS_PER_STEP, TurnError
from blift.transforms.templates.filters import CONCAT, COPY, KINDS, LOOP, METHODS, OFFERED, READ, TESTS

#: Brackets, and parts of Jinja's grammar, within one another.
_MOST_BRACKETS, _MOST_DEEP = 20, 60
_MOST_NUMBER = 2**63

_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign, nodes.With),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Call, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Concat),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
)
_WORDS: dict[type[nodes.Node], str] = {
    nodes.Macro: "{% macro %}",
    nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.AssignBlock: "{% set %} with {% endset %}",
    nodes.Include: "{% include %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% from %}",
    nodes.Extends: "{% extends %}",
    nodes.Block: "{% block %}",
    nodes.NSRef: "namespaces",
    nodes.Pow: "**",
}
#: Tests that look at a whole value.
_COMPARING = TESTS - KINDS


def checked(environment: Environment, source: str) -> nodes.Template:
    """The syntax tree of a turn, with its cost counted where it arises.

    Raises:
        TemplateSyntaxError: it is not Jinja.
        TurnError: it uses what templates do not have, or is nested too deeply.
    """
    _check_brackets(environment, source)
    tree = environment.parse(source)
    _check_depth(tree)
    for node in _all(tree):
        _check(node)
    counted = _Counting().visit(tree)
    counted.set_environment(environment)
    assert isinstance(counted, nodes.Template)
    return counted


def _check_brackets(environment: Environment, source: str) -> None:
    """Before the parser goes into them, a call for each."""
    depth = 0
    for line, kind, text in environment.lex(source):
        if kind == "operator":
            depth += (text in "([{") - (text in ")]}")
        if depth > _MOST_BRACKETS:
            raise TurnError(f"brackets are nested more than {_MOST_BRACKETS} deep", line)


def _check_depth(tree: nodes.Node) -> None:
    level: list[nodes.Node] = [tree]
    for _ in range(_MOST_DEEP):
        level = [child for node in level for child in node.iter_child_nodes()]
    if level:
        raise TurnError(f"its parts are nested more than {_MOST_DEEP} deep", level[0].lineno)


def _all(tree: nodes.Node) -> Iterator[nodes.Node]:
    left = [tree]
    while left:
        node = left.pop()
        yield node
        left.extend(node.iter_child_nodes())


def _check(node: nodes.Node) -> None:
    """Refuse what a turn may not use.

    Raises:
        TurnError: says what, and the line.
    """
    why = None
    if not isinstance(node, _ALLOWED):
        word = _WORDS.get(type(node), type(node).__name__.lower())
        why = f"there is no `{word}` in templates"
    elif isinstance(node, nodes.For) and node.recursive:
        why = "there are no recursive loops in templates"
    elif isinstance(node, nodes.Const):
        why = _wrong_constant(node.value)
    elif isinstance(node, nodes.TemplateData):
        why = _wrong_constant(node.data)
    elif isinstance(node, nodes.Filter):
        why = _missing("filter", node.name, OFFERED)
    elif isinstance(node, nodes.Test):
        why = _missing("test", node.name, TESTS)
    elif isinstance(node, nodes.Call):
        why = _wrong_call(node.node)
    if why is None and isinstance(node, nodes.Filter | nodes.Test | nodes.Call) and (node.dyn_args or node.dyn_kwargs):
        why = "there are no `*` and `**` arguments in templates"
    if why:
        raise TurnError(why, node.lineno)


def _wrong_constant(value: Any) -> str | None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return "it holds half of a surrogate pair, which is no character"
    if (isinstance(value, int) and value >= _MOST_NUMBER) or (isinstance(value, float) and not math.isfinite(value)):
        return "a number in it is out of range (64 bits)"
    return None


def _missing(kind: str, name: str, offered: frozenset[str]) -> str | None:
    if name in offered:
        return None
    hint = did_you_mean(name, offered) or "."
    return f"there is no {kind} `{name}` in templates{hint} There are: {', '.join(sorted(offered))}"


def _wrong_call(called: nodes.Node) -> str | None:
    if isinstance(called, nodes.Name) and called.name == "range":
        return None
    if isinstance(called, nodes.Getattr):
        if called.attr in METHODS:
            return None
        if called.attr == "cycle" and isinstance(called.node, nodes.Name) and called.node.name == "loop":
            return None
        return f"`{called.attr}` cannot be called in templates; use a filter"
    name = called.name if isinstance(called, nodes.Name) else "that"
    return f"`{name}` cannot be called in templates; only `range` can"


def _counted(name: str, node: nodes.Node, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno)


def _read(node: nodes.Expr) -> nodes.Expr:
    return node if isinstance(node, nodes.Const) else _counted(READ, node)


class _Counting(NodeTransformer):
    """Puts a filter that counts where loops, joined strings, comparisons and slices take time or memory."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's name
        units = sum(UNITS_PER_STEP + UNITS_PER_CHARACTER * len(getattr(part, "data", "")) for part in _all(node))
        self.generic_visit(node)
        node.iter = _counted(LOOP, node.iter, nodes.Const(units))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _counted(CONCAT, nodes.List(node.nodes, lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _read(node.expr)
        for operand in node.ops:
            operand.expr = _read(operand.expr)
        return node

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.key = _read(node.key)  # to be hashed
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if node.name in _COMPARING:
            node.node = _read(node.node)
            node.args = [_read(argument) for argument in node.args]
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _counted(COPY, node.node)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        called = node.node
        if isinstance(called, nodes.Getattr) and called.attr in METHODS:
            return nodes.Filter(
                called.node, METHODS[called.attr], node.args, node.kwargs, None, None, lineno=node.lineno
            )
        return node
