from __future__ import annotations

from pathlib import Path

import pytest

from blift.connectors.files import InputFile
from blift.connectors.youtube.ids import read_ids, video_id_in

ID = "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f"  {ID}\r",
        f"https://www.youtube.com/watch?v={ID}&t=3s",
        f"m.youtube.com/watch?feature=share&v={ID}",
        f"https://youtu.be/{ID}?si=abc",
        f"https://www.youtube.com/shorts/{ID}",
        f"https://www.youtube-nocookie.com/embed/{ID}",
        f"https://youtube.com./live/{ID}",
    ],
)
def test_an_id_is_found(text: str) -> None:
    assert video_id_in(text) == ID


@pytest.mark.parametrize(
    "text",
    ["", "cat", f"https://example.com/watch?v={ID}", "https://youtu.be/", f"https://notyoutube.com/watch?v={ID}", "http://[",
     "https://www.youtube.com/@somebody", f"https://www.youtube.com/watch?v={ID}x", "../../etc/pas"],
)  # fmt: skip
def test_what_names_no_video_is_none(text: str) -> None:
    assert video_id_in(text) is None


def test_lines_that_name_none_are_told_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("\n".join([ID, "", "# a note", "cats", f"youtu.be/{ID}", *["dogs"] * 6]))
    found = read_ids(InputFile(str(path), path.stat().st_size, path.name))
    assert found.ids == [ID]
    assert found.notes[0] == "ids.txt, line 4: 'cats' names no video of YouTube's."
    assert found.notes[-1] == "and 2 more lines that name no video."
