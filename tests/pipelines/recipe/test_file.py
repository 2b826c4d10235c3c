"""A recipe file: what is wrong with it is said with file, line, key and remedy; relative paths start beside it."""

from pathlib import Path

import pytest

from blift.pipelines.recipe.file import SHIPPED, load_recipe, parse_recipe, recipe_text
from blift.schemas.errors import RecipeError

SMALLEST = """\
name: small
sources:
  reddit:
    submissions: [RS_*]
"""


def error_of(folder: Path, text: str) -> str:
    """What is said of a recipe, which must be wrong; the file's path is left out."""
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load_recipe(str(path))
    said = str(caught.value)
    assert said.startswith(str(path))
    return said.replace(str(path), "mine.yaml")


def test_the_smallest_recipe_turns_every_rule_off(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SMALLEST)
    found = load_recipe(str(tmp_path / "mine.yaml"))
    assert found.text == SMALLEST
    curate = found.recipe.curate
    options = [dict(curate.reddit.posts), dict(curate.reddit.comments), dict(curate.samples)]
    assert {value for option in options for value in option.values()} == {None, False}
    assert (curate.reddit.choose.near_duplicates, curate.reddit.choose.top) == (None, None)
    assert found.recipe.instruct.templates[0].name == "full"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("outputs: {}\n", "mine.yaml, line 5: unknown key `outputs`, did you mean 'output'?"),
        ("output:\n  shard: 3\n", "mine.yaml, line 6: unknown key `output.shard`, did you mean 'shards'?"),
        (
            "curate:\n  reddit:\n    posts:\n      delted: true\n",
            "mine.yaml, line 8: unknown key `curate.reddit.posts.delted`, did you mean 'deleted'?",
        ),
        (
            "curate:\n  samples: {xyz: 1}\n",
            "mine.yaml, line 6: unknown key `curate.samples.xyz`; known here: min_comments, ",
        ),
    ],
)
def test_an_unknown_key_is_named_with_its_line_and_a_near_one(tmp_path: Path, more: str, said: str) -> None:
    assert error_of(tmp_path, SMALLEST + more).startswith(said)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("output: {shards: many}\n", "mine.yaml, line 5: `output.shards"),
        ("output: {shards: 0}\n", "is 0: it must be at least 1, or it must be 'auto'."),
        ("rejects:\n  max_malformed: 2\n", "mine.yaml, line 6: `rejects.max_malformed` is 2: "),
        ("rejects: {payload: some}\n", "is 'some': it must be 'malformed', 'all' or 'none'."),
        ("curate: [1]\n", "mine.yaml, line 5: `curate` is [1]: "),
        ("instruct:\n  splits: {validation: 0.6, test: 0.6}\n", "validation and test together are more than 1"),
        ("instruct: {templates: []}\n", "mine.yaml, line 5: `instruct.templates` is []: "),
        ("curate: {reddit: {posts: {media_kinds: [image, sculpture]}}}\n", "is 'sculpture': "),
    ],
)
def test_a_wrong_value_is_named_with_what_it_may_be(tmp_path: Path, more: str, said: str) -> None:
    assert said in error_of(tmp_path, SMALLEST + more)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    said = error_of(tmp_path, SMALLEST.replace("name: small", "name: Small!") + "outputs: {}\ncard: {titel: X}\n")
    lines = sorted(line.split(": ")[0] for line in said.splitlines())
    assert lines == [f"mine.yaml, line {line}" for line in (1, 5, 6)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALLEST.replace("name: small\n", ""), "the key `name` is missing; Name of the recipe"),
        (
            "name: small\n",
            "`sources` names none of `hub`, `reddit`, `youtube`",
        ),
        ("name: small\nsources: {reddit: {comments: [RC_*]}}\n", "line 2: `sources.reddit`: name "),
        (
            "name: small\nsources: {youtube: {}}\n",
            "line 2: `sources.youtube`: name `info`, or `fetched`.",
        ),
        ("name: small\nsources: {}\n", "`fetch` asks no platform for anything; name at least one."),
    ],
)
def test_what_is_missing_is_named_with_its_meaning(tmp_path: Path, text: str, said: str) -> None:
    assert said in error_of(tmp_path, text)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "- name: small\n", "name\n", "42\n", "null\n"])
def test_what_holds_no_mapping_is_no_recipe(tmp_path: Path, text: str) -> None:
    assert "holds no recipe: a recipe is a YAML mapping that begins with `name:`." in error_of(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "line"),
    [("name: small\nsources: {]\n", 2), ("name: [small\n", 2), ("name: a\n\tb: c\n", 2), ("name: a: b\n", 1)],
)
def test_what_is_not_yaml_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    assert error_of(tmp_path, text).startswith(f"mine.yaml, line {line}: not valid YAML (")


def test_a_key_that_stands_twice_is_told_and_neither_is_dropped(tmp_path: Path) -> None:
    said = error_of(tmp_path, SMALLEST + "curate:\n  samples: {}\n  samples: {}\n")
    assert said.startswith("mine.yaml, line 7: not valid YAML (the key `samples` stands twice")


def test_a_recipe_with_a_tag_of_python_is_not_run(tmp_path: Path) -> None:
    said = error_of(tmp_path, f"name: !!python/object/apply:pathlib.Path.touch [{tmp_path / 'ran'}]\n")
    assert "not valid YAML" in said
    assert not (tmp_path / "ran").exists()


def test_a_file_that_is_not_utf8_is_told_with_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"name: caf\xe9\n")
    with pytest.raises(RecipeError, match=r"is not UTF-8 text \(byte 9\); save it as UTF-8\."):
        load_recipe(str(path))


def test_a_folder_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"Cannot read the recipe .*: it is a folder\."):
        load_recipe(str(tmp_path))


@pytest.mark.parametrize(
    "more",
    [
        "curate: {reddit: {posts: {nsfw_words: absent.txt}}}\n",
        "curate: {youtube: {posts: {topic_words_out: absent.txt}}}\n",
        "curate: {youtube: {posts: {channels: absent.txt}}}\n",
        "instruct: {templates: [absent.txt]}\n",
    ],
)
def test_a_file_that_a_recipe_names_and_that_is_absent_is_named(tmp_path: Path, more: str) -> None:
    assert "absent.txt" in error_of(tmp_path, SMALLEST + more)


def test_a_misspelt_template_is_told_with_a_near_one(tmp_path: Path) -> None:
    assert "did you mean 'full'?" in error_of(tmp_path, SMALLEST + "instruct: {templates: [fulll]}\n")


def test_a_word_list_lies_beside_the_recipe_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, elsewhere = tmp_path / "recipes", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / "words.txt").write_text("darn\n")
    (elsewhere / "words.txt").write_text("another\n")
    (folder / "mine.yaml").write_text(SMALLEST + "curate: {reddit: {posts: {nsfw_words: words.txt}}}\n")
    monkeypatch.chdir(elsewhere)
    beside = dict(load_recipe("../recipes/mine.yaml").recipe.curate.reddit.posts)["nsfw_words"]
    (folder / "words.txt").write_text("another\n")
    changed = dict(load_recipe("../recipes/mine.yaml").recipe.curate.reddit.posts)["nsfw_words"]
    assert beside.vocabulary.sha256 != changed.vocabulary.sha256


def test_patterns_start_in_the_recipes_folder_and_addresses_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "mine.yaml").write_text(SMALLEST)
    monkeypatch.chdir(tmp_path)
    found = load_recipe("recipes/mine.yaml")
    assert found.resolve(["RS_*", "deep/RS_1", "/data/RS_2", "gs://bucket/RS_*"]) == [
        str(tmp_path / "recipes" / "RS_*"),
        str(tmp_path / "recipes" / "deep" / "RS_1"),
        "/data/RS_2",
        "gs://bucket/RS_*",
    ]


def test_every_shipped_recipe_loads_where_its_files_are(corpus: Path, tmp_path: Path) -> None:
    shipped = sorted(SHIPPED.glob("*.yaml"))
    assert [path.stem for path in shipped] == ["blift-paper", "demo"]
    for path in shipped:
        # The lists that the demo's recipe names are written by `blift demo`.
        folder = corpus if path.stem == "demo" else tmp_path
        assert parse_recipe(path.read_text(), folder / path.name).recipe.name == path.stem


def test_a_shipped_recipe_is_found_by_name_and_its_copy_finds_its_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    by_name = load_recipe("blift-paper")
    Path("mine.yaml").write_text(recipe_text("blift-paper.yaml"))
    copy = load_recipe("mine.yaml")
    assert copy.recipe.model_dump(mode="json") == by_name.recipe.model_dump(mode="json")
    assert (by_name.folder, copy.folder) == (SHIPPED, tmp_path)


def test_a_file_of_ones_own_goes_before_a_shipped_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("demo.yaml").write_text(SMALLEST)
    assert load_recipe("demo.yaml").recipe.name == "small"


def test_a_folder_does_not_hide_a_shipped_recipe_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = recipe_text("demo")
    (tmp_path / "demo").mkdir()  # as `make demo` makes one
    assert recipe_text("demo") == shipped


def test_a_recipe_that_is_not_there_names_near_and_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SMALLEST)
    with pytest.raises(
        RecipeError, match=r"did you mean 'mine\.yaml'\? Shipped recipes: blift-paper\.yaml, demo\.yaml"
    ):
        load_recipe(str(tmp_path / "mein.yaml"))
