"""``python -m tests.mutation [MODULE ...] [--anew]``: change the modules one place at a time; the tests must see it.

Nothing is written to the source: a change lives in a process that is forked for it, after the libraries were imported,
and that runs the tests of the module until one fails. What was killed before is kept in ``.mutation/`` and not tried
again while the changed module is the same; ``--anew`` forgets it.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import hashlib
import importlib.abc
import importlib.util
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.operators import operators

_ROOT = Path(__file__).parents[2]
_KEPT = _ROOT / ".mutation"

#: Modules under transforms/, and the tests that must see a change there.
MODULES: dict[str, tuple[str, ...]] = {
    "near_duplicates": ("test_near_duplicates.py", "test_selection.py"),
    "scenes": ("test_scenes.py",),
    "observations": ("test_observations.py",),
    "selection": ("test_selection.py",),
    "splits": ("test_splits.py",),
    "unite": ("test_unite.py",),
    "rules/registry": ("rules",),
    "rules/scope": ("rules/test_scope.py", "rules/test_registry.py"),
    "rules/posts": ("rules/test_posts.py", "rules/test_registry.py"),
    "rules/comments": ("rules/test_comments.py", "rules/test_registry.py"),
    "rules/samples": ("rules/test_samples.py", "rules/test_registry.py"),
    "rules/options": ("rules/test_options.py",),
}
#: A change that makes the tests run for so many times as long as without it is seen, too.
_PATIENCE, _LEAST_S = 20.0, 60.0


@dataclass(frozen=True)
class Mutant:
    """A changed module: its source, the line of the change, and the lines without and with it."""

    source: str
    line: int
    old: str
    new: str

    @property
    def name(self) -> str:
        """The change in one line."""
        return f"{self.old} -> {self.new}"


class _Loader(importlib.abc.SourceLoader):
    """Gives a module a source that is in no file."""

    def __init__(self, path: Path, source: str) -> None:
        self._path, self._source = path, source

    def get_filename(self, fullname: str) -> str:
        return str(self._path)

    def get_data(self, path: str | os.PathLike[str]) -> bytes:
        return self._source.encode()


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, loader: _Loader) -> None:
        self._name, self._loader = name, loader

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self._loader) if fullname == self._name else None


def mutants(source: str) -> Iterator[Mutant]:
    """All changes of a module, each once, in the order of the lines.

    Annotations, which do nothing here, stay, and `strict` of `zip`, by which a program checks itself.
    """
    found: dict[str, Mutant] = {}
    left_out = _left_out(source)
    tree = list(ast_nodes(get_ast(source)))
    for operator in operators():
        positions = [position for node in tree for position in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(positions):
            if any(first <= start and end <= last for first, last in left_out):
                continue
            changed = mutate_code(source, operator, occurrence)
            if changed is not None and changed != source:
                found.setdefault(changed, _mutant(source, changed, start[0]))
    yield from sorted(found.values(), key=lambda mutant: mutant.line)


def _mutant(source: str, changed: str, line: int) -> Mutant:
    lines = list(difflib.ndiff(source.splitlines(), changed.splitlines()))
    old, new = (" ".join(text[2:].strip() for text in lines if text.startswith(mark)) for mark in ("- ", "+ "))
    return Mutant(changed, line, old, new)


def _left_out(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations and `strict=True` stand, as (line, column) of their beginning and end."""
    nodes = list(ast.walk(ast.parse(source)))
    found: list[ast.expr | ast.keyword] = [
        node for node in nodes if isinstance(node, ast.keyword) and node.arg == "strict"
    ]
    found += [node.annotation for node in nodes if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation]
    found += [node.returns for node in nodes if isinstance(node, ast.FunctionDef) and node.returns]
    return [((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)) for node in found]


def _run(module: str, source: str, tests: list[str], log: Path) -> None:
    """In a process of its own: run the tests of a module that has another source."""
    import pytest  # noqa: PLC0415 - imported before the fork

    stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(stream, number)
    name = _import_name(module)
    sys.meta_path.insert(0, _Finder(name, _Loader(_ROOT / "transforms" / f"{module}.py", source)))
    code = pytest.main(
        [
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
            *tests,
        ]
    )
    os._exit(int(code))


def _import_name(module: str) -> str:
    return f"blift.transforms.{module.replace('/', '.')}"


class Suite:
    """The tests of one module."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.source = (_ROOT / "transforms" / f"{module}.py").read_text()
        frozen = f"test_frozen.py::test_dataclasses_are_frozen[{_import_name(module)}]"
        self._tests = [str(_ROOT / "tests" / "transforms" / test) for test in (*MODULES[module], frozen)]
        self._log = _KEPT / f"{module.replace('/', '-')}.log"
        self._timeout_s: float | None = None

    def passes(self, source: str) -> bool:
        """Whether the tests pass, in time, with this source of the module."""
        context = multiprocessing.get_context("fork")
        process = context.Process(target=_run, args=(self.module, source, self._tests, self._log))
        process.start()
        process.join(self._timeout_s)
        if process.is_alive():
            process.kill()
            process.join()
        return process.exitcode == 0

    def check(self) -> None:
        """The unchanged module must pass; how long that takes is the measure for all others.

        Raises:
            SystemExit: it does not.
        """
        began = os.times().elapsed
        if not self.passes(self.source):
            raise SystemExit(f"The tests of {self.module} fail without any change; see {self._log}.")
        self._timeout_s = max(_LEAST_S, _PATIENCE * (os.times().elapsed - began))


def run(module: str, *, anew: bool) -> tuple[int, int, int]:
    """Try all changes of a module; how many were killed, survived, and are equivalent by our list."""
    suite = Suite(module)
    suite.check()
    kept = _KEPT / f"{module.replace('/', '-')}.json"
    with contextlib.suppress(OSError):
        if anew:
            kept.unlink()
    killed_before = set(json.loads(kept.read_text())) if kept.exists() else set()
    equivalent = {change for change, _ in EQUIVALENT.get(module, ())}
    killed: set[str] = set()
    survived, spared = 0, set()
    for mutant in mutants(suite.source):
        digest = hashlib.sha256(mutant.source.encode()).hexdigest()
        if mutant.name in equivalent:
            spared.add(mutant.name)
        elif digest in killed_before or not suite.passes(mutant.source):
            killed.add(digest)
            kept.write_text(json.dumps(sorted(killed | killed_before)))
        else:
            survived += 1
            print(f"survived {module}.py:{mutant.line}: {mutant.name}", flush=True)
    for name in equivalent - spared:
        print(f"no such change {module}.py: {name}", flush=True)
    return len(killed), survived, len(spared)


def _import_libraries() -> None:
    """What takes long to import, and starts no thread that a fork would lose, as Polars does."""
    for name in ("pytest", "hypothesis", "pydantic", "scipy.sparse.csgraph"):
        importlib.import_module(name)
    if len(os.listdir("/proc/self/task")) > 1:
        raise SystemExit("A library started a thread when it was imported; a fork would lose it.")


def main() -> int:
    """Try the modules that are named, or all; 1 where fewer than 95 of 100 changes were killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("modules", nargs="*", help=f"all by default: {', '.join(MODULES)}")
    parser.add_argument("--anew", action="store_true", help="forget what was killed before")
    asked = parser.parse_args()
    if unknown := set(asked.modules) - set(MODULES):
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, "1")
    _import_libraries()
    _KEPT.mkdir(exist_ok=True)
    print(f"{'module':<20}{'killed':>8}{'of':>8}{'ratio':>9}{'equivalent':>12}", flush=True)
    found = {}
    for module in asked.modules or MODULES:
        killed, survived, spared = found[module] = run(module, anew=asked.anew)
        tried = killed + survived
        print(f"{module:<20}{killed:>8}{tried:>8}{killed / max(1, tried):>9.1%}{spared:>12}", flush=True)
    killed, survived, spared = (sum(counts) for counts in zip(*found.values(), strict=True))
    tried = killed + survived
    print(f"{'all':<20}{killed:>8}{tried:>8}{killed / max(1, tried):>9.1%}{spared:>12}")
    return int(killed < 0.95 * tried)


if __name__ == "__main__":
    sys.exit(main())
