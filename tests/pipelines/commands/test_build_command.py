"""`blift build`: what it says besides the funnel."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from blift.pipelines.cli import main

RECIPE = """\
name: small
sources:
  reddit: {submissions: [RS.ndjson]}
curate:
  reddit: {posts: {deleted: true}}
"""
POST = (
    '{"id": "abc", "author": "[deleted]", "title": "A post", "created_utc": 1610000000, "retrieved_on": 1610500000, '
    '"subreddit": "pics", "permalink": "/r/pics/comments/abc/x/", "url": "https://i.redd.it/abc.jpg", "selftext": ""}\n'
)


@pytest.mark.parametrize(
    ("archive", "said"),
    [("", "No post was ingested."), (POST, "No sample was made: `deleted` left out all 1 reddit posts.")],
    ids=["no post", "no sample"],
)
def test_an_empty_dataset_is_not_passed_over(
    archive: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "RS.ndjson").write_text(archive)
    (tmp_path / "small.yaml").write_text(RECIPE)
    assert main(["build", str(tmp_path / "small.yaml"), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    assert capsys.readouterr().err == f"warning: {said} The funnel says what came in, and which step left it out.\n"


@pytest.mark.parametrize("media", ["", "media: {}"], ids=["without media", "with media"])
def test_samples_that_give_no_pair_are_told(media: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "RS.ndjson").write_text(POST)
    (tmp_path / "small.yaml").write_text(f"name: small\nsources: {{reddit: {{submissions: [RS.ndjson]}}}}\n{media}")
    assert main(["build", str(tmp_path / "small.yaml"), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    first, *more = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"warning: No pair was made: `render` left out all \d+ pairs\. The funnel says .*", first)
    no_file = "warning: None of 1 media has a file; docs/media.md says by which name each is found."
    assert more == ([no_file] if media else [])


def test_files_of_media_that_are_nobodys_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "RS.ndjson").write_text(POST)
    (tmp_path / "other.jpg").write_bytes(b"")
    (tmp_path / "small.yaml").write_text(
        "name: small\nsources: {reddit: {submissions: [RS.ndjson]}}\nmedia: {files: [o*]}"
    )
    command = ["build", str(tmp_path / "small.yaml"), "--out", str(tmp_path / "run"), "--stages", "ingest,media"]
    assert main([*command, "--quiet"]) == 0
    said = "warning: None of 1 media has a file; docs/media.md says by which name each is found.\n"
    assert capsys.readouterr().err == said


def test_a_build_with_nothing_to_do_imports_no_engine(tmp_path: Path) -> None:
    (tmp_path / "RS.ndjson").write_text(POST)
    (tmp_path / "small.yaml").write_text("name: small\nsources: {reddit: {submissions: [RS.ndjson]}}")
    command = ["build", str(tmp_path / "small.yaml"), "--out", str(tmp_path / "run"), "--quiet"]
    assert main(command) == 0
    program = (
        "import sys; from blift.pipelines.cli import main; code = main(sys.argv[1:]); "
        "print(code, *[name for name in ('apache_beam', 'pandas', 'scipy', 'cv2', 'requests') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, text=True, check=True)
    assert found.stdout == "0\n"
