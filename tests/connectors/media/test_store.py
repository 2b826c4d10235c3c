"""The media store: keyframes by their content, and rows that were measured before."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest

from blift.connectors.media.store import KEPT, MediaStore
from blift.schemas.errors import OutputError
from blift.schemas.registry import SCHEMAS

_JPEG = b"jpeg"
_SHA256 = "ab" * 32


def keyframe_name(jpeg: bytes = _JPEG) -> str:
    digest = hashlib.sha256(jpeg).hexdigest()
    return f"keyframes/{digest[:2]}/{digest}.jpg"


def row(keyframe: str | None = None) -> pa.Table:
    """The row of a file with one scene."""
    scene = {
        "start_s": 0.0, "end_s": 2.0, "first_frame": 0, "frames": 50, "keyframe": keyframe, "keyframe_s": 1.0,
        "foreground_colours": [], "background_colours": ["grey"], "tone": "cool", "caption": None, "tags": [],
        "screen_text": None,
    }  # fmt: skip
    values = {
        "sha256": _SHA256, "uses": [], "file": "", "size_bytes": 9, "form": "video", "container": "mp4", "width": 64,
        "height": 48, "rotation": 0, "mirrored": False, "frames": 50, "decoder": "pyav", "phash_turned": [],
        "phash_unboxed": [], "frame_hashes": [], "part_hashes": [], "hashes": [], "silences": [], "scenes": [scene],
        "speech": [], "unite_as": "",
    }  # fmt: skip
    return pa.Table.from_pylist(
        [values | {"drawings": [{"time_s": 0.5, "jpeg": _JPEG}], "marks": [7], "glimpses": []}], KEPT
    )


def stored(folder: Path) -> tuple[MediaStore, Path]:
    """A store with one row and its keyframe, and the file of the row."""
    store = MediaStore(str(folder), "one")
    store.put_measured(_SHA256, row(store.put_keyframe(_JPEG)))
    (path,) = folder.rglob("*.arrow")
    return store, path


def test_a_keyframe_is_named_after_its_content_and_kept_once(tmp_path: Path) -> None:
    store, digest = MediaStore(str(tmp_path), "s"), hashlib.sha256(b"jpeg").hexdigest()
    assert store.put_keyframe(b"jpeg") == store.put_keyframe(b"jpeg") == f"keyframes/{digest[:2]}/{digest}.jpg"
    assert [path.read_bytes() for path in tmp_path.rglob("*.*")] == [b"jpeg"]


def test_a_row_comes_back_for_the_same_settings_only(tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path), "one")
    assert store.measured(_SHA256) is None
    store.put_measured(_SHA256, row())
    assert store.measured(_SHA256) == row()
    assert MediaStore(str(tmp_path), "two").measured(_SHA256) is None


@pytest.mark.parametrize("damage", [b"", b"no arrow", None])
def test_a_row_that_cannot_be_read_is_none_and_is_written_anew(tmp_path: Path, damage: bytes | None) -> None:
    store, path = stored(tmp_path)
    path.write_bytes(path.read_bytes()[:40] if damage is None else damage)
    assert store.measured(_SHA256) is None
    store.put_measured(_SHA256, row())
    assert store.measured(_SHA256) == row()


def test_a_row_in_which_any_bit_is_another_is_none(tmp_path: Path) -> None:
    store, path = stored(tmp_path)
    content = path.read_bytes()
    for place in range(0, len(content), 5):
        flipped = bytearray(content)
        flipped[place] ^= 1 << (place % 8)
        path.write_bytes(flipped)
        assert store.measured(_SHA256) is None
    path.write_bytes(content)
    assert store.measured(_SHA256) is not None


@pytest.mark.parametrize("foreign", ["of another file", "of another table", "two rows", "no UTF-8"])
def test_a_row_that_somebody_made_up_is_none_though_its_digest_is_right(tmp_path: Path, foreign: str) -> None:
    store, path = stored(tmp_path)
    match foreign:
        case "of another file":
            table = row().set_column(0, SCHEMAS["media"].field(0), pa.array(["cd" * 32]))
        case "of another table":
            table = pa.table({"sha256": [_SHA256]})
        case "two rows":
            table = pa.concat_tables([row(), row()])
        case _:
            spoiled = pa.array([b"\xff\xfe"], pa.binary()).view(pa.string())
            table = row().set_column(2, SCHEMAS["media"].field(2), spoiled)
    store.put_measured(_SHA256, table)
    assert path.exists()
    assert store.measured(_SHA256) is None


@pytest.mark.parametrize("keyframe", ["../../thesis.jpg", "/etc/hostname", keyframe_name(b"another"), "keyframes/a\n"])
def test_a_row_whose_keyframe_is_elsewhere_or_absent_is_none(tmp_path: Path, keyframe: str) -> None:
    store, _ = stored(tmp_path)
    store.put_measured(_SHA256, row(keyframe))
    assert store.measured(_SHA256) is None


def test_a_keyframe_that_is_not_what_its_name_says_is_made_again(tmp_path: Path) -> None:
    store, _ = stored(tmp_path)
    assert store.measured(_SHA256) == row(keyframe_name())
    (tmp_path / keyframe_name()).write_bytes(b"")
    assert store.measured(_SHA256) is None
    store.put_keyframe(_JPEG)
    assert store.measured(_SHA256) == row(keyframe_name())


@pytest.mark.parametrize("place", ["measured", "measured/one", "measured/one/ab", "keyframes"])
def test_nothing_is_read_or_written_behind_a_link_in_the_store(tmp_path: Path, place: str) -> None:
    store, _ = stored(tmp_path / "store")
    (tmp_path / "store" / place).rename(tmp_path / "elsewhere")
    (tmp_path / "store" / place).symlink_to("../" * place.count("/") + "../elsewhere")
    before = sorted((tmp_path / "elsewhere").rglob("*"))
    for use in (lambda: store.measured(_SHA256), lambda: MediaStore(str(tmp_path / "store"), "one").put_keyframe(b"x")):
        with suppress(OutputError):
            use()
    with pytest.raises(OutputError, match=f"{place} is a symbolic link, and blift neither writes nor deletes"):
        store.measured(_SHA256)
    assert sorted((tmp_path / "elsewhere").rglob("*")) == before


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_row_that_is_no_plain_file_is_none(tmp_path: Path, kind: str) -> None:
    store, path = stored(tmp_path)
    content = path.read_bytes()
    path.unlink()
    if kind == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        path.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(path)
    assert store.measured(_SHA256) is None


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "keyframes").write_text("in the way")
    with pytest.raises(OutputError, match="keyframes is a file, and blift neither writes nor deletes behind it"):
        MediaStore(str(tmp_path), "s").put_keyframe(b"jpeg")


def test_a_row_with_the_digest_of_its_bytes_that_is_no_row_of_the_table_is_none(tmp_path: Path) -> None:
    store, path = stored(tmp_path)
    kept = store.measured(_SHA256)
    assert kept is not None
    values = kept.to_pylist()[0]
    for change in (
        {"scenes": None},
        {"scenes": [None]},
        {"width": None},
        {"form": "smell"},
        {"uses": [None]},
        {"drawings": [None]},
        {"drawings": [{"time_s": None, "jpeg": b""}]},
    ):
        store.put_measured(_SHA256, pa.Table.from_pylist([values | change], KEPT))
        assert (change, store.measured(_SHA256)) == (change, None)
    store.put_measured(_SHA256, pa.table({b"\xff".decode("latin-1"): [1]}))
    assert store.measured(_SHA256) is None
    content = path.read_bytes()[32:].replace(b"sha256", b"sha\xff56")
    path.write_bytes(hashlib.sha256(content).digest() + content)
    assert store.measured(_SHA256) is None
