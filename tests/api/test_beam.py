"""`blift.beam`: a pipeline of one's own gives the rows of a build, and the page's example runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.testing.util import assert_that

import blift
import blift.beam as steps
from blift.schemas.registry import SCHEMAS
from tests.docs.test_commands import ROOT, blocks

_RECIPE = """\
name: mine
sources: {reddit: {submissions: ["archives/RS_*"], comments: ["archives/RC_*"]}}
curate:
  reddit:
    posts: {deleted: true, nsfw: true, media_kinds: [image, gallery, video]}
    comments: {deleted: true, min_words: 3}
    choose: {near_duplicates: 0.6, top: 5}
  samples: {min_comments: 2}
rejects: {max_malformed: 1}
output: {shards: 2}
"""


@pytest.fixture(scope="module")
def folder(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the archives and the program of the page."""
    found = tmp_path_factory.mktemp("beam")
    shutil.copytree(corpus / "reddit", found / "archives")
    (found / "mine.yaml").write_text(_RECIPE)
    return found


def test_the_program_of_the_page_writes_the_samples_of_a_build(folder: Path) -> None:
    (code,) = blocks(ROOT / "docs" / "beam.md", "python")
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    run = blift.build(folder / "mine.yaml", folder / "run", stages=["ingest", "curate"])
    names = sorted(path.name for path in (folder / "run" / "samples").iterdir())
    assert names == sorted(path.name for path in (folder / "out" / "samples").iterdir())
    for name in names:
        own, built = (folder / where / "samples" / name for where in ("out", "run"))
        assert own.read_bytes() == built.read_bytes()
    assert done.stdout.startswith(f"{run.table('samples').num_rows} samples\n")
    listed = pq.read_table(folder / "out" / "rejects")
    assert set(listed.column("reason").to_pylist()) == set(run.rejects().column("reason").to_pylist())
    assert set(listed.column("stage").to_pylist()) == {"ingest", "curate"}


def test_preferences_of_a_pipeline_are_those_of_a_build(folder: Path) -> None:
    recipe = _RECIPE + "preferences: {comments: {}}\n"
    (folder / "prefer.yaml").write_text(recipe)
    run = blift.build(folder / "prefer.yaml", folder / "preferred", stages=["ingest", "curate", "prefer"])
    built = pa.concat_tables([run.table(name) for name in run.datasets if name.startswith("instructions/preferences")])
    samples = run.table("samples")
    rules = steps.RuleOptions(
        posts={"reddit": {"deleted": True, "nsfw": True, "media_kinds": ["image", "gallery", "video"]}},
        comments={"reddit": {"deleted": True, "min_words": 3}},
        identify_language=False,
    )

    def check(found: list[tuple[int, pa.Table]]) -> None:
        rows = pa.concat_tables([table for _, table in found]).sort_by("id")
        assert rows.num_rows > 0
        assert rows.to_pylist() == built.sort_by("id").to_pylist()

    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        archives = {"reddit": {"submissions": [f"{folder}/archives/RS_*"], "comments": [f"{folder}/archives/RC_*"]}}
        read = pipeline | steps.read_archives(archives, shards=2)
        posts = {"posts": read.posts, "comments": read.comments} | steps.PairByShard()
        kept = posts | steps.ApplyRules(rules, columns=steps.PREFERENCE_COLUMNS)
        made = pipeline | beam.Create([samples])
        splits = made | steps.AssignSplits(0.01, 0.01)
        shown = made | beam.FlatMap(
            lambda rows, each: [steps.show_media(rows, pa.concat_tables(each))], beam.pvalue.AsIter(splits)
        )
        options = steps.PreferenceOptions(comments=steps.CommentOptions())
        found = {"posts": kept.posts, "comments": kept.comments, "shown": shown} | steps.MakePreferences(options, 2)
        assert_that(found.rows, check)


def test_splits_are_those_of_one_channel() -> None:
    ids = [f"{number:032x}" for number in range(60)]
    channels = [f"channel {number % 7}" for number in range(60)]
    schema = pa.schema([("sample_id", pa.string()), ("cluster", pa.string()), ("channel_id", pa.string())])
    tables = [
        pa.table({"sample_id": ids[n::2], "cluster": [None] * 30, "channel_id": channels[n::2]}, schema) for n in (0, 1)
    ]

    def check(found: list[pa.Table]) -> None:
        (table,) = found
        split = dict(zip(table.column("sample_id").to_pylist(), table.column("split").to_pylist(), strict=True))
        assert sorted(split) == sorted(ids)
        assert {len({split[i] for i, c in zip(ids, channels, strict=True) if c == name}) for name in channels} == {1}

    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        assert_that(pipeline | beam.Create(tables) | steps.AssignSplits(0.3, 0.3), check)


@pytest.mark.parametrize("count", [1, 10, 50, 60])
def test_samples_are_drawn_by_their_ids_and_the_others_are_rejects(count: int) -> None:
    row = dict.fromkeys(SCHEMAS["sample"].names)
    rows = [row | {"sample_id": f"{number:032x}"} for number in range(50)]
    tables = [(n, pa.Table.from_pylist(rows[n::2], SCHEMAS["sample"])) for n in (0, 1)]
    options = steps.SampleOptions({}, reject_out_of_scope=True)

    def check(found: list[tuple[int, pa.Table]]) -> None:
        ids = [name for _, table in found for name in table.column("sample_id").to_pylist()]
        assert len(set(ids)) == len(ids) == min(count, 50)

    def check_rejects(found: list[pa.Table]) -> None:
        reasons = [reason for table in found for reason in table.column("reason").to_pylist()]
        assert reasons == ["not_sampled"] * max(0, 50 - count)

    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        made = pipeline | beam.Create(tables) | steps.DrawSamples(count, 7, options)
        assert_that(made.rows, check, label="rows")
        assert_that(made.rejects, check_rejects, label="rejects")


def test_a_platform_or_archive_that_is_not_there_is_an_error() -> None:
    with pytest.raises(blift.InputError, match=r"There is no platform 'redit', did you mean 'reddit'\? There are: "):
        steps.read_archives({"redit": {}}, shards=1)
    with pytest.raises(blift.InputError, match="There is no archive of reddit 'submission', did you mean"):
        steps.read_archives({"reddit": {"submission": ["x"]}}, shards=1)


def test_every_public_name_is_documented() -> None:
    assert [name for name in steps.__all__ if not (getattr(steps, name).__doc__ or "").strip()] == []


def test_blift_does_not_import_beam_until_it_is_needed() -> None:
    code = "import sys, blift; blift.apply_rules; blift.render_pairs; print('apache_beam' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
