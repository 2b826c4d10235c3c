"""Xet's client as tests want it: installed, impatient, and with a memory of its own."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from huggingface_hub.utils import _xet

#: hf_xet waits seconds and minutes between its tries.
_IMPATIENT = {"HF_XET_CLIENT_RETRY_BASE_DELAY": "10ms"}


def require_xet() -> None:
    """Skip where Xet's client is not installed; huggingface_hub brings it on most machines, not on all."""
    if find_spec("hf_xet") is None:
        pytest.skip("hf_xet is not installed: contents travel by LFS alone here")


def settings(memory: Path) -> dict[str, str]:
    """The environment of a process that keeps what it knows of the storage in a folder of the test."""
    return {**_IMPATIENT, "HF_XET_CACHE": str(memory)}


def use_here(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process send by Xet, with a session that no other test has used."""
    for name, value in settings(memory).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", False)
    monkeypatch.setattr(_xet, "_GLOBAL_XET_HOLDER", _xet.XetSessionHolder())
