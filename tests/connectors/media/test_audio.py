"""Loudness and silences are those of FFmpeg's own filters; FFmpeg's program writes whole files or none."""

import re
import subprocess
import wave
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from blift.connectors.media import audio, ffmpeg
from blift.connectors.media.audio import Loudness
from blift.connectors.media.limits import Limits, Refused
from blift.connectors.media.pyav import Packets, PyAvVideo, facts_of
from blift.schemas.reasons import Reason
from tests.connectors.media.conftest import Render


def measured(path: Path) -> tuple[float | None, list[tuple[float, float]]]:
    taps: list[Loudness] = []

    def feed(packet: av.Packet) -> None:
        if not taps:
            taps.append(Loudness(packet.stream))
        taps[0].feed(packet)

    video = PyAvVideo(str(path), Limits(), 64, feed)
    duration_s = max(frame.end_s for frame in video.every_frame())
    return taps[0].result(duration_s)


def test_loudness_is_that_of_ffmpegs_summary(clip: Path) -> None:
    done = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(clip), "-vn", "-af", "ebur128", "-f", "null", "-"],
        capture_output=True, check=True,
    )  # fmt: skip
    summary = done.stderr.decode().rsplit("Summary:", 1)[1]
    expected = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
    assert expected
    assert measured(clip)[0] == pytest.approx(float(expected[1]), abs=0.1)


def test_silence_is_found_where_it_is(clip: Path) -> None:
    ((start_s, end_s),) = measured(clip)[1]
    assert start_s == pytest.approx(0.5, abs=0.06)
    assert end_s == pytest.approx(2.0, abs=0.06)


def test_loudness_and_silences_do_not_hang_on_how_often_the_filters_are_asked(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for waiting in (1, 7, 64, 1 << 20):
        monkeypatch.setattr(audio, "_WAITING", waiting)
        found.append(measured(clip))
    assert found == found[:1] * 4


def test_silence_from_end_to_end_has_no_loudness(render: Render) -> None:
    path = render(
        "silent.mp4", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=2",
        "-f", "lavfi", "-i", "anullsrc=r=44100", "-shortest", "-c:v", "libx264", "-c:a", "aac",
    )  # fmt: skip
    lufs, silences = measured(path)
    assert lufs is None
    assert len(silences) == 1


def test_audio_can_be_read_without_decoding_pictures(clip: Path) -> None:
    passed: list[int] = []
    packets = Packets(str(clip), lambda packet: passed.append(packet.size))
    packets.finish()
    packets.close()
    assert len(passed) > 50
    assert packets.damage is None


def test_extracted_audio_is_what_recognisers_take(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "sound.wav"
    ffmpeg.extract_audio(str(clip), str(target), 30)
    with wave.open(str(target)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert sound.getnframes() / 16_000 == pytest.approx(2.0, abs=0.1)


def test_a_clip_is_cut_at_the_frame(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "cut.mp4"
    ffmpeg.cut_clip(str(clip), str(target), 0.52, 1.32, 30)
    assert sum(1 for _ in PyAvVideo(str(target), Limits(), 64).every_frame()) == pytest.approx(20, abs=1)


def test_streams_are_written_into_a_new_container(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "again"
    ffmpeg.remux(str(clip), str(target), 30)
    facts = facts_of(str(target), Limits())
    assert (facts.container, facts.video_codec, facts.stored) == ("matroska", "h264", (320, 180))


def test_what_cannot_be_written_leaves_no_part(render: Render, tmp_path: Path) -> None:
    mute = render("mute.mp4", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=1", "-c:v", "libx264")
    with pytest.raises(Refused) as refused:
        ffmpeg.extract_audio(str(mute), str(tmp_path / "sound.wav"), 30)
    assert refused.value.reason is Reason.DAMAGED
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_takes_too_long_is_ended(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        ffmpeg.cut_clip(str(clip), str(tmp_path / "cut.mp4"), 0, 2, 0.001)
    assert refused.value.reason is Reason.TIMED_OUT
    assert list(tmp_path.iterdir()) == []
