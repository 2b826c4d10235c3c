"""Decoders give the same pictures, and refuse what strangers should not open."""

import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import av
import cv2
import imageio_ffmpeg
import numpy as np
import pytest

from blift.connectors.media.decord import DecordVideo
from blift.connectors.media.frames import VideoFile, working_size
from blift.connectors.media.limits import Limits, Refused
from blift.connectors.media.nvidia import NvidiaVideo, can_decode, has_device
from blift.connectors.media.pyav import PyAvVideo, facts_of
from blift.schemas.reasons import Reason
from tests.connectors.media.conftest import Render
from tests.connectors.media.stand_in import on_stand_in

_LIMITS, _SIDE = Limits(), 128


def opened(decoder: str, path: Path) -> VideoFile:
    if decoder == "device":
        return on_stand_in(path, _SIDE)
    return (PyAvVideo if decoder == "pyav" else DecordVideo)(str(path), _LIMITS, _SIDE)


@pytest.mark.parametrize("decoder", ["decord", "device"])
def test_decoders_agree_on_every_frame(decoder: str, clip: Path) -> None:
    reference, other = opened("pyav", clip), opened(decoder, clip)
    count = 0
    for one, two in zip(reference.every_frame(), other.every_frame(), strict=True):
        count += 1
        assert two.number == one.number
        assert (two.time_s, two.end_s) == pytest.approx((one.time_s, one.end_s), abs=1e-4)
        assert np.array_equal(two.small(), one.small())
        if decoder == "device":
            assert np.array_equal(two.luma(), one.luma())
            assert np.abs(two.picture(160).astype(int) - one.picture(160)).mean() < 2
    assert (count, other.facts) == (50, reference.facts)


@pytest.mark.parametrize(
    ("pixels", "codec", "full"), [("yuv420p", "ffv1", False), ("yuvj420p", "mjpeg", True), ("gray", "ffv1", True)]
)
def test_frames_say_which_levels_their_luma_takes(render: Render, pixels: str, codec: str, full: bool) -> None:
    path = render(
        f"range-{pixels}.mkv", "-f", "lavfi", "-i", "mandelbrot=size=64x48:rate=10", "-t", "0.5",
        "-pix_fmt", pixels, "-c:v", codec,
    )  # fmt: skip
    assert {frame.full_range for frame in opened("pyav", path).every_frame()} == {full}
    assert {frame.full_range for frame in opened("decord", path).every_frame()} == {True}


@pytest.mark.parametrize("decoder", ["pyav", "decord", "device"])
def test_frames_are_found_by_the_time_at_which_they_are_shown(decoder: str, clip: Path) -> None:
    found = [frame.number for frame in opened(decoder, clip).frames_at([0.0, 0.5, 0.51, 1.99, 7.0])]
    assert found == [0, 12, 49]


@pytest.mark.parametrize("decoder", ["pyav", "decord"])
def test_key_frames_are_those_that_are_coded_by_themselves(decoder: str, clip: Path) -> None:
    times = [round(frame.time_s, 2) for frame in opened(decoder, clip).key_frames()]
    assert times == [0.0, 0.4, 0.8, 1.2, 1.6]


@pytest.mark.parametrize("pixels", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv420p10le", "gray"])
def test_the_small_picture_is_that_of_ffmpegs_conversion(render: Render, pixels: str) -> None:
    path = render(
        f"{pixels}.mkv", "-f", "lavfi", "-i", "mandelbrot=size=426x240:rate=10", "-t", "1", "-vf", f"format={pixels}",
        "-c:v", "ffv1",
    )  # fmt: skip
    for frame in PyAvVideo(str(path), _LIMITS, _SIDE).every_frame():
        whole = frame.frame.to_ndarray(format="bgr24")
        expected = cv2.resize(whole, working_size((426, 240), _SIDE), interpolation=cv2.INTER_NEAREST)
        apart = np.abs(frame.small().astype(int) - expected)
        # Chroma of 4:2:0 is repeated by FFmpeg's quick conversion as here; other formats take its slow one.
        assert apart.max() == 0 if pixels in ("yuv420p", "yuvj420p", "gray") else apart.mean() < 4


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_rotated_video_is_shown_upright(render: Render, clip: Path, turn: int) -> None:
    path = render(f"turned{turn}.mp4", "-display_rotation", str(turn), "-i", str(clip), "-c", "copy")
    plain, turned = facts_of(str(clip), _LIMITS), PyAvVideo(str(path), _LIMITS, _SIDE)
    upright = next(turned.every_frame()).picture(320)
    expected = next(PyAvVideo(str(clip), _LIMITS, _SIDE).every_frame()).picture(320)
    assert np.abs(upright.astype(int) - np.rot90(expected, turn // 90)).mean() < 3
    assert turned.facts.shown == (plain.shown if turn % 180 == 0 else plain.shown[::-1])


def test_what_a_device_cannot_decode_exactly_is_left_to_the_cpu(clip: Path) -> None:
    facts = facts_of(str(clip), _LIMITS)
    assert can_decode(facts)
    assert not can_decode(replace(facts, pixel_format="yuv420p10le"))
    assert not can_decode(replace(facts, video_codec="prores"))


def test_a_device_that_fails_is_a_reason(clip: Path) -> None:
    video = on_stand_in(clip, _SIDE, "Surface mapping failed")
    with pytest.raises(Refused) as refused:
        list(video.every_frame())
    assert (refused.value.reason, refused.value.detail) == (Reason.DAMAGED, "the device: surface mapping failed")


@pytest.mark.gpu
def test_the_device_gives_the_pictures_of_the_cpu(clip: Path) -> None:
    if not has_device():
        pytest.skip("no NVIDIA device, or the extra `gpu` is not installed")
    pairs = zip(opened("pyav", clip).every_frame(), NvidiaVideo(str(clip), _LIMITS, _SIDE).every_frame(), strict=True)
    for one, two in pairs:
        assert np.array_equal(two.small(), one.small())


def test_a_file_that_breaks_off_keeps_what_can_be_decoded(render: Render, tmp_path: Path) -> None:
    whole = render(
        "broken.mkv", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-c:v", "libx264", "-g", "10"
    ).read_bytes()
    path = tmp_path / "half.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    video = PyAvVideo(str(path), _LIMITS, _SIDE)
    assert 5 < sum(1 for _ in video.every_frame()) < 50


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(max_pixels=1000), Reason.TOO_MANY_PIXELS),
        (Limits(max_frames=10), Reason.TOO_MANY_FRAMES),
        (Limits(max_duration_s=1.0), Reason.TOO_LONG),
    ],
)
def test_what_a_video_claims_is_checked_before_a_frame_is_decoded(clip: Path, limits: Limits, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        PyAvVideo(str(clip), limits, _SIDE)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    "text", ["#EXTM3U\n#EXTINF:1,\n{url}\n", "ffconcat version 1.0\nfile {url}\n", "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"]
)
def test_a_playlist_is_no_video_and_nothing_is_asked_of_its_addresses(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clip.mp4"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        path.write_text(text.format(url=f"http://127.0.0.1:{server.getsockname()[1]}/1.ts"))
        with pytest.raises(Refused) as refused:
            PyAvVideo(str(path), _LIMITS, _SIDE)
        assert refused.value.reason is Reason.NOT_MEDIA
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("name", ["a [b] c.mp4", "http:x.mp4", "%03d.mp4", "größe ж.mp4", "-i.mp4", "concat:a|b.mp4"])
def test_a_name_is_only_a_name(clip: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(clip.read_bytes())
    assert facts_of(str(path), _LIMITS).stored == (320, 180)


def test_audio_alone_has_no_pictures(render: Render) -> None:
    path = render("sound.mp4", "-f", "lavfi", "-i", "sine=duration=1")
    with pytest.raises(Refused) as refused:
        PyAvVideo(str(path), _LIMITS, _SIDE)
    assert refused.value.reason is Reason.NO_PICTURES


@pytest.mark.long
@pytest.mark.shared
def test_real_videos_have_the_frames_and_the_length_that_ffmpeg_counts(shared_data: Path) -> None:
    paths = sorted(path for path in (shared_data / "media").rglob("*.m*") if path.suffix in (".mp4", ".mov", ".mkv"))
    assert len(paths) > 15
    for path in paths:
        if path.name == "corrupted.mp4":
            continue
        frames = list(PyAvVideo(str(path), _LIMITS, 32).every_frame())
        done = subprocess.run(
            [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-map", "0:v:0" if "nasa" not in path.name else "0:3",
             "-fps_mode", "passthrough", "-f", "null", "-"],
            capture_output=True, check=True,
        )  # fmt: skip
        counted = int(done.stderr.decode().rsplit("frame=", 1)[1].split()[0])
        assert len(frames) == counted, path
        with av.open(str(path)) as container:
            stream = container.streams.best("video")
            packets = [packet for packet in container.demux(stream) if packet.pts is not None]
            first = min(packet.pts for packet in packets)
            last = max(packet.pts + (packet.duration or 0) for packet in packets)
            assert max(frame.end_s for frame in frames) == pytest.approx(
                float((last - first) * stream.time_base), abs=0.05
            )
