"""Modes and exceptions in a pyproject.toml, and what a mistake in it says."""

from datetime import date
from pathlib import Path

import pytest

from blift.pipelines.schema.settings import read_policy
from blift.schemas.errors import InputError
from blift.schemas.policy import Exemption, Mode, Policy


def policy_of(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    return read_policy(path)


def test_all_that_can_be_set(tmp_path: Path) -> None:
    found = policy_of(
        tmp_path,
        """
        [tool.blift.schema]
        mode = "FULL"
        modes = {sample = "BACKWARD_TRANSITIVE"}
        [[tool.blift.schema.exceptions]]
        rule = "COLUMN_NO_DELETE"
        table = "comment"
        column = "rank"
        until = 2027-01-31
        reason = "Nobody reads it."
        """,
    )
    exception = Exemption("COLUMN_NO_DELETE", date(2027, 1, 31), "comment", "rank")
    assert found == Policy(Mode.FULL, {"sample": Mode.BACKWARD_TRANSITIVE}, (exception,))
    assert (found.mode_of("sample"), found.mode_of("post")) == (Mode.BACKWARD_TRANSITIVE, Mode.FULL)


def test_nothing_set_is_backward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_policy(None) == policy_of(tmp_path, "[project]\n") == Policy(Mode.BACKWARD)
    policy_of(tmp_path, '[tool.blift.schema]\nmode = "FULL"')
    assert read_policy(None) == Policy(Mode.FULL)


def test_a_file_that_is_named_is_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.toml cannot be read: No such file or directory\."):
        read_policy(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[tool.blift.schema]\nmode = "SIDEWAYS"', r"'SIDEWAYS' is no mode. Modes: NONE, BACKWARD, "),
        ("[tool.blift.schema]\nmode = 1", r"1 is no mode"),
        ('[tool.blift.schema]\nmodus = "FULL"', r"there is no 'modus', did you mean 'modes'\? Known: mode, modes, exc"),
        ('[tool.blift.schema]\nmodes = "FULL"', r"`modes` must be a table, and is 'FULL'"),
        ("[tool.blift]\nschema = 1", r"it must be a table, and is 1"),
        ("tool = 5", r"it must be a table, and is 5"),
        ("[tool.blift.schema]\nexceptions = {}", r"write \[\[tool.blift.schema.exceptions\]\] before each"),
        (
            '[[tool.blift.schema.exceptions]]\nrule = "COLUMN_NO_DELET"\nuntil = 2027-01-31',
            r"the rule 'COLUMN_NO_DELET', did you mean 'COLUMN_NO_DELETE'\?",
        ),
        ('[[tool.blift.schema.exceptions]]\nrule = "KEY_SAME"', r"for KEY_SAME needs its last day, such as `until = "),
        (
            '[[tool.blift.schema.exceptions]]\nrule = "KEY_SAME"\nuntil = "2027-01-31"',
            r"for KEY_SAME needs its last day",
        ),
        (
            '[[tool.blift.schema.exceptions]]\nrule = "KEY_SAME"\nuntil = 2027-01-31\ntable = 1',
            r"'table' of the exception for KEY_SAME must be a string, and is 1",
        ),
        (
            '[[tool.blift.schema.exceptions]]\nrule = "KEY_SAME"\nuntil = 2027-01-31\ntabel = ""',
            r"there is no 'tabel', did you mean 'table'\?",
        ),
        ("[tool.blift.schema", r"pyproject.toml cannot be read: "),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        policy_of(tmp_path, text)
    assert "pyproject.toml" in str(caught.value)
