"""Cases after public bug reports: whose file a file is, and what its timeline says."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.pipelines.conftest import run_build

Rows = list[dict[str, Any]]


def built(case: str, shared_data: Path, folder: Path) -> Mapping[str, Rows]:
    """The rows of every table of a case."""
    shutil.copytree(shared_data / "cases" / case, folder / "case", copy_function=shutil.copyfile)
    out = folder / "out"
    recipe = folder / "case" / "recipe.yaml"
    stages = ["ingest", "media", "curate"] if "\nmedia:" in recipe.read_text() else ["ingest", "curate"]
    run_build(recipe, out, stages=stages)
    names = ("posts", "media", "samples", "rejects")
    return {
        name: [row for path in sorted((out / name).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
        for name in names
    }


def by_file(rows: Rows) -> dict[str, Rows]:
    return {Path(row["file"]).name: row["uses"] for row in rows}


@pytest.mark.shared
def test_a_thumbnail_is_not_the_file_of_a_video(shared_data: Path, tmp_path: Path) -> None:
    found = built("15-youtube-thumbnail-taken-for-the-video", shared_data, tmp_path)
    assert sorted(by_file(found["media"])) == [f"T [AAAAAAAAAA{number}].mp4" for number in range(5)]
    files = {row["media_key"]: row["media_file"] and Path(row["media_file"]).name for row in found["samples"]}
    assert files == {f"youtube:AAAAAAAAAA{number}": f"T [AAAAAAAAAA{number}].mp4" for number in range(5)} | {
        "youtube:AAAAAAAAAA5": None
    }


@pytest.mark.shared
@pytest.mark.parametrize(
    ("case", "files"),
    [
        (
            "16-imgur-png-and-vreddit-file-not-found",
            {
                "aB3dE5g.png": "imgur:aB3dE5g",
                "aB3dE5h.gif": "imgur:aB3dE5h",
                "ddddddddddd11.jpg": "reddit-image:ddddddddddd11",
                "k1k1k1k1k1k1k.mp4": "reddit-video:k1k1k1k1k1k1k",
                "some-title-v0-abcabcabcabc1.png": "reddit-image:abcabcabcabc1",
            },
        ),
        (
            "31-old-youtube-dl-names",
            {
                "Talk-AAAAAAAAAA1.mp4": "youtube:AAAAAAAAAA1",
                "Talk-AAAAAAAAAA2.mkv": "youtube:AAAAAAAAAA2",
                "Boat-AAAAAAAAAA3.mp4": "youtube:AAAAAAAAAA3",
                "AAAAAAAAAA4.f137.mp4": "youtube:AAAAAAAAAA4",
            },
        ),
        ("43-page-given-as-image", {"aB3dE5g.jpg": "imgur:aB3dE5g"}),
    ],
)
def test_files_are_found_by_every_name(case: str, files: dict[str, str], shared_data: Path, tmp_path: Path) -> None:
    uses = {
        use["media_key"]: file
        for file, of_file in by_file(built(case, shared_data, tmp_path)["media"]).items()
        for use in of_file
    }
    assert len(uses) == len(files)
    # Files of equal content are one row, named after one of them.
    assert set(uses) == set(files.values())


@pytest.mark.shared
def test_a_page_is_no_picture(shared_data: Path, tmp_path: Path) -> None:
    rows = built("43-page-given-as-image", shared_data, tmp_path)["posts"]
    assert {row["native_id"]: row["media_urls"] for row in rows} == {
        "pa01": ["https://i.imgur.com/aB3dE5g.jpg"],
        "pa02": [],
        "pa03": [],
        "pa04": ["https://v.redd.it/k1k1k1k1k1k1k"],
        "pa05": ["https://i.giphy.com/3o7TKUM3IgJBX2as9O.gif"],
        "pa06": ["https://streamable.com/abc12"],
    }


@pytest.mark.shared
def test_a_thumbnail_has_a_key_of_its_own(shared_data: Path, tmp_path: Path) -> None:
    rows = built("60-thumbnail-address-is-no-video", shared_data, tmp_path)["posts"]
    assert {row["post_id"]: (row["media_kind"], row["media_key"]) for row in rows} == {
        "reddit:za01": ("image", "youtube-thumbnail:dQw4w9WgXcQ"),
        "reddit:za02": ("image", "youtube-thumbnail:dQw4w9WgXcQ"),
        "youtube:dQw4w9WgXcQ": ("video", "youtube:dQw4w9WgXcQ"),
    }


@pytest.mark.shared
def test_a_preview_is_no_size_of_a_linked_video(shared_data: Path, tmp_path: Path) -> None:
    (row,) = built("08-youtube-link-thumbnail-size", shared_data, tmp_path)["posts"]
    assert (row["media_key"], row["width"], row["height"]) == ("youtube:dQw4w9WgXcQ", None, None)


@pytest.mark.shared
def test_silences_count_from_the_first_picture(shared_data: Path, tmp_path: Path) -> None:
    rows = built("18-silences-not-from-first-frame", shared_data, tmp_path)["media"]
    silences = {
        use["media_key"]: [(round(one["start_s"], 1), round(one["end_s"], 1)) for one in row["silences"]]
        for row in rows
        for use in row["uses"]
    }
    assert silences == {
        "youtube:AAAAAAAAAA1": [(3.0, 5.0)],
        "youtube:AAAAAAAAAA2": [(3.0, 5.0)],
        "youtube:AAAAAAAAAA3": [(3.0, 5.0)],
        "youtube:AAAAAAAAAA4": [(2.0, 4.0)],
    }


@pytest.mark.shared
def test_animations_are_as_long_as_browsers_show_them(shared_data: Path, tmp_path: Path) -> None:
    rows = built("17-gif-delay-below-20ms", shared_data, tmp_path)["media"]
    lengths = {Path(row["file"]).stem: round(row["duration_s"], 3) for row in rows}
    assert lengths == {"gifgifgif001": 3.0, "gifgifgif002": 3.0, "gifgifgif003": 0.6, "gifgifgif004": 3.0}


@pytest.mark.shared
def test_a_section_has_the_replay_graph_of_the_section(shared_data: Path, tmp_path: Path) -> None:
    rows = {row["native_id"]: row for row in built("14-heatmap-and-chapters", shared_data, tmp_path)["posts"]}
    graph = [(one["start_s"], one["end_s"]) for one in rows["AAAAAAAAAA8"]["replay"]]
    assert (graph[0], graph[-1], len(graph)) == ((0.0, 1.0), (29.0, 30.0), 30)
    assert rows["AAAAAAAAAA8"]["duration_s"] == 30.0
    assert (rows["AAAAAAAAAA4"]["replay"], rows["AAAAAAAAAA4"]["replay_absent"]) == ([], "malformed")
    assert len(rows["AAAAAAAAAA1"]["replay"]) == len(rows["AAAAAAAAAA2"]["replay"]) == 100
    assert [one["title"] for one in rows["AAAAAAAAAA1"]["chapters"]] == [None, "Main"]
