"""The manifest of a published version, as a stranger may have written it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from blift.connectors.hub.client import Hub, Snapshot
from blift.pipelines.stages.publish.compare import hub_digests
from blift.pipelines.stages.publish.files import PublishedManifest
from blift.schemas.errors import InputError
from blift.schemas.level import Level
from blift.transforms.row_changes import RowChanges
from tests.fuzz.mutate import as_json, spoiled

_DIGEST = "ab" * 32
MANIFEST: dict[str, Any] = {
    "format": 1,
    "dataset": "owner/name",
    "version": "v1.1.0",
    "previous": "v1.0.0",
    "changes": {
        "level": "minor",
        "rows": {"samples": {"added": 2, "removed": 0, "changed": 1}},
        "schemas": ["The configuration `posts` is new."],
    },
    "release": _DIGEST,
    "configs": {"samples": {"table": "sample", "schema": "schemas/sample-1.0.0.json"}},
    "files": {
        "samples/samples-00000-of-00001.parquet": {"bytes": 9, "digest": _DIGEST, "rows": 3},
        "schemas/sample-1.0.0.json": {"bytes": 9, "digest": "cd" * 20},
    },
}


def parsed(content: object) -> PublishedManifest:
    return PublishedManifest.parse(as_json(content).encode(), "manifest.json of owner/name")


def changed(*keys: str, to: object) -> dict[str, Any]:
    """The manifest with another value at a place."""
    content: dict[str, Any] = json.loads(json.dumps(MANIFEST))
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    return content


def test_it_is_read() -> None:
    found = parsed(MANIFEST)
    assert found.edition.version == "v1.1.0"
    assert found.edition.changed.level is Level.MINOR
    assert found.edition.changed.rows == {"samples": RowChanges(2, 0, 1)}
    assert found.rows == {"samples/samples-00000-of-00001.parquet": 3}
    assert found.schemas == {"samples": "schemas/sample-1.0.0.json"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ([], "Expected `object`"),
        ({}, "missing required field `format`"),
        (changed("format", to=2), "has format 2, and this blift reads 1"),
        (changed("version", to="1"), r"\$\.version"),
        (changed("version", to="v1.0." + "9" * 5_000), r"\$\.version"),
        (changed("changes", "level", to="huge"), r"Invalid enum value 'huge' - at `\$\.changes\.level`"),
        (changed("changes", "rows", "samples", "added", to="2"), r"Expected `int`, got `str`"),
        (changed("changes", "rows", "samples", "added", to=-2), r"Expected `int` >= 0"),
        (changed("changes", "schemas", to={}), "Expected `array`"),
        (changed("release", to=5), r"\$\.release"),
        (changed("configs", "samples", "schema", to="../../x"), "'../../x', which leads out of the folder"),
        (changed("configs", "samples", "schema", to="/etc/passwd"), "'/etc/passwd', which is absolute"),
        (changed("files", "../x", to={"digest": _DIGEST}), "'../x', which leads out of the folder"),
        (changed("files", "x", to={"digest": "short"}), r"\$\.files"),
        (changed("files", "x", to={"digest": _DIGEST, "rows": True}), r"\$\.files"),
    ],
)
def test_what_is_wrong_with_it_is_told(content: object, why: str) -> None:
    with pytest.raises(InputError, match=why):
        parsed(content)


def test_whatever_a_stranger_wrote_is_a_manifest_or_a_sentence() -> None:
    outcomes = set()
    for seed in range(1_000):
        try:
            outcomes.add(type(parsed(spoiled(MANIFEST, random.Random(seed)))))
        except InputError:
            outcomes.add(InputError)
    assert outcomes == {PublishedManifest, InputError}


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\xff" * 100])
def test_published_digests_that_are_damaged_are_a_sentence(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub("owner/name", "http://127.0.0.1:9")
    monkeypatch.setattr(hub, "read", lambda *_: content)
    with pytest.raises(InputError, match=r"digests/samples\.parquet of owner/name is damaged .*Delete it there"):
        hub_digests(hub, Snapshot("abc", {"digests/samples.parquet": "x"}), ["samples"])
