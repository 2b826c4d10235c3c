"""Images built and run without a daemon: buildah, each container a chroot, on a base made by debootstrap."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.runners.tools import BEAM, Missing, Tool, run_client

_REPO = Path(__file__).parents[2]
_CACHE = _REPO / ".cache" / "images"
_BUILD_TIMEOUT_S = 600
#: Of Debian 12: its Python is the 3.11 of the public base.
_SUITE = "bookworm"
_BUILDAH = shutil.which("buildah") or "buildah"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def _fetch_base(folder: Path) -> None:
    packages = "--include=python3,python3-venv,python3-dev,gcc,libc6-dev,ca-certificates"
    run_client(["debootstrap", "--variant=minbase", packages, _SUITE, str(folder / "base-with-compiler")])


def _fetch_boot(folder: Path) -> None:
    """The program that starts Beam's workers, from the module that its public image is built from."""
    run_client(["go", "install", f"github.com/apache/beam/sdks/v2/python/container@v{BEAM}"], GOBIN=str(folder))
    (folder / "container").rename(folder / "boot")


_BASE = Tool(f"a base of Debian {_SUITE}", "debootstrap", _CACHE / "base-with-compiler", _fetch_base)
_BOOT = Tool(f"Beam's boot program {BEAM}", "go", _CACHE / f"boot-{BEAM}" / "boot", _fetch_boot)


@dataclass(frozen=True)
class Buildah:
    """buildah with a store of its own."""

    store: Path

    def __call__(self, *arguments: str, timeout_s: float = 300) -> str:
        """Run it; what it printed.

        Raises:
            AssertionError: it failed; the text is what it printed.
        """
        place = ["--storage-driver=vfs", f"--root={self.store}", f"--runroot={self.store}-run"]
        done = subprocess.run(
            [_BUILDAH, *place, *arguments],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            cwd=_REPO,
        )
        assert done.returncode == 0, f"buildah {arguments[0]} ended with {done.returncode}:\n{done.stdout[-4000:]}"
        return done.stdout

    def base(self, name: str, folder: Path, inside: str) -> None:
        """Make an image of a folder."""
        container = self("from", "scratch").strip()
        self("copy", "--quiet", container, str(folder), inside)
        self("commit", "--quiet", "--rm", container, name)

    def build(self, target: str) -> str:
        """Build a target of the Dockerfile; the image's name."""
        image = f"localhost/blift:{target}"
        bases = ["BASE=localhost/base", "GPU_BASE=localhost/base", "SDK=localhost/sdk", "COMPILER="]
        self(
            "build",
            "--isolation=chroot",
            "--format=docker",
            f"--target={target}",
            *(f"--build-arg={base}" for base in bases),
            f"--volume={_CERTIFICATES}:{_CERTIFICATES}:ro",
            f"--tag={image}",
            ".",
            timeout_s=_BUILD_TIMEOUT_S,
        )
        return image

    def command(
        self, container: str, inside: Sequence[str], volumes: Sequence[Path] = (), user: str = "blift"
    ) -> list[str]:
        """The command line that runs a program in a container; volumes lie there under their own path."""
        place = ["--storage-driver=vfs", f"--root={self.store}", f"--runroot={self.store}-run"]
        mounts = [f"--volume={path}:{path}" for path in volumes]
        return [_BUILDAH, *place, "run", "--isolation=chroot", f"--user={user}", *mounts, container, "--", *inside]


@pytest.fixture(scope="session")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    """buildah, and images to build upon in place of the public ones."""
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not installed: apt-get install buildah debootstrap")
    if os.geteuid() != 0:
        pytest.skip("debootstrap, and containers in a chroot, need root")
    try:
        base, boot = _BASE.find(), _BOOT.find()
    except Missing as missing:
        pytest.skip(str(missing))
    store = tmp_path_factory.mktemp("store")
    built = Buildah(store)
    built.base("localhost/base", base, "/")
    built.base("localhost/sdk", boot, "/opt/apache/beam/boot")
    yield built
    shutil.rmtree(store)


@pytest.fixture(scope="session")
def cpu(buildah: Buildah) -> str:
    """A container of the target cpu."""
    return buildah("from", buildah.build("cpu")).strip()
