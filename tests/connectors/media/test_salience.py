"""What stands out, by a model: values 0..1 of the picture that the model sees, and what is said of other files."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from blift.connectors.media import salience
from blift.connectors.media.salience import check_salience_model, salience_of
from blift.schemas.errors import RecipeError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture(autouse=True)
def _no_model_is_kept() -> Iterator[None]:
    salience._session.cache_clear()
    yield
    salience._session.cache_clear()


def save_model(folder: Path, shape: Sequence[int | str] = (1, 3, 8, 16)) -> str:
    """A model of the family's form that finds red salient: its first output is the first channel."""
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Gather", ["picture", "red"], ["found"], axis=1)],
        "red",
        [helper.make_tensor_value_info("picture", real, list(shape))],
        [helper.make_tensor_value_info("found", real, None)],
        [onnx.numpy_helper.from_array(np.array([0], dtype=np.int64), "red")],
    )
    path = folder / "red.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
    return str(path)


def test_what_the_model_finds_is_spread_over_0_to_1(tmp_path: Path) -> None:
    picture = np.zeros((80, 160, 3), dtype=np.uint8)
    picture[:, :80, 0], picture[:, 80:, 1] = 200, 200
    picture[40:, :80, 0] = 100
    found = salience_of(picture, save_model(tmp_path))
    assert found.shape == (8, 16)
    assert found.dtype == np.float32
    assert np.allclose(found[:4, :8], 1.0)
    assert np.allclose(found[4:, :8], 0.5, atol=0.01)
    assert np.allclose(found[:, 8:], 0.0)


def test_a_model_of_any_size_sees_320_pixels_on_a_side(tmp_path: Path) -> None:
    model = save_model(tmp_path, (1, 3, "height", "width"))
    assert salience_of(np.eye(50, dtype=np.uint8)[..., None].repeat(3, axis=2), model).shape == (320, 320)


@pytest.mark.parametrize("level", [0, 255])
def test_nothing_stands_out_of_a_plain_picture(tmp_path: Path, level: int) -> None:
    assert not salience_of(np.full((30, 40, 3), level, dtype=np.uint8), save_model(tmp_path)).any()


def test_a_dark_picture_is_seen_as_brightly_as_a_bright_one(tmp_path: Path) -> None:
    bright = np.random.default_rng(0).integers(0, 6, (8, 16, 3), dtype=np.uint8) * 51
    bright[0, 0] = 255
    model = save_model(tmp_path)
    assert np.allclose(salience_of(bright, model), salience_of((bright // 51).astype(np.uint8), model), atol=1e-5)


def test_a_model_is_checked_before_anything_runs(tmp_path: Path) -> None:
    check_salience_model(save_model(tmp_path))
    (tmp_path / "flat").mkdir()
    with pytest.raises(RecipeError, match=r"does not take one picture of shape \(1, 3, height, width\)"):
        check_salience_model(save_model(tmp_path / "flat", (3, 3, 16)))
    (tmp_path / "words.onnx").write_text("some words")
    with pytest.raises(RecipeError, match=r"words\.onnx is no ONNX model that can be loaded"):
        check_salience_model(str(tmp_path / "words.onnx"))


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(RecipeError, match=r"needs the extra `models`\. Install blift\[models\]"):
        check_salience_model(save_model(tmp_path))
