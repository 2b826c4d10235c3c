"""Rules in a Python file: they work as those of blift do, and whatever is wrong with one is a sentence on it."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from blift.schemas.errors import RecipeError
from blift.schemas.platform import REDDIT, YOUTUBE
from blift.transforms.rules import RecordKind, apply_rules, rules_for
from blift.transforms.rules.python_file import RuleFile, read_rule_file
from blift.transforms.rules.registry import checks

HEAD = "import polars as pl\nfrom blift import Check, rule\n\n"
SHOUTING = (
    HEAD
    + '''
@rule("comment", "shouting")
def max_capitals(ratio: float) -> Check:
    """Drops comments of which more than this ratio of the letters is in upper case."""
    found = (pl.col("text").str.count_matches(r"\\p{Lu}") / pl.col("text").str.count_matches(r"\\p{L}")).fill_nan(None)
    return Check(found > ratio, found.round(2))

@rule("post", "too_old", of="subreddit")
def max_capitals(day: "date") -> Check:
    return Check(pl.col("posted_at").dt.date() < day)
'''
).replace("import polars", "from datetime import date\nimport polars")


def the_file(folder: Path, source: str) -> RuleFile:
    path = folder / "mine.py"
    path.write_text(source)
    return read_rule_file(path, "mine.py")


def said_of(folder: Path, source: str) -> str:
    with pytest.raises(RecipeError) as caught:
        the_file(folder, source)
    return str(caught.value)


def test_a_file_has_rules_with_types_reasons_and_documentation(tmp_path: Path) -> None:
    found = the_file(tmp_path, SHOUTING)
    shouting, old = found.rules
    assert (shouting.name, shouting.record, shouting.reason, shouting.option) == (
        "max_capitals",
        "comment",
        "shouting",
        float,
    )
    assert shouting.doc.startswith("Drops comments of which")
    assert (old.name, old.record, old.option, old.of, old.doc) == ("max_capitals", "post", date, "subreddit", "")
    assert {rule.file for rule in found.rules} == {"mine.py"}


def test_own_rules_run_after_those_of_blift_and_only_where_they_were_given(tmp_path: Path) -> None:
    own = the_file(tmp_path, SHOUTING).rules
    assert rules_for(RecordKind.COMMENT, REDDIT, own=own)[-1].name == "max_capitals"
    assert [rule.name for rule in rules_for(RecordKind.POST, YOUTUBE, own=own)].count("max_capitals") == 0
    assert [rule.name for rule in rules_for(RecordKind.COMMENT, REDDIT)].count("max_capitals") == 0


def test_an_own_rule_rejects_with_its_own_reason(tmp_path: Path) -> None:
    own = the_file(tmp_path, SHOUTING).rules
    rows = pl.DataFrame({"text": ["quite calm", "SO LOUD", None, "123"]})
    verdict = apply_rules(rows, checks(RecordKind.COMMENT, REDDIT, {"max_capitals": 0.5}, own=own))
    assert verdict.kept["text"].to_list() == ["quite calm", None, "123"]
    assert verdict.rejected.rows() == [("SO LOUD", "max_capitals", "shouting", "1.0")]


def test_columns_that_a_rule_derives_are_for_itself(tmp_path: Path) -> None:
    source = HEAD + (
        "@rule('comment', 'odd')\n"
        "def odd() -> Check:\n"
        "    count = lambda rows: rows.with_columns(n=pl.col('text').str.len_chars())\n"
        "    return Check(pl.col('n') % 2 == 1, pl.col('n'), count)\n"
    )
    own = the_file(tmp_path, source).rules
    verdict = apply_rules(pl.DataFrame({"text": ["a", "bb"]}), checks(RecordKind.COMMENT, None, {"odd": True}, own=own))
    assert verdict.kept.rows() == [("bb",)]
    assert verdict.rejected["detail"].to_list() == ["1"]


def test_the_text_alone_makes_the_rules_again(tmp_path: Path) -> None:
    found = the_file(tmp_path, SHOUTING)
    (tmp_path / "mine.py").unlink()
    again = RuleFile(found.name, found.source)
    assert [rule.name for rule in again.rules] == [rule.name for rule in found.rules]
    assert again.sha256 == found.sha256 != RuleFile("mine.py", SHOUTING + "\n").sha256


RULE = HEAD + "@rule({args})\ndef mine({parameters}):\n    return Check(pl.lit(False))\n"


def a_rule(args: str = '"post", "mine"', parameters: str = "") -> str:
    return RULE.format(args=args, parameters=parameters)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\n", "mine.py holds no rules: write a function with `@blift.rule(...)`. See docs/rules.md."),
        ("x = (\n", "mine.py, line 1: SyntaxError: '(' was never closed."),
        ("x = 1\n\n1 / 0\n", "mine.py, line 3: ZeroDivisionError: division by zero."),
        ("import sys\nsys.exit(3)\n", "mine.py, line 2: SystemExit: 3."),
        ("import not_installed\n", "mine.py, line 1: ModuleNotFoundError: No module named 'not_installed'."),
        ("\0", "mine.py: "),
        (
            a_rule('"posts", "mine"'),
            "mine.py, line 4: The rule `mine` judges 'posts'; rules judge post, comment, sample.",
        ),
        (a_rule('"post", "My reason!"'), "The rule `mine` has the reason 'My reason!'; a reason is 2 to 40 characters"),
        (a_rule('"post", "mine", stage="ingest"'), "The rule `mine` of mine.py is for ingest; leave `stage` out."),
        (
            a_rule('"post", "mine", of="subredit"'),
            "is for platforms that state 'subredit', did you mean 'subreddit'? Columns that platforms may not state: ",
        ),
        (a_rule(parameters="words"), "The rule `mine` takes (words); a rule takes no parameter, or one with a type"),
        (a_rule(parameters="a: int, b: int"), "The rule `mine` takes (a, b); a rule takes no parameter, or one"),
        (a_rule(parameters="check: Check"), "has the type "),
        (
            HEAD + "import enum\nclass Mine(enum.Enum): A = 1\n" + a_rule(parameters="a: list[Mine]")[len(HEAD) :],
            "The option of the rule `mine` of mine.py has a type ",
        ),
        (
            a_rule() + a_rule()[len(HEAD) :],
            "mine.py has the rule `mine` for a post, twice. Choose another name.",
        ),
        (
            a_rule().replace("def mine", "def deleted"),
            "mine.py has the rule `deleted` for a post, and blift has a rule of that name. Choose another name.",
        ),
    ],
    ids=range(16),
)
def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path: Path, source: str, said: str) -> None:
    assert said in said_of(tmp_path, source)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"Cannot read the rules in none\.py: No such file or directory\."):
        read_rule_file(tmp_path / "none.py", "none.py")
    with pytest.raises(RecipeError, match="it is a folder"):
        read_rule_file(tmp_path)
    (tmp_path / "mine.py").write_bytes(b"x = '\xff'\n")
    with pytest.raises(RecipeError, match=r"is not UTF-8 text \(byte 5\)"):
        read_rule_file(tmp_path / "mine.py")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyError('gone')", "KeyError: 'gone'"),
        ("return Check(pl.col('nothing') > 1)", "ColumnNotFoundError: "),
        ("return Check(pl.col('text').str.len_chars())", "`broken` gives UInt32 where it must give true or false"),
        ("return Check(pl.col('text').head(1) == 'a')", "InvalidOperationError: "),
        ("return None", "AttributeError: "),
        ("raise ValueError('It is none.')", "ValueError: It is none. See docs"),
        ("raise ValueError(400 * 'x')", f"ValueError: {400 * 'x'}. See docs"),
        ("raise ValueError(401 * 'x')", f"ValueError: {197 * 'x'} ... {197 * 'x'}. See docs"),
        ("return Check(pl.lit(True), derive=lambda rows: rows.head(1).with_columns(n=1))", "ShapeError: "),
    ],
)
def test_a_rule_that_fails_is_named(tmp_path: Path, body: str, said: str) -> None:
    own = the_file(tmp_path, HEAD + f"@rule('comment', 'mine')\ndef mine():\n    {body}\n").rules
    rows = pl.DataFrame({"text": ["a", "b"]})
    with pytest.raises(RecipeError) as caught:
        apply_rules(rows, checks(RecordKind.COMMENT, REDDIT, {"mine": True}, own=own))
    assert str(caught.value).startswith(f"The rule `mine` of mine.py failed: {said}")
    assert "This error occurred" not in str(caught.value)
    assert str(caught.value).endswith(" See docs/rules.md.")


def test_a_rule_of_blift_that_fails_is_a_fault_of_blift() -> None:
    options: dict[str, Any] = {"min_words": 3}
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        apply_rules(pl.DataFrame({"x": [1]}), checks(RecordKind.COMMENT, REDDIT, options))
