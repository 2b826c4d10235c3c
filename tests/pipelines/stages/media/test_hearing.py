"""Speech of files: what a model hears of them, and what is said where there is nothing to hear."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from blift.connectors.models.speech import SpeechConfig
from blift.pipelines.stages.media import hearing
from blift.pipelines.stages.media.hearing import Ears, Heard, digest_of
from tests.connectors.media.conftest import Render, clip, render  # noqa: F401 - fixtures


class Listener:
    """A model that says how much sound it was given, and may fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def transcribe(self, audio: np.ndarray, *, language: str | None, **_: Any) -> tuple[list[Any], Any]:
        if self.error:
            raise self.error
        said = SimpleNamespace(start=0.25, end=0.75, text=f" {language} {len(audio) / 16_000:.1f} s ")
        return [said], SimpleNamespace(language=language)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[SpeechConfig]:
    """The configurations with which a model was loaded."""
    seen: list[SpeechConfig] = []
    monkeypatch.setattr(hearing, "load_whisper", lambda config: seen.append(config) or Listener())
    return seen


def test_what_is_said_is_heard_with_one_model_that_the_first_file_loads(
    loaded: list[SpeechConfig],
    clip: Path,  # noqa: F811
) -> None:
    config = SpeechConfig("model", language="en")
    ears = Ears(config)
    assert loaded == []
    first, second = ears.hear(str(clip), 60.0, 60.0), ears.hear(str(clip), 60.0, 60.0)
    assert loaded == [config]
    assert first == second == Heard([{"start_s": 0.25, "end_s": 0.75, "text": "en 2.0 s"}], None)


def test_a_file_without_sound_is_told(loaded: list[SpeechConfig], render: Render) -> None:  # noqa: F811
    silent = render("silent.mp4", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1")
    heard = Ears(SpeechConfig("model")).hear(str(silent), 60.0, 60.0)
    assert (heard.segments, len(loaded)) == ([], 1)
    assert heard.problem is not None
    assert heard.problem.startswith("speech: ffmpeg: ")


def test_a_model_that_fails_is_told_and_loses_nothing_else(monkeypatch: pytest.MonkeyPatch, clip: Path) -> None:  # noqa: F811
    monkeypatch.setattr(hearing, "load_whisper", lambda _: Listener(RuntimeError("out of memory")))
    heard = Ears(SpeechConfig("model")).hear(str(clip), 60.0, 60.0)
    assert heard.segments == []
    assert heard.problem is not None
    assert heard.problem.startswith("speech: ")
    assert "out of memory" in heard.problem


def test_sound_that_takes_too_long_is_told(loaded: list[SpeechConfig], clip: Path) -> None:  # noqa: F811
    heard = Ears(SpeechConfig("model")).hear(str(clip), 60.0, 1e-6)
    assert heard == Heard([], "speech: ffmpeg took more than 1e-06 s")
    assert len(loaded) == 1


def test_the_digest_tells_models_and_settings_apart(tmp_path: Path) -> None:
    for name, size in (("one", 10), ("same", 10), ("other", 11)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.bin").write_bytes(b"x" * size)
    one, same, other = (digest_of(SpeechConfig(str(tmp_path / name))) for name in ("one", "same", "other"))
    assert one == same != other
    assert len(one) == 16
    assert digest_of(SpeechConfig(str(tmp_path / "one"), language="de")) != one
