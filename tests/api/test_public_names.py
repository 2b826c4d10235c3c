"""The public names of `blift`: each can be imported, is documented, and works on the demo's archives."""

import inspect
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

import blift


@pytest.fixture(scope="module")
def read(corpus: Path) -> blift.ArchiveTables:
    return blift.read_archive("reddit", "submissions", str(corpus / "reddit" / "RS_2021*"))


def test_every_public_name_is_there_and_documented() -> None:
    assert sorted(blift.__all__) == blift.__all__
    for name in blift.__all__:
        found = getattr(blift, name)
        if callable(found):
            assert inspect.getdoc(found), name
    assert set(blift.__all__) <= set(dir(blift))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = blift.nothing


def test_importing_blift_imports_neither_beam_nor_arrow() -> None:
    code = "import sys, blift; print([name for name in ('apache_beam', 'pyarrow', 'polars') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_archive_becomes_tables_and_nothing_is_lost(corpus: Path, read: blift.ArchiveTables) -> None:
    assert read.posts.num_rows > 0
    assert set(blift.schema("post").names) <= set(read.posts.column_names) | {"source", "line"}
    assert set(read.posts.column("platform").to_pylist()) == {"reddit"}
    latest = blift.latest_posts(read.posts)
    assert latest.num_rows == len(set(read.posts.column("post_id").to_pylist()))
    comments = blift.read_archive("reddit", "comments", str(corpus / "reddit" / "RC_*")).comments
    assert comments.num_rows > latest.num_rows
    videos = blift.read_archive("youtube", "info", str(corpus / "youtube" / "*.info.json"))
    assert videos.posts.num_rows > 0
    assert videos.comments.num_rows > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("redit", "submissions", "x"), "There is no platform 'redit', did you mean 'reddit'"),
        (("reddit", "submission", "x"), "reddit has no archives 'submission', did you mean 'submissions'"),
        (("reddit", "submissions", "/nowhere/RS_*"), "/nowhere/RS_"),
    ],
)
def test_what_cannot_be_read_is_named(arguments: tuple[str, str, str], said: str) -> None:
    with pytest.raises(blift.InputError) as caught:
        blift.read_archive(*arguments)
    assert said in str(caught.value)


def test_rules_split_rows_in_two_and_an_unknown_one_is_refused(read: blift.ArchiveTables) -> None:
    kept, rejected = blift.apply_rules(read.posts, "post", {"nsfw": True}, "reddit")
    assert kept.num_rows + rejected.num_rows == read.posts.num_rows
    assert rejected.num_rows > 0
    assert set(rejected.column("rule").to_pylist()) == {"nsfw"}
    assert "min_words" in blift.rule_names("comment", "reddit")
    with pytest.raises(blift.InputError, match="There is no rule 'nsf' for a post, did you mean 'nsfw'"):
        blift.apply_rules(read.posts, "post", {"nsf": True}, "reddit")


def test_a_comment_that_repeats_a_better_one_names_its_row() -> None:
    rows = [
        {"post_id": "reddit:a", "score": 1, "text": "what a lovely dog that is"},
        {"post_id": "reddit:b", "score": 9, "text": "what a lovely dog that is"},
        {"post_id": "reddit:a", "score": 5, "text": "What a lovely dog that is"},
        {"post_id": "reddit:a", "score": 3, "text": "nothing like the others here"},
    ]
    assert blift.near_duplicate_comments(pa.Table.from_pylist(rows), 0.6) == [2, None, None, None]
    with pytest.raises(blift.InputError, match="must be between 0 and 1"):
        blift.near_duplicate_comments(pa.Table.from_pylist(rows), 6)


def test_addresses_and_languages() -> None:
    watch = "https://m.youtube.com/watch?v=dQw4w9WgXcQ&feature=share"
    assert blift.media_keys([watch, "https://youtu.be/dQw4w9WgXcQ", None]) == ["youtube:dQw4w9WgXcQ"] * 2 + [None]
    assert blift.canonical_urls([watch]) == ["https://www.youtube.com/watch?v=dQw4w9WgXcQ"]
    found = blift.identify_languages(["This is a sentence in plain English.", None])
    assert found.column("language").to_pylist() == ["en", None]


def test_a_build_is_opened_and_its_samples_rendered(corpus: Path, tmp_path: Path) -> None:
    assert blift.check_recipe(corpus / "demo.yaml") == []
    recipe = yaml.safe_load((corpus / "demo.yaml").read_text())
    del recipe["media"], recipe["instruct"]["frames"]
    (corpus / "small.yaml").write_text(yaml.safe_dump(recipe))
    run = blift.build(corpus / "small.yaml", tmp_path / "run")
    assert run.fingerprint == blift.open_run(tmp_path / "run").fingerprint
    samples = run.table("samples")
    pairs = blift.render_pairs(samples, [blift.load_template(name) for name in ("full", "titles-only")])
    assert pairs.llava.num_rows + pairs.skipped.num_rows == 2 * samples.num_rows
    assert sum(sum(row["rejected"].values()) for row in run.funnel()) > 0
    assert run.rejects("curate").num_rows < run.rejects().num_rows
    with pytest.raises(blift.InputError, match="has no dataset 'sample', did you mean 'samples'"):
        run.table("sample")
    with pytest.raises(blift.InputError):
        blift.open_run(tmp_path)


def test_a_picture_is_measured_and_what_is_none_is_refused(corpus: Path, tmp_path: Path) -> None:
    picture = next(iter(sorted((corpus / "pictures").glob("*.jpg"))))
    row = blift.measure_file(picture)
    assert row["width"] > 0
    assert row["phash"]
    (tmp_path / "no.jpg").write_bytes(b"this is no picture")
    with pytest.raises(blift.InputError, match="cannot be measured: not_media"):
        blift.measure_file(tmp_path / "no.jpg")
