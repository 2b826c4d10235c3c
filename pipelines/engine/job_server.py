"""The program that Beam starts for Spark, Flink or Prism: quiet, and stopped with the command."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions, StandardOptions
from apache_beam.runners.portability.job_server import StopOnExitJobServer
from apache_beam.runners.portability.portable_runner import PortableRunner
from apache_beam.runners.runner import create_runner

from blift.pipelines.engine.ending import stop_at_the_end

#: Where Beam tells as warnings that it starts the program, waits for it, and stops it.
_LOGS = ("apache_beam.utils.subprocess_server", "root", "PrismRunner", "PrismJobServer")
#: Beam's thread that logs what the server says of a job; an error of the job is raised as well.
_MESSAGES = "wait_until_finish_read"


@contextmanager
def own_job_server(options: PipelineOptions) -> Iterator[None]:
    """Surround a pipeline whose runner may start a program.

    The program is stopped also where the command ends at once. Beam stops it when Python exits, which this does not
    wait for. Below errors, nothing that Beam logs of it is shown, and nothing that is raised as well.
    """
    runner = create_runner(str(options.view_as(StandardOptions).runner))
    if not isinstance(runner, PortableRunner):
        yield
        return
    if not options.view_as(PortableOptions).job_endpoint:
        server = runner.default_job_server(options)  # Beam keeps one for all pipelines with these options
        if isinstance(server, StopOnExitJobServer):
            stop_at_the_end(server.stop)
    loggers = [logging.getLogger(name) for name in _LOGS]
    for logger in loggers:
        logger.addFilter(_is_news)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR and record.threadName != _MESSAGES
