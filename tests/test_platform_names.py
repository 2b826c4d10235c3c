"""Nothing outside a platform's folder and its row knows its name; each exception stands here with its reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from blift.schemas.platform import BUILT_IN

_ROOT = Path(__file__).parents[1]
_NAMES = {row.name for row in BUILT_IN if not row.covers_others}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

EXCEPTIONS = {
    "schemas/platform.py": "the rows",
    "connectors/web/download.py": "v.redd.it hands out pictures and sound apart",
    "pipelines/commands/demo.py": "the demo corpus",
    "pipelines/demo/corpus.py": "the demo corpus",
    "pipelines/demo/reddit.py": "the demo corpus",
    "pipelines/demo/youtube.py": "the demo corpus",
    "pipelines/engine/invariants.py": "what is promised of profiles of accounts on Reddit",
    "schemas/places.py": "names of subreddits, as people write them",
    "transforms/media/files.py": "keys of media on the hosts of platforms",
    "transforms/urls/sites.py": "sites whose addresses are known, whether we read them or not",
    "transforms/personal_data.py": "it knows sites where people have pages, whether we read them or not",
}


def test_no_other_file_names_a_platform() -> None:
    knowing = {path for path, tree in _files() if any(_NAMES & _words(text) for text in _texts(tree))}
    assert knowing == set(EXCEPTIONS)


def _files() -> Iterator[tuple[str, ast.Module]]:
    for room in ("api", "schemas", "transforms", "connectors", "pipelines"):
        for path in (_ROOT / room).rglob("*.py"):
            name = path.relative_to(_ROOT).as_posix()
            if not any(name.startswith(f"connectors/{row.name}/") for row in BUILT_IN):
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def _texts(tree: ast.Module) -> Iterator[str]:
    """Names and strings of a module, but for docstrings."""
    with_doc = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, with_doc) and _has_doc(node)}  # type: ignore[attr-defined]  # an expression
    for node in ast.walk(tree):
        found = [getattr(node, name, None) for name in ("id", "attr", "name", "arg", "module")]
        if isinstance(node, ast.Constant) and id(node) not in docs:
            found.append(node.value)
        yield from (text for text in found if isinstance(text, str))


def _has_doc(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> bool:
    return ast.get_docstring(node) is not None


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
