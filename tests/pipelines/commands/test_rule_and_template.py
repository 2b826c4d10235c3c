"""`blift rule` and `blift template`: what there is, to people."""

from __future__ import annotations

from pathlib import Path

import pytest

from blift.pipelines.cli import main
from blift.transforms.rules.registry import all_rules
from blift.transforms.templates import shipped


def test_rules_are_listed_with_their_reason_and_platforms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(all_rules())
    assert any(
        line.startswith("post     views_above            few_views            youtube, yt_dlp ") for line in lines
    )
    assert main(["rule", "list", "--for", "sample"]) == 0
    assert capsys.readouterr().out.split()[1] == "min_comments"


def test_templates_are_listed_shown_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == shipped()
    assert main(["template", "show", "full"]) == 0
    mine = tmp_path / "mine.yaml"
    mine.write_text(capsys.readouterr().out)
    assert main(["template", "check", str(mine)]) == 0
    assert capsys.readouterr().out == f"{mine} is a valid template: full.\n"


def test_a_template_that_is_not_there_is_an_error_that_names_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", "show", "ful"]) == 2
    assert "There is no template 'ful', did you mean 'full'?" in capsys.readouterr().err


def test_an_unknown_name_is_told_with_the_known_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.yaml"
    main(["template", "show", "likes-only"])
    mine.write_text(capsys.readouterr().out.replace("{{ title }}", "{{ tittle }}").replace("if title", "if tittle"))
    assert main(["template", "check", str(mine)]) == 2
    said = capsys.readouterr().err
    assert "'tittle' is undefined. Names: a_kind, answer, channel, comments, described," in said
