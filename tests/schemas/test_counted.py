"""Counts come with their noun in the right number."""

from blift.schemas.counted import counted


def test_one_is_singular_and_all_others_are_plural() -> None:
    assert [counted(number, "file") for number in (0, 1, 2, 1204)] == ["0 files", "1 file", "2 files", "1,204 files"]
    assert [counted(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]
