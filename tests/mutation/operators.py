"""What is changed: operators of Cosmic Ray, one or two for each construct, and three that it does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import PythonNode, String
from parso.tree import NodeOrLeaf

Positions = Iterator[tuple[tuple[int, int], tuple[int, int]]]

#: Of the pairs that Cosmic Ray knows, those that move a bound or turn a decision round. The others (`+` to `**`) end in
#: a TypeError, which any test kills, and would only make the score look better.
_BINARY = (
    "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul", "LShift_RShift", "RShift_LShift",
    "BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitAnd",
)  # fmt: skip
_COMPARISONS = (
    "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt", "Eq_NotEq", "NotEq_Eq", "Is_IsNot",
    "IsNot_Is",
)  # fmt: skip
_UNARY = ("USub_UAdd", "Delete_Invert", "Delete_USub", "Delete_Not")
_OTHERS = (
    "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer", "RemoveDecorator", "ZeroIterationForLoop",
)  # fmt: skip


class ChangeString(Operator):
    """A string becomes another one. Docstrings and names of fields in f-strings stay."""

    def mutation_positions(self, node: NodeOrLeaf) -> Positions:
        if isinstance(node, String) and node.parent is not None and node.parent.type != "simple_stmt":
            yield node.start_pos, node.end_pos

    def mutate(self, node: String, index: int) -> String:
        quote = node.value[-1]
        start = node.value.index(quote) + 1
        node.value = f"{node.value[:start]}XX{node.value[start:]}"
        return node

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (Example("x = 'a'", "x = 'XXa'"),)


class DropElement(Operator):
    """A list or tuple that is written out loses an element: a column that is not carried over."""

    def mutation_positions(self, node: NodeOrLeaf) -> Positions:
        for element in _elements(node, "testlist_comp"):
            yield element.start_pos, element.end_pos

    def mutate(self, node: PythonNode, index: int) -> PythonNode:
        return _without(node, _elements(node, "testlist_comp")[index])

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (Example("x = [a, b]", "x = [ b]"),)


class DropKeyword(Operator):
    """A call loses an argument that is given by name: the default is used."""

    def mutation_positions(self, node: NodeOrLeaf) -> Positions:
        for element in _keywords(node):
            yield element.start_pos, element.end_pos

    def mutate(self, node: PythonNode, index: int) -> PythonNode:
        return _without(node, _keywords(node)[index])

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (Example("f(a, b=1)", "f(a,)"),)


def _elements(node: NodeOrLeaf, kind: str) -> Sequence[NodeOrLeaf]:
    """What stands between the commas of a node of a kind."""
    if node.type != kind or not any(child.type == "operator" and child.value == "," for child in node.children):
        return ()
    return [child for child in node.children if not (child.type == "operator" and child.value == ",")]


def _keywords(node: NodeOrLeaf) -> Sequence[NodeOrLeaf]:
    return [
        element
        for element in _elements(node, "arglist")
        if element.type == "argument" and getattr(element.children[1], "value", "") == "="
    ]


def _without(node: PythonNode, element: NodeOrLeaf) -> PythonNode:
    """The node without an element and the comma behind it."""
    at = node.children.index(element)
    has_comma = at + 1 < len(node.children)
    del node.children[at : at + 1 + has_comma]
    return node


def operators() -> list[Operator]:
    """All that is tried."""
    names = [f"ReplaceBinaryOperator_{name}" for name in _BINARY]
    names += [f"ReplaceComparisonOperator_{name}" for name in _COMPARISONS]
    names += [f"ReplaceUnaryOperator_{name}" for name in _UNARY]
    made = [get_operator(f"core/{name}")() for name in (*names, *_OTHERS)]
    return [*made, ChangeString(), DropElement(), DropKeyword()]
