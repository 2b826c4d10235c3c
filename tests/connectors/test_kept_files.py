"""Files are kept under their content: linked, whole or not at all, and never another file than the one asked for."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from blift.connectors import kept_files
from blift.connectors.kept_files import FileGone, keep_bytes, keep_file


@pytest.fixture
def picture(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "picture.png"  # its name lies
    Image.new("RGB", (8, 8), "red").save(path, "JPEG")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_linked_under_its_digest_with_the_ending_of_its_bytes(
    picture: tuple[Path, str], tmp_path: Path
) -> None:
    path, digest = picture
    name = keep_file([str(tmp_path / "gone.jpg"), str(path)], digest, str(tmp_path / "run"), "store/images")
    assert name == f"store/images/{digest[:2]}/{digest}.jpg"
    assert (tmp_path / "run" / name).samefile(path)
    assert keep_file([str(path)], digest, str(tmp_path / "run"), "store/images") == name
    assert [entry.name for entry in (tmp_path / "run" / name).parent.iterdir()] == [f"{digest}.jpg"]


def test_a_file_that_is_linked_is_read_once(
    picture: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, digest = picture
    keep_file([str(path)], digest, str(tmp_path / "run"), "store/images")
    read: list[str] = []
    monkeypatch.setattr(kept_files, "file_sha256", lambda name: read.append(name) or digest)
    keep_file([str(path)], digest, str(tmp_path / "run"), "store/images")
    assert read == [str(path)]


def test_what_is_there_with_other_content_is_replaced(picture: tuple[Path, str], tmp_path: Path) -> None:
    path, digest = picture
    name = keep_file([str(path)], digest, str(tmp_path / "run"), "media")
    (tmp_path / "run" / name).unlink()
    (tmp_path / "run" / name).write_bytes(b"half")
    keep_file([str(path)], digest, str(tmp_path / "run"), "media")
    assert (tmp_path / "run" / name).read_bytes() == path.read_bytes()


def test_another_file_or_none_is_told(picture: tuple[Path, str], tmp_path: Path) -> None:
    path, _ = picture
    with pytest.raises(FileGone, match="is another file than the one that was measured"):
        keep_file([str(path)], "0" * 64, str(tmp_path / "run"), "media")
    with pytest.raises(FileGone, match="is no longer there"):
        keep_file([str(tmp_path / "gone.jpg")], "0" * 64, str(tmp_path / "run"), "media")


def test_bytes_are_kept_once(tmp_path: Path) -> None:
    names = {keep_bytes(b"a frame", "jpg", str(tmp_path), "store/frames") for _ in range(2)}
    (name,) = names
    assert (tmp_path / name).read_bytes() == b"a frame"
