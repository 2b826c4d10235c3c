"""PyAV gives the pictures and times that FFmpeg gives, of files that change, break off or lie about their name."""

from pathlib import Path

import cv2
import imagehash
import numpy as np
import pytest
from PIL import Image

from blift.connectors.media.frames import working_size
from blift.connectors.media.limits import Limits, Refused
from blift.connectors.media.pyav import Packets, PyAvFrame, PyAvVideo, facts_of
from blift.schemas.reasons import Reason
from tests.connectors.media.conftest import Render

_LIMITS, _SIDE = Limits(), 128


def frames_of(path: Path) -> list[PyAvFrame]:
    return list(PyAvVideo(str(path), _LIMITS, _SIDE).every_frame())


def test_pixels_that_are_not_square_are_shown_square(render: Render) -> None:
    path = render(
        "wide.mp4", "-f", "lavfi", "-i", "testsrc2=size=180x144:rate=5:duration=1,setsar=16/9", "-c:v", "mpeg4"
    )
    facts = facts_of(str(path), _LIMITS)
    assert (facts.stored, facts.shown) == ((180, 144), (320, 144))
    assert frames_of(path)[0].picture(512).shape == (144, 320, 3)


@pytest.mark.parametrize("size", ["35x21", "2x2", "1920x2", "130x98"])
def test_odd_sizes_are_scaled_as_ffmpeg_and_opencv_do(render: Render, size: str) -> None:
    path = render(
        f"size{size}.mkv", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=5:duration=1,format=yuv420p", "-c:v", "ffv1"
    )
    for frame in frames_of(path):
        whole = frame.frame.to_ndarray(format="bgr24")
        expected = cv2.resize(
            whole, working_size((whole.shape[1], whole.shape[0]), _SIDE), interpolation=cv2.INTER_NEAREST
        )
        assert np.array_equal(frame.small(), expected)


@pytest.mark.parametrize("space", ["bt709", "smpte170m", "bt2020nc", "smpte240m"])
def test_colours_of_every_colour_space_are_ffmpegs(render: Render, space: str) -> None:
    path = render(
        f"{space}.mkv", "-f", "lavfi", "-i", "mandelbrot=size=128x96:rate=5", "-t", "1",
        "-vf", "format=yuv420p", "-colorspace", space, "-c:v", "libx264", "-qp", "0",
    )  # fmt: skip
    (first, *_) = frames_of(path)
    assert int(first.frame.colorspace) in (1, 5, 6, 7, 9)
    assert np.array_equal(first.small(), first.frame.to_ndarray(format="bgr24"))


def test_a_size_that_changes_midway_is_brought_to_the_first(render: Render, tmp_path: Path) -> None:
    parts = [
        render(
            f"part{size}.ts", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=10:duration=1", "-c:v", "libx264"
        ).read_bytes()
        for size in ("320x180", "640x360")
    ]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(parts))
    frames = frames_of(path)
    assert {frame.frame.width for frame in frames} == {320, 640}
    assert {frame.small().shape for frame in frames} == {(90, 160, 3)}
    assert {frame.picture(512).shape for frame in frames} == {(180, 320, 3)}


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_torn_mp4_keeps_the_frames_before_the_tear(render: Render, tmp_path: Path, share: float) -> None:
    whole = render(
        "fast.mp4", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-c:v", "libx264", "-g", "10",
        "-movflags", "+faststart",
    )  # fmt: skip
    path = tmp_path / "torn.mp4"
    content = whole.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    video = PyAvVideo(str(path), _LIMITS, _SIDE)
    kept = list(video.every_frame())
    assert 0 < len(kept) < 50
    assert video.damage
    for one, two in zip(kept[:5], frames_of(whole), strict=False):
        assert np.array_equal(one.small(), two.small())


def test_an_mp4_without_its_index_is_refused(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "torn.mp4"
    path.write_bytes(clip.read_bytes()[:4000])
    with pytest.raises(Refused) as refused:
        PyAvVideo(str(path), _LIMITS, _SIDE)
    assert refused.value.reason is Reason.NOT_MEDIA


def test_a_name_that_lies_does_not_matter(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "clip.jpg"
    path.write_bytes(clip.read_bytes())
    assert facts_of(str(path), _LIMITS) == facts_of(str(clip), _LIMITS)


def test_a_cover_of_a_song_is_no_video(render: Render) -> None:
    cover = render("cover.jpg", "-f", "lavfi", "-i", "testsrc2=size=64x64", "-frames:v", "1")
    path = render(
        "song.mp4", "-f", "lavfi", "-i", "sine=duration=1", "-i", str(cover), "-map", "0", "-map", "1",
        "-c:v", "copy", "-disposition:v:0", "attached_pic",
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        PyAvVideo(str(path), _LIMITS, _SIDE)
    assert refused.value.reason is Reason.NO_PICTURES


def test_frames_longer_than_allowed_are_refused_where_the_container_does_not_say(render: Render) -> None:
    path = render("stream.ts", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=3", "-c:v", "libx264")
    for limits, reason in (
        (Limits(max_frames=20), Reason.TOO_MANY_FRAMES),
        (Limits(max_duration_s=1), Reason.TOO_LONG),
    ):
        with pytest.raises(Refused) as refused:
            list(PyAvVideo(str(path), limits, _SIDE).every_frame())
        assert refused.value.reason is reason


def test_times_count_from_the_first_frame(render: Render) -> None:
    path = render(
        "late.mkv", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=1", "-output_ts_offset", "100",
        "-c:v", "libx264",
    )  # fmt: skip
    frames = frames_of(path)
    assert (frames[0].time_s, frames[-1].end_s) == pytest.approx((0.0, 1.0), abs=0.002)


def test_frames_come_in_the_order_of_showing(clip: Path) -> None:
    frames = frames_of(clip)
    assert [frame.number for frame in frames] == list(range(50))
    assert [frame.time_s for frame in frames] == pytest.approx([number / 25 for number in range(50)], abs=1e-3)
    assert [frame.end_s for frame in frames[:-1]] == pytest.approx([frame.time_s for frame in frames[1:]], abs=1e-3)


def test_a_frame_stays_what_it_was_when_the_next_has_come(clip: Path) -> None:
    frames, seen = [], []
    for frame in PyAvVideo(str(clip), _LIMITS, _SIDE).every_frame():
        frames.append(frame)
        seen.append(frame.small())
    assert all(np.array_equal(frame.small(), small) for frame, small in zip(frames, seen, strict=True))


def test_the_packets_of_the_audio_pass_by_whole(clip: Path) -> None:
    passed: list[int] = []
    alone: list[int] = []
    list(PyAvVideo(str(clip), _LIMITS, _SIDE, lambda packet: passed.append(packet.size)).every_frame())
    packets = Packets(str(clip), lambda packet: alone.append(packet.size))
    packets.finish()
    packets.close()
    assert passed == alone


def test_packets_tell_how_long_each_frame_is_shown_and_pass_the_audio_on(clip: Path, render: Render) -> None:
    uneven = render("uneven.mkv", "-i", str(clip), "-vf", "select='lt(n,20)+not(mod(n,3))'", "-fps_mode", "vfr")
    for path in (clip, uneven):
        passed: list[int] = []
        packets = Packets(str(path), lambda packet, passed=passed: passed.append(packet.size))
        frames = [frame.frame for frame in PyAvVideo(str(path), _LIMITS, _SIDE).every_frame()]
        assert [packets.length(frame.pts) for frame in frames] == [frame.duration for frame in frames]
        assert packets.length(-1) is None
        assert len(passed) > 50
        packets.close()


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["decord/video_0.mov", "decord/video_90.mov", "decord/video_180.mov", "decord/video_270.mov",
     "data-juicer/video3.mp4", "cosmos-curate/test_clip_10s.mp4", "torchcodec/bt709_full_range.mp4",
     "torchcodec/h265_video.mp4", "torchcodec/av1_video.mkv"],
)  # fmt: skip
def test_real_frames_are_ffmpegs_pixel_for_pixel(shared_data: Path, name: str) -> None:
    for frame, _ in zip(
        PyAvVideo(str(shared_data / "media" / name), _LIMITS, _SIDE).every_frame(), range(25), strict=False
    ):
        size = working_size((frame.frame.width, frame.frame.height), _SIDE)
        whole = frame.frame.to_ndarray(format="bgr24")
        assert np.array_equal(frame.small(), cv2.resize(whole, size, interpolation=cv2.INTER_NEAREST))
        plane = frame.frame.to_ndarray()[: frame.frame.height]
        luma = Image.fromarray(np.ascontiguousarray(np.rot90(plane, -frame.view.facts.rotation // 90)))
        assert str(imagehash.phash(Image.fromarray(frame.luma()))) == str(imagehash.phash(luma))


@pytest.mark.shared
def test_real_turned_videos_are_upright(shared_data: Path) -> None:
    for turn in (0, 90, 180, 270):
        video = PyAvVideo(str(shared_data / f"media/decord/video_{turn}.mov"), _LIMITS, _SIDE)
        first = next(video.every_frame())
        width, height = video.facts.shown
        assert video.facts.rotation == turn
        assert (width, height) == (video.facts.stored if turn % 180 == 0 else video.facts.stored[::-1])
        assert first.luma().shape == (height, width)
        assert first.picture(max(width, height)).shape == (height, width, 3)
        assert np.abs(first.picture(width + height)[..., 1].astype(int) - first.luma()).mean() < 25


def test_luma_looks_into_the_frames_memory_and_keeps_it(render: Render) -> None:
    path = render("odd.mp4", "-f", "lavfi", "-i", "testsrc2=size=322x242:rate=10:duration=3", "-c:v", "libx264")
    video = PyAvVideo(str(path), _LIMITS, _SIDE)
    seen, copies = [], []
    for frame in video.every_frame():
        seen.append(frame.luma())
        copies.append(frame.frame.to_ndarray()[:242, :322])
        del frame
    video.close()
    assert len(seen) == 30
    for luma, copy in zip(seen, copies, strict=True):
        assert np.array_equal(luma, copy)
