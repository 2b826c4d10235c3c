"""`blift doctor`: what this machine, or this image, has and lacks for a build."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from blift.pipelines.engine.beam_arguments import beam_arguments
from blift.schemas.errors import InputError
from blift.schemas.printable import printable

if TYPE_CHECKING:
    from blift.pipelines.build.doctor import Finding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `doctor`."""
    parser.description = (
        "Say what this machine, or this image, has and lacks: versions, decoders, GPU, credentials, and "
        "the runner and the stores that you name. What is absent is optional; what is missing is needed, and the exit "
        "code is 1."
    )
    parser.epilog = (
        "Options of Beam name the runner, as for `blift build`: --runner=PortableRunner --job_endpoint=localhost:8099."
    )
    parser.add_argument(
        "--store",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="a folder that a build would read or write, such as s3://BUCKET/FOLDER; can be given several times",
    )
    parser.add_argument("--json", action="store_true", help="print JSON: `findings` and the number `missing`")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift doctor`.

    Raises:
        InputError: a store is a path of this machine.
    """
    from blift.pipelines.build.doctor import State, examine  # noqa: PLC0415 - slow: it looks at all libraries

    if here := next((address for address in args.store if "://" not in address), None):
        raise InputError(f"--store {here} is a path of this machine; give an address such as s3://BUCKET/FOLDER.")
    options = beam_arguments(args.beam, "doctor", args.flags).options
    asked = any(name.startswith("--runner") for name in args.beam)
    findings = list(examine(options, asked_for_runner=asked, addresses=args.store))
    missing = sum(finding.state is State.MISSING for finding in findings)
    if args.json:
        print(json.dumps({"missing": missing, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        _print(findings)
        print(f"\n{missing} missing: see above." if missing else "\nNothing that a build needs is missing.")
    return 1 if missing else 0


def _print(findings: Sequence[Finding]) -> None:
    part = ""
    for finding in findings:
        if finding.part != part:
            part = finding.part
            print(part)
        print(f"  {finding.state.value:<8} {printable(finding.what):<24} {printable(finding.detail)}")
