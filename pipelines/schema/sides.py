"""What a check compares with: baselines, a git ref, a folder, a run folder, or a version on the Hub."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from blift.connectors import git
from blift.connectors.filesystem import is_here
from blift.connectors.hub.named import named_on_hub
from blift.pipelines.schema.places import shown
from blift.pipelines.schema.side import Side, baseline_files, side_of_definitions
from blift.schemas.baseline_rules import readable
from blift.schemas.errors import InputError

#: Names all baselines of the folder.
ALL_BASELINES = "baselines"


class Kind(Enum):
    """What `--against` can name."""

    BASELINES = "all baselines"
    GIT = "a git ref"
    FOLDER = "a folder"
    HUB = "a dataset on the Hub"


@dataclass(frozen=True)
class Target:
    """What ``--against`` names: its kind; and the commit of a git ref."""

    name: str
    kind: Kind
    commit: str = ""


def target_of(name: str, folder: Path) -> Target:
    """What a name means.

    Args:
        name: `baselines`, a git ref, a folder, a run folder, or `OWNER/NAME@REVISION`.
        folder: a folder of the checkout that git refs are of.

    Raises:
        InputError: it means nothing, or two things.
    """
    if name == ALL_BASELINES:
        return Target(name, Kind.BASELINES)
    if not name:
        raise InputError(f"--against is empty. Name a git ref, a folder, OWNER/NAME@REVISION, or {ALL_BASELINES!r}.")
    is_folder = is_here(name) and (os.path.isdir(name) or _is_earlier(name))
    if not is_folder and os.path.exists(name) and (os.path.isabs(name) or os.sep in name):
        raise InputError(f"{name!r} is a file. Name the folder of a dataset or of baselines, or a git ref.")
    on_hub = not is_folder and _is_version(name)
    commit = None if on_hub else git.commit_of(_nearest(folder), name)
    if is_folder and commit is not None and not name.startswith((".", "/")):
        raise InputError(f"{name!r} is a folder and a git ref. Write ./{name} for the folder, or refs/heads/{name}.")
    if is_folder:
        return Target(name, Kind.FOLDER)
    if commit is not None:
        return Target(name, Kind.GIT, commit)
    if on_hub:
        return Target(name, Kind.HUB)
    why = git.why_no_commit(_nearest(folder), name)
    raise InputError(
        f"{name!r} is no git ref, no folder and no OWNER/NAME@REVISION of the Hub. "
        f"{why or f'Name one of these, or {ALL_BASELINES!r}.'}"
    )


def _is_version(name: str) -> bool:
    """Whether it may name a version of a dataset on the Hub."""
    named = named_on_hub(name)
    return named is not None and named.revision is not None


def _is_earlier(name: str) -> bool:
    """Whether it is an earlier dataset of a run folder, such as `RUN@previous`."""
    if "@" not in name:
        return False
    from blift.pipelines.engine.versions import is_run_folder  # noqa: PLC0415 - slow

    return is_run_folder(name)


def target_of_blift(name: str, folder: Path, *, named: bool) -> Target:
    """What a name means for the tables of blift.

    Args:
        name: as for `target_of`.
        folder: the baselines.
        named: whether people named that folder.

    Raises:
        InputError: as for `target_of`, or it is a git ref and the working directory is in no checkout of blift: there,
            people mean a commit of theirs.
    """
    if not named and name != ALL_BASELINES and not os.path.isdir(name):
        here, there = git.root_of(Path.cwd()), git.root_of(folder)
        if not _is_version(name) and (here is None or there is None or here[0] != there[0]):
            raise InputError(
                f"{Path.cwd()} is no checkout of blift, so {name!r} says nothing about the tables of blift. "
                "Name your tables with --schema my.models:Table."
            )
    return target_of(name, folder)


def read_side(target: Target, baselines: Path) -> Side:
    """The tables of a target.

    Args:
        target: what to read.
        baselines: the folder of the baselines; at a git ref, it is read there.

    Raises:
        InputError: it holds no tables.
        PublishError: the Hub cannot be read.
    """
    if target.kind is Kind.BASELINES:
        return side_of_definitions(target.name, readable(baseline_files(baselines)), None)
    if target.kind is Kind.GIT:
        return _of_git(target.name, target.commit, baselines)
    if target.kind is Kind.FOLDER:
        return _of_folder(target.name)
    from blift.pipelines.schema.published import side_on_hub  # noqa: PLC0415 - slow, and for the Hub alone

    repo, _, revision = target.name.partition("@")
    return side_on_hub(target.name, repo, revision)


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (folder, *folder.resolve().parents) if each.is_dir())


def _of_git(name: str, commit: str, baselines: Path) -> Side:
    files = baselines_at(name, commit, baselines)
    if not files:
        raise InputError(
            f"{name!r} has no baselines in {shown(str(baselines))}. Name a later ref, or a folder of them."
        )
    return side_of_definitions(name, readable(files), files)


def baselines_at(name: str, commit: str, baselines: Path) -> dict[str, bytes]:
    """The contents of the baselines of a folder at a commit, by name; empty where the commit does not have the folder.

    Raises:
        InputError: the folder is in no checkout, or git cannot read it.
    """
    root = git.root_of(_nearest(baselines))
    if root is None:
        raise InputError(f"{baselines} is in no git checkout, so {name!r} has no baselines.")
    path = os.path.relpath(baselines.resolve(), root[0].resolve())
    with tempfile.TemporaryDirectory() as scratch:
        there = git.export(root[0], commit, "" if path == "." else path, Path(scratch))
        return baseline_files(Path(scratch)) if there else {}


def _of_folder(name: str) -> Side:
    """A folder of baselines, a checkout that has one, or a run folder."""
    for folder in (Path(name), Path(name, "baselines"), Path(name, "schemas", "baselines")):
        files = {name: content for name, content in baseline_files(folder).items() if "-" in name}
        if found := readable(files):
            return side_of_definitions(name, found, files)
    from blift.pipelines.schema.published import side_of_shards  # noqa: PLC0415 - slow, and for run folders alone

    return side_of_shards(name)
