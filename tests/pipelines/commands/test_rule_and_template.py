"""`blift rule` and `blift template`: what there is, to people."""

from __future__ import annotations

from pathlib import Path

import pytest

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.recipe.file import load_recipe
from blift.transforms.rules.registry import all_rules
from blift.transforms.templates import shipped
from blift.transforms.templates.template import shipped_path


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


def test_an_unknown_part_of_a_scene_is_told_with_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.yaml"
    main(["template", "show", "replay-only"])
    mine.write_text(capsys.readouterr().out.replace("scene.replay", "scene.replays"))
    assert main(["template", "check", str(mine)]) == 2
    said = capsys.readouterr().err
    assert "there is no `replays` in that, did you mean 'replay'? There are: background, caption, end_s," in said


def test_templates_of_a_folder_are_listed_checked_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    for name in ("b-mine", "a-mine"):
        text = shipped_path("titles-only").read_text().replace("name: titles-only", f"name: {name}")
        (folder / f"{name}.yaml").write_text(text)
    (folder / "notes.txt").write_text("no template")
    assert main(["template", "list", str(folder)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [*shipped(), "a-mine", "b-mine"]
    assert main(["template", "check", str(folder)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(
        "name: x\nsources: {reddit: {submissions: [a]}}\ninstruct: {templates: [titles-only, templates]}\n"
    )
    templates = load_recipe(str(recipe)).recipe.instruct.templates
    assert [template.name for template in templates] == ["titles-only", "a-mine", "b-mine"]
    (folder / "c.yaml").write_text((folder / "a-mine.yaml").read_text())
    assert main(["recipe", "check", str(recipe)]) == 2
    assert "2 templates are called `a-mine`, and pairs are told apart by that name." in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["template", "check", str(tmp_path / "empty")]) == 2
    assert "holds no templates: files that end in .yaml." in capsys.readouterr().err


def test_templates_are_previewed_with_samples_of_a_run(
    built: tuple[Path, Manifest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, _ = built
    more = ["--template", "full", "--template", "content-choice"]
    assert main(["template", "preview", str(run), "--samples", "2", *more]) == 0
    said = capsys.readouterr().out
    assert said.count("=== sample ") == 4
    assert said.count(", template full 1.2.0\n--- system\nYou are a helpful assistant.") == 2
    assert said.count(", template content-choice: no pair, since ") == 2
    assert "\n--- human\n" in said
    assert "<image>" in said or "<video>" in said
    assert main(["template", "preview", str(run), "--samples", "0"]) == 2
    assert "--samples is 0; it must be 1 or more." in capsys.readouterr().err
    assert main(["template", "preview", str(tmp_path)]) == 2
