"""Scenes described by models: every row comes back, filled by what its keyframe shows, whatever the timing."""

import base64
import hashlib
import json
import pickle
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from PIL import Image
from pydantic import ValidationError

from blift.connectors.models.address import Address
from blift.connectors.models.allowance import Limits
from blift.connectors.models.config import EndpointConfig, TaggerConfig
from blift.pipelines.recipe.describe import Describe, DescribeEndpoint, DescribeTagger, Speech
from blift.pipelines.stages.media.describe import DescribeConfig, DescribeScenes, fill
from blift.schemas.errors import RecipeError
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import TallyKey, funnel, unbalanced

MEDIA = SCHEMAS["media"]


def scene(keyframe: str | None, **more: Any) -> dict[str, Any]:
    blank = {name.name: None for name in MEDIA.field("scenes").type.value_type}
    return {
        **blank,
        "start_s": 0.0,
        "end_s": 1.0,
        "first_frame": 0,
        "frames": 25,
        "foreground_colours": ["red"],
        "background_colours": [],
        "tags": [],
        "keyframe": keyframe,
        **more,
    }


def media(name: str, *scenes: Mapping[str, Any]) -> pa.Table:
    """A media row whose sha256 is that of its name."""
    row: dict[str, Any] = {}
    for column in MEDIA:
        if pa.types.is_list(column.type):
            row[column.name] = []
        elif not column.nullable:
            row[column.name] = {pa.string(): "x", pa.bool_(): False}.get(column.type, 1)
    row |= {"sha256": sha(name), "file": name, "scenes": list(scenes)}
    return pa.Table.from_pylist([row], MEDIA)


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@dataclass
class Endpoint:
    """A vision endpoint that says the digest of what it is shown, and how often it was asked."""

    url: str = ""
    asked: int = 0
    status: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: bytes) -> tuple[int, bytes]:
        with self.lock:
            self.asked += 1
        time.sleep(random.uniform(0, 0.01))
        address = json.loads(body)["messages"][0]["content"][1]["image_url"]["url"]
        digest = hashlib.sha256(address.encode()).hexdigest()[:8]
        said = {"caption": f"Picture {digest}.", "tags": [digest, "picture"], "screen_text": "STOP"}
        reply = {"choices": [{"message": {"content": json.dumps(said)}}], "usage": {"total_tokens": 50}}
        return self.status.get(digest, 200), json.dumps(reply).encode()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = found.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_port}/v1"
        yield found
        server.shutdown()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A media store with keyframes a to f; `same-as-a` has the bytes of `a`, `torn` is no picture."""
    folder = tmp_path / "store"
    folder.mkdir()
    for place, name in enumerate("abcdef"):
        Image.new("RGB", (8, 8), (place, 100, 200)).save(folder / f"{name}.png")
    (folder / "same-as-a.png").write_bytes((folder / "a.png").read_bytes())
    (folder / "torn.png").write_bytes(b"torn")
    return folder


@pytest.fixture
def config(endpoint: Endpoint, store: Path, tmp_path: Path) -> DescribeConfig:
    address = Address(endpoint.url, attempts=2, backoff_s=0.01)
    asking = EndpointConfig(address, "tiny-vl", str(tmp_path / "answers"), limits=Limits(shares=2), concurrency=3)
    return DescribeConfig("media", str(store), shards=3, endpoint=asking)


@dataclass
class Outcome:
    media: list[pa.Table]
    rejects: list[dict[str, Any]]
    counts: Counter[TallyKey]
    notes: list[str]

    @property
    def scenes(self) -> dict[tuple[str, int], dict[str, Any]]:
        rows = [row for table in self.media for row in table.to_pylist()]
        return {(row["file"], place): scene for row in rows for place, scene in enumerate(row["scenes"])}


def _keep(value: object, folder: str, name: str) -> None:
    """Outputs leave a pipeline as files."""
    Path(folder, f"{name}-{uuid.uuid4()}").write_bytes(pickle.dumps(value))


def describe(config: DescribeConfig, tables: Sequence[pa.Table], folder: Path) -> Outcome:
    """Run the transform and read back its four outputs."""
    folder.mkdir()
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        rows = pipeline | beam.Create(list(tables)).with_output_types(pa.Table)
        for name, output in (rows | DescribeScenes(config))._asdict().items():
            _ = output | f"Keep {name}" >> beam.Map(_keep, folder=str(folder), name=name)
    found: dict[str, list[Any]] = {name: [] for name in ("media", "rejects", "tallies", "notes")}
    for path in folder.iterdir():
        found[path.name.partition("-")[0]].append(pickle.loads(path.read_bytes()))  # noqa: S301
    counts: Counter[TallyKey] = Counter()
    for key, rows_counted in found["tallies"]:
        counts[key] += rows_counted
    rejects = [row for table in found["rejects"] for row in table.to_pylist()]
    return Outcome(
        sorted(found["media"], key=lambda table: table["sha256"].to_pylist()),
        sorted(rejects, key=lambda row: row["record_id"]),
        counts,
        found["notes"],
    )


def said(path: Path) -> str:
    """What the endpoint calls a picture."""
    address = f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
    return hashlib.sha256(address.encode()).hexdigest()[:8]


TABLES = [
    media("first", scene("a.png"), scene(None, caption="Kept."), scene("b.png", tags=["kept"])),
    media("second", scene("same-as-a.png"), scene("c.png")),
    media("third"),
    media("fourth", scene("a.png"), scene("d.png")),
]


def test_every_scene_with_a_keyframe_is_described_and_every_row_comes_back(
    config: DescribeConfig, store: Path, tmp_path: Path
) -> None:
    found = describe(config, TABLES, tmp_path / "run")

    rows = {row["file"]: row for table in found.media for row in table.to_pylist()}
    assert sorted(rows) == ["first", "fourth", "second", "third"]
    assert all(table.schema.equals(MEDIA, check_metadata=True) for table in found.media)
    assert all(table["sha256"].to_pylist() == sorted(table["sha256"].to_pylist()) for table in found.media)
    name = {key: said(store / f"{key}.png") for key in "abcd"}
    captions = {key: scene["caption"] for key, scene in found.scenes.items()}
    assert captions == {
        ("first", 0): f"Picture {name['a']}.",
        ("first", 1): "Kept.",
        ("first", 2): f"Picture {name['b']}.",
        ("second", 0): f"Picture {name['a']}.",
        ("second", 1): f"Picture {name['c']}.",
        ("fourth", 0): f"Picture {name['a']}.",
        ("fourth", 1): f"Picture {name['d']}.",
    }
    assert found.scenes[("first", 2)]["tags"] == ["kept", name["b"], "picture"]
    assert found.scenes[("first", 0)]["screen_text"] == "STOP"
    assert found.scenes[("first", 1)]["screen_text"] is None
    assert (found.rejects, found.notes) == ([], [])


def test_equal_keyframes_are_asked_once(endpoint: Endpoint, config: DescribeConfig, tmp_path: Path) -> None:
    describe(config, TABLES, tmp_path / "run")
    assert endpoint.asked == 4


def test_nothing_but_the_models_fields_changes(config: DescribeConfig, tmp_path: Path) -> None:
    found = describe(config, TABLES, tmp_path / "run")
    before = {row["file"]: row for table in TABLES for row in table.to_pylist()}
    after = {row["file"]: row for table in found.media for row in table.to_pylist()}
    for rows in (before, after):
        for row in rows.values():
            for entry in row["scenes"]:
                del entry["caption"], entry["tags"], entry["screen_text"]
    assert after == before


def test_rows_do_not_depend_on_timing_chunks_or_the_cache(
    endpoint: Endpoint, config: DescribeConfig, tmp_path: Path
) -> None:
    first = describe(config, TABLES, tmp_path / "first")
    asked = endpoint.asked
    cached = describe(config, [pa.concat_tables(TABLES[::-1])], tmp_path / "cached")
    assert endpoint.asked == asked
    assert config.endpoint is not None
    elsewhere = replace(config, endpoint=replace(config.endpoint, cache=str(tmp_path / "other"), concurrency=1))
    again = describe(elsewhere, [TABLES[2], pa.concat_tables(TABLES[:2]), TABLES[3]], tmp_path / "again")
    assert [table.to_pylist() for table in cached.media] == [table.to_pylist() for table in first.media]
    assert [table.to_pylist() for table in again.media] == [table.to_pylist() for table in first.media]


def test_what_cannot_be_described_is_rejected_and_its_row_stays(
    endpoint: Endpoint, config: DescribeConfig, store: Path, tmp_path: Path
) -> None:
    endpoint.status[said(store / "b.png")] = 500
    tables = [*TABLES, media("fifth", scene("torn.png"), scene("absent.png"))]
    found = describe(config, tables, tmp_path / "run")

    assert {(row["record_id"], row["rule"], row["reason"], row["source"]) for row in found.rejects} == {
        (f"{sha('first')}:2", "captioned", "model_failed", "b.png"),
        (f"{sha('fifth')}:0", "keyframe", "unreadable_file", "torn.png"),
        (f"{sha('fifth')}:1", "keyframe", "unreadable_file", "absent.png"),
    }
    assert {row["record_table"] for row in found.rejects} == {"scene"}
    (failed,) = [row for row in found.rejects if row["reason"] == "model_failed"]
    assert failed["detail"].startswith("HTTP 500: ")
    assert all(str(tmp_path) not in row["detail"] for row in found.rejects)
    assert found.scenes[("first", 2)]["caption"] is None
    assert found.scenes[("first", 2)]["tags"] == ["kept"]
    assert sum(table.num_rows for table in found.media) == 5

    steps = funnel(found.counts)
    assert unbalanced(steps) == []
    assert [(row.table, row.step, row.rows_in, row.rows_out, row.rejected) for row in steps] == [
        ("captioned scene", "keyframe", 8, 6, {"unreadable_file": 2}),
        ("captioned scene", "describe", 6, 5, {"model_failed": 1}),
    ]


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_limits_hold_over_all_shares_and_a_note_counts_what_they_left(
    endpoint: Endpoint, config: DescribeConfig, tmp_path: Path, limit: int
) -> None:
    tables = [media(name, scene(f"{name}.png")) for name in "abcdef"]
    assert config.endpoint is not None
    limits = Limits(max_requests=limit, shares=1)
    limited = replace(config, endpoint=replace(config.endpoint, limits=limits))
    first = describe(limited, tables, tmp_path / "first")
    assert endpoint.asked == limit
    assert [scene["caption"] is None for scene in first.scenes.values()].count(True) == 6 - limit
    (note,) = first.notes
    assert note.startswith(
        f"{6 - limit} scenes are not captioned: the endpoint's limits were used up before their turn."
    )
    second = describe(limited, tables, tmp_path / "second")
    assert endpoint.asked == limit
    assert [table.to_pylist() for table in second.media] == [table.to_pylist() for table in first.media]


def test_a_tagger_adds_its_tags_after_the_endpoints(config: DescribeConfig, store: Path, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    nodes = [onnx.helper.make_node("ReduceMean", ["pixels"], ["scores"], axes=[2, 3], keepdims=0)]
    floats = onnx.TensorProto.FLOAT
    pixels = onnx.helper.make_tensor_value_info("pixels", floats, [1, 3, 4, 4])
    scores = onnx.helper.make_tensor_value_info("scores", floats, [1, 3])
    graph = onnx.helper.make_graph(nodes, "means", [pixels], [scores])
    opset = [onnx.helper.make_opsetid("", 13)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "means.onnx")
    (tmp_path / "labels.txt").write_text("red\ngreen\npicture")
    tagger = TaggerConfig(
        str(tmp_path / "means.onnx"), str(tmp_path / "labels.txt"), threshold=0.3, mean=(0, 0, 0), std=(1, 1, 1)
    )

    both = describe(replace(config, tagger=tagger), TABLES, tmp_path / "both")
    assert both.scenes[("first", 2)]["tags"] == ["kept", said(store / "b.png"), "picture", "green"]
    assert both.scenes[("first", 2)]["caption"] is not None
    assert unbalanced(funnel(both.counts)) == []
    alone = describe(DescribeConfig("media", str(store), shards=2, tagger=tagger), TABLES, tmp_path / "alone")
    assert alone.scenes[("first", 2)]["tags"] == ["kept", "picture", "green"]
    assert alone.scenes[("first", 2)]["caption"] is None


def test_rows_without_answers_and_sliced_tables_are_filled_right() -> None:
    table = pa.concat_tables(TABLES).slice(1, 3)
    answer = {
        "media": sha("fourth"),
        "scene": 1,
        "model": "tagged",
        "caption": None,
        "tags": ["x"],
        "screen_text": None,
    }
    filled = fill(table, [answer]).to_pylist()
    expected = table.to_pylist()
    expected[2]["scenes"][1]["tags"] = ["x"]
    assert filled == expected
    assert fill(MEDIA.empty_table(), []).equals(MEDIA.empty_table())


def test_the_recipes_sections_become_configurations() -> None:
    section = Describe.model_validate(
        {
            "endpoint": {
                "url": "https://host/v1",
                "model": "m",
                "key_env": "KEY",
                "max_requests": 9,
                "workers": 3,
                "timeout_s": 5,
            },
            "tagger": {"model": "t.onnx", "labels": "t.txt", "top": 3},
        }
    )
    assert isinstance(section.endpoint, DescribeEndpoint)
    assert isinstance(section.tagger, DescribeTagger)
    asking = section.endpoint.config("/store/answers")
    assert asking.address == Address("https://host/v1", "KEY", 5)
    assert (asking.limits, asking.cache) == (Limits(9, None, 3), "/store/answers")
    assert section.tagger.config("/t.onnx", "/t.txt") == TaggerConfig("/t.onnx", "/t.txt", top=3)
    assert Speech(model="whisper", language="de").config("/whisper").language == "de"
    with pytest.raises(ValidationError, match="name `endpoint`, or `tagger`"):
        Describe()


def test_somebody_must_describe() -> None:
    with pytest.raises(RecipeError, match="Name an `endpoint` or a `tagger`"):
        DescribeConfig("media", "/store", shards=1)


def test_an_address_with_a_secret_is_refused_in_the_recipe_without_repeating_it() -> None:
    with pytest.raises(RecipeError) as caught:
        DescribeEndpoint(url="https://me:hunter2@host/v1", model="m", max_requests=1)
    assert "hunter2" not in str(caught.value)
