"""Names and texts of strangers on the terminal and in the card: every command shows them escaped."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from blift.connectors.fetch.items import FILE, Failed, Item
from blift.connectors.fetch.state import State
from blift.connectors.registry import kinds
from blift.pipelines.cli import main
from blift.pipelines.engine.card_parts import code
from blift.pipelines.engine.funnel import cell
from blift.pipelines.engine.run_folder import RunFolder

ESC = "\x1b[2J\x1b]0;OWNED\x07\x1b[31mred\x1b[8mhidden \x9b31m \u202etxt.exe\u202c \r overwritten \u2028 [/bold]"
ARCHIVE = "RS_a\x1b]0;P\x07\x1b[31mX\nblift: all fine\u202e|`.ndjson"


def as_lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Archives of the first case of its kind, and a build of them."""
    folder = tmp_path_factory.mktemp("hostile")
    posts = [
        {"id": f"abc{i}", "title": f"{ESC}{i}", "author": "u", "subreddit": "pics\x1b[31m", "score": 5,
         "created_utc": 1_600_000_000, "retrieved_on": 1_600_090_000, "num_comments": 3,
         "url": f"https://i.redd.it/abc{i}.jpg"}
        for i in range(4)
    ]  # fmt: skip
    comments = [
        {"id": f"c{i}{j}", "link_id": f"t3_abc{i}", "body": f"some nice words here {ESC}{j}", "author": "v",
         "created_utc": 1_600_000_100, "score": 3}
        for i in range(4) for j in range(3)
    ]  # fmt: skip
    (folder / ARCHIVE).write_text(as_lines(posts))
    (folder / "RC_x.ndjson").write_text(as_lines(comments))
    (folder / "v\x1b[31m\n [abcdefghijk].info.json").write_text(
        json.dumps({"id": "abcdefghijk", "title": ESC, "duration": 10, "view_count": 20_000, "chapters": 5})
    )
    sources = {
        "reddit": {"submissions": ["RS_*"], "comments": ["RC_*"]},
        "youtube": {"info": ["*.info.json"]},
    }
    content = {"name": "t", "sources": sources, "rejects": {"payload": "all", "max_malformed": 0.9}}
    (folder / "r.yaml").write_text(yaml.safe_dump({**content, "card": {"title": f"Title {ESC}", "summary": ESC}}))
    assert main(["build", str(folder / "r.yaml"), "--out", str(folder / "run"), "--quiet"]) == 0
    return folder


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed; all of it is printable."""
    said = capsys.readouterr()
    strange = [line for line in f"{said.out}\n{said.err}".split("\n") if not line.isprintable()]
    assert strange == []
    return said.out + said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "r.yaml", "--out", "run"],
        ["inspect", "run"],
        ["inspect", "run", "--funnel"],
        ["inspect", "run", "--rows", "9"],
        ["inspect", "run", "--rows", "9", "--json"],
        ["inspect", "run", "--rows", "9", "--table", "rejects"],
        ["inspect", "run", "--where", "title = '\x1b[31m\u202e"],
        ["inspect", "run", "--id", "\x1b[31m\u202e"],
        ["verify", "run"],
        ["recipe", "show", "r.yaml"],
        ["recipe", "check", "r.yaml"],
        ["diff", "run", "nowhere\x1b[31m\n\u202e"],
        ["inspect", "nowhere\x1b[31m\n\u202e"],
        ["verify", "run\udcff\x9b"],
        ["build", "no\x1b[31mrecipe\u202e.yaml", "--out", "x"],
        ["build", "r.yaml", "--out", "x\x1b", "--stages", "a\x1b,b"],
        ["inspect", "run", "--dataset", "\x1b[31m"],
        ["inspect", "run", "more\x1b[31m"],
        ["collect", "r.yaml", "more\x1b[31m"],
        ["collect", "status", "no\x1b[31m"],
        ["publish", "no\x1b[31m", "--repo", "a/b"],
        ["frob\x1b[31m\u202e"],
    ],
)
def test_every_command_shows_what_is_not_printable_escaped(
    arguments: list[str], hostile: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(hostile)
    with suppress(SystemExit):  # of argparse
        main(arguments)
    assert shown(capsys)


def test_a_file_whose_name_holds_a_line_of_ours_does_not_speak_for_us(
    hostile: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(hostile)
    main(["inspect", "nowhere\nblift: all fine"])
    assert shown(capsys) == (
        "blift: nowhere\\nblift: all fine has no manifest.json: it is no run folder, or its build did not finish a "
        "stage.\n"
    )
    main(["build", "r.yaml", "--out", "run", "--quiet"])
    assert shown(capsys) == "warning: v\\u001b[31m\\n [abcdefghijk].info.json: chapters are no list of objects\n"


def test_a_recipe_with_strange_keys_is_told_by_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r\x1b.yaml"
    path.write_text(r'{name: t, "k\e[31m\nblift: fine": 1, "\u202E": 2, sources: {reddit: {submissions: ["x\e"]}}}')
    assert main(["recipe", "check", str(path)]) == 2
    said = shown(capsys)
    assert len(said.splitlines()) == 2
    assert "unknown key `k\\u001b[31m\\nblift: fine`" in said


def test_the_card_shows_it_escaped_and_its_tables_stay_tables(hostile: Path) -> None:
    card = (hostile / "run" / "README.md").read_text()
    assert [line for line in card.split("\n") if not line.isprintable()] == []
    (row,) = [line for line in card.split("\n") if "RS_a" in line]
    assert row.startswith("| `` RS_a\\u001b]0;P\\u0007\\u001b[31mX\\nblift: all fine\\u202e\\|`.ndjson `` | ")
    front = yaml.safe_load(card.split("---\n")[1])
    assert front["pretty_name"].startswith("Title ")


def test_a_funnel_with_markup_and_strange_names_is_shown(
    hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads((hostile / "run" / "manifest.json").read_text())
    content["recipe"] = f"[bold]{ESC}"
    content["stages"]["curate"]["funnel"][0]["step"] = f"[/bold]{ESC}"
    content["stages"]["curate"]["funnel"][0]["rejected"] = {f"[red]{ESC}": 1}
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    assert RunFolder(str(tmp_path)).read_manifest() is not None
    main(["inspect", str(tmp_path)])
    assert "[red]\\u001b[2J" in shown(capsys)
    main(["inspect", str(tmp_path), "--funnel"])
    said = shown(capsys)
    assert "Funnel of [bold]\\u001b[2J" in said
    main(["verify", str(tmp_path)])
    shown(capsys)


def test_what_failed_and_why_is_shown_escaped_by_the_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = State(str(tmp_path), kinds())
    item = Item(FILE, f"https://example.org/{ESC}")
    state.add([item])
    for _ in range(5):
        state.take_in([(item, Failed(f"no answer {ESC}", wait_s=0.0))])
    state.close()
    assert main(["collect", "status", str(tmp_path)]) == 0
    assert "no answer \\u001b[2J" in shown(capsys)


def test_a_cell_and_code_of_a_table_cannot_end_it() -> None:
    assert cell("a|b<img>\n") == "a\\|b&lt;img>\\n"
    assert code("plain") == "`plain`"
    assert code("a|b`c``d") == "``` a\\|b`c``d ```"
