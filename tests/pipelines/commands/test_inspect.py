"""`blift inspect`: the overview, rows by chance, condition and id, and JSON of both."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from blift.pipelines.cli import main
from blift.pipelines.commands.rows import json_line, row_lines
from blift.pipelines.engine.run_folder import Manifest


@pytest.fixture
def inspect(built: tuple[Path, Manifest], capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command on the demo; what it prints, or the sentence with which it refuses."""

    def run(*arguments: str, code: int = 0) -> str:
        assert main(["inspect", str(built[0]), *arguments]) == code
        said = capsys.readouterr()
        for line in said.out.splitlines():
            assert "--json" in arguments or cell_len(line) <= 80 or str(built[0]) in line
        return said.err if code else said.out

    return run


def rows_of(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_the_overview_says_what_the_folder_holds(inspect: Any, built: tuple[Path, Manifest]) -> None:
    printed = inspect()
    assert printed.startswith(f"demo, built by blift 0.1.0, fingerprint {built[1].fingerprint[:16]}\n")
    assert "Stages that have run: ingest, media, curate, instruct, prefer.\n" in printed
    assert [line.split()[:2] for line in printed.splitlines() if line.startswith(("samples", "rejects"))] == [
        ["samples", "109"],
        ["rejects", "1,068"],
    ]
    assert "Media: 20 of 124 have a file; 17 different files were measured.\n" in printed
    assert re.search(r"^On disk: \d+ kB of tables, \d+ kB of media in \d+ files\.$", printed, flags=re.MULTILINE)
    assert "      not_in_top 112, post_rejected 72, near_duplicate 5, few_words 1,\n" in printed
    assert len(printed.splitlines()) <= 64


def test_the_overview_as_json_is_one_object(inspect: Any) -> None:
    content = json.loads(inspect("--json"))
    assert content["tables"]["samples"] == {
        "table": "sample",
        "rows": 109,
        "files": 2,
        "size_bytes": content["tables"]["samples"]["size_bytes"],
    }
    assert content["media"] == {"wanted": 124, "found": 20, "measured": 17}
    assert sum(content["funnel"][0]["rejected"].values()) == 9


def test_the_whole_funnel_is_printed_on_request(inspect: Any) -> None:
    assert re.search(r"^  near_duplicates +724 +684 +40  near_duplicate$", inspect("--funnel"), flags=re.MULTILINE)


def test_a_condition_may_ask_other_tables(inspect: Any) -> None:
    (row,) = rows_of(inspect("--where", "sample_id IN (SELECT sample_id FROM Chat)", "--rows", "1", "--json"))
    assert rows_of(inspect("--table", "chat", "--where", f"sample_id = '{row['sample_id']}'", "--rows", "1", "--json"))


def test_random_rows_are_the_same_for_the_same_seed(inspect: Any) -> None:
    first = rows_of(inspect("--rows", "4", "--json"))
    assert first == rows_of(inspect("--rows", "4", "--json", "--seed", "0"))
    assert first != rows_of(inspect("--rows", "4", "--json", "--seed", "1"))
    assert len({row["sample_id"] for row in first}) == 4
    assert {row["table"] for row in first} == {"samples"}


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("comments", "comment_id"),
        ("rejects", "reason"),
        ("pairs", "conversations"),
        ("instructions/llava", "conversations"),
        ("chat", "messages"),
        ("media", "ring_hash"),
        ("posts", "post_id"),
    ],
)
def test_rows_of_every_table_are_shown(inspect: Any, table: str, column: str) -> None:
    (row,) = rows_of(inspect("--table", table, "--rows", "1", "--json"))
    assert column in row
    assert column in inspect("--dataset", table, "--rows", "1")


def test_a_condition_chooses_rows_and_their_number_is_told(inspect: Any) -> None:
    printed = inspect("--where", "reason = 'near_duplicate'", "--table", "rejects", "--rows", "2")
    assert printed.startswith("rejects: 45 of 1,068 rows meet the condition; 2 drawn at random (--seed 0)\n")
    assert printed.count("reason        near_duplicate\n") == 2
    rows = rows_of(inspect("--where", "media_kind = 'video' AND len(replay) > 0", "--json", "--rows", "50"))
    assert rows
    assert all(row["media_kind"] == "video" and row["replay"] for row in rows)


def test_an_id_is_looked_for_in_every_table(inspect: Any) -> None:
    found = rows_of(inspect("--id", "reddit:hv07r", "--json"))
    assert [row["table"] for row in found] == ["samples", "posts", "origins"]
    (reject,) = rows_of(
        inspect("--where", "reason = 'known_bot' AND record_table = 'post'", "--table", "rejects", "--json")
    )
    why = inspect("--id", reject["record_id"])
    assert "rejects: 1 row\n" in why
    assert "reason        known_bot\n" in why
    foxes = "https://www.reddit.com/r/pics/comments/hv2gw/two_foxes_in_lisbon/"
    for name in ("hv2gw", foxes):
        assert "reason        nsfw\n" in inspect("--id", name)
        assert inspect("--id", name, "--table", "rejects").startswith("rejects: 1 row\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--where", "scor > 1"), "samples has no column 'scor', did you mean 'score'?"),
        (("--where", "score >"), "The condition cannot be used: "),
        (("--where", ""), "--where is empty; it takes a condition"),
        (("--where", "(SELECT count(*) FROM read_csv('/etc/passwd')) > 0"), "Cannot access file"),
        (("--table", "sampels"), "The dataset has no table 'sampels', did you mean 'samples'? Its tables: samples, "),
        (("--id", "reddit:hv07r_"), "has the id 'reddit:hv07r_', did you mean 'reddit:hv07r'?"),
        (("--id", "x", "--rows", "1"), "--id prints the rows with that id; leave out --rows and --where."),
        (("--id", " "), "--id is empty; it takes the id or the address of a post, or another id of a row."),
        (("--rows", "-1"), "--rows is -1; it must be 0 or more."),
        (("--seed", "1"), "--seed draws rows; add --rows, --where or --table."),
        (("--seed", "1", "--id", "hv07r"), "--seed draws rows; add --rows, --where or --table."),
        (("--funnel", "--rows", "1"), "--funnel prints the funnel, and the other options print rows; name one of"),
    ],
)
def test_a_wrong_request_is_one_sentence(inspect: Any, arguments: tuple[str, ...], sentence: str) -> None:
    said = inspect(*arguments, code=2)
    assert sentence in said
    assert said.count("\n") == 1


HOSTILE = "\x1b[2J\x1b]0;x\x07 \u202egnp.exe \x9b31m\r\n[/bold] \u0301\u0301\u0301 漢字漢字漢字 " + "x" * 3_000


@pytest.mark.parametrize("width", [40, 80, 120])
def test_rows_of_strangers_are_printed_inert_and_fit(width: int) -> None:
    row = {
        "title": HOSTILE,
        HOSTILE[:90]: 1,
        "comments": [{"text": HOSTILE, "score": 3}] * 9,
        "tags": [HOSTILE] * 9,
        "replay": [0.123456789] * 100,
        "nothing": None,
        "empty": [],
        "image": {"bytes": b"abc", "path": None},
    }
    lines = list(row_lines(row, width))
    assert all(line.isprintable() and cell_len(line) <= width for line in lines)
    printed = "\n".join(lines)
    assert "\\u001b[2J" in printed
    assert "... 4 more" in printed
    assert "nothing" not in printed
    line = json_line(row)
    assert line.isprintable()
    assert json.loads(line) == {**row, "image": {"bytes": "<3 bytes>", "path": None}}


def test_numbers_that_are_none_have_a_place_in_json() -> None:
    assert json_line({"a": float("nan"), "b": float("inf"), "c": 1.5}) == '{"a": "nan", "b": "inf", "c": 1.5}'
