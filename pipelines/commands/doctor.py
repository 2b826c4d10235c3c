"""`blift doctor`: what this machine, or this image, has and lacks for a build."""

from __future__ import annotations

import argparse

from blift.pipelines.engine.beam_arguments import beam_arguments
from blift.schemas.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `doctor`."""
    parser.description = (
        "Say what this machine, or this image, has and lacks: versions, decoders, GPU, credentials, and "
        "the runner that you name. What is absent is optional; what is missing is needed, and the exit code is 1."
    )
    parser.epilog = (
        "Options of Beam name the runner, as for `blift build`: --runner=PortableRunner --job_endpoint=localhost:8099."
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift doctor`."""
    from blift.pipelines.build.doctor import State, examine  # noqa: PLC0415 - slow: it looks at all libraries

    options = beam_arguments(args.beam, "doctor", args.flags).options
    part, missing = "", 0
    for finding in examine(options, asked_for_runner=any(name.startswith("--runner") for name in args.beam)):
        if finding.part != part:
            part = finding.part
            print(part)
        missing += finding.state is State.MISSING
        print(f"  {finding.state.value:<8} {finding.what:<24} {printable(finding.detail)}")
    print(f"\n{missing} missing: see above." if missing else "\nNothing that a build needs is missing.")
    return 1 if missing else 0
