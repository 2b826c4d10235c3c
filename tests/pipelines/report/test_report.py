"""`blift report`: what the data beside the page says, and which folders it writes to."""

import itertools
import json
import re
import shutil
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml
from backports import zstd

from blift.connectors.parquet import write_parquet
from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.versions import run_folder
from blift.pipelines.report.found import Fates
from blift.pipelines.report.report import report
from blift.pipelines.stages.stats.sides import run_side, statistics_of
from tests.pipelines.report.made import with_rows


def data(page: Path, name: str) -> Any:
    """A piece of data of a report."""
    call = (page / "data" / f"{name}.js").read_text(encoding="utf-8")
    found = re.fullmatch(r"blift\('[a-z0-9-]+','(.*)'\);\n", call)
    assert found, call[:100]
    return json.loads(re.sub(r"\\(['\\])", r"\1", found[1]))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_run_gives_the_same_bytes(run_with_replay: Path, page: Path, tmp_path: Path) -> None:
    report(RunFolder(str(run_with_replay)), tmp_path / "again")
    assert contents(tmp_path / "again") == contents(page)


def test_a_report_of_fewer_samples_leaves_nothing_of_the_one_before(
    run_with_replay: Path, page: Path, tmp_path: Path
) -> None:
    shutil.copytree(page, tmp_path / "report")
    report(RunFolder(str(run_with_replay)), tmp_path / "report", samples=3)
    report(RunFolder(str(run_with_replay)), tmp_path / "new", samples=3)
    assert contents(tmp_path / "report") == contents(tmp_path / "new")


def test_totals_are_of_all_samples_and_the_draw_says_how_many_it_shows(run_with_replay: Path, tmp_path: Path) -> None:
    done = report(RunFolder(str(run_with_replay)), tmp_path / "report", samples=10)
    spread, drawn = (data(tmp_path / "report", name) for name in ("distributions", "samples"))
    assert (spread["rows"], drawn["of"], drawn["at_random"]) == (109, 109, 10)
    assert done.samples == len(drawn["rows"]) < 109
    kinds = Counter(row[drawn["columns"].index("media_kind")] for row in drawn["rows"])
    assert kinds["video"] >= 10  # of those with a replay graph and of several posts, more are drawn


def test_distributions_count_every_sample(page: Path) -> None:
    spread = data(page, "distributions")
    numbers = {each["name"]: each for each in spread["numbers"]}
    assert (numbers["views"]["rows"], numbers["views"]["least"], numbers["views"]["most"]) == (27, 22135, 441209)
    assert numbers["views"]["bins"] == [
        [20000, 50000, 19], [50000, 100000, 3], [100000, 200000, 4], [200000, 500000, 1]
    ]  # fmt: skip
    assert sum(rows for _, rows in spread["months"]) == 109
    assert dict(spread["missing"])["views"] == 82
    absent = next(each for each in spread["words"] if each["name"] == "replay_absent")
    assert (absent["missing"], absent["values"]) == (25, [["not_offered", 82], ["malformed", 1], ["not_in_record", 1]])


def test_distributions_are_those_of_blift_stats(run_with_replay: Path, page: Path) -> None:
    folder = RunFolder(str(run_with_replay))
    side = run_side(folder, folder.require_manifest(), ["samples"])
    (table,) = statistics_of(side, side.counts(None, lambda _: None), None, None).tables
    described = {column.column: column for column in table.columns}
    spread = data(page, "distributions")
    assert spread["rows"] == table.rows
    for each in spread["numbers"]:
        column = described[each["name"]]
        numbers = column.values or column.lengths
        assert numbers
        told = (numbers.count, numbers.mean, numbers.quantiles.get("0.50"), numbers.min, numbers.max)
        assert (each["rows"], each["mean"], each["median"], each["least"], each["most"]) == told, each["name"]
        assert sum(rows for *_, rows in each["bins"]) == numbers.count
    for each in spread["words"]:
        words = described[each["name"]].words
        assert words
        assert each["values"][:20] == [[word.value, word.count] for word in words.top][:40]
    assert spread["months"] == [[month.value, month.count] for month in described["posted_at"].months or ()]
    assert dict(spread["missing"]) == {
        name: described[name].missing for name in dict(spread["missing"]) if name in described
    }


def test_a_reason_leads_to_rejects_with_their_record_and_line(corpus: Path, page: Path) -> None:
    groups = data(page, "rejects")
    place = next(at for at, group in enumerate(groups) if (group["stage"], group["reason"]) == ("ingest", "not_utf8"))
    (reject,) = data(page, f"rejects-{place}")
    line = _line(corpus / "reddit" / reject["source"], reject["line"])
    assert reject["payload"] == line.decode("utf-8", "replace")


def _line(archive: Path, line: int) -> bytes:
    with zstd.open(archive) as stream:
        return next(islice(stream, line - 1, None)).rstrip(b"\n")


def test_every_rejected_post_can_be_looked_up(page: Path, corpus: Path) -> None:
    known = data(page, "ids")
    (file,) = [data(page, f"ids-{place}") for place in range(len(known["starts"]))]
    assert known["complete"]
    rejected = file["rejected"]
    place = rejected["id"].index("reddit:hv2gw")
    assert file["kinds"][rejected["kind"][place]] == ["curate", "nsfw", "nsfw"]
    assert rejected["source"][place] == "RS_2021-02.zst"
    line = _line(corpus / "reddit" / rejected["source"][place], rejected["line"][place])
    assert json.loads(line)["id"] == "hv2gw"
    assert [rejected["id"], file["kept"]["id"]] == [sorted(rejected["id"]), sorted(file["kept"]["id"])]
    assert len(file["kept"]["id"]) == len(file["kept"]["sample"]) == 153  # posts of samples


def test_all_rows_of_an_id_are_in_the_file_that_its_order_names() -> None:
    ids = [f"reddit:{place // 3:05d}" for place in range(9_000)] + ["reddit:02500"] * 3_000 + ["\U0001f600", "\ufb01"]
    rejects = pl.DataFrame(
        {"record_id": ids, "record_table": "post", "stage": "curate", "rule": "nsfw", "reason": "nsfw"}
    ).with_columns(source=None, line=pl.int_range(pl.len()), detail=None)
    fates = Fates()
    fates.add_rejects(rejects.with_columns(pl.col("source", "detail").cast(pl.String)))
    (_, known), *files = fates.told()
    assert [name for name, _ in files] == [f"ids-{place}" for place in range(len(known["starts"]))]
    assert known["starts"] == sorted(set(known["starts"]))
    told = [file["rejected"]["id"] for _, file in files]
    assert sorted(each for file in told for each in file) == sorted(ids)
    assert told[-1][-2:] == ["\ufb01", "\U0001f600"]  # the order of code points, where UTF-16 has another one
    assert all(len(set(one) & set(other)) == 0 for one, other in itertools.pairwise(told))
    for file, start in zip(told, known["starts"], strict=True):
        assert file[0] == start
    assert files[0][1]["kinds"] == [("curate", "nsfw", "nsfw")]


def test_merged_media_are_shown_with_what_joined_them(page: Path) -> None:
    merged = {one["media_key"]: one for one in data(page, "merged")}
    joined = [member["joined"] for member in merged["reddit-image:034ddvwp8qpbn"]["members"]]
    assert [why["by"] for why in joined] == ["pictures", "pictures", "address"]
    for member in merged["reddit-image:034ddvwp8qpbn"]["members"]:
        assert (page / member["picture"]).read_bytes().startswith(b"\xff\xd8\xff")
    assert {why["by"] for why in (m["joined"] for m in merged["youtube:Y2F3Iq2hwSw"]["members"])} == {"address"}


def test_a_comparison_says_which_rule_took_a_sample(stricter_run: Path, tmp_path: Path) -> None:
    new, old = (run_folder(f"{stricter_run}{which}") for which in ("", "@previous"))
    report(new, tmp_path / "report", against=old)
    told = data(tmp_path / "report", "comparison")
    assert (told["came"]["count"], told["went"]["count"]) == (0, told["rows"][0] - told["rows"][1])
    assert told["went"]["count"] > 0
    assert {why[3] for sample in told["went"]["samples"] for why in sample["why"]} >= {"few_views"}
    assert "-      views_above: 10000" in told["recipe"]
    assert "+      views_above: 50000" in told["recipe"]


def test_a_released_report_is_a_static_space_without_personal_data(released_run: Path, tmp_path: Path) -> None:
    report(RunFolder(str(released_run)), tmp_path / "report", released=True)
    card = (tmp_path / "report" / "README.md").read_text()
    assert yaml.safe_load(card.split("---")[1])["sdk"] == "static"
    found = data(tmp_path / "report", "privacy")
    assert (found["made"], found["withdrawn"]) == (True, 0)
    assert ["samples", "email", 109] in found["findings"]
    every = b"".join(contents(tmp_path / "report").values())
    assert b"somebody@example.org" not in every
    assert b"write to [email]" in every
    assert not (tmp_path / "report" / "media").exists()


def test_the_space_of_a_report_that_is_not_released_is_not_written(page: Path) -> None:
    assert not (page / "README.md").exists()


def test_without_a_release_nothing_is_said_to_be_private(page: Path) -> None:
    assert data(page, "privacy") == {"made": False, "withdrawn": 0, "findings": [], "withheld": []}


def test_long_texts_are_cut_and_their_length_is_told(built: tuple[Path, Manifest], tmp_path: Path) -> None:
    run = with_rows(built[0], tmp_path / "run", lambda rows: [{**row, "title": "x" * 100_000} for row in rows])
    report(RunFolder(str(run)), tmp_path / "report", samples=1)
    (title,) = {json.dumps(sample["title"]) for sample in data(tmp_path / "report", "samples-0")}
    assert json.loads(title) == {"cut": "x" * 20_000, "characters": 100_000}


def test_the_command_says_what_it_wrote(
    built: tuple[Path, Manifest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(built[0]), "--out", str(tmp_path / "report"), "--samples", "5"]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path}/report/index.html shows ")


@pytest.mark.parametrize(
    ("prepare", "arguments", "sentence"),
    [
        ("nothing", ["{tmp}/none"], "{tmp}/none has no manifest.json: it is no run folder, or its build did not"),
        ("nothing", ["{run}", "--samples", "0"], "--samples is 0; it must be 1 or more."),
        ("nothing", ["{run}", "--released"], "{run} has no release. Run `blift publish --dry-run`, which makes one"),
        ("nothing", ["{run}", "--against", "{tmp}/none"], "{tmp}/none has no manifest.json"),
        ("stranger", ["{run}"], "{tmp}/report holds files that are no report, such as 'notes.txt'."),
        ("file", ["{run}"], "{tmp}/report is a file. Choose a new or empty folder as --out."),
        ("ours with a stranger", ["{run}"], "{tmp}/report holds 'data/notes.txt', which blift did not write."),
        ("linked media", ["{run}"], "{tmp}/report holds 'media', which blift did not write."),
        ("half", ["{half}"], "{half} holds no samples to report on. Run `blift build` to its end first."),
        ("damaged", ["{half}"], "is not what was written: its sha256 is another. Run `blift build`"),
        ("other version", ["{half}"], "has schema sample 9.0.0, and this blift reads"),
    ],
)
def test_what_cannot_be_reported_on_is_told_in_a_sentence(
    prepare: str,
    arguments: list[str],
    sentence: str,
    built: tuple[Path, Manifest],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "report"
    if prepare in _COPIES:
        shutil.copytree(built[0], tmp_path / "half")
    _PREPARED[prepare](tmp_path)
    names = {"tmp": str(tmp_path), "run": str(built[0]), "half": str(tmp_path / "half")}
    assert main(["report", *(each.format(**names) for each in arguments), "--out", str(out)]) == 2
    assert sentence.format(**names) in capsys.readouterr().err


def _stranger(tmp: Path) -> None:
    (tmp / "report").mkdir()
    (tmp / "report" / "notes.txt").write_text("mine")


def _ours_with_a_stranger(tmp: Path) -> None:
    (tmp / "report" / "data").mkdir(parents=True)
    (tmp / "report" / "blift-report.json").write_text("{}")
    (tmp / "report" / "data" / "notes.txt").write_text("mine")


def _linked_media(tmp: Path) -> None:
    (tmp / "report").mkdir()
    (tmp / "report" / "blift-report.json").write_text("{}")
    (tmp / "elsewhere").mkdir()
    (tmp / "report" / "media").symlink_to(tmp / "elsewhere")


def _half(tmp: Path) -> None:
    folder = RunFolder(str(tmp / "half"))
    manifest = folder.require_manifest()
    del manifest.stages["curate"]
    folder.write_manifest(manifest)


def _damaged(tmp: Path) -> None:
    shard = min((tmp / "half" / "samples").iterdir())
    shard.write_bytes(shard.read_bytes()[:-9] + b"otherwise")


def _other_version(tmp: Path) -> None:
    folder = RunFolder(str(tmp / "half"))
    manifest = folder.require_manifest()
    record = manifest.stages["curate"]
    for place, shard in enumerate(record.shards):
        if shard.path.startswith("samples/"):
            rows = pq.read_table(tmp / "half" / shard.path)
            later = rows.replace_schema_metadata({**rows.schema.metadata, b"blift.version": b"9.0.0"})
            record.shards[place] = write_parquet(later, folder.path, shard.name)
    folder.write_manifest(manifest)


def _nothing(tmp: Path) -> None:
    """Leave the folder as it is."""


def _file(tmp: Path) -> None:
    (tmp / "report").write_text("mine")


_COPIES = ("half", "damaged", "other version")
_PREPARED = {
    "nothing": _nothing,
    "stranger": _stranger,
    "file": _file,
    "ours with a stranger": _ours_with_a_stranger,
    "linked media": _linked_media,
    "half": _half,
    "damaged": _damaged,
    "other version": _other_version,
}
