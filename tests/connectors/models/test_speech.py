"""Speech: the sound that is accepted, how a model is asked, what of its segments stays, what is said of bad folders."""

import re
import sys
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from blift.connectors.malformed import Malformed
from blift.connectors.models import speech
from blift.connectors.models.speech import SpeechConfig, Transcriber, Transcript, load_whisper, read_wav
from blift.schemas.errors import InputError, RecipeError
from blift.schemas.parts import SpeechSegment
from blift.schemas.reasons import Reason

from .tiny_whisper import save_tiny_whisper


def save_wav(path: Path, samples: Iterable[int], rate: int = 16_000, channels: int = 1, width: int = 2) -> str:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(np.array(list(samples), dtype=f"<i{width}" if width > 1 else "u1").tobytes())
    return str(path)


@pytest.fixture
def two_seconds(tmp_path: Path) -> str:
    return save_wav(tmp_path / "two.wav", [16384, -16384] * 16_000)


class StandIn:
    """A model that heard what the test says."""

    def __init__(self, *segments: tuple[float, float, str], error: Exception | None = None) -> None:
        self._segments = segments
        self._error = error
        self.audio = np.empty(0)
        self.settings: dict[str, Any] = {}

    def transcribe(self, audio: np.ndarray, *, language: str | None, **settings: Any) -> tuple[Iterator[Any], Any]:
        self.audio, self.settings = audio, {"language": language, **settings}
        return self._heard(), SimpleNamespace(language=language or "de")

    def _heard(self) -> Iterator[Any]:
        if self._error:
            raise self._error
        for start, end, text in self._segments:
            yield SimpleNamespace(start=start, end=end, text=text)


def test_segments_have_words_and_lie_within_the_sound_in_order(two_seconds: str) -> None:
    model = StandIn(
        (1.2, 2.5, " to  all\nof you "), (-0.1, 1.23456, " Hello"), (0.5, 0.6, "  "), (1.0, 1.0, "x"), (3.0, 4.0, "y")
    )
    assert Transcriber(model).transcribe(two_seconds) == Transcript(
        (
            SpeechSegment(start_s=0.0, end_s=1.235, text="Hello"),
            SpeechSegment(start_s=1.2, end_s=2.0, text="to all of you"),
        ),
        "de",
    )


def test_the_model_gets_samples_and_settings_without_chance(two_seconds: str) -> None:
    model = StandIn((0, 1, "Hello"))
    assert Transcriber(model, "en").transcribe(two_seconds).language == "en"
    assert (model.audio.dtype, len(model.audio)) == (np.float32, 32_000)
    assert model.audio[:2].tolist() == [0.5, -0.5]
    assert model.settings == {
        "language": "en",
        "task": "transcribe",
        "beam_size": 5,
        "temperature": 0.0,
        "condition_on_previous_text": False,
        "word_timestamps": False,
        "vad_filter": True,
    }


def test_silence_is_not_shown_to_the_model(tmp_path: Path) -> None:
    model = StandIn((0, 1, "Thank you for watching."))
    for samples in ([], [0] * 16_000):
        assert Transcriber(model).transcribe(save_wav(tmp_path / "silent.wav", samples)) == Transcript((), None)
    assert model.settings == {}


def test_where_nobody_speaks_there_is_no_language(two_seconds: str) -> None:
    assert Transcriber(StandIn()).transcribe(two_seconds) == Transcript((), None)


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), ValueError("shape")])
def test_a_model_that_fails_is_told_from_sound_that_is_bad(two_seconds: str, error: Exception) -> None:
    with pytest.raises(Malformed) as caught:
        Transcriber(StandIn(error=error)).transcribe(two_seconds)
    assert (caught.value.reason, caught.value.detail) == (Reason.MODEL_FAILED, f"the speech model failed: {error}")


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ({"rate": 44_100}, "44100 Hz, 1 channels and 16 bits"),
        ({"channels": 2}, "16000 Hz, 2 channels and 16 bits"),
        ({"width": 1}, "16000 Hz, 1 channels and 8 bits"),
    ],
)
def test_other_sound_is_refused_with_what_to_do(tmp_path: Path, form: dict[str, int], found: str) -> None:
    path = save_wav(tmp_path / "other.wav", [1, 2, 3, 4], **form)
    with pytest.raises(InputError, match=rf"has {found}; .*-ar 16000 -ac 1"):
        read_wav(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 an mp3 of some kind, which is no WAV file at all"])
def test_what_is_no_wav_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"Cannot read the sound .*sound\.wav"):
        read_wav(str(path))
    with pytest.raises(InputError, match="Cannot read the sound"):
        read_wav(str(tmp_path / "absent.wav"))


def test_a_sound_that_ends_early_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    path = Path(save_wav(tmp_path / "cut.wav", [7] * 1_000))
    path.write_bytes(path.read_bytes()[:-101])
    assert len(read_wav(str(path))) == 949


def model_folder(folder: Path) -> SpeechConfig:
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text("{}")
    (folder / "model.bin").write_bytes(b"no weights")
    return SpeechConfig(str(folder))


def test_a_folder_without_a_model_is_told_by_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"it has no config\.json, model\.bin, tokenizer\.json"):
        load_whisper(SpeechConfig("large-v3"))
    config = model_folder(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(RecipeError, match=r"is no folder of a Whisper model: it has no tokenizer\.json\. Name the"):
        load_whisper(config)


def test_a_model_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    with pytest.raises(RecipeError, match="cannot be loaded on cpu"):
        load_whisper(model_folder(tmp_path))


def test_the_real_library_hears_the_same_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faster_whisper")
    save_tiny_whisper(tmp_path / "model")
    noise = np.random.default_rng(0).integers(-5_000, 5_000, 48_000)
    sound = save_wav(tmp_path / "noise.wav", noise)
    transcriber = Transcriber(load_whisper(SpeechConfig(str(tmp_path / "model"))))

    assert transcriber.transcribe(sound) == Transcript((), None)  # no voice in it
    monkeypatch.setitem(speech._SETTINGS, "vad_filter", False)
    heard = transcriber.transcribe(sound)
    assert heard == transcriber.transcribe(sound)
    assert heard.language in {"en", "de"}
    assert [0 <= segment.start_s < segment.end_s <= 3 for segment in heard.segments] == [True] * len(heard.segments)
    assert all(re.fullmatch(r"(w\d+ ?)+", segment.text) for segment in heard.segments)
    with pytest.raises(RecipeError, match=r"knows no language 'english'"):
        load_whisper(SpeechConfig(str(tmp_path / "model"), "english"))


def test_without_faster_whisper_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(RecipeError, match=r"Hearing speech needs faster_whisper.*pip install blift\[asr\]"):
        load_whisper(model_folder(tmp_path))


def test_a_language_that_the_model_lacks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def whisper_model(path: str, **options: Any) -> Any:
        asked.update(path=path, **options)
        return SimpleNamespace(supported_languages=["en", "de"])

    monkeypatch.setitem(sys.modules, "faster_whisper", SimpleNamespace(WhisperModel=whisper_model))
    config = model_folder(tmp_path)
    load_whisper(SpeechConfig(config.model, "de"))
    assert asked == {
        "path": config.model,
        "device": "cpu",
        "compute_type": "int8",
        "cpu_threads": 4,
        "local_files_only": True,
    }
    with pytest.raises(RecipeError, match="knows no language 'english'"):
        load_whisper(SpeechConfig(config.model, "english"))
