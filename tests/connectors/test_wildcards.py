"""Wildcards of local paths are read as Beam reads those of addresses."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest
from apache_beam.io.filesystems import FileSystems
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.files import list_files
from blift.connectors.wildcards import paths_matching
from blift.schemas.errors import InputError

_FILES = (
    "a.zst", "b.zst", ".hidden", "RS_2024-01.zst", "[x].json", "a^b", "a!b", "back\\slash", "new\nline", "sub/a.zst",
    "sub/deep/a.zst", "sub/deep/.hidden", "other/b.zst", "b/a/b",
)  # fmt: skip
_PIECES = (
    "*", "**", "?", "a", "b", "ab", "/", "sub", "deep", ".zst", "[ab]", "[!a]", "[^a]", "[]]", "[a-b]", "[", "]", "[!]",
    "[[]", "\\", "[\\]", ".", "^", "!", "RS_", "[&&]", "[0-9]", "\n", "json",
)  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files of many names, and a link to a folder, which is not followed."""
    folder = tmp_path_factory.mktemp("tree")
    for name in _FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / "link").symlink_to(folder / "sub")
    return folder


@given(pieces=st.lists(st.sampled_from(_PIECES), min_size=1, max_size=6))
def test_a_pattern_matches_what_beam_matches(tree: Path, pieces: list[str]) -> None:
    pattern = f"{tree}/{''.join(pieces)}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        found = FileSystems.match([pattern])[0].metadata_list
    # Where nothing is a wildcard, Beam takes a folder for a file.
    beams = sorted(each.path for each in found if not os.path.isdir(each.path))
    assert sorted(paths_matching(pattern)) == beams


def test_a_pattern_may_be_relative(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    assert sorted(paths_matching("*.zst")) == ["RS_2024-01.zst", "a.zst", "b.zst"]
    assert sorted(paths_matching("**/a.zst")) == ["sub/a.zst", "sub/deep/a.zst"]
    assert list(paths_matching("sub/*.zst")) == ["sub/a.zst"]


def test_folders_below_those_that_a_pattern_names_are_not_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    scan = os.scandir

    def noted(path: str) -> object:
        seen.append(os.path.relpath(path, tree))
        return scan(path)

    monkeypatch.setattr(os, "scandir", noted)
    assert len(list(paths_matching(f"{tree}/*.zst"))) == 3
    assert seen == ["."]


def test_a_set_that_is_none_is_told(tree: Path) -> None:
    with pytest.raises(InputError, match=r"Cannot list .*\[z-a\]: bad character range z-a in its wildcards\."):
        list_files(f"{tree}/[z-a]")
