"""An Airflow DAG that updates a dataset each month, checks it, and publishes it.

Each task runs `blift` on a worker of Airflow, which hands the work to a job server (docs/runners.md). A task that fails
is tried again: finished stages are kept. Set the names below, and give the credentials of the store to the environment
of Airflow's workers.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag

RECIPE = "s3://datasets/recipes/mine.yaml"
RUN = "s3://datasets/run"
ENGINE = (
    "--runner=PortableRunner --job_endpoint=job-server:8099 --environment_type=EXTERNAL "
    "--environment_config=localhost:50000"
)


@dag(
    schedule="@monthly",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,  # one build at a time writes to a run folder
    default_args={"retries": 2, "retry_delay": timedelta(minutes=10), "execution_timeout": timedelta(hours=12)},
)
def blift_dataset() -> None:
    """Doctor, build, verify, publish, clean."""
    doctor = BashOperator(task_id="doctor", bash_command=f"blift doctor {ENGINE} --store={RUN}")
    build = BashOperator(
        task_id="build", bash_command=f"blift build {RECIPE} --out {RUN} --log-format json --strict {ENGINE}"
    )
    verify = BashOperator(task_id="verify", bash_command=f"blift verify {RUN}")
    publish = BashOperator(task_id="publish", bash_command=f"blift publish {RUN} --repo OWNER/NAME --private {ENGINE}")
    clean = BashOperator(task_id="clean", bash_command=f"blift clean {RUN} --keep 3")
    doctor >> build >> verify >> publish >> clean


blift_dataset()
