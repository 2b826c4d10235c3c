"""The page on recipes names every key and every rule, and the page in docs/ is the one that the code makes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from blift.pipelines.recipe.docs import recipe_markdown
from blift.pipelines.recipe.mistakes import model_in
from blift.pipelines.recipe.model import Recipe
from blift.transforms.rules.registry import all_rules

PAGE = Path(__file__).parents[3] / "docs" / "recipe.md"


def keys(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every key of a recipe."""
    for name, field in model.model_fields.items():
        yield (*path, name)
        inner = model_in(field.annotation)
        if inner is not None:
            yield from keys(inner, (*path, name))


def sections() -> dict[str, str]:
    """The text under every heading of the keys, by heading."""
    part = recipe_markdown().split("## Rules\n")[0]
    _, *found = re.split(r"^### (.+)$", part, flags=re.MULTILINE)
    return dict(zip(found[::2], found[1::2], strict=True))


def rules() -> dict[tuple[str, str], str]:
    """The text under every heading of the rules, by name and record; one name may be a rule for both."""
    part = recipe_markdown().split("## Rules\n")[1]
    _, *found = re.split(r"^### `(\w+)` \((\w+)\)$", part, flags=re.MULTILINE)
    headings = list(zip(found[::3], found[1::3], strict=True))
    assert len(set(headings)) == len(headings)
    return dict(zip(headings, found[2::3], strict=True))


def test_every_key_is_in_its_section() -> None:
    found = sections()
    for *path, name in keys(Recipe):
        text = found[f"`{'.'.join(path)}`" if path else "Top level"]
        assert f"| `{name}` |" in text or f"[`{name}`](#{name}-" in text, (path, name)


def test_every_key_has_a_meaning() -> None:
    rows = [line for text in sections().values() for line in text.splitlines() if line.startswith("| `")]
    assert rows
    for row in rows:
        cells = re.split(r"(?<!\\)\|", row.strip("|"))
        assert len(cells) == 4, row
        assert cells[3].strip() not in ("", "None"), row


def test_every_rule_is_there_with_reason_stage_and_platforms() -> None:
    found = rules()
    assert set(found) == {(rule.name, rule.record.value) for rule in all_rules()}
    for rule in all_rules():
        text = found[(rule.name, rule.record.value)]
        assert " ".join(rule.doc.split()) in text
        assert f"{rule.record.value}s, in {rule.stage}; reason `{rule.reason.value}`" in text


def test_every_link_to_a_rule_leads_to_one() -> None:
    linked = set(re.findall(r"\]\(#([\w-]+)\)", recipe_markdown()))
    assert linked == {f"{name}-{record}" for name, record in rules()}


def test_the_page_shows_no_names_of_python() -> None:
    page = recipe_markdown()
    for noise in (
        "typing.",
        "datetime.",
        "<class",
        "Annotated",
        "object at 0x",
        "blift.",
        "PydanticU",
    ):
        assert noise not in page, [line for line in page.splitlines() if noise in line]


def test_the_page_in_docs_is_current() -> None:
    if not PAGE.exists():
        pytest.skip("docs/recipe.md is not there; `make docs` writes it")
    assert PAGE.read_text(encoding="utf-8") == recipe_markdown()
