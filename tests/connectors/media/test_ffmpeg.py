"""FFmpeg's program opens what the decoders open and no more, and keeps the sound of what it repairs."""

from pathlib import Path

import pytest

from blift.connectors.media import ffmpeg
from blift.connectors.media.limits import Limits, Refused
from blift.connectors.media.pyav import facts_of
from blift.schemas.reasons import Reason


def test_a_repaired_video_keeps_its_sound(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "again"
    ffmpeg.remux(str(clip), str(target), 30)
    assert facts_of(str(target), Limits()).audio_codec == "aac"


@pytest.mark.parametrize("text", ["ffconcat version 1.0\nfile other.mp4\n", "#EXTM3U\n#EXTINF:1,\nother.mp4\n"])
def test_a_list_of_files_opens_none_of_them(clip: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "other.mp4").write_bytes(clip.read_bytes())
    path = tmp_path / "list.mp4"
    path.write_text(text)
    with pytest.raises(Refused) as refused:
        ffmpeg.extract_audio(str(path), str(tmp_path / "sound.wav"), 30)
    assert refused.value.reason is Reason.DAMAGED
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["list.mp4", "other.mp4"]


@pytest.mark.parametrize("name", ["a [b] c.mp4", "http:x.mp4", "%03d.mp4", "größe ж.mp4", "-i.mp4"])
def test_a_name_is_only_a_name(clip: Path, tmp_path: Path, name: str) -> None:
    path, target = tmp_path / name, tmp_path / f"{name}.wav"
    path.write_bytes(clip.read_bytes())
    ffmpeg.extract_audio(str(path), str(target), 30)
    assert target.stat().st_size > 16_000
