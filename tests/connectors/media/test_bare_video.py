"""What a bared video keeps: every picture, sound and turn; and what it loses: all that it says besides."""

from collections.abc import Callable
from pathlib import Path

import av
import pytest
import xxhash

from blift.connectors.media.bare_picture import NotBare
from blift.connectors.media.bare_video import bare_video

Render = Callable[..., Path]
SECRETS = (b"+52.5200+013.4050", b"Ada Lovelace", b"noted by hand", b"The first part", b"hello there")
SAID = (
    "-metadata", "location=+52.5200+013.4050/", "-metadata", "artist=Ada Lovelace",
    "-metadata", "comment=noted by hand", "-metadata", "creation_time=2021-05-06T07:08:09Z",
    "-metadata:s:v", "title=noted by hand",
)  # fmt: skip


def decoded(path: Path, *kinds: str) -> list[str]:
    """A digest of every picture and every piece of sound, with their times and turns."""
    with av.open(str(path)) as container:
        return [
            f"{frame.time:.4f} {getattr(frame, 'rotation', 0)} {xxhash.xxh3_64_hexdigest(frame.to_ndarray().tobytes())}"
            for frame in container.decode(*[s for s in container.streams if s.type in (kinds or ("video", "audio"))])
        ]


@pytest.mark.parametrize(
    ("name", "arguments", "ending"),
    [
        ("said.mp4", (), "mp4"), ("said.mov", (), "mp4"), ("said.mkv", (), "mp4"), ("said.m4v", (), "mp4"),
        ("said.webm", ("-c:v", "libvpx-vp9", "-c:a", "libopus", "-deadline", "realtime"), "webm"),
    ],
)  # fmt: skip
def test_pictures_sound_and_times_stay_and_nothing_is_said(
    render: Render, clip: Path, tmp_path: Path, name: str, arguments: tuple[str, ...], ending: str
) -> None:
    path = render(name, "-t", "1", "-i", str(clip), *SAID, *(arguments or ("-c", "copy")))
    assert any(secret in path.read_bytes() for secret in SECRETS)
    target = tmp_path / "bare"
    found, removed = bare_video(str(path), str(target))
    assert found == ending
    assert removed == {"location", "metadata"}
    assert decoded(target) == decoded(path)
    content = target.read_bytes()
    assert not [secret for secret in SECRETS if secret in content]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_video_stays_turned(render: Render, clip: Path, tmp_path: Path, turn: int) -> None:
    path = render(f"turned{turn}.mp4", "-display_rotation", str(turn), "-i", str(clip), "-c", "copy")
    bare_video(str(path), str(tmp_path / "bare"))
    assert decoded(tmp_path / "bare") == decoded(path)
    assert int(decoded(path)[0].split()[1]) % 360 == turn


def test_chapters_subtitles_and_covers_go(render: Render, clip: Path, tmp_path: Path) -> None:
    words, marks = tmp_path / "words.srt", tmp_path / "marks.txt"
    words.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello there\n")
    marks.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=The first part\n")
    path = render(
        "more.mkv", "-i", str(clip), "-i", str(words), "-i", str(marks), "-map", "0", "-map", "1", "-map_metadata", "2",
        "-c", "copy",
    )  # fmt: skip
    _, removed = bare_video(str(path), str(tmp_path / "bare"))
    assert removed == {"metadata"}
    # Matroska says how much of the last piece of sound is padding; MP4 does not.
    assert decoded(tmp_path / "bare", "video") == decoded(path, "video")
    assert decoded(tmp_path / "bare", "audio")[:-1] == decoded(path, "audio")[:-1]
    assert not [secret for secret in SECRETS if secret in (tmp_path / "bare").read_bytes()]


def test_the_bytes_follow_from_the_streams_alone(render: Render, clip: Path, tmp_path: Path) -> None:
    said = render("said.mp4", "-t", "1", "-i", str(clip), *SAID, "-c", "copy")
    for name, source in (("one", said), ("two", said), ("three", tmp_path / "one")):
        bare_video(str(source), str(tmp_path / name))
    contents = {(tmp_path / name).read_bytes() for name in ("one", "two", "three")}
    assert len(contents) == 1


def test_streams_that_would_change_are_refused(render: Render, clip: Path, tmp_path: Path) -> None:
    """A transport stream frames H.264 otherwise than MP4 does."""
    path = render("stream.ts", "-i", str(clip), "-c", "copy")
    with pytest.raises(NotBare, match=r"would change in a new container|cannot be written anew"):
        bare_video(str(path), str(tmp_path / "bare"))


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.mp4").write_bytes(b"no video at all" * 40)
    with pytest.raises(NotBare, match="cannot be written anew"):
        bare_video(str(tmp_path / "odd.mp4"), str(tmp_path / "bare"))
