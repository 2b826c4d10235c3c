"""The engines that a build is run on: what each needs, how it is started, and the options that reach it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from blift.pipelines.engine.beam_arguments import OPENED
from tests.runners.processes import Processes, free_port
from tests.runners.tools import (
    FLINK_DISTRIBUTION,
    FLINK_JOB_SERVER,
    PRISM,
    SPARK_DISTRIBUTION,
    SPARK_JOB_SERVER,
    Tool,
)

OPENS = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
_WORKER_CORES, _WORKER_MEMORY = 1, "2g"
_START_TIMEOUT_S = 180


@dataclass(frozen=True)
class Engine:
    """One way to run a build.

    Attributes:
        name: of the leg, as the summary shows it.
        needs: tools without which it cannot run.
        start: starts what the engine consists of; gives the options of `blift build`.
    """

    name: str
    needs: tuple[Tool, ...]
    start: Callable[[Processes], list[str]]

    def find_tools(self) -> None:
        """Fetch what is not there yet.

        Raises:
            Missing: a tool cannot be had.
        """
        for tool in self.needs:
            tool.find()


def _alone(*options: str) -> Callable[[Processes], list[str]]:
    """An engine that blift starts itself."""

    def start(_: Processes) -> list[str]:
        return list(options)

    return start


def _as_it_is(command: list[str]) -> list[str]:
    return command


def worker_pool(processes: Processes, inside: Callable[[list[str]], list[str]] = _as_it_is) -> str:
    """A pool that starts a fresh interpreter for every worker; its endpoint.

    Args:
        processes: that it is to be one of.
        inside: makes the pool's command one that runs in a container.
    """
    return _pool(processes, lambda port: inside(["blift-worker", f"--pool={port}"]), {})


def pool_of_beam(processes: Processes, variables: Mapping[str, str]) -> str:
    """Beam's own pool, which starts without blift; ``variables`` are for the environment of its workers."""
    module = "apache_beam.runners.worker.worker_pool_main"
    return _pool(processes, lambda port: ["python", "-m", module, f"--service_port={port}"], variables)


def _pool(processes: Processes, command: Callable[[int], list[str]], variables: Mapping[str, str]) -> str:
    port = free_port()
    processes.wait_for(port, processes.start("pool", command(port), variables))
    return f"localhost:{port}"


def job_service(processes: Processes) -> list[str]:
    """Beam's own job service, which needs neither Java nor Docker; the options that reach it."""
    port = free_port()
    service = ["python", "-m", "apache_beam.runners.portability.local_job_service_main", f"--port={port}"]
    processes.wait_for(port, processes.start("job-service", service))
    return _portable(port)


def python_job_service(processes: Processes) -> list[str]:
    """That service with a pool."""
    return [*job_service(processes), *_external(processes)]


def _prism_external(processes: Processes) -> list[str]:
    port = free_port()
    service = [str(PRISM.find()), f"--job_port={port}", "--serve_http=false"]
    processes.wait_for(port, processes.start("prism", service))
    return [*_portable(port), *_external(processes)]


def _spark_external(processes: Processes) -> list[str]:
    port = _job_server(processes, SPARK_JOB_SERVER, "--spark-master-url=local[2]")
    return [*_portable(port), *_external(processes)]


def _spark_cluster(processes: Processes) -> list[str]:
    port = _job_server(processes, SPARK_JOB_SERVER, f"--spark-master-url={spark_cluster(processes)}")
    return [*_portable(port), *_process()]


def _flink_local(processes: Processes) -> list[str]:
    port = _job_server(processes, FLINK_JOB_SERVER, "--flink-master=[local]")
    return [*_portable(port), *_external(processes), "--parallelism=2"]


def _flink_cluster(processes: Processes) -> list[str]:
    port = _job_server(processes, FLINK_JOB_SERVER, f"--flink-master={flink_cluster(processes)}")
    return [*_portable(port), *_process(), "--parallelism=2"]


def _portable(port: int) -> list[str]:
    return ["--runner=PortableRunner", f"--job_endpoint=localhost:{port}"]


def _external(processes: Processes) -> list[str]:
    return external(worker_pool(processes))


def external(pool: str) -> list[str]:
    """The options that name a pool."""
    return ["--environment_type=EXTERNAL", f"--environment_config={pool}"]


def _process() -> list[str]:
    """Executors start workers themselves, each its own: what fits a cluster of several."""
    command = json.dumps({"command": str(Path(sys.executable).parent / "blift-worker")})
    return ["--environment_type=PROCESS", f"--environment_config={command}"]


def _job_server(processes: Processes, jar: Tool, *arguments: str) -> int:
    port = free_port()
    ports = [f"--job-port={port}", "--artifact-port=0", "--expansion-port=0"]
    artifacts = f"--artifacts-dir={processes.folder / 'artifacts'}"
    server = ["java", *OPENS, "-jar", str(jar.find()), *ports, artifacts, *arguments]
    processes.wait_for(port, processes.start("job-server", server), _START_TIMEOUT_S)
    return port


def spark_cluster(processes: Processes, workers: int = 2) -> str:
    """A standalone Spark cluster on the loopback interface: a master, and workers of one core; the master's address."""
    home = SPARK_DISTRIBUTION.find()
    variables = {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(processes.folder / "spark-work"),
        "SPARK_WORKER_OPTS": "-Dspark.worker.cleanup.enabled=true",
        "JDK_JAVA_OPTIONS": " ".join(OPENS),
    }
    spark_class = str(home / "bin" / "spark-class")
    port, master_ui = free_port(), free_port()
    here = ["--host", "127.0.0.1"]
    master = [spark_class, "org.apache.spark.deploy.master.Master", *here, "--port", str(port)]
    started = processes.start("spark-master", [*master, "--webui-port", str(master_ui)], variables)
    processes.wait_for(port, started)
    for number in range(workers):
        own_port = free_port()
        size = ["--cores", str(_WORKER_CORES), "--memory", _WORKER_MEMORY, "--webui-port", str(free_port())]
        worker = [spark_class, "org.apache.spark.deploy.worker.Worker", *here, "--port", str(own_port), *size]
        address = f"spark://127.0.0.1:{port}"
        processes.wait_for(own_port, processes.start(f"spark-worker-{number}", [*worker, address], variables))
    return f"spark://127.0.0.1:{port}"


#: Sizes of Flink's processes, given in full: what it derives from the machine differs from machine to machine.
_FLINK_SIZES = """
taskmanager.numberOfTaskSlots: 1
taskmanager.cpu.cores: 1.0
taskmanager.memory.task.heap.size: 512m
taskmanager.memory.task.off-heap.size: 64m
taskmanager.memory.managed.size: 256m
taskmanager.memory.network.min: 512m
taskmanager.memory.network.max: 512m
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 192m
taskmanager.memory.jvm-overhead.max: 192m
jobmanager.memory.process.size: 1g
"""


def flink_cluster(processes: Processes, workers: int = 2) -> str:
    """A Flink session cluster on the loopback interface: a JobManager, and TaskManagers of one slot; its address."""
    home = FLINK_DISTRIBUTION.find()
    conf, port = processes.folder / "flink-conf", free_port()
    conf.mkdir(parents=True, exist_ok=True)
    own = {
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": free_port(),
        "jobmanager.bind-host": "127.0.0.1",
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": port,
        "blob.server.port": free_port(),
        "taskmanager.host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
        "io.tmp.dirs": str(processes.folder),
    }
    (conf / "flink-conf.yaml").write_text(_FLINK_SIZES + "".join(f"{name}: {value}\n" for name, value in own.items()))
    runtime = "org.apache.flink.runtime"
    java = ["java", *OPENS, "-cp", f"{home}/lib/*"]
    configured = ["--configDir", str(conf)]
    manager = [*java, f"{runtime}.entrypoint.StandaloneSessionClusterEntrypoint", *configured]
    processes.wait_for(port, processes.start("flink-manager", manager), _START_TIMEOUT_S)
    for number in range(workers):
        worker = [*java, "-Xmx768m", f"{runtime}.taskexecutor.TaskManagerRunner", *configured]
        processes.start(f"flink-worker-{number}", worker)
    return f"127.0.0.1:{port}"


#: The first is what all others are compared with.
ENGINES = (
    Engine("FnApiRunner, in memory", (), _alone("--runner=FnApiRunner")),
    Engine(
        "FnApiRunner, 2 processes",
        (),
        _alone("--runner=FnApiRunner", "--direct_num_workers=2", "--direct_running_mode=multi_processing"),
    ),
    Engine("Python job service, worker pool", (), python_job_service),
    Engine("Prism, loopback", (PRISM,), _alone("--runner=PrismRunner", f"--prism_location={PRISM.path}")),
    Engine("Prism, worker pool", (PRISM,), _prism_external),
    Engine(
        "Spark local[2], loopback",
        (SPARK_JOB_SERVER,),
        _alone(
            "--runner=SparkRunner", f"--spark_job_server_jar={SPARK_JOB_SERVER.path}", "--spark_master_url=local[2]"
        ),
    ),
    Engine("Spark local[2], worker pool", (SPARK_JOB_SERVER,), _spark_external),
    Engine("Spark cluster of 2 workers, processes", (SPARK_JOB_SERVER, SPARK_DISTRIBUTION), _spark_cluster),
    Engine("Flink local, worker pool", (FLINK_JOB_SERVER,), _flink_local),
    Engine("Flink session cluster of 2, processes", (FLINK_JOB_SERVER, FLINK_DISTRIBUTION), _flink_cluster),
)
