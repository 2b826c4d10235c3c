"""`blift doctor`: what is there is told, what is absent has a remedy, and no secret is shown."""

import ctypes
import json
import platform
import socket
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from blift.pipelines.build import doctor
from blift.pipelines.build.doctor import Finding, State, examine
from blift.pipelines.cli import main
from blift.pipelines.engine.beam_arguments import beam_arguments
from tests.job_server import listening

_SMI = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]


def findings(*options: str) -> dict[str, Finding]:
    return {found.what: found for found in examine(beam_arguments(options).options, asked_for_runner=bool(options))}


def test_a_whole_installation_is_green(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert said.endswith("Nothing that a build needs is missing.\n")
    assert "  ok       pyarrow " in said


def test_a_library_that_is_needed_is_missing_and_one_of_an_extra_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name in ("polars", "av"):
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor, "version", version)
    found = findings()
    assert found["polars"].state is State.MISSING
    assert found["av"] == Finding("decoders", "av", State.ABSENT, "videos (PyAV): pip install 'blift[media]'")
    assert found["decord2"].state is State.OK


def test_what_was_not_compiled_is_absent_and_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name.endswith("_change") else object())
    found = findings()["compiled parts"]
    assert found.state is State.ABSENT
    assert found.detail.startswith("not compiled: blift.transforms.media._change. Media take up to 40 % longer")
    monkeypatch.setattr(doctor, "find_spec", lambda _: object())
    assert findings()["compiled parts"].state is State.OK


def test_what_is_missing_makes_the_command_fail(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert main(["doctor", "--runner=PortableRunner", f"--job_endpoint=localhost:{port}"]) == 1
    said = capsys.readouterr().out
    assert f"No job server answers at localhost:{port}" in said
    assert said.endswith("1 missing: see above.\n")


def test_a_worker_pool_that_does_not_answer_is_told() -> None:
    with listening(with_jobs=True) as server, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found = findings(
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{server}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{probe.getsockname()[1]}",
        )
    assert found["PortableRunner"].state is State.MISSING
    assert found["PortableRunner"].detail.startswith("No worker pool answers at localhost:")


def test_stores_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--store=nowhere://bucket/run"]) == 1
    said = capsys.readouterr().out
    assert "missing  nowhere://bucket/run" in said
    assert said.endswith("1 missing: see above.\n")
    assert main(["doctor", "--store=/data"]) == 2
    assert "--store /data is a path of this machine; give an address" in capsys.readouterr().err


def test_findings_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["missing"] == 0
    assert {"part": "versions", "what": "python", "state": "ok", "detail": platform.python_version()} in told[
        "findings"
    ]
    assert main(["doctor", "--json", "--runner=PortableRunner"]) == 1
    assert json.loads(capsys.readouterr().out)["missing"] == 1


def test_a_runner_that_can_be_used_is_told() -> None:
    assert findings("--runner=FnApiRunner")["FnApiRunner"].state is State.OK


def test_without_ffmpeg_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_ffmpeg", lambda: None)
    assert findings()["ffmpeg"].detail.startswith("apt-get install ffmpeg")


def test_codecs_are_those_that_ffmpeg_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = (
        " V....D h264                 H.264\n A....D aac                  AAC\n V..... libdav1d             dav1d AV1\n"
    )
    monkeypatch.setattr(doctor, "find_ffmpeg", lambda: "/bin/ffmpeg")
    monkeypatch.setattr(
        doctor, "_ask", lambda command: listed if "-decoders" in command else "ffmpeg version 7.1 Copyright"
    )
    found = findings()
    assert found["ffmpeg"].detail == "7.1, /bin/ffmpeg"
    assert {name for name in doctor._CODECS if found[name].state is State.OK} == {"H.264", "AAC", "AV1"}


def test_a_gpu_without_its_decoder_library_names_the_capability(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(command: Sequence[str]) -> str:
        return "NVIDIA L4, 570.1, 23034 MiB\n" if command == _SMI else ""

    def absent(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(doctor, "_ask", ask)
    monkeypatch.setattr(ctypes, "CDLL", absent)
    found = findings()
    assert found["NVIDIA GPU"].detail == "NVIDIA L4, 570.1, 23034 MiB"
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility" in found["NVDEC"].detail


def test_credentials_are_told_to_be_there_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("BLIFT_AUTHOR_KEY", "key-secret")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "praw.ini").write_text("client_secret=reddit-secret")
    assert main(["doctor"]) == 0
    said = capsys.readouterr()
    assert "in the environment (HF_TOKEN)" in said.out
    assert "in praw.ini" in said.out
    assert "secret" not in said.out + said.err
