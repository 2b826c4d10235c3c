"""The files for deployments: what they run are commands and options that there are, and manifests fit their schema."""

from __future__ import annotations

import ast
import re
import shlex
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from blift.pipelines.cli import parser
from blift.pipelines.engine.beam_arguments import OPENED, beam_arguments
from tests.runners.tools import FLINK, FLINK_OPERATOR, JOB_SERVERS, SPARK, Missing

_DEPLOY = Path(__file__).parents[2] / "deploy"
_ADDRESS = "localhost:50000"  # of a pool


def loaded(name: str) -> list[Any]:
    return list(yaml.safe_load_all((_DEPLOY / name).read_text()))


def check(words: list[str]) -> dict[str, Any]:
    """The command takes these arguments, and Beam those that are not its own; gives Beam's."""
    program, *arguments = words
    assert program == "blift"
    own, rest = parser(arguments).parse_known_args(arguments)
    options: dict[str, Any] = beam_arguments(rest, own.command).options.get_all_options()
    return options


def bash_commands() -> dict[str, str]:
    """The command of each task of the DAG, with the constants of the module in it."""
    tree = ast.parse((_DEPLOY / "airflow_dag.py").read_text())
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "BashOperator"]
    options = [{each.arg: each.value for each in call.keywords} for call in calls]
    return {
        ast.literal_eval(each["task_id"]): eval(ast.unparse(each["bash_command"]), {}, constants)  # noqa: S307
        for each in options
    }


def test_the_tasks_of_the_dag_are_commands() -> None:
    commands = bash_commands()
    assert list(commands) == ["doctor", "build", "verify", "publish", "clean"]
    for task, command in commands.items():
        words = shlex.split(command)
        assert words[:2] == ["blift", task]
        options = check(words)
        if task in {"doctor", "build", "publish"}:
            assert (options["runner"], options["environment_config"]) == ("PortableRunner", _ADDRESS)
    order = [
        node for node in ast.walk(ast.parse((_DEPLOY / "airflow_dag.py").read_text())) if isinstance(node, ast.BinOp)
    ]
    assert ast.unparse(order[0]) == " >> ".join(commands)


def test_the_containers_of_compose_run_what_there_is() -> None:
    (compose,) = loaded("spark-compose.yaml")
    services = compose["services"]
    assert all(
        set(service)
        <= {"image", "command", "entrypoint", "environment", "volumes", "depends_on", "profiles", "network_mode"}
        for service in services.values()
    )
    named = {name for service in services.values() for name in service.get("depends_on", [])}
    named |= {
        service["network_mode"].removeprefix("service:") for service in services.values() if "network_mode" in service
    }
    assert named <= set(services)
    assert {services[f"pool-{number}"]["entrypoint"][0] for number in (1, 2)} == {"blift-worker"}
    options = check(services["build"]["entrypoint"])
    server = services["job-server"]["command"]
    assert options["job_endpoint"] == "job-server:8099"
    assert {"--job-host=job-server", "--job-port=8099", "--spark-master-url=spark://master:7077"} <= set(server)
    assert services["worker-1"]["command"][-1] == "spark://master:7077"
    assert services["master"]["image"] == f"apache/spark:{SPARK}"
    assert f"job-server-{JOB_SERVERS}.jar" in (_DEPLOY / "spark-compose.yaml").read_text()
    opened(services["worker-1"]["environment"]["JDK_JAVA_OPTIONS"])


def opened(options: str) -> None:
    """All modules are open that Java 17 has to open to Spark."""
    assert options.split() == [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]


def test_the_application_of_spark_has_a_pool_beside_each_executor() -> None:
    (application,) = loaded("spark-on-kubernetes.yaml")
    assert (application["apiVersion"], application["kind"]) == ("sparkoperator.k8s.io/v1beta2", "SparkApplication")
    spec = application["spec"]
    assert (spec["image"], spec["sparkVersion"]) == (f"apache/spark:{SPARK}", SPARK)
    (pool,) = spec["executor"]["sidecars"]
    assert pool["command"] == ["blift-worker", f"--pool={_ADDRESS.partition(':')[2]}"]
    for part in ("driver", "executor"):
        opened(spec[part]["javaOptions"])
        assert {mount["name"] for mount in spec[part]["volumeMounts"]} == {each["name"] for each in spec["volumes"]}
    (told,) = commands_in_comments("spark-on-kubernetes.yaml")
    options = check(told)
    assert (options["environment_config"], options["output_executable_path"]) == (_ADDRESS, "stage.jar")


def commands_in_comments(name: str) -> Iterator[list[str]]:
    """The `blift` commands that the comments of a file name."""
    comments = re.findall(r"^#   (.*)$", (_DEPLOY / name).read_text(), re.MULTILINE)
    for line in "\n".join(comments).replace("\\\n", " ").splitlines():
        if line.startswith("blift "):
            yield shlex.split(line)


def test_the_job_of_flink_is_a_build() -> None:
    cluster, job = loaded("flink-on-kubernetes.yaml")
    spec = job["spec"]["template"]["spec"]
    (build,) = spec["containers"]
    options = check(build["command"])
    (server,) = spec["initContainers"]
    assert options["job_endpoint"] == "localhost:8099"
    assert f"--flink-master={cluster['metadata']['name']}-rest:8081" in server["command"]
    assert "--job-port=8099" in server["command"]
    manager = cluster["spec"]["taskManager"]
    slots = int(cluster["spec"]["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    assert options["parallelism"] == manager["replicas"] * slots
    (pool,) = manager["podTemplate"]["spec"]["containers"]
    assert pool["command"] == ["blift-worker", f"--pool={options['environment_config'].partition(':')[2]}"]
    assert cluster["spec"]["image"].startswith(f"flink:{FLINK}-")


@pytest.mark.runner
def test_the_cluster_of_flink_fits_the_schema_of_the_operator() -> None:
    try:
        jar = FLINK_OPERATOR.find()
    except Missing as missing:
        pytest.skip(str(missing))
    with zipfile.ZipFile(jar) as archive:
        definition = yaml.safe_load(archive.read("META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml"))
    cluster = loaded("flink-on-kubernetes.yaml")[0]
    group, _, version = cluster["apiVersion"].partition("/")
    (found,) = [each for each in definition["spec"]["versions"] if each["name"] == version]
    assert (definition["spec"]["group"], definition["spec"]["names"]["kind"]) == (group, cluster["kind"])
    schema, spec = strict(found["schema"]["openAPIV3Schema"]["properties"]["spec"]), cluster["spec"]
    jsonschema.validate(spec, schema)
    spec["taskManager"]["replica"] = 4
    with pytest.raises(jsonschema.ValidationError, match="'replica' was unexpected"):
        jsonschema.validate(spec, schema)


def strict(schema: Any) -> Any:
    """A schema of Kubernetes that refuses members which it does not name, as the server's strict check does."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    own = {name: strict(each) for name, each in schema.items()}
    if "x-kubernetes-int-or-string" in schema:
        own.pop("type", None)
    if (
        "properties" in own
        and isinstance(own.get("type"), str)
        and "x-kubernetes-preserve-unknown-fields" not in schema
    ):
        own["additionalProperties"] = False
    return own
