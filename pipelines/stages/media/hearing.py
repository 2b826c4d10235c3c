"""Speech of a file, heard by a model where no subtitles tell it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from typing import Any

from blift.connectors.malformed import Malformed
from blift.connectors.media.ffmpeg import extract_audio
from blift.connectors.media.limits import Refused
from blift.connectors.media.pyav import sound_after_pictures_s
from blift.connectors.models.speech import SpeechConfig, Transcriber, load_whisper
from blift.schemas.errors import InputError


@dataclass(frozen=True)
class Heard:
    """Segments as rows of the media table, and what went wrong, if it did."""

    segments: list[dict[str, Any]]
    problem: str | None


class Ears:
    """Hears files with one model, which is loaded when the first comes."""

    def __init__(self, config: SpeechConfig) -> None:
        self._config = config
        self._transcriber: Transcriber | None = None

    def hear(self, path: str, duration_s: float, timeout_s: float) -> Heard:
        """What is said in a local file of video, in seconds from its first picture, within its duration."""
        if self._transcriber is None:
            self._transcriber = Transcriber(load_whisper(self._config), self._config.language)
        with tempfile.TemporaryDirectory(prefix="blift-") as folder:
            sound = os.path.join(folder, "sound.wav")
            try:
                extract_audio(path, sound, timeout_s)
                transcript = self._transcriber.transcribe(sound)
                after_s = sound_after_pictures_s(path)
            except Refused as refused:
                return Heard([], f"speech: {refused.detail}")
            except (InputError, Malformed) as error:
                return Heard([], f"speech: {error}")
        said = [
            {
                **segment.model_dump(),
                "start_s": max(0.0, segment.start_s + after_s),
                "end_s": min(duration_s, segment.end_s + after_s),
            }
            for segment in transcript.segments
        ]
        return Heard([segment for segment in said if segment["end_s"] > segment["start_s"]], None)


def digest_of(config: SpeechConfig) -> str:
    """Names the model and its settings in the media store; 16 hex digits. The model is told by its files' sizes."""
    files = sorted((entry.name, entry.stat().st_size) for entry in os.scandir(config.model) if entry.is_file())
    content = f"{files} {config.language} {config.device.value}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]
