"""What a runner says when a job fails, told in a sentence with a way out."""

from __future__ import annotations

import re

WORKER_ENDED = (
    "A worker ended in the middle: it was killed, or ran out of memory. Finished stages are kept: run the same "
    "command again, with more memory a worker, or fewer workers a machine, if this comes back."
)
SERVER_ENDED = (
    "The job server ended in the middle, or the connection to it broke. Finished stages are kept: start it again if "
    "you started it, and run the same command again."
)
#: What an engine or a machine did to a job, so that the same command may well succeed.
LOST = (WORKER_ENDED, SERVER_ENDED)
_ONE_IMAGE = "docs/runners.md says how to make one that fits."
_COMMANDS = "docs/runners.md has the commands."

#: Patterns of what runners say, and the sentence for each, with the pattern's groups in it; the first that fits counts.
_SENTENCES = (
    (
        r"No module named '?((?:blift|apache_beam)\b)",
        "The workers have no blift (No module named {0!r}). Install the same blift in their image or environment; "
        + _ONE_IMAGE,
    ),
    (
        r"No module named '?([\w.]+)",
        "The workers lack the module {0}. Use one image for all of them; " + _ONE_IMAGE,
    ),
    (
        r"Insufficient number of network buffers",
        (
            "Flink has too few network buffers for this many steps at a time. Set taskmanager.memory.network.min and "
            ".max to 512m or more in its configuration, or lower --parallelism."
        ),
    ),
    (
        r"Cannot run program \"?([^\s\"]+)",
        "The executors cannot start workers: where they run, there is no program {0}. Install it there, or start "
        "workers in another way by --environment_type; " + _COMMANDS,
    ),
    (
        (
            r"SDK worker disconnected|Channel closed prematurely|worker .{0,80} died|Process died with exit code"
            r"|StatusRuntimeException: CANCELLED|ExecutorLostFailure|SDK [Hh]arness .{0,80}disconnected"
            r"|TaskManager with id .{0,200} (?:no longer reachable|timed out)|[Cc]onnection .{0,80}remote task manager"
            r"|SparkContext was shut down"
        ),
        WORKER_ENDED,
    ),
    (
        r"StatusRuntimeException: UNAVAILABLE: io exception",
        "The executors cannot reach the worker pool: it ended. Start it, and run the same command again; " + _COMMANDS,
    ),
    (r"StatusCode\.UNAVAILABLE\s+details = \"(?:Stream removed|Socket closed|[^\"]*reset by peer)", SERVER_ENDED),
    (
        r"Unable to fetch remote job server jar at (\S+?):? ",
        "Beam cannot fetch the job server jar from {0}. Name a file that is here by --spark_job_server_jar or "
        "--flink_job_server_jar; " + _COMMANDS,
    ),
    (
        r"Unable to fetch remote prism binary at (\S+?):? ",
        "Beam cannot fetch the prism binary from {0}. Name a file that is here by --prism_location; " + _COMMANDS,
    ),
    (
        r"addresses; last error: .*?(\d+\.\d+\.\d+\.\d+:\d+|\[[\d:a-f]+\]:\d+)",
        (
            "Nothing answers at {0}: the job server or the worker pool ended, or was not started. Look at its log, "
            "start it, and run the same command again."
        ),
    ),
)


def sentence_on(text: str) -> str | None:
    """What a runner's failure means, where it is a mistake in how workers or servers were set up; else None.

    Args:
        text: the failure as the runner tells it, often a traceback from a worker.
    """
    if "validation errors" in text or "Missing required option" in text:
        missing = "; ".join(re.findall(r"(?:Missing|Invalid)[^\n]*?(?=\.?$)", text, flags=re.MULTILINE))
        return f"The runner's options are not complete: {missing}. docs/runners.md has a whole command."
    for pattern, sentence in _SENTENCES:
        if found := re.search(pattern, text):
            return sentence.format(*found.groups())
    return None
