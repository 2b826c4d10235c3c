"""The local runner with worker processes, which are quiet."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from blift.pipelines.engine.beam_arguments import LOCAL_RUNNER

_PROCESSES, _HERE = "multi_processing", "in_memory"
_WORKER = "blift.pipelines.engine.worker"
#: What workers log comes here; and a warning on workers without processes, which is not so.
_LOGS = ("apache_beam.runners.portability.local_job_service", "apache_beam.runners.portability.fn_api_runner.fn_runner")


@contextmanager
def local_runner(options: PipelineOptions) -> Iterator[PipelineRunner | None]:
    """The local runner where the options ask for it with processes; None where they name another runner or mode.

    Beam would start its own program, which prints all that it logs. Below errors, nothing of it is shown.
    """
    direct = options.view_as(DirectOptions)
    names = (LOCAL_RUNNER, "DirectRunner")
    if options.view_as(StandardOptions).runner not in names or direct.direct_running_mode != _PROCESSES:
        yield None
        return
    command = f"{shlex.quote(sys.executable)} -m {_WORKER}"
    loggers = [logging.getLogger(name) for name in _LOGS]
    direct.direct_running_mode = _HERE  # else the runner takes its own command
    for logger in loggers:
        logger.addFilter(_is_error)
    try:
        yield FnApiRunner(default_environment=SubprocessSDKEnvironment.from_command_string(command))
    finally:
        direct.direct_running_mode = _PROCESSES
        for logger in loggers:
            logger.removeFilter(_is_error)


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR
