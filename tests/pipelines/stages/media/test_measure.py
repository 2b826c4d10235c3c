"""The pass: a row or a reason for every file, with the cuts of PySceneDetect and the hashes of imagehash."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagehash
import pytest
from PIL import Image, ImageOps
from scenedetect import SceneManager, open_video
from scenedetect.detectors import ContentDetector
from scenedetect.scene_manager import Interpolation

from blift.connectors.media.limits import Limits, Refused
from blift.connectors.media.pyav import PyAvFrame, PyAvVideo
from blift.connectors.media.settings import Access, MeasureConfig
from blift.pipelines.stages.media.measure import measure
from blift.schemas.media import HashKind
from blift.schemas.reasons import Reason
from blift.transforms.media.hashes import part_hashes
from tests.connectors.media.conftest import Render, clip, render  # noqa: F401 - fixtures

_CONFIG = MeasureConfig(samples_per_s=1.0)


def cuts_of_pyscenedetect(path: Path) -> list[int]:
    video = open_video(str(path), backend="pyav")
    manager = SceneManager()
    manager.auto_downscale, manager.downscale = False, max(1, round(max(video.frame_size) / _CONFIG.working_side))
    manager.interpolation = Interpolation.NEAREST
    weights = ContentDetector.Components(1, 1, 1, 1)
    manager.add_detector(ContentDetector(threshold=_CONFIG.threshold, weights=weights, min_scene_len=15))
    manager.detect_scenes(video)
    return [first.frame_num for first, _ in manager.get_scene_list()[1:]]


def test_scenes_are_cut_hashed_and_coloured_in_one_pass(render: Render) -> None:  # noqa: F811
    path = render(
        "scenes.mp4", "-f", "lavfi", "-i", "color=red:size=320x180:rate=25:duration=1",
        "-f", "lavfi", "-i", "mandelbrot=size=320x180:rate=25",
        "-f", "lavfi", "-i", "color=navy:size=320x180:rate=25:duration=1",
        "-filter_complex", "[1]trim=duration=2[m];[0][m][2]concat=n=3", "-c:v", "libx264", "-pix_fmt", "yuv420p",
    )  # fmt: skip
    measured = measure(str(path), _CONFIG)
    row = measured.row
    assert [(scene["first_frame"], scene["frames"]) for scene in row["scenes"]] == [(0, 25), (25, 50), (75, 25)]
    assert [round(scene["end_s"], 2) for scene in row["scenes"]] == [1.0, 3.0, 4.0]
    assert row["scenes"][0]["background_colours"] == ["red"]
    assert row["scenes"][2]["background_colours"] == ["navy"]
    assert [sample["time_s"] for sample in row["frame_hashes"]] == [0.0, 1.0, 2.0, 3.0]
    assert all(Image.open(io.BytesIO(jpeg)).size == (320, 180) for jpeg in measured.keyframes if jpeg)
    assert cuts_of_pyscenedetect(path) == [25, 75]


@pytest.mark.parametrize("rate", [1, 24, 30])
def test_a_sample_is_taken_at_every_tick(render: Render, rate: int) -> None:  # noqa: F811
    path = render(
        f"rate{rate}.mp4", "-f", "lavfi", "-i", f"testsrc2=size=64x64:rate={rate}:duration=5", "-c:v", "libx264"
    )
    row = measure(str(path), _CONFIG).row
    assert [round(sample["time_s"]) for sample in row["frame_hashes"]] == [0, 1, 2, 3, 4]
    assert row["fps"] == pytest.approx(rate)


def test_frames_that_are_not_equally_long_are_told(render: Render) -> None:  # noqa: F811
    path = render(
        "variable.mkv", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=2", "-vf",
        "select='lt(n,25)+not(mod(n,5))'", "-fps_mode", "vfr", "-c:v", "libx264",
    )  # fmt: skip
    assert measure(str(path), _CONFIG).row["variable_fps"] is True


@pytest.mark.parametrize(("access", "decoder"), [(Access.SPARSE, "decord"), (Access.KEY, "pyav")])
def test_some_frames_alone_can_be_looked_at(clip: Path, access: Access, decoder: str) -> None:  # noqa: F811
    row = measure(str(clip), replace(_CONFIG, access=access, samples_per_s=5)).row
    assert (row["decoder"], len(row["scenes"]), row["fps"]) == (decoder, 1, None)
    assert row["duration_s"] == pytest.approx(2.0, abs=0.05)
    assert 5 <= len(row["frame_hashes"]) <= 10


def test_hashes_of_frames_are_imagehashs_of_their_luma(clip: Path) -> None:  # noqa: F811
    row = measure(str(clip), _CONFIG).row
    lumas = [frame.luma() for frame in PyAvVideo(str(clip), Limits(), 64).frames_at([0.0, 1.0])]
    assert [sample["phash"] for sample in row["frame_hashes"]] == [
        str(imagehash.phash(Image.fromarray(luma))) for luma in lumas
    ]
    assert [(sample["time_s"], sample["part"], sample["phash"]) for sample in row["part_hashes"]] == [
        (time_s, part.value, own)
        for time_s, luma in zip((0.0, 1.0), lumas, strict=True)
        for part, own in part_hashes(luma).items()
    ]


def test_a_logo_leaves_the_hashes_of_the_parts_that_it_does_not_touch(clip: Path, render: Render) -> None:  # noqa: F811
    logo = "drawbox=x=iw*0.8:y=0:w=iw*0.2:h=ih*0.2:color=white:t=fill"
    marked = render("marked.mp4", "-i", str(clip), "-vf", logo, "-c:v", "libx264", "-qp", "8")
    before, after = (measure(str(path), _CONFIG).row for path in (clip, marked))
    whole = [_bits(one, other) for one, other in zip(before["frame_hashes"], after["frame_hashes"], strict=True)]
    parts = [
        _bits(one, other)
        for one, other in zip(before["part_hashes"], after["part_hashes"], strict=True)
        if one["part"] in ("left", "lower")
    ]
    assert len(parts) == 2 * len(whole)
    assert max(parts) <= 4 < min(whole)


def _bits(one: dict[str, Any], other: dict[str, Any]) -> int:
    return (int(one["phash"], 16) ^ int(other["phash"], 16)).bit_count()


@pytest.mark.parametrize(
    ("content", "limits", "reason"),
    [
        (b"", Limits(), Reason.NOT_MEDIA),
        (b"some words", Limits(), Reason.NOT_MEDIA),
        (b"x" * 100, Limits(max_bytes=99), Reason.TOO_MANY_BYTES),
    ],
)
def test_a_file_that_gives_no_row_has_a_reason(tmp_path: Path, content: bytes, limits: Limits, reason: Reason) -> None:
    path = tmp_path / "file.mp4"
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        measure(str(path), replace(_CONFIG, limits=limits))
    assert refused.value.reason is reason


@pytest.mark.long
@pytest.mark.shared
def test_every_real_file_has_a_row_or_a_reason(shared_data: Path) -> None:
    rows, reasons = {}, {}
    for path in sorted(path for path in (shared_data / "media").rglob("*") if path.is_file()):
        try:
            rows[path.name] = measure(str(path), _CONFIG).row
        except Refused as refused:
            reasons[path.name] = refused.reason
    assert reasons == {"ukbench09268_corrupt.jpg": Reason.NOT_MEDIA}
    assert rows["corrupted.mp4"]["damage"] == (
        "corrupt frame (1 times); invalid data found when processing input (1 times)"
    )
    assert [rows[f"video_{turn}.mov"]["rotation"] for turn in (0, 90, 180, 270)] == [0, 90, 180, 270]
    assert rows["Landscape_6.jpg"]["width"] > rows["Landscape_6.jpg"]["height"]
    assert rows["giphy.gif"]["form"] == "animation"
    assert len(rows) > 70


@pytest.mark.long
@pytest.mark.shared
def test_cuts_of_real_clips_are_those_of_pyscenedetect(shared_data: Path) -> None:
    found = 0
    for folder in ("cosmos-curate", "data-juicer", "decord", "torchcodec"):
        for path in sorted((shared_data / "media" / folder).glob("*.m*")):
            if path.name in ("corrupted.mp4", "unordered.mov", "nasa_13013.mp4"):  # of several streams we take the best
                continue
            cuts = [scene["first_frame"] for scene in measure(str(path), _CONFIG).row["scenes"][1:]]
            assert cuts == cuts_of_pyscenedetect(path), path
            found += len(cuts)
    assert found > 10


@pytest.mark.shared
def test_hashes_of_real_images_are_imagehashs(shared_data: Path) -> None:
    for path in sorted((shared_data / "media").rglob("*.jp*g")):
        if "corrupt" not in path.name:
            upright = ImageOps.exif_transpose(Image.open(path))
            assert measure(str(path), _CONFIG).row["phash"] == str(imagehash.phash(upright)), path


def test_other_kinds_of_hashes_are_kept_of_an_image_and_of_keyframes(clip: Path, tmp_path: Path) -> None:  # noqa: F811
    config = replace(_CONFIG, hashes=(HashKind.COLORHASH, HashKind.DHASH), keyframe_side=4_000)
    picture = Image.effect_mandelbrot((90, 60), (-2.0, -1.0, 1.0, 1.0), 50).convert("RGB")
    picture.save(tmp_path / "picture.png")
    assert measure(str(tmp_path / "picture.png"), config).row["hashes"] == [
        {"time_s": 0.0, "kind": "colorhash", "value": str(imagehash.colorhash(picture))},
        {"time_s": 0.0, "kind": "dhash", "value": str(imagehash.dhash(picture))},
    ]
    row = measure(str(clip), config).row
    shown = [(kind, scene["keyframe_s"]) for scene in row["scenes"] for kind in ("colorhash", "dhash")]
    assert [(one["kind"], one["time_s"]) for one in row["hashes"]] == shown
    assert measure(str(clip), _CONFIG).row["hashes"] == []


def test_equal_pixels_make_equal_keyframes(clip: Path) -> None:  # noqa: F811
    assert measure(str(clip), _CONFIG).keyframes == measure(str(clip), _CONFIG).keyframes


@pytest.mark.parametrize(("pixels", "codec"), [("yuv420p", "ffv1"), ("yuvj420p", "mjpeg")])
def test_detail_of_samples_is_of_all_levels_whatever_decoder_and_range(
    render: Render,  # noqa: F811
    pixels: str,
    codec: str,
) -> None:
    path = render(
        f"detail-{pixels}.mkv", "-f", "lavfi", "-i", "mandelbrot=size=320x180:rate=10", "-t", "1",
        "-pix_fmt", pixels, "-c:v", codec,
    )  # fmt: skip
    every, sparse = (
        [sample["detail"] for sample in measure(str(path), replace(_CONFIG, access=access)).row["frame_hashes"]]
        for access in (Access.EVERY, Access.SPARSE)
    )
    assert every == pytest.approx(sparse, rel=0.02)
    assert min(every) > 5


def test_a_repaired_file_keeps_the_name_of_its_container_and_says_so(
    clip: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, opened = PyAvVideo.every_frame, str(clip)

    def broken_index(video: PyAvVideo) -> Iterator[PyAvFrame]:
        if video._container.name == f"file:{opened}":
            raise Refused(Reason.DAMAGED, "no frame could be decoded")
        return read(video)

    monkeypatch.setattr(PyAvVideo, "every_frame", broken_index)
    row = measure(opened, _CONFIG).row
    assert (row["container"], row["frames"]) == ("mov", 50)
    assert row["damage"] == "repaired by writing its streams into a new container: no frame could be decoded"
