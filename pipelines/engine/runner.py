"""The runner that a build is asked to use, checked before anything starts."""

from __future__ import annotations

from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions, StandardOptions, TestOptions
from apache_beam.runners.runner import create_runner

from blift.pipelines.engine.runner_needs import CHECKS, RunnerError, ask_job_server
from blift.schemas.errors import did_you_mean


def check_runner(options: PipelineOptions, out: str, *, detach: bool) -> list[str]:
    """Find out, before a file is touched, whether the runner that is asked for can work.

    Args:
        options: Beam's options.
        out: the run folder.
        detach: nobody will wait for the job.

    Returns:
        notes on what may not work, although the runner can be tried.

    Raises:
        RunnerError: it cannot.
    """
    name = _known(str(options.view_as(StandardOptions).runner))
    portable = options.view_as(PortableOptions)
    if detach and portable.environment_type == "LOOPBACK":
        raise RunnerError(
            "--detach goes with workers that outlive this command, and --environment_type=LOOPBACK makes it the "
            "worker. Use DOCKER or EXTERNAL, or leave --detach out."
        )
    if name == "PortableRunner" and not portable.job_endpoint:
        raise RunnerError("--runner=PortableRunner needs --job_endpoint=HOST:PORT, where a job server listens.")
    notes: list[str] = []
    if portable.job_endpoint and portable.job_endpoint != "embed":
        ask_job_server(str(portable.job_endpoint))
    elif name in CHECKS:
        notes = CHECKS[name](options)
    if name != "DataflowRunner" and options.view_as(TestOptions).dry_run:
        raise RunnerError(
            f"--dry_run is for Dataflow; {name} would run the stage. Leave it out; --limit makes a trial."
        )
    if name == "DataflowRunner" and "://" not in out:
        raise RunnerError(
            f"Dataflow's workers cannot write to {out} on this machine. Give --out, and the recipe's `sources`, as "
            "addresses such as gs://BUCKET/FOLDER."
        )
    return notes


def _known(asked: str) -> str:
    """The name of the runner's class.

    Raises:
        RunnerError: Beam has no such runner, or a package for it is missing.
    """
    try:
        return type(create_runner(asked)).__name__
    except ValueError as error:
        names = StandardOptions.KNOWN_RUNNER_NAMES
        hint = did_you_mean(asked, [*names, *(name.removesuffix("Runner") for name in names)]) or "."
        known = ", ".join(names)
        raise RunnerError(f"There is no runner {asked!r}{hint} Beam has: {known}.") from error
    except (ImportError, AttributeError) as error:
        extra = " pip install 'blift[gcp]' brings it." if "dataflow" in asked.lower() else ""
        raise RunnerError(f"The runner {asked} cannot be loaded: {str(error).rstrip('.')}.{extra}") from error
