"""The files that a recipe names lie beside it in a run folder, so that the recipe runs as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.versions import prune_lists
from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import RecipeError

_RECIPE = """\
name: mine
python: rules/mine.py            # rules of my own
sources:
  reddit:
    submissions: [RS]
    scope: {ids: {path: wanted.csv, column: id}}
curate:
  reddit:
    posts: {words: words.txt, pattern: words.txt, topic_words_out: builtin}
    comments: {nsfw_words: "words.txt"}
instruct:
  templates: [full, own]
"""
_RULE = '''
from blift import Check, rule
import polars as pl

@rule("post", "too_loud")
def loud() -> Check:
    """Posts that shout go."""
    return Check(pl.col("title").str.contains("!"))
'''
_TEMPLATE = """\
name: mine
version: 1.0.0
description: A title.
asks: [title]
system: You see media.
user: "{{ media }} What is it called?"
assistant: "{{ title }}"
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    (folder / "rules").mkdir(parents=True)
    (folder / "own").mkdir()
    (folder / "rules" / "mine.py").write_text(_RULE)
    (folder / "own" / "mine.yaml").write_text(_TEMPLATE)
    (folder / "wanted.csv").write_text("id\nreddit:abc\n")
    (folder / "words.txt").write_text("lighthouse\n")
    (folder / "mine.yaml").write_text(_RECIPE)
    return folder / "mine.yaml"


def kept_in(folder: Path, recipe: Path) -> Path:
    """The recipe as a run folder has it, with its files."""
    found = load_recipe(str(recipe), allow_python=True)
    for name, content in found.lists.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "recipe.yaml").write_text(found.text)
    return folder / "recipe.yaml"


def test_every_file_that_is_named_is_kept_by_its_content(recipe: Path) -> None:
    found = load_recipe(str(recipe), allow_python=True)
    names = {name.rpartition("-")[2]: content for name, content in found.lists.items()}
    assert {name: content.decode() for name, content in names.items()} == {
        "mine.py": _RULE,
        "wanted.csv": "id\nreddit:abc\n",
        "words.txt": "lighthouse\n",
        "own/mine.yaml": _TEMPLATE,
    }
    lines = found.text.splitlines()
    assert lines[1].startswith("python: lists/")
    assert lines[1].endswith("-mine.py            # rules of my own")
    words = next(name for name in found.lists if name.endswith("words.txt"))
    assert f"    posts: {{words: {words}, pattern: words.txt, topic_words_out: builtin}}" in lines
    assert f"    comments: {{nsfw_words: {words}}}" in lines
    assert found.notes == ()


def test_a_kept_recipe_says_the_same_and_keeps_the_same(recipe: Path, tmp_path: Path) -> None:
    first = load_recipe(str(recipe), allow_python=True)
    kept = kept_in(tmp_path / "elsewhere", recipe)
    shutil.rmtree(recipe.parent)
    again = load_recipe(str(kept), allow_python=True)
    assert (again.text, again.lists) == (first.text, first.lists)
    posts = [dict(each.recipe.curate.platforms["reddit"].posts) for each in (first, again)]
    assert posts[0]["words"].vocabulary.sha256 == posts[1]["words"].vocabulary.sha256
    assert [each.name for each in again.recipe.instruct.templates] == ["full", "mine"]


def test_rules_in_a_run_folder_are_run_only_where_that_is_allowed(recipe: Path, tmp_path: Path) -> None:
    kept = kept_in(tmp_path / "elsewhere", recipe)
    with pytest.raises(RecipeError, match="--allow-python"):
        load_recipe(str(kept))


@pytest.mark.parametrize("how", ["absolute", "above", "link"])
def test_a_file_outside_the_folder_of_the_recipe_is_not_handed_on(recipe: Path, tmp_path: Path, how: str) -> None:
    (tmp_path / "secret.txt").write_text("lighthouse\n")
    named = {"absolute": str(tmp_path / "secret.txt"), "above": "../secret.txt", "link": "link.txt"}[how]
    (recipe.parent / "link.txt").symlink_to(tmp_path / "secret.txt")
    recipe.write_text(
        f"name: mine\nsources: {{reddit: {{submissions: [RS]}}}}\ncurate: {{reddit: {{posts: {{words: {named}}}}}}}\n"
    )
    found = load_recipe(str(recipe))
    assert (found.lists, found.text) == ({}, recipe.read_text())
    (note,) = found.notes
    assert note.endswith(f"{named} is not below the recipe's folder, and is not copied to run folders.")


@pytest.mark.long
def test_the_demo_is_built_again_elsewhere_from_its_run_folder_and_the_archives_alone(
    corpus: Path, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    shutil.copy(built[0] / "recipe.yaml", folder)
    shutil.copytree(built[0] / "lists", folder / "lists")
    archives = corpus.as_posix()
    arguments = [
        *("--set", f"sources.reddit.submissions=[{archives}/reddit/RS_*.zst]"),
        *("--set", f"sources.reddit.comments=[{archives}/reddit/RC_*]"),
        *("--set", f"sources.youtube.info=['{archives}/youtube/*.info.json*']"),
        *("--set", f"media.files=['{archives}/pictures/*']"),
    ]
    run = tmp_path / "run"
    assert main(["build", str(folder / "recipe.yaml"), "--out", str(run), "--quiet", *arguments]) == 0
    assert RunFolder(str(run)).require_manifest().fingerprint == built[1].fingerprint
    assert main(["verify", str(run)]) == 0


def test_lists_that_no_recipe_names_any_more_are_deleted_and_files_of_others_stay(tmp_path: Path) -> None:
    run = RunFolder(str(tmp_path))
    named, gone = f"lists/{'a' * 16}", f"lists/{'b' * 16}"
    run.write_text("recipe.yaml", f"posts: {{words: {named}-words.txt}}\ntemplates: [{named}-own]\n")
    kept = [f"{named}-words.txt", f"{named}-own/mine.yaml", "lists/mine.txt", f"lists/mine/{'b' * 16}-words.txt"]
    dropped = [f"{gone}-words.txt", f"{gone}-own/mine.yaml"]
    for name in (*kept, *dropped):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("lighthouse")
    assert prune_lists(run) == sorted(dropped)
    assert all((tmp_path / name).exists() for name in kept)
    assert not any((tmp_path / name).exists() for name in dropped)
