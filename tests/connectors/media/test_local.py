"""A file of media on a store is copied to this machine under an ending that decoders take for the same."""

from io import BytesIO
from pathlib import Path

import pytest

from blift.connectors.media import local
from blift.connectors.media.local import local_file


def test_a_file_of_this_machine_is_opened_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"a")
    with local_file(str(path)) as found:
        assert found == str(path)


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.b/page.jpg", ".jpg"), ("a.b/page", ""), (f"page.{'x' * 300}", ""), ("clip.MP4", ".MP4")],
)
def test_a_copy_keeps_the_ending_by_which_formats_are_guessed(
    name: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "open_to_read", lambda _: BytesIO(b"bytes"))
    with local_file(f"s3://bucket/{name}") as copy:
        assert Path(copy).suffix == ending
        assert Path(copy).read_bytes() == b"bytes"
    assert not Path(copy).exists()
