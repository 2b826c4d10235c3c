"""The images, built and run for real: whole, not root, and of the same bytes as a build outside."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from blift.pipelines.demo.corpus import write_corpus
from tests.images.conftest import Buildah
from tests.runners.builds import finished, run_blift
from tests.runners.engines import job_service, worker_pool
from tests.runners.processes import Processes

pytestmark = [pytest.mark.runner, pytest.mark.timeout(900)]


def inside(buildah: Buildah, container: str, *command: str, volumes: tuple[Path, ...] = ()) -> tuple[int, str]:
    """Exit code of a program in the container, and what it printed."""
    done = subprocess.run(
        buildah.command(container, command, volumes),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the container's user may write to, with the demo corpus in it."""
    folder = tmp_path_factory.mktemp("shared")
    write_corpus(folder / "corpus")
    folder.chmod(0o777)
    for parent in folder.parents[:2]:
        parent.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def outside(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The fingerprint of the demo, built without an image."""
    work = tmp_path_factory.mktemp("outside")
    with Processes(work / "engine") as processes:
        run_blift(processes, "build", str(shared / "corpus" / "demo.yaml"), "--out", str(work / "out"))
        return finished(work / "out", processes.usage()).fingerprint


def test_doctor_is_green_in_the_image_and_no_user_is_root(buildah: Buildah, cpu: str) -> None:
    code, printed = inside(buildah, cpu, "blift", "doctor")
    assert code == 0, printed
    assert "Nothing that a build needs is missing." in printed
    assert "ok       compiled parts" in printed
    assert inside(buildah, cpu, "id", "-u") == (0, "10001\n")


def test_beams_boot_program_starts_in_the_image(buildah: Buildah, cpu: str) -> None:
    code, printed = inside(buildah, cpu, "/opt/apache/beam/boot")
    assert code == 1
    assert "No id provided" in printed


def test_the_demo_inside_the_image_has_the_bytes_of_the_demo_outside(
    buildah: Buildah, cpu: str, shared: Path, outside: str
) -> None:
    build = ["blift", "build", str(shared / "corpus" / "demo.yaml"), "--out", str(shared / "inside")]
    code, printed = inside(buildah, cpu, *build, volumes=(shared,))
    assert code == 0, printed
    found = re.search(r"fingerprint ([0-9a-f]{16})", printed)
    assert found
    assert found.group(1) == outside[:16]


def test_workers_of_the_image_write_the_same_bytes_for_a_command_outside(
    buildah: Buildah, cpu: str, shared: Path, outside: str, tmp_path: Path
) -> None:
    with Processes(tmp_path / "engine") as processes:
        # As root, so that it may write to the folders that the command makes.
        pool = worker_pool(processes, inside=lambda serve: buildah.command(cpu, serve, (shared,), user="root"))
        options = [*job_service(processes), "--environment_type=EXTERNAL", f"--environment_config={pool}"]
        out = shared / "workers"
        recipe = str(shared / "corpus" / "demo.yaml")
        run_blift(processes, "build", recipe, "--out", str(out), *options)
        assert finished(out, processes.usage()).fingerprint == outside
