"""The `blift` command."""

from __future__ import annotations

import argparse
import errno
import gc
import logging
import os
import re
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from itertools import pairwise
from typing import Any, NoReturn

from blift.connectors.store_errors import sentence_on_store
from blift.pipelines.engine.ending import (
    EXIT_FAULT,
    EXIT_INTERRUPTED,
    EXIT_USER_ERROR,
    EXIT_WORKER_LOST,
    INTERRUPTED,
    STOPPED,
    leave,
    run_as_process,
)
from blift.pipelines.engine.log import OPTION as LOG_FORMAT
from blift.pipelines.engine.log import Level, choose_format, is_json, say
from blift.pipelines.engine.memory import check_limit, is_out_of_memory, no_memory
from blift.schemas.errors import BliftError, did_you_mean
from blift.schemas.printable import printable, printable_lines

#: New objects after which Python looks for cycles: modules and rows make many, and next to none that is in a cycle.
_GARBAGE_AFTER = 100_000
#: Commands, and what the list of them says. Each has a module of its own, imported when the command is given: all of
#: them take a second.
_COMMANDS = {
    "fetch": "fetch posts, comments and media from the platforms",
    "build": "build a dataset from a recipe",
    "export": "write instruction pairs in the files that a trainer reads",
    "plan": "say which stages a build would run, and why",
    "publish": "publish a run folder on the HuggingFace Hub",
    "diff": "compare two run folders or published versions",
    "report": "write a page that shows a run folder, for any browser",
    "inspect": "show what a run folder holds, its funnel and its rows",
    "explain": "say where a row came from, what rules saw of it, and where it ended",
    "explore": "look at a dataset in a browser: search, filters, random samples, rejects",
    "stats": "describe the columns of a dataset, and compare them with another one's",
    "verify": "recompute the digests of a run folder",
    "clean": "delete what updates of a run folder have replaced",
    "migrate": "write a run folder of an earlier version in the present one",
    "recipe": "list, show or check recipes",
    "rule": "list the rules that recipes can turn on",
    "template": "list, show, check or preview templates of instruction pairs",
    "schema": "list, show and check tables",
    "demo": "write a small corpus and a recipe for it",
    "doctor": "say what this machine has and lacks",
}
#: Commands that had other names in earlier versions.
_RENAMED = {"collect": "fetch"}
#: What a person has to fix: space, permissions, a file where a folder should be.
_OF_A_DISK = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ELOOP,
    errno.ENAMETOOLONG,
)
#: Commands whose other options go to Beam.
_WITH_BEAM = ("build", "doctor", "publish")
#: Commands that keep the stages that they finished.
_WITH_STAGES = ("build", "publish")


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        chosen = re.search(r"invalid choice: '(.+)' \(choose from (.+)\)$", message)
        hint = did_you_mean(chosen[1], re.findall(r"[\w-]+", chosen[2])) if chosen else ""
        said = printable(message + hint)  # arguments may be names of files that a stranger chose
        if is_json():
            say("failed", said, Level.ERROR, exit_code=EXIT_USER_ERROR)
            self.exit(EXIT_USER_ERROR)
        super().error(said)


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the command, whole for the subcommand that the arguments name."""
    root = _Parser(
        prog="blift",
        description="Build datasets of how people receive what other people post.",
        epilog="Start with `blift demo DIR`, which makes a small corpus and a recipe for it.",
    )
    root.add_argument("--version", action="version", version=f"blift {version('blift')}")
    commands = root.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    chosen = _command_in(arguments)
    for name, text in _COMMANDS.items():
        subparser = commands.add_parser(name, help=text)
        if name == chosen:
            import_module(f"blift.pipelines.commands.{name}").add_arguments(subparser)
            subparser.set_defaults(flags=("--help", *re.findall(r"--[a-z-]+", subparser.format_usage())))
    return root


def _command_in(arguments: Sequence[str]) -> str:
    """The command that is given; empty where none is."""
    return next((argument for argument in arguments if not argument.startswith("-")), "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is one of those of docs/build.md, 0 where all went well.

    Args:
        arguments: of the command; None for those of this process, which ends with the command.
    """
    if arguments is None:
        logging.captureWarnings(_asks_for_json(sys.argv[1:]))  # Python would print them as they are
        return run_as_process(lambda: _run(sys.argv[1:]))
    return _run(arguments)


def _run(arguments: Sequence[str]) -> int:
    choose_format(as_json=_asks_for_json(arguments))
    given = _with_new_name(arguments)
    gc.set_threshold(_GARBAGE_AFTER)
    # Worker processes are started with `python -m`, which would look for modules in the user's folder first.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    # pydantic would look for plugins in every distribution that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        check_limit(_command_in(given))
        args, rest = parser(given).parse_known_args(given)
        if rest and args.command not in _WITH_BEAM:
            command = f"blift {args.command} {getattr(args, 'action', '')}".strip()
            hint = did_you_mean(rest[0], args.flags) or "."
            raise BliftError(f"`{command}` has no argument {rest[0]!r}{hint} See `{command} --help`.")
        if args.command in _WITH_BEAM:
            args.beam = rest
        return int(args.run(args))
    except KeyboardInterrupt:
        return leave(EXIT_INTERRUPTED, INTERRUPTED if _command_in(given) in _WITH_STAGES else STOPPED)
    except BliftError as error:
        sentence, code = str(error), error.exit_code
    except Exception as error:
        if of_machine := _on_machine(error):
            return leave(EXIT_USER_ERROR, f"blift: {of_machine}")
        if of_runner := _on_runner(error):
            sentence, code = of_runner
        elif is_json():
            said = f"this is a fault of blift, please report it: {type(error).__name__}: {error}"
            say("failed", said, Level.ERROR, exit_code=EXIT_FAULT, traceback=traceback.format_exc())
            return EXIT_FAULT
        else:
            raise
    say("failed", sentence, Level.ERROR, exit_code=code)
    return code


def _asks_for_json(given: Sequence[str]) -> bool:
    """Whether lines are to be JSON: also what is said of wrong arguments is."""
    return f"{LOG_FORMAT}=json" in given or (LOG_FORMAT, "json") in pairwise(given)


def _on_machine(error: Exception) -> str | None:
    """What is said where the machine lacks memory or space, or denies access; None where it does not."""
    if is_out_of_memory(error):
        return no_memory()
    if of_store := sentence_on_store(error):
        return printable_lines(of_store)
    if not isinstance(error, OSError) or error.errno not in _OF_A_DISK:
        return None
    what = f"read or write {printable(str(error.filename))}" if error.filename else "write to the end"
    return f"Cannot {what}: {error.strerror}. Fix that and run the command again."


def _on_runner(error: Exception) -> tuple[str, int] | None:
    """What a runner's exception means, and the exit code: each runner has its own for what went wrong elsewhere.

    None for a fault of ours.
    """
    from blift.pipelines.engine.runner_failures import LOST, sentence_on  # noqa: PLC0415 - slow

    if isinstance(error, OSError | ImportError):
        return None
    sentence = user_error_in(str(error)) or sentence_on(str(error))
    if not sentence:
        return None
    return printable_lines(sentence), EXIT_WORKER_LOST if sentence in LOST else EXIT_USER_ERROR


def _with_new_name(arguments: Sequence[str]) -> Sequence[str]:
    """The arguments, with the new name of a command that has one; that is told."""
    if arguments and (new := _RENAMED.get(arguments[0])):
        say("note", f"`blift {arguments[0]}` is now called `blift {new}`; the old name still works.")
        return [new, *arguments[1:]]
    return arguments


def user_error_in(text: str) -> str | None:
    """The sentence of a `BliftError` that a runner passed on as text, or None.

    Runners hand a worker's exception back as a formatted traceback, with the name of the step appended.
    """
    found = re.findall(
        r"^(?:RuntimeError: )?blift\.schemas\.errors\.\w+: (.+?)(?: \[while running .*)?$", text, flags=re.MULTILINE
    )
    return str(found[-1]).strip() if found else None


if __name__ == "__main__":
    sys.exit(main())
