"""What strangers' files do to the pass: a row or a reason, never anything else."""

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blift.connectors.media.limits import Limits, Refused
from blift.connectors.media.nvidia import can_decode
from blift.connectors.media.pyav import facts_of
from blift.connectors.media.settings import Access, MeasureConfig
from blift.pipelines.stages.media.guard import Guard
from blift.pipelines.stages.media.measure import measure
from blift.schemas.reasons import Reason
from tests.connectors.media.conftest import Render, clip, render  # noqa: F401 - fixtures

_CONFIG = MeasureConfig(limits=Limits(max_pixels=10_000_000))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, render: Render) -> list[Path]:  # noqa: F811
    """A small file of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8))
    turned = [picture.rotate(turn).quantize(32) for turn in (0, 30, 60)]
    for ending in ("jpg", "png", "gif", "webp", "tiff"):
        picture.save(folder / f"still.{ending}")
    for ending in ("gif", "webp", "png"):
        turned[0].save(folder / f"moving.{ending}", save_all=True, append_images=turned[1:], duration=50)
    sources = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1", "-f", "lavfi", "-i", "sine=duration=1")
    clips = [render(f"tiny.{ending}", *sources, "-c:v", "mpeg4") for ending in ("mp4", "mkv", "avi")]
    return [*sorted(folder.iterdir()), *clips]


@pytest.mark.parametrize("access", list(Access))
def test_a_spoilt_file_has_a_row_or_a_reason(whole: list[Path], tmp_path: Path, access: Access) -> None:
    chance, path = random.Random(7), tmp_path / "spoilt"
    for original in whole:
        for turn in range(3):
            content = bytearray(original.read_bytes())
            if turn % 2:
                content = content[: chance.randrange(1, len(content))]
            else:
                for _ in range(5):
                    content[chance.randrange(len(content))] = chance.randrange(256)
            path.write_bytes(content)
            try:
                row = measure(str(path), replace(_CONFIG, access=access)).row
            except Refused:
                continue
            assert row["frames"]
            assert row["scenes"]


def test_sound_of_no_known_codec_costs_no_pictures(whole: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "mute.mkv"
    content = next(path for path in whole if path.suffix == ".mkv").read_bytes()
    assert b"A_VORBIS" in content
    path.write_bytes(content.replace(b"A_VORBIS", b"A_NOBODY"))
    row = measure(str(path), _CONFIG).row
    assert (row["frames"], row["silences"]) == (10, [])
    assert row["damage"] == "audio: its codec, rate or channels are not known"


def test_an_animation_without_a_picture_is_refused(whole: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "empty.gif"
    original = next(path for path in whole if path.name == "moving.gif").read_bytes()
    found = set()
    for length in range(13, 900, 40):
        path.write_bytes(original[:length])
        try:
            assert measure(str(path), _CONFIG).row["frames"]
        except Refused as refused:
            found.add(refused.reason)
    assert found <= {Reason.DAMAGED, Reason.NOT_MEDIA}


def test_a_palette_with_transparency_is_measured_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "palette.png"
    Image.radial_gradient("L").quantize(16).save(path, transparency=bytes(range(16)))
    assert measure(str(path), _CONFIG).row["phash"]


@pytest.mark.parametrize("access", list(Access))
def test_scenes_tile_the_duration(clip: Path, access: Access) -> None:  # noqa: F811
    row = measure(str(clip), replace(_CONFIG, access=access)).row
    scenes = row["scenes"]
    assert (scenes[0]["start_s"], scenes[-1]["end_s"]) == (0.0, row["duration_s"])
    assert [scene["end_s"] for scene in scenes[:-1]] == [scene["start_s"] for scene in scenes[1:]]
    assert sum(scene["frames"] for scene in scenes) == row["frames"]


def test_odd_sizes_are_left_to_the_cpu(clip: Path) -> None:  # noqa: F811
    facts = facts_of(str(clip), Limits())
    assert can_decode(facts)
    assert not can_decode(replace(facts, stored=(321, 180)))


@pytest.mark.parametrize("answer", ["b'\\xff' * 8", "b'\\x03' + bytes(7) + b'abc'"])
def test_an_answer_that_cannot_be_read_is_a_reason_and_ends_the_process(answer: str) -> None:
    code = f"import os, time; os.write(1, {answer}); time.sleep(60)"
    with Guard(_CONFIG) as guard:
        process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        guard._process = process
        with pytest.raises(Refused) as refused:
            guard.measure("any")
        assert process.returncode is not None
    assert refused.value.reason is Reason.DECODER_CRASHED
