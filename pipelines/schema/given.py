"""Tables that other people define: a pydantic model, an Arrow schema, a Parquet or Arrow file, or a baseline."""

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel

from blift.connectors import git
from blift.pipelines.engine.ending import leave
from blift.pipelines.schema.gate import Subject
from blift.pipelines.schema.places import shown
from blift.schemas.baseline import load
from blift.schemas.definition import Definition, model_definition
from blift.schemas.errors import BliftError, InputError, did_you_mean
from blift.schemas.record import Record

#: How a process says that there is no such table; no program exits so by itself.
_NOT_THERE = 66
_IN_PROCESS = "import sys; from blift.pipelines.schema.given import write_definition; write_definition(sys.argv[1])"


class NoSuchTable(InputError):
    """The file, module or attribute that a table is said to be is not there."""


def subject_of(spec: str, folder: Path) -> Subject:
    """The table that ``--schema`` names.

    Args:
        spec: `my.models:Table`, or the path of a `.parquet`, `.arrow`, `.feather` or baseline `.json` file.
        folder: where modules and paths are looked up.

    Raises:
        NoSuchTable: there is no such file, module or attribute.
        InputError: it cannot be read, or is no schema.
    """
    if ":" in spec and not os.path.exists(folder / spec):
        return _of_module(spec, folder)
    path = folder / spec
    if not path.is_file():
        raise NoSuchTable(f"There is no file {spec!r}. Write --schema as my.models:Table, or as the path of a file.")
    if path.suffix == ".json":
        return Subject(load(path), file=shown(str(path)))
    from blift.pipelines.schema.published import definition_of_file  # noqa: PLC0415 - slow, and for files alone

    return Subject(definition_of_file(str(path), default=path.stem), file=shown(str(path)))


def _of_module(spec: str, folder: Path) -> Subject:
    module, _, name = spec.partition(":")
    if not all(map(str.isidentifier, (*module.split("."), name))):
        raise NoSuchTable(f"{spec!r} names no class of a module. Write --schema as my.models:Table.")
    found = _attribute(module, name, folder)
    if isinstance(found, type) and issubclass(found, BaseModel):
        table, version = getattr(found, "table", None), getattr(found, "version", None)
        key = found.key if issubclass(found, Record) else ()
        named = table if isinstance(table, str) else name
        stated = model_definition(found, named, version if isinstance(version, str) else "", key)
        return Subject(stated, found, fills_lists=issubclass(found, Record))
    if type(found).__module__.startswith("pyarrow") and hasattr(found, "metadata"):
        from blift.pipelines.schema.published import stated as of_schema  # noqa: PLC0415 - slow, as above

        source = sys.modules[module].__file__ or ""
        return Subject(of_schema(found, name), file=shown(source))
    raise InputError(f"{spec} is a {type(found).__name__}. Name a pydantic model or a pyarrow.Schema.")


def _attribute(module: str, name: str, folder: Path) -> Any:
    """What a module calls by that name; modules are looked for in the folder and in its `src`."""
    sys.path[:0] = [str(folder), str(folder / "src")]
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what the module prints is no finding
            loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
            raise NoSuchTable(f"There is no module {module!r} in {folder} or {folder / 'src'}.") from error
        raise InputError(f"{module} cannot be imported: {error}.") from error
    except (Exception, SystemExit) as error:
        raise InputError(f"{module} cannot be imported: {type(error).__name__}: {str(error).rstrip('.')}.") from error
    finally:
        del sys.path[:2]
    if not hasattr(loaded, name):
        near = did_you_mean(name, (each for each in vars(loaded) if each[0].isupper()))
        raise NoSuchTable(f"{module} has no {name!r}{near or '.'}")
    return getattr(loaded, name)


def module_file(spec: str, folder: Path) -> str:
    """The file of the module that ``--schema`` names, as people are shown it; empty where there is none."""
    name = Path(*spec.partition(":")[0].split(".")).with_suffix(".py")
    there = (each for each in (folder / name, folder / "src" / name) if each.is_file())
    return next((shown(str(each)) for each in there), "")


def write_definition(spec: str) -> NoReturn:
    """Write the definition of a table of the working directory, to stdout, for `definition_in` of another process.

    The process ends at once: Arrow's threads now and then abort one that ends by itself.
    """
    try:
        sys.stdout.write(f"\n{subject_of(spec, Path.cwd()).definition.model_dump_json()}\n")
        sys.stdout.flush()
    except NoSuchTable:
        leave(_NOT_THERE)
    except BliftError as error:
        leave(1, str(error))
    leave(0)


def definition_at(spec: str, folder: Path, commit: str, name: str) -> Definition | None:
    """The table as it was at a commit of the checkout that the folder is in; None where it was not there.

    Modules are imported in a process of their own, from a temporary copy.

    Args:
        spec: the table, as ``--schema`` names it.
        folder: the working directory.
        commit: which commit.
        name: what people call the commit.

    Raises:
        InputError: it cannot be read.
    """
    root = git.root_of(folder)
    if root is None:
        raise InputError(f"{folder} is in no git checkout. Name a folder or a baseline with --against.")
    with tempfile.TemporaryDirectory() as scratch:
        git.export(root[0], commit, "", Path(scratch))
        place = Path(scratch, root[1])
        return definition_in(spec, place, name) if place.is_dir() else None


def definition_in(spec: str, folder: Path, name: str) -> Definition | None:
    """The table as another copy of the repository, which people call ``name``, has it; None where it is not there.

    Raises:
        InputError: it cannot be read.
    """
    command = [sys.executable, "-c", _IN_PROCESS, spec]
    # The user's own modules, imported as `--schema` imports those of the working directory.
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode == _NOT_THERE:
        return None
    if done.returncode or not done.stdout:
        last = (done.stderr.strip() or f"the process ended with code {done.returncode}.").splitlines()[-1]
        raise InputError(f"{spec} at {name}: {last}")
    return Definition.model_validate_json(done.stdout.splitlines()[-1])
