"""The media store: keyframes by their content, and rows that were measured before."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pytest

from blift.connectors.media.store import MediaStore
from blift.schemas.errors import OutputError

_PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 40
_ROW = pa.table({"sha256": ["ab"], "frames": [3]})


def test_a_keyframe_is_named_after_its_content_and_kept_once(tmp_path: Path) -> None:
    store, digest = MediaStore(str(tmp_path), "s"), hashlib.sha256(b"jpeg").hexdigest()
    assert store.put_keyframe(b"jpeg") == store.put_keyframe(b"jpeg") == f"keyframes/{digest[:2]}/{digest}.jpg"
    assert [path.read_bytes() for path in tmp_path.rglob("*.*")] == [b"jpeg"]


def test_a_row_comes_back_for_the_same_settings_only(tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path), "one")
    assert store.measured("ab" * 32) is None
    store.put_measured("ab" * 32, _ROW)
    assert store.measured("ab" * 32) == _ROW
    assert MediaStore(str(tmp_path), "two").measured("ab" * 32) is None


@pytest.mark.parametrize("damage", [b"", b"no arrow", None])
def test_a_row_that_cannot_be_read_is_none(tmp_path: Path, damage: bytes | None) -> None:
    store = MediaStore(str(tmp_path), "one")
    store.put_measured("ab" * 32, _ROW)
    (path,) = tmp_path.rglob("*.arrow")
    path.write_bytes(path.read_bytes()[:40] if damage is None else damage)
    assert store.measured("ab" * 32) is None
    store.put_measured("ab" * 32, _ROW)
    assert store.measured("ab" * 32) == _ROW


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "keyframes").write_text("in the way")
    with pytest.raises(OutputError, match="in the media store"):
        MediaStore(str(tmp_path), "s").put_keyframe(b"jpeg")
