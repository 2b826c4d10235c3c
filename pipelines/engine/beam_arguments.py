"""The arguments of a command that are Beam's."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

from blift.connectors.beam_options import own_options
from blift.schemas.errors import BliftError, did_you_mean

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

#: The runner where none is named. Beam's own default tries to download one, and chooses by what a pipeline holds.
LOCAL_RUNNER = "FnApiRunner"
_LOCAL_RUNNERS = (LOCAL_RUNNER, "DirectRunner", "PrismRunner", "BundleBasedDirectRunner", "SwitchingDirectRunner")
#: Packages of Java that Spark and Flink reach into, and that Java 17 keeps closed. Without the last of them a worker
#: that dies ends a thread of Spark's, silently, and the job waits for ever.
OPENED = ("java.lang", "java.lang.invoke", "java.nio", "java.util", "java.io", "sun.nio.ch", "sun.security.action")
#: How long a worker is kept for the next step of its stage; by default Beam starts a new one for every step.
_KEEP_WORKERS_MS = 60_000
#: How long a job may take. Beam's five minutes are meant for requests, but some job servers end jobs with them.
_JOB_TIMEOUT_S = 30 * 24 * 3600
_TIMEOUT_FLAGS = {"--job_server_timeout", "--job-server-timeout"}


@dataclass(frozen=True)
class BeamArguments:
    """Beam's arguments, read when a pipeline needs them: Beam takes most of a second to import."""

    arguments: tuple[str, ...] = ()
    command: str = "build"
    #: options of the command itself, one of which may have been meant
    flags: tuple[str, ...] = ()

    @cached_property
    def options(self) -> PipelineOptions:
        """Beam's options.

        Raises:
            BliftError: Beam has no such option, or it does not take the value.
        """
        return _options(self.arguments, self.command, self.flags)

    @property
    def run_here(self) -> bool:
        """Whether this process would be the only worker."""
        return not self.arguments or is_only_worker(self.options)


def is_only_worker(options: PipelineOptions) -> bool:
    """Whether a pipeline with these options has this process for its only worker."""
    from apache_beam.options.pipeline_options import (  # noqa: PLC0415 - slow
        DirectOptions,
        PortableOptions,
        StandardOptions,
    )

    return (
        options.view_as(StandardOptions).runner == LOCAL_RUNNER
        and options.view_as(DirectOptions).direct_num_workers == 1
        and options.view_as(PortableOptions).environment_type is None
    )


def beam_arguments(arguments: Sequence[str], command: str = "build", flags: Sequence[str] = ()) -> BeamArguments:
    """The options of the environment, followed by the arguments of a command that are not ours; all are checked.

    Args:
        arguments: those that the command does not know.
        command: its name, for what is said.
        flags: its own options, one of which may have been meant.

    Raises:
        BliftError: Beam has no such option either, or it does not take the value.
    """
    if arguments and not arguments[0].startswith("--"):
        takes = {"build": "takes one recipe", "publish": "takes one run folder"}.get(command, "takes options only")
        raise BliftError(f"Unexpected argument {arguments[0]!r}. `blift {command}` {takes}; see its --help.")
    beam = BeamArguments((*own_options(), *arguments), command, tuple(flags))
    if beam.arguments:
        _ = beam.options
    return beam


def _options(arguments: Sequence[str], command: str, own: Sequence[str]) -> PipelineOptions:
    """Beam's options out of the arguments that are not ours.

    Raises:
        BliftError: Beam has no such option either, or it does not take the value.
    """
    from blift.pipelines.engine.beam_options import KeptOptions  # noqa: PLC0415 - slow

    runner = _runner(arguments)
    chosen = list(arguments) if runner else [*arguments, f"--runner={LOCAL_RUNNER}"]
    beam = _beam_parser()
    flags = [argument.split("=", 1)[0] for argument in arguments if argument.startswith("--")]
    if command == "publish" and "--dry_run" in flags:
        raise BliftError("--dry_run is Beam's, and would not keep anything from being published. Write --dry-run.")
    _, unknown = beam.parse_known_args(arguments)
    strange = next((flag for flag in flags if any(left.split("=", 1)[0] == flag for left in unknown)), None)
    # A job server has options of its own, which only it knows.
    if strange and (runner or LOCAL_RUNNER) in _LOCAL_RUNNERS:
        known = set(re.findall(r"--\w+", beam.format_usage())) - ({"--dry_run"} if command == "publish" else set())
        hint = did_you_mean(strange, [*known, *own]) or "."
        raise BliftError(f"Neither blift nor Beam has the option {strange}{hint} See `blift {command} --help`.")
    chosen += _defaults(runner or LOCAL_RUNNER, flags)
    return KeptOptions(chosen, pickle_library="cloudpickle", save_main_session=False)


def _defaults(runner: str, flags: Sequence[str]) -> list[str]:
    """Options that runners need and nobody should have to know; one that is given stands."""
    name = runner.lower().removesuffix("runner")
    added = []
    if name in {"spark", "flink", "portable", "prism"} and not _TIMEOUT_FLAGS & set(flags):
        added.append(f"--job_server_timeout={_JOB_TIMEOUT_S}")
    if name in {"spark", "flink", "portable"} and "--environment_cache_millis" not in flags:
        added.append(f"--environment_cache_millis={_KEEP_WORKERS_MS}")
    if name in {"spark", "flink"}:
        added += [f"--job_server_jvm_property=--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    return added


def _runner(arguments: Sequence[str]) -> str | None:
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--runner")
    runner: str | None = options.parse_known_args(arguments)[0].runner
    return runner


def _beam_parser() -> argparse.ArgumentParser:
    """Beam's own parser with all of its options; what is wrong, it tells in a sentence."""
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415 - slow

    parsers: list[argparse.ArgumentParser] = []
    PipelineOptions([]).get_all_options(add_extra_args_fn=parsers.append)
    parser = parsers[0]
    parser.error = _refuse  # type: ignore[method-assign]  # Beam's lists its two hundred options first
    return parser


def _refuse(message: str) -> NoReturn:
    raise BliftError(f"Beam cannot take its options: {message}.")
