"""Memory that does not suffice, in one sentence: before a command begins where a limit shows it, else at its end."""

from __future__ import annotations

import errno
import re
import resource

from blift.schemas.errors import BliftError

_MB = 1 << 20
#: Address space that the libraries of a command need before anything is read, MB. Most of it is never touched: stacks
#: of threads, and libraries' own arenas.
_OF_PIPELINES, _OF_TABLES = 4_096, 2_048
_NEEDED_MB = {
    **dict.fromkeys(("build", "diff", "fetch", "migrate", "publish"), _OF_PIPELINES),
    **dict.fromkeys(
        ("clean", "doctor", "export", "inspect", "recipe", "rule", "stats", "template", "verify"), _OF_TABLES
    ),
}
#: How Python, Arrow, FFmpeg and the loader report that memory has run out, in an exception or a runner's report of it.
_SAID = re.compile(
    r"\bMemoryError\b|\bArrowMemoryError\b|malloc of size \d+ failed|failed to map segment|[Cc]annot allocate memory"
    r"|can't start new thread"
)


def check_limit(command: str) -> None:
    """Look whether the limit on this process's address space leaves room for a command.

    Native libraries end the process where they get no memory, so that nothing could be said any more.

    Raises:
        BliftError: it does not.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    needed = _NEEDED_MB.get(command, 0)
    if limit != resource.RLIM_INFINITY and limit < needed * _MB:
        raise BliftError(
            f"`blift {command}` needs {needed:,} MB of address space, and this process is limited to "
            f"{limit // _MB:,} MB. Raise the limit (`ulimit -v unlimited`), and run it again."
        )


def is_out_of_memory(error: Exception) -> bool:
    """Whether an exception says that there is no memory left, as itself or as a runner passes it on."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    return isinstance(error, RuntimeError | ImportError | SystemError) and _SAID.search(str(error)) is not None


def no_memory() -> str:
    """The sentence for a command that has run out of memory."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    of_process = (
        "" if limit == resource.RLIM_INFINITY else f" (the process is limited to {limit // _MB:,} MB by `ulimit -v`)"
    )
    return (
        f"There is not enough memory{of_process}. Raise the limit, use fewer workers (`--direct_num_workers`), or take "
        "a machine with more memory, and run the same command again: finished stages are kept."
    )
