"""`blift explain`: where a row came from, what rules saw of it, what it was merged with, and where it ended."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rich.cells import cell_len

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.explore.explain import Explainer
from blift.pipelines.explore.explanation import Explanation
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.tables import tables_of
from tests.explained import is_that_record, record_at
from tests.pipelines.conftest import run_build

#: Ids of the test that needs the demo alone.
_FEW = 60
#: Ids of the tests that take long; `BLIFT_EXPLAINED=1000` asks for more.
_MANY = int(os.environ.get("BLIFT_EXPLAINED", "100"))
_REAL = """
name: real
sources:
  reddit: {{submissions: ["{data}/reddit/RS_*"], comments: ["{data}/reddit/RC_*"]}}
  youtube: {{info: ["{data}/youtube/info/*.info.json"]}}
curate:
  reddit:
    posts: {{deleted: true, removed: true, nsfw: true, min_score: 20, languages: [en]}}
    comments: {{deleted: true, removed: true, min_words: 3, nsfw_words: builtin, min_score: 2}}
    choose: {{near_duplicates: 0.6, top: 5}}
  samples: {{min_comments: 1}}
rejects: {{max_malformed: 0.5, out_of_scope: true}}
"""


def rows_of(folder: Path, table: str) -> list[dict[str, Any]]:
    manifest = RunFolder(str(folder)).require_manifest()
    files = [folder / shard.path for shard in manifest.shards if shard.path.startswith(f"{table}/")]
    return pl.concat([pl.read_parquet(file) for file in files]).to_dicts()


def explainer_of(folder: Path) -> tuple[Explainer, Database]:
    run = RunFolder(str(folder))
    manifest = run.require_manifest()
    database = Database(tables_of(run, manifest))
    return Explainer(database, manifest), database


@pytest.fixture(scope="module")
def explainer(built: tuple[Path, Manifest]) -> Iterator[Explainer]:
    found, database = explainer_of(built[0])
    yield found
    database.close()


def the_one(explainer: Explainer, wanted: str) -> Explanation:
    (found,) = explainer.explain(wanted)
    return found


def check_ids(folder: Path, archives: Path, explainer: Explainer, count: int) -> int:
    """Check that what is said of ids drawn at random is what lies in the archives, and in the rejects."""
    rows = {row["post_id"]: row for row in rows_of(folder, "posts")}
    rows |= {row["comment_id"]: row for row in rows_of(folder, "comments")}
    rejects: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(folder, "rejects"):
        if row["stage"] in ("ingest", "curate") and row["record_table"] in ("post", "comment") and row["record_id"]:
            rejects.setdefault(row["record_id"], []).append(row)
    drawn = random.Random(0).sample(sorted({*rows, *rejects}), min(count, len({*rows, *rejects})))
    for record_id in drawn:
        (told,) = [one for one in explainer.explain(record_id) if one.record in ("post", "comment")]
        shown = [place for place in told.read_from if place.shown]
        if record_id in rows:
            (place,) = shown
            assert is_that_record(record_at(archives, str(place.source), place.line), record_id, rows[record_id])
        else:
            lines = {(row["source"], row["line"]) for row in rejects[record_id]}
            assert {(place.source, place.line) for place in told.read_from} == lines
        last = [rule.rule for rule in told.rules if rule.verdict == "rejected"]
        # Of what was ingested, another observation may have been rejected there.
        left_out = [
            row["rule"] for row in rejects.get(record_id, []) if record_id not in rows or row["stage"] == "curate"
        ]
        assert set(last) <= set(left_out)
        assert bool(last) == bool(left_out)
        assert told.kept == (not left_out and told.merged is not None and told.merged.in_dataset)
    return len(drawn)


def test_what_is_said_of_ids_is_what_stands_on_their_lines(
    built: tuple[Path, Manifest], corpus: Path, explainer: Explainer
) -> None:
    assert check_ids(built[0], corpus, explainer, _FEW) == _FEW


@pytest.mark.long
@pytest.mark.timeout(900)
def test_many_ids_of_the_demo_agree_with_their_lines(
    built: tuple[Path, Manifest], corpus: Path, explainer: Explainer, shared_data: Path
) -> None:
    del shared_data  # as slow as the test below, so it runs where that does
    assert check_ids(built[0], corpus, explainer, _MANY) == _MANY


@pytest.mark.long
@pytest.mark.shared
@pytest.mark.timeout(900)
def test_many_ids_of_real_archives_agree_with_their_lines(tmp_path: Path, shared_data: Path) -> None:
    (tmp_path / "real.yaml").write_text(_REAL.format(data=shared_data))
    run_build(tmp_path / "real.yaml", tmp_path / "run")
    explainer, database = explainer_of(tmp_path / "run")
    try:
        assert check_ids(tmp_path / "run", shared_data, explainer, _MANY) == _MANY
    finally:
        database.close()


@pytest.mark.long
def test_rules_that_are_run_again_agree_with_the_verdicts(built: tuple[Path, Manifest], explainer: Explainer) -> None:
    """A value that is shown belongs to the verdict beside it: ``trace`` stops at the rule that the rejects name."""
    rejects = {row["record_id"]: row for row in rows_of(built[0], "rejects") if row["stage"] == "curate"}
    for row in rows_of(built[0], "posts")[::4]:
        told = the_one(explainer, row["post_id"])
        of_curate = [rule for rule in told.rules if rule.stage == "curate"]
        unseen = [rule.rule for rule in of_curate if rule.value is None and rule.verdict != "not reached"]
        assert set(unseen) <= {"channels", "topic_words_out", rejects.get(row["post_id"], {}).get("rule")}


def test_a_kept_post_says_its_line_its_sample_and_its_pairs(built: tuple[Path, Manifest], explainer: Explainer) -> None:
    sample = max(rows_of(built[0], "samples"), key=lambda row: (len(row["audiences"]), row["sample_id"]))
    post_id = next(post["post_id"] for post in sample["audiences"] if post["platform"] == "reddit")
    told = the_one(explainer, post_id)
    assert (told.record, told.kept, told.ended) == ("post", True, f"It is in the sample {sample['sample_id']}.")
    assert [(place.line is not None, place.shown) for place in told.read_from if place.shown] == [(True, True)]
    assert told.merged is not None
    assert {member.post_id for member in told.merged.members} == {post["post_id"] for post in sample["audiences"]}
    assert all(member.joined_by != "unknown" for member in told.merged.members)
    assert told.pairs
    rules = {rule.rule: rule for rule in told.rules}
    assert (rules["deleted"].value, rules["deleted"].verdict) == ("false", "kept")
    assert (rules["languages"].value, rules["languages"].option) == ("en", "en at 0.9")


def test_near_duplicates_say_their_representative_and_how_near_they_are(
    built: tuple[Path, Manifest], explainer: Explainer
) -> None:
    united = [row for row in rows_of(built[0], "samples") if row["cluster"]]
    told = [the_one(explainer, row["sample_id"]) for row in united]
    assert [one.merged and one.merged.representative for one in told] == [row["cluster"] for row in united]
    why = {member.joined_by for one in told if one.merged for member in one.merged.members}
    assert any("of 64 bits of the hashes differ" in text or "sampled frames are alike" in text for text in why)


def test_a_rejected_post_says_the_rule_what_it_saw_and_which_rules_were_not_reached(
    built: tuple[Path, Manifest], explainer: Explainer
) -> None:
    reject = next(row for row in rows_of(built[0], "rejects") if row["reason"] == "few_views")
    told = the_one(explainer, reject["record_id"])
    assert told.ended.startswith("Rejected by curate: rule views_above, reason few_views (")
    verdicts = {rule.rule: rule for rule in told.rules if rule.stage == "curate"}
    assert (verdicts["views_above"].verdict, verdicts["views_above"].option) == ("rejected", "10000")
    assert int(str(verdicts["views_above"].value)) <= 10_000
    assert (verdicts["live"].verdict, verdicts["languages"].verdict) == ("kept", "not reached")
    assert (told.kept, told.merged, told.pairs) == (False, None, [])


def test_comments_say_of_what_they_are_near_duplicates_and_which_place_they_had(
    built: tuple[Path, Manifest], explainer: Explainer
) -> None:
    for reason in ("near_duplicate", "not_in_top", "post_rejected", "few_words"):
        reject = next(row for row in rows_of(built[0], "rejects") if row["reason"] == reason)
        told = the_one(explainer, reject["record_id"])
        (rejected,) = [rule for rule in told.rules if rule.verdict == "rejected"]
        assert (rejected.rule, rejected.reason, rejected.value) == (reject["rule"], reason, reject["detail"])
        assert [(place.source, place.line) for place in told.read_from] == [(reject["source"], reject["line"])]


def test_a_rejected_sample_and_a_rejected_pair_are_explained(
    built: tuple[Path, Manifest], explainer: Explainer
) -> None:
    rejects = rows_of(built[0], "rejects")
    reject = next(row for row in rejects if row["reason"] == "few_comments")
    told = the_one(explainer, reject["record_id"])
    assert told.ended == f"Rejected by curate: rule min_comments, reason few_comments ({reject['detail']})."
    assert [(place.source, place.line) for place in told.read_from] == [(reject["source"], reject["line"])]
    pair = next(row for row in rejects if row["record_table"] == "pair")
    told = the_one(explainer, pair["record_id"])
    assert told.ended.startswith("Rejected by instruct: rule template, reason nothing_to_ask (")
    assert told.merged is not None
    assert {place.record_id for place in told.read_from} == {member.post_id for member in told.merged.members}


def test_pairs_and_preferences_say_their_split_and_their_lines(
    built: tuple[Path, Manifest], explainer: Explainer
) -> None:
    pair = rows_of(built[0], "instructions/llava")[0]
    told = explainer.explain(pair["id"])[0]
    assert told.ended == f"It is in instructions, split {pair['split']} (template {pair['template']})."
    assert told.read_from
    preference = next(row for row in rows_of(built[0], "instructions/preferences") if row["kind"] == "comments")
    told = the_one(explainer, preference["id"])
    assert {place.record_id for place in told.read_from} == {
        preference["preferred"]["record_id"],
        preference["other"]["record_id"],
    }


def test_all_rejects_of_posts_comments_and_samples_name_a_file(built: tuple[Path, Manifest], corpus: Path) -> None:
    names = {path.name for path in corpus.rglob("*")}
    told = [row for row in rows_of(built[0], "rejects") if row["record_table"] in ("post", "comment", "sample")]
    assert {Path(row["source"]).name for row in told} <= names
    lines = [row for row in told if not row["source"].endswith((".info.json", ".info.json.gz"))]
    assert [row for row in lines if row["line"] is None] == []


def test_a_folder_of_an_earlier_version_says_what_it_knows(tmp_path: Path) -> None:
    """Without the table of origins, and with no list of words beside it."""
    earlier = Path(__file__).parents[1] / "engine" / "earlier" / "run-2da6f77"
    shutil.copytree(earlier, tmp_path / "run")
    explainer, database = explainer_of(tmp_path / "run")
    try:
        row = rows_of(tmp_path / "run", "posts")[0]
        assert the_one(explainer, row["post_id"]).read_from == []
    finally:
        database.close()


def test_lines_fit_and_json_holds_the_same(built: tuple[Path, Manifest], capsys: pytest.CaptureFixture[str]) -> None:
    sample = rows_of(built[0], "samples")[0]["sample_id"]
    reject = next(row for row in rows_of(built[0], "rejects") if row["reason"] == "near_duplicate")["record_id"]
    assert main(["explain", str(built[0]), sample, reject]) == 0
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if cell_len(line) > 80] == []
    assert f"sample {sample}\n" in printed
    assert f"comment {reject}\n" in printed
    assert main(["explain", str(built[0]), sample, reject, "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["record"], one["id"], one["kept"]) for one in told] == [
        ("sample", sample, True),
        ("comment", reject, False),
    ]


def test_an_unknown_id_is_refused_with_a_near_one(
    built: tuple[Path, Manifest], capsys: pytest.CaptureFixture[str]
) -> None:
    known = rows_of(built[0], "posts")[0]["post_id"]
    assert main(["explain", str(built[0]), f"{known[:-1]}!"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"blift: No row and no reject has the id '{known[:-1]}!', did you mean '")
