"""Cases after public bug reports, built as a user builds them: how many media their files are."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from blift.schemas.reasons import Reason
from tests.pipelines.conftest import run_build

_REDDIT = """
name: case
sources:
  reddit: {submissions: [RS.ndjson], comments: [RC.ndjson]}
media: {files: ["files/**"]}
"""


def built(case: Path, folder: Path) -> tuple[Mapping[str, str], list[str]]:
    """The cluster of every file, its own digest where it has none; and the reasons of files that were rejected."""
    shutil.copytree(case, folder / "case", copy_function=shutil.copyfile)
    recipes = [folder / "case" / name for name in ("recipe.yaml", "r.yaml") if (case / name).exists()]
    recipe = recipes[0] if recipes else folder / "case" / "recipe.yaml"
    if not recipes:
        recipe.write_text(_REDDIT)
    out = folder / "out"
    run_build(recipe, out, stages=["ingest", "media"])
    rows = [row for path in sorted((out / "media").glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    rejects = [row for path in (out / "rejects").glob("media-*.parquet") for row in pq.read_table(path).to_pylist()]
    return {row["file"]: row["cluster"] or row["sha256"] for row in rows}, [row["reason"] for row in rejects]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("case", "files", "media"),
    [
        pytest.param("20-text-screenshots-joined-as-one", 60, 60, marks=pytest.mark.long),
        ("36-common-intro-joins-shorts", 3, 3),
        ("fidelity-ring_zero", 3, 3),
    ],
)
def test_different_media_are_kept_apart(case: str, files: int, media: int, shared_data: Path, tmp_path: Path) -> None:
    clusters, rejects = built(shared_data / "cases" / case, tmp_path)
    assert (len(clusters), len(set(clusters.values())), rejects) == (files, media, [])


@pytest.mark.shared
@pytest.mark.parametrize(
    ("case", "same"),
    [
        (
            "fidelity-rotated",
            ["inside15.png inside5.png larger15.png larger5.png original.png samecanvas20.png"],
        ),
        ("fidelity-trim", ["cut025.mp4 cut05.mp4 whole.mp4"]),
        ("fidelity-still_video", ["a.mp4 b.mkv", "c.mp4 d.mkv e.gif"]),
    ],
)
def test_variants_of_one_media_are_found(case: str, same: list[str], shared_data: Path, tmp_path: Path) -> None:
    clusters, rejects = built(shared_data / "cases" / case, tmp_path)
    found: dict[str, list[str]] = {}
    for file, cluster in sorted(clusters.items()):
        found.setdefault(cluster, []).append(Path(file).name)
    assert (sorted(" ".join(files) for files in found.values()), rejects) == (same, [])


@pytest.mark.shared
def test_a_placeholder_is_no_media_of_the_posts_that_show_it(shared_data: Path, tmp_path: Path) -> None:
    clusters, rejects = built(shared_data / "cases" / "39-removed-placeholder-joins-all", tmp_path)
    assert (clusters, rejects) == ({}, [Reason.PLACEHOLDER.value] * 5)
