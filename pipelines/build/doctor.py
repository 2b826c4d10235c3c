"""What a machine or an image has and lacks for a build, and what to do about each thing that is missing."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions, StandardOptions

from blift.connectors.fetching import Credential, NeededPackage
from blift.connectors.filesystem import matching, require_bucket
from blift.connectors.registry import fetching
from blift.connectors.store_errors import sentence_on_store
from blift.pipelines.engine.run_report import LIBRARIES
from blift.pipelines.engine.runner import check_runner
from blift.pipelines.engine.runner_needs import check_workers, java_version
from blift.pipelines.stages.ingest.stage import AUTHOR_KEY
from blift.schemas.counted import counted
from blift.schemas.errors import BliftError

_ASK_TIMEOUT_S = 20


class State(StrEnum):
    """How a finding stands: a build needs what is `missing`, and can do without what is `absent`."""

    OK = "ok"
    MISSING = "missing"
    ABSENT = "absent"


@dataclass(frozen=True)
class Finding:
    """One line: of what part, what was looked for, how it stands, and what it is or what to do."""

    part: str
    what: str
    state: State
    detail: str


def examine(options: PipelineOptions, *, asked_for_runner: bool, addresses: Sequence[str] = ()) -> Iterator[Finding]:
    """All findings, in the order in which they are shown.

    Args:
        options: Beam's options.
        asked_for_runner: they name a runner, which is to be looked at.
        addresses: folders of stores that a build would read or write.
    """
    yield from _versions()
    yield from _connectors()
    yield from _decoders()
    yield from _ffmpeg()
    yield from _gpu()
    yield from _credentials()
    yield from _runner(options, asked=asked_for_runner)
    yield from _stores(addresses)


def _versions() -> Iterator[Finding]:
    yield Finding("versions", "python", State.OK, ".".join(map(str, sys.version_info[:3])))
    for name in LIBRARIES:
        yield _package("versions", name, "pip install -c constraints.txt blift", needed=True)


def _package(part: str, name: str, remedy: str, *, needed: bool) -> Finding:
    try:
        return Finding(part, name, State.OK, version(name))
    except PackageNotFoundError:
        return Finding(part, name, State.MISSING if needed else State.ABSENT, remedy)


#: What decodes, and what for. Looked up by name alone, so that none need be installed to ask.
_DECODERS = {
    "pillow": ("pictures", "media"),
    "av": ("videos (PyAV)", "media"),
    "decord2": ("videos (decord)", "media"),
    "opencv-python-headless": ("optical flow and text", "media"),
    "imageio-ffmpeg": ("an ffmpeg of its own", "media"),
    "PyNvVideoCodec": ("videos on the GPU", "gpu"),
}


#: What hosts of files are asked with, whoever they are.
_OF_FILES = NeededPackage("protego", "robots.txt of hosts of files: pip install 'blift[fetch]'")


def _connectors() -> Iterator[Finding]:
    for package in [*(one for platform in fetching().values() for one in platform.packages), _OF_FILES]:
        yield _package("connectors", package.name, package.remedy, needed=False)


#: What is compiled when this is installed.
_COMPILED = (
    "blift.connectors._plain",
    "blift.connectors.media._planes",
    "blift.transforms.media._change",
    "blift.transforms.media._lanczos",
)


def _decoders() -> Iterator[Finding]:
    for name, (use, extra) in _DECODERS.items():
        yield _package("decoders", name, f"{use}: pip install 'blift[{extra}]'", needed=False)
    lacking = [name for name in _COMPILED if find_spec(name) is None]
    remedy = (
        f"not compiled: {', '.join(lacking)}. Media take up to 40 % longer, and archives up to twice as long, with the "
        "same rows. "
        "Install a C compiler and Python's headers (apt-get install gcc python3-dev), then blift again"
    )
    state, detail = (State.ABSENT, remedy) if lacking else (State.OK, ", ".join(_COMPILED))
    yield Finding("decoders", "compiled parts", state, detail)


#: Codecs of archives of videos, and decoders of ffmpeg that read each.
_CODECS = {
    "H.264": ("h264",),
    "HEVC": ("hevc",),
    "VP9": ("vp9", "libvpx-vp9"),
    "AV1": ("libdav1d", "av1", "libaom-av1"),
    "AAC": ("aac",),
    "Opus": ("opus", "libopus"),
}


def _ffmpeg() -> Iterator[Finding]:
    program = find_ffmpeg()
    if program is None:
        remedy = "apt-get install ffmpeg, or pip install 'blift[media]'"
        yield Finding("ffmpeg", "ffmpeg", State.ABSENT, remedy)
        return
    found = re.search(r"version (\S+)", _ask([program, "-version"]))
    yield Finding("ffmpeg", "ffmpeg", State.OK, f"{found.group(1) if found else 'unknown version'}, {program}")
    listed = _ask([program, "-hide_banner", "-decoders"])
    decoders = set(re.findall(r"^ [VAS][A-Z.]{5} (\S+)", listed, flags=re.MULTILINE))
    for codec, names in _CODECS.items():
        known = [name for name in names if name in decoders]
        lacking = "this ffmpeg cannot decode it; take another build of ffmpeg"
        yield Finding("ffmpeg", codec, State.OK if known else State.ABSENT, known[0] if known else lacking)


def find_ffmpeg() -> str | None:
    """The ffmpeg on PATH, else the one that imageio-ffmpeg carries."""
    if program := shutil.which("ffmpeg"):
        return program
    try:
        import imageio_ffmpeg  # noqa: PLC0415 - of an extra

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def _ask(command: Sequence[str]) -> str:
    """What a program prints; empty where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _gpu() -> Iterator[Finding]:
    cards = _ask(["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]).splitlines()
    if not cards:
        yield Finding("GPU", "NVIDIA GPU", State.ABSENT, "media are decoded on the CPU; needs a GPU and its driver")
        return
    for card in cards:
        yield Finding("GPU", "NVIDIA GPU", State.OK, card.strip())
    try:
        ctypes.CDLL("libnvcuvid.so.1")
        yield Finding("GPU", "NVDEC", State.OK, "libnvcuvid.so.1")
    except OSError:
        remedy = "start the container with NVIDIA_DRIVER_CAPABILITIES=compute,video,utility"
        yield Finding("GPU", "NVDEC", State.ABSENT, remedy)


_HUB = Credential("Hugging Face token", ("HF_TOKEN",), ("~/.cache/huggingface/token",), "publish: hf auth login")
_CREDENTIALS = (
    Credential(
        "Google Cloud",
        ("GOOGLE_APPLICATION_CREDENTIALS",),
        ("~/.config/gcloud/application_default_credentials.json",),
        "gs:// and Dataflow: gcloud auth application-default login",
    ),
    Credential("author key", (AUTHOR_KEY,), (), f"hashed author names: set {AUTHOR_KEY}"),
)


def _credentials() -> Iterator[Finding]:
    """Whether each is there. Their values are never read."""
    of_platforms = [one for platform in fetching().values() for one in platform.credentials]
    for credential in (_HUB, *of_platforms, *_CREDENTIALS):
        places = [f"in the environment ({name})" for name in credential.variables if os.environ.get(name)]
        places += [f"in {name}" for name in credential.files if Path(name).expanduser().is_file()]
        state = State.OK if places else State.ABSENT
        yield Finding("credentials", credential.what, state, places[0] if places else credential.use)


def _runner(options: PipelineOptions, *, asked: bool) -> Iterator[Finding]:
    """What there is of programs that runners need; and whether the runner that was asked for can work."""
    java = shutil.which("java")
    told = f"{java_version(java) or 'unknown version'}, {java}" if java else "Spark and Flink: install Java 11 or 17"
    yield Finding("runners", "java", State.OK if java else State.ABSENT, told)
    yield _package("runners", "google-cloud-storage", "gs:// and Dataflow: pip install 'blift[gcp]'", needed=False)
    if not asked:
        return
    name = str(options.view_as(StandardOptions).runner)
    try:
        notes = check_runner(options, "gs://any", detach=False)
        check_workers(options)
        endpoint = options.view_as(PortableOptions).job_endpoint
        where = f", {endpoint}" if endpoint else ""
        yield Finding("runners", name, State.OK, " ".join([f"can be used{where}.", *notes]))
    except BliftError as error:
        yield Finding("runners", name, State.MISSING, str(error))


def _stores(addresses: Sequence[str]) -> Iterator[Finding]:
    """Whether what lies at addresses can be listed: the packages, the credentials and the bucket are there."""
    for address in addresses:
        try:
            require_bucket(address)
            found = len(matching(address.rstrip("/"), "*"))
        except BliftError as error:
            yield Finding("stores", address, State.MISSING, str(error))
        except (OSError, ValueError) as error:
            detail = sentence_on_store(error) or f"cannot be listed: {str(error).rstrip('.')}."
            yield Finding("stores", address, State.MISSING, detail)
        else:
            yield Finding("stores", address, State.OK, f"can be listed; {counted(found, 'file')}")
