"""Speech out of sound, by a Whisper model in a folder. Nothing is downloaded."""

from __future__ import annotations

import os
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np

from blift.connectors.malformed import Malformed
from blift.connectors.models.optional import require
from blift.schemas.errors import InputError, RecipeError, did_you_mean
from blift.schemas.parts import SpeechSegment
from blift.schemas.reasons import Reason

#: What Whisper hears: one channel, 16 bits, so many samples a second.
SAMPLE_RATE = 16_000
_SAMPLE_BYTES = 2

#: Without `tokenizer.json`, faster-whisper would fetch another model's.
_MODEL_FILES = ("config.json", "model.bin", "tokenizer.json")

#: Fixed, since results may differ with their number.
_THREADS = 4

#: One reading of the sound: no chance, no second try at a higher temperature, nothing carried from one window into
#: the next, and stretches without a voice left out (Whisper invents words there).
_SETTINGS = {
    "task": "transcribe",
    "beam_size": 5,
    "temperature": 0.0,
    "condition_on_previous_text": False,
    "word_timestamps": False,
    "vad_filter": True,
}


class Device(StrEnum):
    """What a speech model runs on."""

    CPU = "cpu"
    CUDA = "cuda"


_COMPUTE_TYPES = {Device.CPU: "int8", Device.CUDA: "float16"}


@dataclass(frozen=True)
class SpeechConfig:
    """Which model hears, and how.

    Attributes:
        model: folder of a Whisper model, converted for CTranslate2.
        language: ISO 639-1 code of what is spoken; None to let the model find out for each file.
        device: what it runs on; bytes are the same on one kind of device only.
    """

    model: str
    language: str | None = None
    device: Device = Device.CPU


@dataclass(frozen=True)
class Transcript:
    """What was heard in a file.

    Attributes:
        segments: in order of time, seconds from the start of the sound.
        language: what is spoken, as the recipe says or the model found; None where nobody speaks.
    """

    segments: tuple[SpeechSegment, ...]
    language: str | None


class Heard(Protocol):
    """A segment as faster-whisper gives it: seconds, and words."""

    start: float
    end: float
    text: str


class Whisper(Protocol):
    """What of `faster_whisper.WhisperModel` is used."""

    def transcribe(self, audio: np.ndarray, *, language: str | None, **settings: Any) -> tuple[Iterable[Heard], Any]:
        """Segments, made while they are read, and what the model found of the sound."""


def load_whisper(config: SpeechConfig) -> Any:
    """The model of a folder, in memory: a `Whisper`.

    Raises:
        RecipeError: faster-whisper is not installed, or the folder has no model that it reads or none of the language.
    """
    missing = [name for name in _MODEL_FILES if not os.path.isfile(os.path.join(config.model, name))]
    if missing:
        raise RecipeError(
            f"{config.model} is no folder of a Whisper model: it has no {', '.join(missing)}. Name the folder of one "
            "that was converted for CTranslate2."
        )
    library = require("faster_whisper", "asr", "Hearing speech")
    try:
        loaded = library.WhisperModel(
            config.model,
            device=config.device.value,
            compute_type=_COMPUTE_TYPES[config.device],
            cpu_threads=_THREADS,
            local_files_only=True,
        )
    except Exception as error:  # CTranslate2 and tokenizers raise bare RuntimeError and Exception
        raise RecipeError(
            f"The Whisper model in {config.model} cannot be loaded on {config.device.value} ({error}). Convert it "
            "again, or choose another."
        ) from error
    languages: list[str] = loaded.supported_languages
    if config.language is not None and config.language not in languages:
        raise RecipeError(
            f"The Whisper model in {config.model} knows no language {config.language!r}"
            f"{did_you_mean(config.language, languages) or '; write an ISO 639-1 code such as en.'}"
        )
    return loaded


class Transcriber:
    """Hears speech with one model.

    Args:
        model: as `load_whisper` gives it.
        language: as in `SpeechConfig`.
    """

    def __init__(self, model: Whisper, language: str | None = None) -> None:
        self._model = model
        self._language = language

    def transcribe(self, path: str) -> Transcript:
        """What is spoken in a WAV file of 16 kHz, one channel, 16 bits.

        Raises:
            InputError: it cannot be read, or is no such file.
            Malformed: the model failed on it.
        """
        samples = read_wav(path)
        if not samples.any():
            return Transcript((), None)
        try:
            heard, info = self._model.transcribe(samples, language=self._language, **_SETTINGS)
            segments = tuple(_segments(heard, len(samples) / SAMPLE_RATE))
        except (RuntimeError, ValueError) as error:
            raise Malformed(Reason.MODEL_FAILED, f"the speech model failed: {error}") from error
        return Transcript(segments, info.language if segments else None)


def read_wav(path: str) -> np.ndarray:
    """Samples of a WAV file of 16 kHz, one channel, 16 bits: float32, -1 to 1.

    Raises:
        InputError: it cannot be read, or is no such file.
    """
    try:
        with wave.open(path, "rb") as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            content = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise InputError(f"Cannot read the sound {path}: {error or 'it ends too early'}.") from error
    if form != (SAMPLE_RATE, 1, _SAMPLE_BYTES):
        raise InputError(
            f"{path} has {form[0]} Hz, {form[1]} channels and {8 * form[2]} bits; speech is heard in 16000 Hz, "
            "1 channel and 16 bits. Convert it with ffmpeg: -ar 16000 -ac 1 -c:a pcm_s16le."
        )
    whole = content[: len(content) // _SAMPLE_BYTES * _SAMPLE_BYTES]
    return np.frombuffer(whole, dtype="<i2").astype(np.float32) / 32768


def _segments(heard: Iterable[Heard], duration_s: float) -> Iterator[SpeechSegment]:
    """Segments with words, within the sound, in order of time, to the millisecond."""
    for segment in sorted(heard, key=lambda segment: (segment.start, segment.end)):
        text = " ".join(segment.text.split())
        start, end = (round(min(max(time_s, 0.0), duration_s), 3) for time_s in (segment.start, segment.end))
        if text and start < end:
            yield SpeechSegment(start_s=start, end_s=end, text=text)
