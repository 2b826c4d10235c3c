"""Pairs of version 1 become pairs of version 2: web addresses are kept, the system text has a column of its own."""

from typing import Any

import pyarrow as pa

from blift.schemas.arrow import schema_of
from blift.schemas.baseline import BASELINES, load
from blift.schemas.migration import losses, to_present
from blift.schemas.registry import SCHEMAS

_HEAD = {"id": "s-full", "sample_id": "s", "template": "full", "template_version": "1.0.0", "split": "train"}


def migrated(table: str, row: dict[str, Any]) -> dict[str, Any]:
    old = schema_of(load(BASELINES / f"{table}-1.0.0.json"))
    moved = to_present(pa.Table.from_pylist([_HEAD | row], old), table, "1.0.0")
    assert moved.schema.equals(SCHEMAS[table])
    assert losses(table, "1.0.0") != []
    (found,) = moved.to_pylist()
    return dict(found)


def test_llavas_shape() -> None:
    turns = [{"from": speaker, "value": speaker} for speaker in ("system", "human", "gpt")]
    found = migrated("instruction", {"image": None, "video": "https://youtu.be/x", "conversations": turns})
    assert (found["image"], found["video"], found["url"]) == (None, None, "https://youtu.be/x")
    assert (found["system"], found["conversations"]) == ("system", turns[1:])
    assert (found["score_ratio"], found["score_percentile"]) == (None, None)


def test_chat_messages() -> None:
    messages = [{"role": "user", "content": [{"type": "image", "text": None}]}]
    urls = ["https://i.redd.it/a.jpg", "https://i.redd.it/b.jpg"]
    found = migrated("chat", {"images": urls, "videos": [], "messages": messages})
    assert (found["images"], found["videos"], found["sha256"], found["frames"]) == ([], [], [], [])
    assert (found["urls"], found["messages"]) == (urls, messages)
