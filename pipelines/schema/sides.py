"""What a check compares with: baselines, a git ref, a folder, a run folder, or a version on the Hub."""

from __future__ import annotations

import os
import re
from pathlib import Path

from blift.connectors import git
from blift.pipelines.schema.side import Side, baseline_files, side_of_definitions
from blift.schemas.baseline_rules import readable
from blift.schemas.errors import InputError

#: Names all baselines of the folder.
ALL_BASELINES = "baselines"
_ON_HUB = re.compile(r"([\w.-]+/[\w.-]+)@([^@\s]+)")


def resolve(name: str, baselines: Path) -> Side:
    """What ``--against`` names.

    Args:
        name: `baselines`, a git ref, a folder, a run folder, or `OWNER/NAME@REVISION`.
        baselines: the folder of the baselines, whose checkout git refs are of.

    Raises:
        InputError: there is no such thing, or it holds no tables.
        PublishError: the Hub cannot be read.
    """
    if name == ALL_BASELINES:
        files = baseline_files(baselines)
        return side_of_definitions(name, readable(files), None)
    is_folder, commit = os.path.isdir(name), _commit(name, baselines)
    if is_folder and commit is not None and not name.startswith((".", "/")):
        raise InputError(f"{name!r} is a folder and a git ref. Write ./{name} for the folder, or refs/heads/{name}.")
    if is_folder:
        return _of_folder(name)
    if commit is not None:
        return _of_git(name, commit, baselines)
    if found := _ON_HUB.fullmatch(name):
        from blift.pipelines.schema.published import side_on_hub  # noqa: PLC0415 - slow, and for the Hub alone

        return side_on_hub(name, found[1], found[2])
    raise InputError(
        f"{name!r} is no git ref, no folder and no OWNER/NAME@REVISION of the Hub. "
        f"Name one of these, or {ALL_BASELINES!r}."
    )


def _commit(name: str, baselines: Path) -> str | None:
    return git.commit_of(_nearest(baselines), name) if not _ON_HUB.fullmatch(name) else None


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (folder, *folder.resolve().parents) if each.is_dir())


def _of_git(name: str, commit: str, baselines: Path) -> Side:
    root = git.root_of(_nearest(baselines))
    if root is None:
        raise InputError(f"{baselines} is in no git checkout, so {name!r} has no baselines.")
    path = os.path.relpath(baselines.resolve(), root[0].resolve())
    files = {file: content for file, content in git.files_at(root[0], commit, path).items() if _is_baseline(file)}
    if not files:
        raise InputError(f"{name!r} has no baselines in {path}. Name a later ref, or a folder of baselines.")
    return side_of_definitions(name, readable(files), files)


def _is_baseline(name: str) -> bool:
    return name.endswith(".json") and "/" not in name


def _of_folder(name: str) -> Side:
    """A folder of baselines, a checkout that has one, or a run folder."""
    for folder in (Path(name), Path(name, "baselines"), Path(name, "schemas", "baselines")):
        files = {name: content for name, content in baseline_files(folder).items() if "-" in name}
        if found := readable(files):
            return side_of_definitions(name, found, files)
    from blift.pipelines.schema.published import side_of_shards  # noqa: PLC0415 - slow, and for run folders alone

    return side_of_shards(name)
