"""The `blift` command itself: help and version, wrong commands and flags, and exit codes."""

import errno
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from blift.pipelines import cli
from blift.pipelines.cli import main
from blift.pipelines.commands import recipe as recipe_command
from blift.pipelines.engine import ending
from blift.pipelines.engine.run_folder import Manifest
from blift.schemas.errors import OutputError

COMMANDS = [
    (),
    ("fetch",),
    ("build",),
    ("export",),
    ("plan",),
    ("publish",),
    ("diff",),
    ("report",),
    ("inspect",),
    ("explore",),
    ("stats",),
    ("verify",),
    ("clean",),
    ("migrate",),
    ("demo",),
    ("doctor",),
    ("explain",),
    ("recipe",),
    ("recipe", "list"),
    ("recipe", "show"),
    ("recipe", "check"),
    ("recipe", "json-schema"),
    ("recipe", "docs"),
    ("schema",),
    ("schema", "list"),
    ("schema", "show"),
    ("schema", "baseline"),
    ("schema", "check"),
    ("schema", "diff"),
    ("schema", "validate"),
    ("schema", "rules"),
    ("schema", "lineage"),
    ("rule",),
    ("rule", "list"),
    ("template",),
    ("template", "list"),
    ("template", "show"),
    ("template", "check"),
]


def exit_code(*arguments: str) -> int:
    """The exit code of the command, whether it returns it or argparse exits with it."""
    try:
        return main(list(arguments))
    except SystemExit as stop:
        return int(stop.code or 0)


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--version") == 0
    assert re.fullmatch(r"blift \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_of_every_command(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(*command, "--help") == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"usage: {' '.join(('blift', *command))}")
    assert said.err == ""


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code("--help")
    said = capsys.readouterr().out
    assert {command[0] for command in COMMANDS if command} == set(re.findall(r"^    (\w+) ", said, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ((), "required: COMMAND"),
        (("buidl",), "choose from 'fetch', 'build', 'export', 'plan'"),
        (("buidl",), "did you mean 'build'?"),
        (("recipe", "shw"), "choose from 'list', 'show'"),
        (("recipe", "shw"), "did you mean 'show'?"),
        (("export", "run", "--to", "lava", "--out", "out"), "did you mean 'llava'?"),
        (("recipe", "check"), "required: RECIPE"),
        (("build", "demo"), "required: --out"),
        (("build", "blift-paper", "more", "--out", "out"), "`blift build` takes one recipe"),
        (("build", "blift-paper", "--out", ""), "--out is empty"),
        (("build", "blift-paper", "--out", "out", "--limt", "3"), "did you mean '--limit'? See `blift build --help`."),
        (
            ("build", "blift-paper", "--out", "out", "--direct_num_workers=two"),
            "--direct_num_workers: invalid int value: 'two'",
        ),
        (("doctor", "--runer=Spark"), "did you mean '--runner'? See `blift doctor --help`."),
        (("inspect",), "required: DIR"),
        (
            ("inspect", "out", "--row", "3"),
            "`blift inspect` has no argument '--row', did you mean '--rows'? See `blift inspect --help`.",
        ),
        (
            ("demo", "out", "--sed", "3"),
            "`blift demo` has no argument '--sed', did you mean '--seed'? See `blift demo --help`.",
        ),
        (("demo", "out", "--seed", "three"), "argument --seed: invalid int value: 'three'"),
        (("demo", "out", "--posts", "0"), "--posts and --videos must be 1 or more"),
        (("recipe", "list", "--all"), "`blift recipe list` has no argument '--all'"),
        (("recipe", "check", "demo"), "Copy it to where your files are: blift recipe show demo > mine.yaml"),
        (("recipe", "show", "blift-papr"), "did you mean 'blift-paper.yaml'?"),
        (("schema", "show", "post", "--format", "xml"), "invalid choice: 'xml'"),
    ],
)
def test_a_wrong_command_or_flag_is_2_with_a_hint(
    arguments: tuple[str, ...], hint: str, capsys: pytest.CaptureFixture[str], in_empty_folder: Path
) -> None:
    assert exit_code(*arguments) == 2
    said = capsys.readouterr()
    assert hint in said.err
    assert said.out == ""
    assert list(in_empty_folder.iterdir()) == []


@pytest.fixture
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_works_is_0(built: tuple[Path, Manifest], corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = built
    assert exit_code("recipe", "list") == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == {"blift-paper", "demo"}
    assert exit_code("recipe", "check", str(corpus / "demo.yaml")) == 0
    assert exit_code("inspect", str(folder), "--rows", "1") == 0
    assert exit_code("verify", str(folder)) == 0


@pytest.mark.parametrize("name", ["blift-paper", "demo"])
def test_a_shipped_recipe_is_printed_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("recipe", "show", name) == 0
    assert capsys.readouterr().out == (recipe_command.SHIPPED / f"{name}.yaml").read_text()


def test_a_users_mistake_is_one_line_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: str) -> str:
        raise OutputError("The disk is full.")

    monkeypatch.setattr(recipe_command, "recipe_text", fails)
    assert exit_code("recipe", "show", "demo") == cli.EXIT_USER_ERROR == 2
    assert capsys.readouterr().err == "blift: The disk is full.\n"


class Left(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def _leaves(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command that would end the process raises ``Left``, and what it hides for good is shown again."""

    def leave(code: int) -> None:
        raise Left(code)

    monkeypatch.setattr(ending.os, "_exit", leave)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("_leaves")
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "blift: Cannot write to the end: No space",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "run/.lock"),
            "blift: Cannot read or write run/.lock: Permission",
        ),
    ],
    ids=["full", "forbidden"],
)
def test_what_a_disk_refuses_is_a_sentence(
    error: OSError, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: str) -> str:
        raise error

    monkeypatch.setattr(recipe_command, "recipe_text", fails)
    with pytest.raises(Left, match="2"):
        main(["recipe", "show", "demo"])
    assert capsys.readouterr().err.startswith(said)


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: str) -> str:
        raise RuntimeError("a fault")

    monkeypatch.setattr(recipe_command, "recipe_text", fails)
    with pytest.raises(RuntimeError, match="a fault"):
        main(["recipe", "show", "demo"])


@pytest.mark.usefixtures("_leaves")
@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [(KeyboardInterrupt(), 130, "Interrupted. Run the same command again.")],
    ids=["Ctrl-C"],
)
def test_an_interrupted_command_leaves_with_its_code(
    raised: BaseException,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_: str) -> str:
        raise raised

    monkeypatch.setattr(recipe_command, "recipe_text", interrupted)
    with pytest.raises(Left) as left:
        main(["recipe", "show", "demo"])
    assert left.value.args == (code,)
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_the_module_runs_as_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "blift.pipelines.cli", "recipe", "show", "nothing-like-it"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("blift: There is no recipe nothing-like-it.")


@pytest.mark.parametrize("command", ["publish", "inspect", "verify", "recipe", "schema", "diff"])
def test_a_command_that_runs_no_pipeline_does_not_import_beam(command: str) -> None:
    code = (
        "import sys; from blift.pipelines.cli import parser; parser(sys.argv[1:]); "
        "import blift.pipelines.stages.publish.publish; "
        "sys.exit(' '.join({'apache_beam', 'scipy'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("_leaves")
def test_ctrl_c_while_a_command_is_loaded_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", interrupted)
    with pytest.raises(Left, match="130"):
        main(["build", "demo", "--out", "out"])
    assert capsys.readouterr().err.startswith("\nInterrupted.")
