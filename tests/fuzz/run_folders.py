"""Run folders: bytes and values of manifests, run reports and shards, and what lies there in place of a file."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from blift.connectors.parquet import read_parquet
from blift.pipelines.build.build import build
from blift.pipelines.cli import main
from blift.pipelines.commands.publish import recipe_of
from blift.pipelines.engine.beam_arguments import BeamArguments, beam_arguments
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import MANIFEST, RunFolder
from blift.pipelines.engine.run_report import StageResult, account_name, read_account
from blift.pipelines.engine.stage import Request
from blift.pipelines.engine.stage_run import Place, Report, run_unless_done
from blift.pipelines.engine.versions import amend
from blift.pipelines.recipe.file import load_recipe
from blift.pipelines.stages.release import stage as release
from blift.schemas.errors import BliftError
from blift.transforms.accounting import unbalanced
from tests.fuzz.kind import Check, Kind, require
from tests.fuzz.mutate import as_json, mutated, raw, spoiled

_RECIPE = """name: fuzzed
sources: {reddit: {submissions: [RS.ndjson], comments: [RC.ndjson]}}
publish: {repo: owner/name}
output: {shards: 2}
"""
_STRANGE_PATHS = ("samples/../../canary/own.txt", "/etc/passwd", "../canary/own.txt", "samples/./x.parquet", "", ".",
                  "/",
                  "samples//x.parquet", "samples\\..\\x", "samples/x\n.parquet", "samples/\x00", "gs://bucket/x",
                  "recipe.yaml", "manifest.json", ".lock", "samples/" + "x" * 5_000,
                  "../run/manifest.json")  # fmt: skip
#: What stands in a manifest or a run report in place of a value.
_VALUES: tuple[Any, ...] = (
    *_STRANGE_PATHS, None, True, -1, 0, 2**63, -(2**70), 1e308, raw("NaN"), raw("1e999"), raw('"\\ud800"'),
    "x" * 70_000,
    "\x1b[31m", "\u202e", "[bold]", "[/bold]", "[red", "0" * 64, "f" * 63, "F" * 64, [], {}, [[]], [None], {"": {}},
    ["\x1b"], {"a": -5}, {"a": 2**80}, raw("[" * 5_000 + "]" * 5_000), raw('{"a":' * 900 + "1" + "}" * 900), raw(""),
)  # fmt: skip
_FINGERPRINT = "ab" * 32
_COMMANDS = (("inspect", "run"), ("inspect", "run", "--rows", "5", "--where", "score > 0"),
             ("inspect", "run", "--table", "rejects"), ("verify", "run"), ("verify", "run"), ("diff", "run", "run"),
             ("diff", "pristine", "run"))  # fmt: skip
_MOST_CHARACTERS = 6_000
#: Of the inputs, so many are read and not given to a command, which takes thirty times longer.
_ALONE = 0.9
#: One input of so many is published, which takes seconds.
_PUBLISHED = 500


class Edited(NamedTuple):
    """A run folder in which one file is another, and the command that is given it.

    Attributes:
        part: which file: ``manifest``, ``account``, ``recipe`` or ``shard``.
        place: chooses the file, 0..1.
        seed: of the change.
        how: ``values``, ``bytes``, or what lies there in place of the file.
        command: its arguments; empty where the file is read alone.
    """

    part: str
    place: float
    seed: int
    how: str
    command: tuple[str, ...]


def make(chance: random.Random) -> Edited:
    """Chooses what is changed; the change is made of the file that is there."""
    part = chance.choice(("manifest",) * 6 + ("account",) * 2 + ("shard",) * 2 + ("recipe",))
    alone = part == "account" or chance.random() < _ALONE
    command = () if alone else chance.choice(_COMMANDS)
    if part in ("manifest", "recipe") and not chance.randrange(_PUBLISHED // 10):
        command = ("publish", "run", "--dry-run", "--quiet") if not chance.randrange(10) else command
    how = chance.choice(("values",) * 7 + ("bytes",) * 3) if part in ("manifest", "account") else "bytes"
    if chance.random() < 0.04:
        how = chance.choice(("link", "link to folder", "pipe", "folder", "device", "nothing", "empty"))
    return Edited(part, chance.random(), chance.randrange(1 << 62), how, command)


@cache
def _account() -> bytes:
    shard = {"path": "samples/samples-00000-of-00002.parquet", "rows": 3, "size_bytes": 9, "sha256": "cd" * 32}
    lines: list[Any] = [
        ["start", _FINGERPRINT, 1_700_000_000.5],
        ["tally", ["curate", "post", 0, "read", "in", ""], 4],
        ["tally", ["curate", "post", 0, "read", "rejected", "deleted"], 1],
        ["shard", shard],
        ["note", "words"],
        ["finding", "email", 2],
    ]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def _changed(content: bytes, edited: Edited) -> bytes:
    chance = random.Random(edited.seed)
    if edited.how == "bytes":
        return mutated(content, chance, head=None if edited.part != "shard" or chance.random() < 0.5 else 400)
    if edited.part == "account":
        lines = spoiled([json.loads(line) for line in content.splitlines()], chance, _VALUES)
        return "".join(f"{as_json(line)}\n" for line in lines).encode() if isinstance(lines, list) else b"null"
    return as_json(spoiled(json.loads(content), chance, _VALUES)).encode()


def _build(folder: Path) -> Path:
    """A run folder with a release, of four posts."""
    posts = [
        {"id": f"abc{n}", "title": f"A fine cat {n}", "author": "u", "subreddit": "pics", "created_utc": 1_600_000_000,
         "score": 5, "url": f"https://i.redd.it/abc{n}.jpg", "num_comments": 3, "retrieved_on": 1_600_090_000}
        for n in range(4)
    ]  # fmt: skip
    comments = [
        {"id": f"c{n}{m}", "link_id": f"t3_abc{n}", "body": f"some nice words here {m}", "author": "v", "score": 3,
         "created_utc": 1_600_000_100} for n in range(4) for m in range(3)
    ]  # fmt: skip
    for name, rows in (("RS", posts), ("RC", comments)):
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "mine.yaml").write_text(_RECIPE)
    run, report = RunFolder(str(folder / "pristine")), Report()
    build(load_recipe(str(folder / "mine.yaml")), run, beam_arguments([]), None, None, report)
    source, manifest = recipe_of(run), run.require_manifest()
    prepared = release.prepare(Request(source, run, None, manifest))
    place = Place(source, run, BeamArguments(), partial(amend, run, source.recipe.card))
    run_unless_done(release.STAGE, prepared, manifest, place, report)
    return folder / "pristine"


@contextmanager
def start(folder: Path) -> Iterator[Check]:
    """Gives each to its command, beside files of a person, which stay as they are."""
    pristine = _build(folder)
    canary = folder / "canary"
    for name in ("own.txt", "samples-00000-of-00002.parquet", f"posts.parquet.{'0a' * 16}.partial"):
        (canary / "deep").mkdir(parents=True, exist_ok=True)
        (canary / name).write_text("thesis")
        (canary / "deep" / name).write_text("thesis")
    run = folder / "run"
    shutil.copytree(pristine, run)
    outside = _facts(folder, run)
    before = _facts(run)

    def check(edited: Edited) -> str:
        path = run / _name_of(edited, pristine)
        content = _account() if edited.part == "account" else path.read_bytes()
        new = _put(path, content, edited, canary)
        try:
            said = _command(edited.command) if edited.command else _read(run, edited.part, str(path.relative_to(run)))
            silent = edited.part == "shard" and (edited.command[:1], said) in ((("verify",), "0"), ((), "accepted"))
            require(not silent or new == content, "nothing is said of other bytes in a shard")
        finally:
            _restore(path, content, edited)
        require(_facts(folder, run) == outside, "something outside the folder is other than before")
        if edited.command[:1] == ("publish",):
            shutil.rmtree(run)
            shutil.copytree(pristine, run)
        else:
            names = set(_facts(run)) ^ set(before)
            require(not names, f"{sorted(names)} are there, or gone")
        return f"{edited.command[0] if edited.command else edited.part} {said}"

    with contextlib.chdir(folder), _environment({"HF_TOKEN": "hf_x", "HF_ENDPOINT": "http://127.0.0.1:9"}):
        yield check


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _name_of(edited: Edited, pristine: Path) -> str:
    match edited.part:
        case "manifest":
            return MANIFEST
        case "account":
            return account_name("curate")
        case "recipe":
            return "recipe.yaml"
        case _:
            shards = sorted(pristine.rglob("*.parquet"))
            return str(shards[int(edited.place * len(shards))].relative_to(pristine))


def _put(path: Path, content: bytes, edited: Edited, canary: Path) -> bytes | None:
    """Change a file; its new content where it has one."""
    if edited.how in ("values", "bytes", "empty"):
        new = b"" if edited.how == "empty" else _changed(content, edited)
        path.write_bytes(new)
        return new
    path.unlink(missing_ok=True)
    match edited.how:
        case "link":
            path.symlink_to(canary / "own.txt")
        case "link to folder":
            path.symlink_to(canary)
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
    return None


def _restore(path: Path, content: bytes, edited: Edited) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    elif edited.how not in ("values", "bytes", "empty"):
        path.unlink(missing_ok=True)
    if edited.part == "account":
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)


def _read(run: Path, part: str, name: str) -> str:
    """Read a file of the run folder alone."""
    folder = RunFolder(str(run))
    if part == "account":
        found = read_account("curate", folder, _FINGERPRINT)
        require(found is None or isinstance(found, StageResult), f"a run report is {found!r}")
        return "refused" if found is None else "accepted"
    try:
        match part:
            case "recipe":
                recipe_of(folder)
            case "shard":
                records = folder.require_manifest().stages.values()
                (shard,) = (shard for record in records for shard in record.shards if shard.path == name)
                read_parquet(folder.path, shard)
            case _:
                unbalanced(list(funnel_rows(folder.require_manifest())))
    except BliftError as error:
        require(len(str(error)) < _MOST_CHARACTERS, f"{len(str(error))} characters are said")
        return "refused"
    return "accepted"


def _command(command: tuple[str, ...]) -> str:
    """Run a command in this process; its exit code."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main(command)
    said = errors.getvalue()
    require(code in (0, 1, 2), f"the exit code is {code}")
    require((code == 2) == said.startswith("blift: "), f"code {code} and {said:.200}")
    require(len(said) < _MOST_CHARACTERS, f"{len(said)} characters are said")
    for line in f"{said}\n{output.getvalue()}".split("\n"):
        require(line.isprintable(), f"{line!r:.200} is not printable")
    return str(code)


def _facts(folder: Path, besides: Path | None = None) -> dict[str, tuple[int, int, int]]:
    """Size, time of change and number of every file below a folder."""
    found, folders = {}, [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if besides and entry.path == str(besides):
                    continue
                facts, is_folder = entry.stat(follow_symlinks=False), entry.is_dir(follow_symlinks=False)
                if is_folder:
                    folders.append(entry.path)
                found[entry.path] = (facts.st_size, 0 if is_folder else facts.st_mtime_ns, facts.st_ino)
    return found


KIND = Kind("run folders", large=100_000, small=60, make=make, start=start)
