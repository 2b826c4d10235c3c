"""`blift demo`: the same seed gives the same archives, another seed others, and no other file is touched."""

import os
import time
from pathlib import Path

import pytest

from blift.pipelines.cli import main
from blift.pipelines.demo.corpus import write_corpus
from blift.schemas.errors import OutputError


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the clips, whose bytes depend on the encoder of the machine."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".mp4"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    write_corpus(folder, seed=7, posts=30, videos=6)
    return folder


def test_the_same_seed_gives_the_same_bytes_at_another_time(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    write_corpus(tmp_path / "again", seed=7, posts=30, videos=6)
    first, again = contents(small), contents(tmp_path / "again")
    assert first.keys() == again.keys()
    assert [name for name in first if first[name] != again[name]] == []
    clips = [sorted(path.name for path in folder.rglob("*.mp4")) for folder in (small, tmp_path / "again")]
    assert clips[0] == clips[1]


def test_another_seed_gives_other_archives(small: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path / "other", seed=8, posts=30, videos=6)
    first, other = contents(small), contents(tmp_path / "other")
    whole = ["reddit/RS_2021-01.zst", "reddit/RS_2021-02.zst", "reddit/RS_2021-03.zst", "reddit/RC_2021-01.ndjson.gz"]
    assert [name for name in whole if first[name] == other[name]] == []
    assert {name for name in first if ".info.json" in name} != {name for name in other if ".info.json" in name}
    assert first["demo.yaml"] == other["demo.yaml"]


def test_a_second_demo_in_its_folder_leaves_nothing_of_the_first(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    write_corpus(folder, seed=8, posts=40, videos=8)
    write_corpus(folder, seed=7, posts=30, videos=6)
    assert contents(folder) == contents(small)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "reddit").mkdir()
    (tmp_path / "reddit" / "RS_2021-01.zst").write_bytes(b"mine")
    with pytest.raises(
        OutputError, match=r"holds files that `blift demo` did not write\. Choose an empty or new folder"
    ):
        write_corpus(tmp_path)
    assert contents(tmp_path) == {"reddit/RS_2021-01.zst": b"mine"}


@pytest.mark.skipif(os.name != "posix", reason="needs a path through a file, as POSIX refuses it")
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"Cannot write the demo corpus to .*: Not a directory"):
        write_corpus(tmp_path / "file" / "demo")
    with pytest.raises(OutputError, match=r"Cannot write the demo corpus to .*: Not a directory"):
        write_corpus(tmp_path / "file")


def test_the_command_says_what_it_wrote_and_what_to_do_next(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["demo", str(tmp_path / "my demo"), "--seed", "7", "--posts", "30", "--videos", "6"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Wrote ")
    assert f"blift build '{tmp_path / 'my demo' / 'demo.yaml'}' --out DIR" in said
