"""Each rule has a folder with a table before and after a change, and says there what `expected.txt` says."""

from datetime import date
from pathlib import Path

import pytest

from blift.schemas.baseline import parse
from blift.schemas.baseline_rules import BASELINE_RULES, Baselines, check_baselines
from blift.schemas.compatibility import History, check_table
from blift.schemas.definition import Definition
from blift.schemas.policy import Policy
from blift.schemas.rule_list import RULES
from blift.schemas.rules import differences

FOLDERS = Path(__file__).parent / "rules"
TODAY = date(2027, 1, 1)


def definition_in(path: Path) -> Definition | None:
    return Definition.model_validate_json(path.read_bytes()) if path.exists() else None


def lines_on_tables(folder: Path) -> list[str]:
    """Differences with the part of the version that each raises and whom it breaks, then findings."""
    before, after = definition_in(folder / "before.json"), definition_in(folder / "after.json")
    assert before is not None
    lines = [] if after is None else [
        f"{each.level.name} {'/'.join(sorted(each.breaks)) or 'nobody'} {each.rule}: {each.sentence}"
        for each in differences(before, after)
    ]  # fmt: skip
    history = History(before.table, after, [before], Policy(), TODAY, migrations=())
    return [*lines, *(f"finding {each.rule}: {each.sentence}" for each in check_table(history))]


def lines_on_baselines(folder: Path) -> list[str]:
    """Findings on a folder of baselines; `now.json` is the definition that code has."""
    files = [
        {path.name: path.read_bytes() for path in sorted((folder / side).iterdir()) if path.name != ".keep"}
        for side in ("before", "after")
    ]
    now = definition_in(folder / "now.json")
    assert now is not None
    found = check_baselines(Baselines({now.table: now}, files[1], files[0], "schemas/baselines"))
    return [f"finding {each.rule}: {each.sentence}" for each in found]


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_a_rule_says_what_changed(rule: str) -> None:
    folder = FOLDERS / rule
    on_files = rule in {each.id for each in BASELINE_RULES}
    lines = lines_on_baselines(folder) if on_files else lines_on_tables(folder)
    assert "\n".join(lines) + "\n" == (folder / "expected.txt").read_text()
    assert any(f" {rule}: " in line for line in lines)


def test_every_rule_has_an_id_of_its_own_a_sentence_and_a_folder() -> None:
    assert sorted(rule.id for rule in RULES) == sorted(path.name for path in FOLDERS.iterdir())
    assert all(rule.sentence.endswith(".") and rule.id == rule.id.upper() for rule in RULES)


def test_the_pairs_are_written_as_baselines_are() -> None:
    for path in FOLDERS.glob("*/*.json"):
        found = Definition.model_validate_json(path.read_bytes())
        assert parse(path.read_bytes(), f"{found.table}-{found.version}.json") == found
