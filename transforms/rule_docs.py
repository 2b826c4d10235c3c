"""What the rules say of themselves, read out of their source: importing them takes Polars and models of language."""

from __future__ import annotations

import ast
from pathlib import Path

#: Modules of rules, in the order in which rules run.
RULE_MODULES = ("scope", "posts", "comments", "samples")
_FOLDER = Path(__file__).parent / "rules"


def rule_docs() -> dict[str, str]:
    """The docstring of every rule by its name; of rules of one name for several records, that of the last."""
    trees = [ast.parse((_FOLDER / f"{name}.py").read_text(encoding="utf-8")) for name in RULE_MODULES]
    return {
        node.name: ast.get_docstring(node) or ""
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and any(_is_rule(decorator) for decorator in node.decorator_list)
    }


def _is_rule(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "rule"
