"""A tagger in an ONNX file: what it sees, which labels it gives, and what is said of files that do not fit."""

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from blift.connectors.models.config import Scores, TaggerConfig
from blift.connectors.models.tagger import OnnxTagger
from blift.schemas.errors import RecipeError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
Pictures = Callable[[int], pa.Table]

LABELS = ["red", "green", "blue"]
NEUTRAL = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def save_model(
    folder: Path,
    shape: Sequence[int | str] = (1, 3, 4, 4),
    axes: Sequence[int] = (2, 3),
    dtype: int = onnx.TensorProto.FLOAT,
    metadata: dict[str, str] | None = None,
) -> str:
    """A model whose scores are the means of the channels."""
    helper = onnx.helper
    nodes = [
        helper.make_node("Cast", ["pixels"], ["real"], to=onnx.TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real", "axes"], ["scores"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("pixels", dtype, list(shape))],
        [helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(np.array(axes, dtype=np.int64), "axes")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, metadata or {})
    path = folder / "means.onnx"
    onnx.save(model, path)
    return str(path)


@pytest.fixture
def labels(tmp_path: Path) -> str:
    path = tmp_path / "labels.txt"
    path.write_text("\n".join(LABELS) + "\n")
    return str(path)


def tags(config: TaggerConfig, pictures: pa.Table) -> list[dict[str, Any]]:
    model = OnnxTagger(config)
    (result,) = model.run_inference([(0, pictures)], model.load_model())
    found: list[dict[str, Any]] = result.inference.to_pylist()
    return found


@pytest.mark.parametrize(
    ("shape", "axes", "dtype"),
    [
        ((1, 3, 4, 4), (2, 3), onnx.TensorProto.FLOAT),
        (("batch", 3, 4, 6), (2, 3), onnx.TensorProto.FLOAT),
        ((1, 4, 4, 3), (1, 2), onnx.TensorProto.FLOAT),
        ((1, 3, 4, 4), (2, 3), onnx.TensorProto.FLOAT16),
    ],
)
def test_labels_are_given_best_first_down_to_the_threshold(
    tmp_path: Path, labels: str, pictures: Pictures, shape: Sequence[int | str], axes: Sequence[int], dtype: int
) -> None:
    model = save_model(tmp_path, shape, axes, dtype)
    (answer,) = tags(TaggerConfig(model, labels, threshold=0.3, **NEUTRAL), pictures(1))  # colour 0, 100, 200 of 255
    assert (answer["outcome"], answer["tags"]) == ("described", ["blue", "green"])
    assert (answer["caption"], answer["screen_text"]) == (None, None)


def test_no_more_than_the_top_are_given(tmp_path: Path, labels: str, pictures: Pictures) -> None:
    config = TaggerConfig(save_model(tmp_path), labels, top=1, threshold=0, **NEUTRAL)
    assert tags(config, pictures(1))[0]["tags"] == ["blue"]


@pytest.mark.parametrize(
    ("scores", "threshold", "expected"),
    [
        (Scores.LOGITS_OF_ONE, 0.5, ["blue"]),
        (Scores.LOGITS_OF_MANY, 0.5, ["blue"]),
        (Scores.LOGITS_OF_MANY, 0.1, LABELS[::-1]),
    ],
)
def test_logits_become_shares(
    tmp_path: Path, labels: str, pictures: Pictures, scores: Scores, threshold: float, expected: list[str]
) -> None:
    config = TaggerConfig(
        save_model(tmp_path), labels, threshold=threshold, scores=scores, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)
    )
    assert tags(config, pictures(1))[0]["tags"] == expected


def test_the_files_own_normalisation_goes_before_the_recipes(tmp_path: Path, labels: str, pictures: Pictures) -> None:
    told = {"mean": json.dumps([-1, 0, 0]), "std": json.dumps([1, 1, 1])}
    config = TaggerConfig(save_model(tmp_path, metadata=told), labels, threshold=0.9)
    assert tags(config, pictures(1))[0]["tags"] == ["red"]


def test_bytes_go_in_as_they_are_and_equal_scores_stay_in_the_order_of_the_labels(
    tmp_path: Path, labels: str, pictures: Pictures
) -> None:
    model = save_model(tmp_path, dtype=onnx.TensorProto.UINT8)
    config = TaggerConfig(model, labels, threshold=0.99, scores=Scores.LOGITS_OF_MANY)
    assert tags(config, pictures(1))[0]["tags"] == ["green", "blue"]  # 100 and 200 are both 1 after a sigmoid


def test_a_picture_that_cannot_be_decoded_is_told(tmp_path: Path, labels: str, pictures: Pictures) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff broken")
    row = {"digest": hashlib.sha256(broken.read_bytes()).hexdigest(), "path": str(broken)}
    table = pa.concat_tables([pictures(1), pa.Table.from_pylist([row], pictures(1).schema)])
    found = {answer["digest"]: answer for answer in tags(TaggerConfig(save_model(tmp_path), labels, **NEUTRAL), table)}
    assert found[row["digest"]]["outcome"] == "unreadable"
    assert found[row["digest"]]["detail"].startswith("The picture cannot be decoded")
    assert [answer["outcome"] for answer in found.values()].count("described") == 1


@pytest.mark.parametrize(
    ("shape", "dtype", "options", "sentence"),
    [
        ((1, 3, "height", "width"), onnx.TensorProto.FLOAT, {}, "leaves the size of its pictures open. Set `size`"),
        ((8, 3, 4, 4), onnx.TensorProto.FLOAT, {}, "takes 8 pictures at once"),
        ((1, 12), onnx.TensorProto.FLOAT, {}, "which is no picture of 3 channels"),
        ((1, 1, 4, 4), onnx.TensorProto.FLOAT, {}, "which is no picture of 3 channels"),
        ((1, 3, 4, 4), onnx.TensorProto.INT64, {}, "which is no picture of 3 channels"),
        ((1, 3, 4, 4), onnx.TensorProto.FLOAT, {"std": (1.0, 0.0, 1.0)}, "no deviation of 0"),
        ((1, 3, 4, 4), onnx.TensorProto.FLOAT, {"mean": (1.0,)}, "needs three numbers"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_when_it_is_loaded(
    tmp_path: Path, labels: str, shape: Sequence[int | str], dtype: int, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RecipeError, match=sentence):
        OnnxTagger(TaggerConfig(save_model(tmp_path, shape, (1,), dtype), labels, **options)).load_model()


def test_an_open_size_is_taken_from_the_recipe(tmp_path: Path, labels: str, pictures: Pictures) -> None:
    model = save_model(tmp_path, (1, 3, "height", "width"))
    assert tags(TaggerConfig(model, labels, size=16, **NEUTRAL), pictures(1))[0]["tags"] == ["blue"]


def test_scores_and_labels_must_be_as_many(tmp_path: Path, labels: str, pictures: Pictures) -> None:
    Path(labels).write_text("red\ngreen\n")
    with pytest.raises(RecipeError, match=r"gives 3 scores and .*labels\.txt has 2 labels"):
        tags(TaggerConfig(save_model(tmp_path), labels), pictures(1))


def test_logits_that_are_taken_for_shares_are_noticed(tmp_path: Path, labels: str, pictures: Pictures) -> None:
    with pytest.raises(RecipeError, match=r"gives scores outside 0 to 1\. Set `scores` to logits_of_one or"):
        tags(TaggerConfig(save_model(tmp_path), labels), pictures(1))


@pytest.mark.parametrize("content", ["", "\n\n", "red\n\nblue\n"])
def test_labels_must_be_there(tmp_path: Path, labels: str, content: str) -> None:
    Path(labels).write_text(content)
    with pytest.raises(RecipeError, match="holds no labels, or an empty line among them"):
        OnnxTagger(TaggerConfig(save_model(tmp_path), labels)).load_model()


def test_a_file_that_is_no_model_is_told(tmp_path: Path, labels: str) -> None:
    other = tmp_path / "model.onnx"
    other.write_bytes(b"not a model")
    with pytest.raises(RecipeError, match=r"model\.onnx is no ONNX model that onnxruntime .* reads"):
        OnnxTagger(TaggerConfig(str(other), labels)).load_model()
    with pytest.raises(RecipeError, match=r"Cannot read the tagger's model .*absent\.onnx: No such file"):
        OnnxTagger(TaggerConfig(str(tmp_path / "absent.onnx"), labels)).load_model()


def test_without_onnxruntime_the_extra_is_named(tmp_path: Path, labels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = save_model(tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(RecipeError, match=r"A tagger needs onnxruntime.*pip install blift\[models\]"):
        OnnxTagger(TaggerConfig(model, labels)).load_model()
