"""`python -m tests.fuzz`: the large budgets, each kind in a process that is watched; the table of docs/security.md."""

from __future__ import annotations

import argparse
import faulthandler
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from blift.pipelines.engine.ending import EXIT_INTERRUPTED
from tests.fuzz.kind import Finding, Kind
from tests.fuzz.kinds import KINDS

#: An input that takes longer hangs.
_HANG_S = 120
_MEMORY_BYTES = 6 << 30
#: Findings of a kind that are shown, and after which its inputs are given up.
_SHOWN, _MOST = 20, 200
#: Characters of what a process that ended said last.
_LAST_WORDS = 4_000


@dataclass
class Told:
    """What came of the inputs of a kind; where Ctrl-C ended the run, of those that were checked by then."""

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    is_interrupted: bool = False

    def row(self, kind: Kind) -> str:
        """A row of the table."""
        checked = self.outcomes.total() + len(self.findings)
        came = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(self.outcomes.items()))
        return f"| {kind.name} | {checked:,} | {came} | {len(self.findings)} | {self.seconds:,.0f} |"


def main() -> int:
    """Run what is asked for; 1 where there are findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)} (default: all)")
    parser.add_argument("--inputs", type=int, metavar="N", help="of each kind (default: the large budget of each)")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other inputs (default: 1)")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="check the input of this number, in this process")
    parser.add_argument("--watched", type=int, metavar="NUMBER", help=argparse.SUPPRESS)
    args = parser.parse_args()
    kinds = [KINDS[name] for name in args.kinds or KINDS]
    if args.only is not None:
        return _in_this_process(kinds[0], args.seed, [args.only])
    if args.watched is not None:
        return _in_this_process(kinds[0], args.seed, range(args.watched, args.inputs))
    print("| inputs | number | what came of them | findings | seconds |\n|---|--:|---|--:|--:|", flush=True)
    found = 0
    for kind in kinds:
        told = _watched(kind, args.seed, args.inputs or kind.large)
        found += len(told.findings)
        print(told.row(kind), flush=True)
        for finding in told.findings[:_SHOWN]:
            print(f"finding: {finding}", file=sys.stderr, flush=True)
        if told.is_interrupted:
            return EXIT_INTERRUPTED
    return 1 if found else 0


def _in_this_process(kind: Kind, seed: int, numbers: Sequence[int]) -> int:
    """Check inputs, and tell each outcome; an input that hangs ends the process with a traceback."""
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    with tempfile.TemporaryDirectory(prefix="blift-fuzz-") as folder:
        for number, outcome in kind.run(seed, numbers, Path(folder)):
            if isinstance(outcome, Finding):
                traceback.print_exception(outcome.__cause__)
                answers.write(f"{number}\t!{str(outcome)!a}\n")
                continue
            if not outcome:
                faulthandler.dump_traceback_later(_HANG_S, exit=True)
            answers.write(f"{number}\t{outcome}\n")
    faulthandler.cancel_dump_traceback_later()
    return 0


def _watched(kind: Kind, seed: int, inputs: int) -> Told:
    """Check inputs in a process; where one ends or hangs it, another goes on behind that."""
    told, number, began = Told(), 0, time.monotonic()
    with tempfile.NamedTemporaryFile("w+", prefix="blift-fuzz-errors-") as errors, suppress(KeyboardInterrupt):
        told.is_interrupted = True
        while number < inputs and len(told.findings) < _MOST:
            command = [sys.executable, "-m", "tests.fuzz", kind.name]
            command += ["--inputs", str(inputs), "--seed", str(seed), "--watched", str(number)]
            with subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    number = _noted(told, line)
            if process.returncode == 0:
                break
            errors.seek(0)
            which, last = f"{kind.name}, seed {seed}, input {number}", errors.read()[-_LAST_WORDS:]
            told.findings.insert(0, f"{which}: the process ended with {process.returncode}, after {last}")
            number += 1
        told.is_interrupted = False
    told.seconds = time.monotonic() - began
    return told


def _noted(told: Told, line: str) -> int:
    """Note an outcome; gives the number of its input."""
    number, _, outcome = line.rstrip("\n").partition("\t")
    if outcome.startswith("!"):
        told.findings.append(outcome[1:])
    elif outcome:
        told.outcomes[outcome] += 1
    return int(number)


if __name__ == "__main__":
    sys.exit(main())
