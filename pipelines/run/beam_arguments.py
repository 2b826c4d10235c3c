"""The arguments of a command that are Beam's."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from schemas.errors import BliftError, did_you_mean

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

#: The runner where none is named. Beam's own default tries to download one, and chooses by what a pipeline holds.
LOCAL_RUNNER = "FnApiRunner"
_LOCAL_RUNNERS = (LOCAL_RUNNER, "DirectRunner", "PrismRunner", "BundleBasedDirectRunner", "SwitchingDirectRunner")
_OURS = ("--out", "--stages", "--limit", "--detach", "--quiet", "--help")


@dataclass(frozen=True)
class BeamArguments:
    """Beam's arguments, read when a pipeline needs them: Beam takes most of a second to import."""

    arguments: tuple[str, ...] = ()

    @cached_property
    def options(self) -> PipelineOptions:
        """Beam's options.

        Raises:
            BliftError: Beam has no such option.
        """
        return _options(self.arguments)

    @property
    def run_here(self) -> bool:
        """Whether this process would be the only worker."""
        if not self.arguments:
            return True
        from apache_beam.options.pipeline_options import (  # noqa: PLC0415 - slow
            DirectOptions,
            PortableOptions,
            StandardOptions,
        )

        return (
            self.options.view_as(StandardOptions).runner == LOCAL_RUNNER
            and self.options.view_as(DirectOptions).direct_num_workers == 1
            and self.options.view_as(PortableOptions).environment_type is None
        )


def beam_arguments(arguments: Sequence[str]) -> BeamArguments:
    """Arguments that are not ours, checked.

    Raises:
        BliftError: Beam has no such option either.
    """
    beam = BeamArguments(tuple(arguments))
    if arguments:
        _ = beam.options
    return beam


def _options(arguments: Sequence[str]) -> PipelineOptions:
    """Beam's options out of the arguments that are not ours.

    Raises:
        BliftError: Beam has no such option either.
    """
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415 - slow

    runner = _runner(arguments)
    chosen = list(arguments) if runner else [*arguments, f"--runner={LOCAL_RUNNER}"]
    if arguments and not arguments[0].startswith("--"):
        raise BliftError(f"Unexpected argument {arguments[0]!r}. `blift build` takes one recipe; see its --help.")
    known = _beam_flags()
    for flag in (argument.split("=", 1)[0] for argument in arguments if argument.startswith("--")):
        # A job server has options of its own, which only it knows.
        if flag not in known and (runner or LOCAL_RUNNER) in _LOCAL_RUNNERS:
            hint = did_you_mean(flag, [*known, *_OURS]) or "."
            raise BliftError(f"Neither blift nor Beam has the option {flag}{hint} See `blift build --help`.")
    return PipelineOptions(chosen, pickle_library="cloudpickle", save_main_session=False)


def _runner(arguments: Sequence[str]) -> str | None:
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--runner")
    runner: str | None = options.parse_known_args(arguments)[0].runner
    return runner


def _beam_flags() -> set[str]:
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415 - slow

    flags = argparse.ArgumentParser(add_help=False, conflict_handler="resolve")
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(flags)  # noqa: SLF001 - Beam has no other list of its options
    return {flag for action in flags._actions for flag in action.option_strings}  # noqa: SLF001 - nor argparse
