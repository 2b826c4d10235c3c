"""Memory that does not suffice is one sentence and exit code 2, whatever the limit is."""

import errno
import resource
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from backports import zstd

from blift.pipelines import cli
from blift.pipelines.cli import main
from blift.pipelines.commands import build
from blift.pipelines.engine.memory import check_limit, is_out_of_memory
from blift.schemas.errors import BliftError

_MB = 1 << 20


def limited(megabytes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with so much address space."""
    code = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_AS, ({megabytes * _MB},) * 2); "
        "from blift.pipelines.cli import main; sys.exit(main())"
    )
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("megabytes", [200, 600, 1_000, 1_500, 2_500, 4_000])
def test_a_build_that_would_not_fit_says_so_before_it_begins(corpus: Path, tmp_path: Path, megabytes: int) -> None:
    done = limited(megabytes, "build", str(corpus / "demo.yaml"), "--out", str(tmp_path / "run"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"blift: `blift build` needs 4,096 MB of address space, and this process is limited to {megabytes:,} MB. "
        "Raise the limit (`ulimit -v unlimited`), and run it again.\n"
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", ["fetch", "publish", "inspect", "verify", "diff", "recipe", "doctor"])
def test_every_command_says_what_it_needs(command: str) -> None:
    done = limited(300, command, "x")
    assert done.returncode == 2
    assert done.stderr.startswith(f"blift: `blift {command}` needs ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("schema", "list")])
def test_what_needs_little_runs_with_little(arguments: tuple[str, ...]) -> None:
    assert limited(600, *arguments).returncode == 0


def test_a_limit_that_suffices_and_none_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in (resource.RLIM_INFINITY, 4_096 * _MB):
        monkeypatch.setattr(resource, "getrlimit", lambda _, limit=limit: (limit, limit))
        check_limit("build")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (4_095 * _MB, resource.RLIM_INFINITY))
    with pytest.raises(BliftError, match="limited to 4,095 MB"):
        check_limit("build")


FAILURES = [
    MemoryError(),
    pa.ArrowMemoryError("malloc of size 64 failed"),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    RuntimeError("MemoryError [while running 'Read posts/ParDo(_ReadPosts)']"),
    RuntimeError("Traceback (most recent call last):\n  File ...\nMemoryError\n"),
    RuntimeError("can't start new thread"),
    ImportError("libx265.so.216: failed to map segment from shared object"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
def test_a_command_that_gets_no_memory_ends_with_a_sentence(
    failure: Exception, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def leave(code: int, sentence: str) -> int:
        told.append(sentence)
        return code

    def fail(_: object) -> int:
        raise failure

    monkeypatch.setattr(build, "run", fail)
    monkeypatch.setattr(cli, "leave", leave)
    assert main(["build", str(corpus / "demo.yaml"), "--out", "x"]) == 2
    (said,) = told
    assert said.startswith("blift: There is not enough memory")
    assert "finished stages are kept" in said


@pytest.mark.parametrize(
    "failure", [ValueError("MemoryError"), OSError(errno.EIO, "x"), RuntimeError("x"), ImportError("No module named x")]
)
def test_other_failures_are_not_taken_for_it(failure: Exception) -> None:
    assert not is_out_of_memory(failure)


_READ = """
import resource, sys
from pathlib import Path
from blift.connectors.files import InputFile
from blift.connectors.lines import read_lines

used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20),) * 2)
try:
    print(list(read_lines(InputFile(sys.argv[1], 100, "wide"))))
except MemoryError as error:
    print("no memory:", error)
"""


def test_a_window_for_which_there_is_no_memory_is_no_damage_of_the_file(tmp_path: Path) -> None:
    window = {zstd.CompressionParameter.window_log: 31, zstd.CompressionParameter.enable_long_distance_matching: 1}
    packer = zstd.ZstdCompressor(options=window)
    path = tmp_path / "wide.zst"
    path.write_bytes(packer.compress(b'{"id":"a"}\n' * 1_000) + packer.flush())
    done = subprocess.run([sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("no memory: ")
