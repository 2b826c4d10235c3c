"""A child process whose peak memory is measured."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

#: A process begins with the peak of the one that forked it, so one that holds next to nothing stands in between.
_MEASURE = """
import os, subprocess, sys
with open(sys.argv[1], "wb") as output:
    process = subprocess.Popen([sys.executable, *sys.argv[2:]], stdout=output, stderr=output)
    _, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


@dataclass(frozen=True)
class Ended:
    """A process that ended: its exit code, what it wrote to both outputs, and the most memory that it held."""

    returncode: int
    output: str
    peak_mb: float


def run_measured(*arguments: str, folder: Path) -> Ended:
    """Run Python with these arguments, its outputs to a file in ``folder``."""
    output = folder / "output.txt"
    command = [sys.executable, "-c", _MEASURE, str(output), *arguments]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    returncode, peak_kb = map(int, told.split())
    return Ended(returncode, output.read_text(errors="replace"), peak_kb / 1024)
