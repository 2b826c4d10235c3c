"""Every change of a table is seen, classed, and asks for a version; `check` fails where the version does not say so."""

from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blift.schemas.compatibility import History, check_table, required_version
from blift.schemas.definition import Column, Definition, Range
from blift.schemas.differences import Difference
from blift.schemas.level import Level
from blift.schemas.policy import MODES, Exemption, Mode, Policy
from blift.schemas.rules import differences

TODAY = date(2027, 1, 1)


def column(name: str, kind: str = "string", *, nullable: bool = False, **more: Any) -> Column:
    return Column(name=name, type=kind, nullable=nullable, **more)


def table(*columns: Column) -> Definition:
    return Definition(table="clip", version="1.0.0", fields=columns)


def told(old: Definition, new: Definition) -> list[tuple[str, str]]:
    return [(change.level.name, change.sentence) for change in differences(old, new)]


ID = column("clip_id")
START, END = column("start_s", "double"), column("end_s", "double")
PLATFORM = column("platform", values=("reddit", "youtube"))
TITLE = column("title", nullable=True)

CHANGES = {
    "a nullable column added": ([ID], [ID, TITLE], "MINOR", "`title` was added, nullable."),
    "a list added": ([ID], [ID, column("tags", "list<string>")], "MINOR", "`tags` was added, a list."),
    "a required column added": ([ID], [ID, START], "MAJOR", "`start_s` was added and is required."),
    "a nullable column removed": ([ID, TITLE], [ID], "MAJOR", "`title` was removed."),
    "a column renamed": ([ID, START], [ID, column("from_s", "double")], "MAJOR", "`start_s` was renamed to `from_s`."),
    "a type changed": ([ID], [column("clip_id", "int64")], "MAJOR", "`clip_id` changed its type from string to int64."),
    "nullable became required": ([TITLE], [column("title")], "MAJOR", "`title` became required."),
    "required became nullable": ([column("title")], [TITLE], "MINOR", "`title` became nullable."),
    "other words": ([ID], [column("clip_id", description="Id.")], "PATCH", "`clip_id` has another description."),
    "an enum value added": (
        [PLATFORM],
        [column("platform", values=("reddit", "vimeo", "youtube"))],
        "MINOR",
        "`platform` has the new value `vimeo`.",
    ),
    "an enum value removed": (
        [PLATFORM],
        [column("platform", values=("youtube",))],
        "MAJOR",
        "`platform` lost the value `reddit`.",
    ),
    "an enum opened": (
        [PLATFORM],
        [column("platform")],
        "MINOR",
        "`platform` takes any value, no longer a closed list.",
    ),
    "a word closed": ([column("platform")], [PLATFORM], "MAJOR", "`platform` takes the values of a closed list only."),
    "another order": ([ID, TITLE], [TITLE, ID], "MINOR", "The columns were put in another order."),
    "items that may be null": (
        [column("tags", "list<string>")],
        [column("tags", "list<string or null>")],
        "MAJOR",
        "`tags` changed its type from list<string> to list<string or null>.",
    ),
    "a member added to a list of structs": (
        [column("replay", "list<struct>", fields=(START,))],
        [column("replay", "list<struct>", fields=(START, TITLE))],
        "MINOR",
        "`replay[].title` was added, nullable.",
    ),
    "a member removed from a struct": (
        [column("span", "struct", fields=(START, END))],
        [column("span", "struct", fields=(START,))],
        "MAJOR",
        "`span.end_s` was removed.",
    ),
    "members in another order": (
        [column("replay", "list<struct>", fields=(START, END))],
        [column("replay", "list<struct>", fields=(END, START))],
        "MINOR",
        "The members of `replay[]` were put in another order.",
    ),
}


@pytest.mark.parametrize(("old", "new", "level", "sentence"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_and_classed(old: list[Column], new: list[Column], level: str, sentence: str) -> None:
    assert told(table(*old), table(*new)) == [(level, sentence)]


def test_changes_of_several_columns_are_all_told() -> None:
    assert told(table(ID, TITLE, PLATFORM), table(column("clip_id", nullable=True), PLATFORM, START)) == [
        ("MINOR", "`clip_id` became nullable."),
        ("MAJOR", "`title` was removed."),
        ("MAJOR", "`start_s` was added and is required."),
    ]


def columns(members: st.SearchStrategy[tuple[Column, ...]]) -> st.SearchStrategy[tuple[Column, ...]]:
    """Columns with few names and words, so that two draws have much in common."""
    plain = {"name": st.sampled_from("abc"), "nullable": st.booleans(), "description": st.sampled_from(["", "Words."])}
    scalar = st.builds(Column, type=st.sampled_from(["string", "int64"]), **plain)
    enum = st.builds(Column, type=st.just("string"), values=st.sampled_from([("x",), ("x", "y")]), **plain)
    struct = st.builds(Column, type=st.sampled_from(["struct", "list<struct>"]), fields=members, **plain)
    return st.lists(scalar | enum | struct, max_size=3, unique_by=lambda one: one.name).map(tuple)


TABLES = columns(columns(st.just(()))).map(lambda drawn: table(*drawn))


@given(TABLES, TABLES)
def test_there_are_changes_exactly_where_definitions_differ(old: Definition, new: Definition) -> None:
    assert bool(differences(old, new)) == (old != new)


@given(TABLES, TABLES)
def test_what_is_undone_is_a_change_too(old: Definition, new: Definition) -> None:
    assert bool(differences(old, new)) == bool(differences(new, old))


@given(TABLES, TABLES)
def test_a_column_less_is_always_breaking(old: Definition, new: Definition) -> None:
    assume({one.name for one in old.fields} - {one.name for one in new.fields})
    assert any(change.breaking for change in differences(old, new))


VERSIONS = st.tuples(*[st.integers(0, 20)] * 3)


@given(VERSIONS, st.lists(st.sampled_from(Level), min_size=1))
def test_the_gravest_change_decides_which_number_is_raised(version: tuple[int, int, int], levels: list[Level]) -> None:
    found = [Difference("`a` changed.", level) for level in levels]
    raised = tuple(int(part) for part in required_version("{}.{}.{}".format(*version), found).split("."))
    place = 2 - max(levels)
    assert raised == (*version[:place], version[place] + 1, *[0] * max(levels))


def test_no_change_asks_for_no_version() -> None:
    assert required_version("1.4.2", []) == "1.4.2"


def versioned(version: str, *columns: Column) -> Definition:
    return Definition(table="clip", version=version, fields=columns)


def findings(
    now: Definition, *earlier: Definition, policy: Policy | None = None, today: date = TODAY, **more: Any
) -> list[tuple[str, str]]:
    found = check_table(History("clip", now, earlier, policy or Policy(), today, **more))
    return [(each.rule, each.sentence) for each in found]


FIRST = versioned("1.0.0", ID)


@pytest.mark.parametrize(
    ("columns", "change", "needed"),
    [
        ([ID, TITLE], "`title` was added, nullable (compatible).", "1.1.0"),
        ([ID, START], "`start_s` was added and is required (breaking).", "2.0.0"),
        ([column("clip_id", description="Id.")], "`clip_id` has another description (documentation only).", "1.0.1"),
    ],
    ids=["compatible", "breaking", "documentation"],
)
def test_a_definition_that_differs_from_its_baseline_asks_for_a_version(
    columns: list[Column], change: str, needed: str
) -> None:
    advice = f"Raise the version to {needed} and run `blift schema baseline`, or undo the change."
    told = f"clip 1.0.0 differs from its baseline: {change} {advice}"
    assert findings(versioned("1.0.0", *columns), FIRST)[-1] == ("VERSION_RAISED", told)


def test_breaking_changes_are_told_first() -> None:
    [_, (_, sentence)] = findings(versioned("1.0.0", ID, TITLE, START), FIRST)
    assert sentence.index("`start_s`") < sentence.index("`title`")


REWORDED = [column("clip_id", description="Its id, in other words.")]


@pytest.mark.parametrize(
    ("version", "columns", "needed"),
    [
        ("1.0.1", REWORDED, None),
        ("1.1.0", [ID, TITLE], None),
        ("2.0.0", [ID, START], None),
        ("3.1.4", REWORDED, None),
        ("1.0.1", [ID, TITLE], "1.1.0"),
        ("1.0.1", [ID, START], "2.0.0"),
        ("1.7.0", [ID, START], "2.0.0"),
    ],
)
def test_a_version_must_be_raised_as_much_as_the_changes_ask(
    version: str, columns: list[Column], needed: str | None
) -> None:
    found = findings(versioned(version, *columns), FIRST)
    if needed is None:
        assert found == []
    else:
        rule, sentence = found[-1]
        assert rule == "VERSION_RAISED"
        assert sentence.startswith(f"clip {version} is not raised enough since 1.0.0: `")
        assert sentence.endswith(f"Raise the version to {needed}.")


def test_versions_are_compared_as_numbers() -> None:
    earlier = [versioned(version, ID, TITLE) for version in ("1.9.0", "1.10.0")]
    both = (ID, TITLE, column("words", "list<string>"))
    assert findings(versioned("1.11.0", *both), *earlier) == []
    [(_, sentence)] = findings(versioned("1.10.1", *both), *earlier)
    assert sentence.startswith("clip 1.10.1 is not raised enough since 1.10.0: `words` was added, a list (compatible).")
    assert sentence.endswith("Raise the version to 1.11.0.")


# Three versions of one column: a value came, then the list was opened.
VALUES = [
    versioned("1.0.0", column("platform", values=("reddit",))),
    versioned("1.1.0", PLATFORM),
    versioned("1.2.0", column("platform")),
]


@pytest.mark.parametrize(
    ("mode", "rules"),
    [
        (Mode.NONE, []),
        (Mode.BACKWARD, []),
        (Mode.BACKWARD_TRANSITIVE, []),
        (Mode.FORWARD, ["ENUM_OPENED"]),
        (Mode.FULL, ["ENUM_OPENED"]),
    ],
)
def test_a_mode_says_who_must_read_whose_data(mode: Mode, rules: list[str]) -> None:
    found = findings(VALUES[2], VALUES[1], policy=Policy(modes={"clip": mode}))
    assert [rule for rule, _ in found] == rules
    assert all(sentence.endswith("Readers with 1.1.0 cannot read data of this version.") for _, sentence in found)
    assert findings(VALUES[2], VALUES[1], policy=Policy(modes={"clap": mode})) == []


@pytest.mark.parametrize(
    ("mode", "rules"),
    [
        (Mode.BACKWARD, []),
        (Mode.BACKWARD_TRANSITIVE, ["ENUM_NO_CLOSE"]),
        (Mode.FULL, ["ENUM_VALUE_ADDED"]),
        (Mode.FULL_TRANSITIVE, ["ENUM_VALUE_ADDED", "ENUM_NO_CLOSE"]),
    ],
)
def test_a_transitive_mode_compares_with_every_earlier_version(mode: Mode, rules: list[str]) -> None:
    opened, closed, wider = (one.model_copy(update={"version": f"1.{place}.0"}) for place, one in
                             enumerate([VALUES[2], VALUES[0], VALUES[1]]))  # fmt: skip
    policy = Policy(mode=mode, exceptions=())
    assert [rule for rule, _ in findings(wider, opened, closed, policy=policy)] == rules


def test_every_mode_is_explained_in_one_line() -> None:
    assert list(MODES) == list(Mode)
    assert all("\n" not in line and line.endswith(".") for line in MODES.values())


REMOVED = versioned("1.0.1", ID)
TITLED = versioned("1.0.0", ID, TITLE)


@pytest.mark.parametrize(
    ("exception", "rules"),
    [
        (Exemption("COLUMN_NO_DELETE", date(2027, 1, 1)), []),
        (Exemption("COLUMN_NO_DELETE", date(2027, 1, 1), "clip", "title"), []),
        (Exemption("COLUMN_NO_DELETE", date(2027, 1, 1), "clap"), ["COLUMN_NO_DELETE", "VERSION_RAISED"]),
        (Exemption("COLUMN_NO_DELETE", date(2027, 1, 1), column="text"), ["COLUMN_NO_DELETE", "VERSION_RAISED"]),
        (Exemption("COLUMN_SAME_NAME", date(2027, 1, 1)), ["COLUMN_NO_DELETE", "VERSION_RAISED"]),
        (Exemption("COLUMN_NO_DELETE", date(2026, 12, 31)), ["COLUMN_NO_DELETE", "VERSION_RAISED"]),
    ],
)
def test_an_exception_is_for_a_rule_a_table_a_column_and_until_a_day(exception: Exemption, rules: list[str]) -> None:
    found = findings(REMOVED, TITLED, policy=Policy(exceptions=(exception,)))
    assert [rule for rule, _ in found] == rules


@pytest.mark.parametrize("rule", ["VERSION_RAISED", "TABLE_NO_DELETE"])
def test_rules_on_tables_may_be_excepted_until_a_day(rule: str) -> None:
    now = None if rule == "TABLE_NO_DELETE" else REMOVED
    policies = [Policy(Mode.NONE, exceptions=(Exemption(rule, date(2027, 1, day)),)) for day in (1, 31)]
    ended, lasting = (
        check_table(History(TITLED.table, now, [TITLED], policy, date(2027, 1, 2))) for policy in policies
    )
    assert [(each.rule, each.sentence[-41:]) for each in ended if each.rule == rule] == [
        (rule, "The exception for it ended on 2027-01-01.")
    ]
    assert rule not in [each.rule for each in lasting]


def test_an_exception_that_ended_is_told() -> None:
    policy = Policy(exceptions=(Exemption("COLUMN_NO_DELETE", date(2026, 12, 31)),))
    [(_, sentence), _] = findings(REMOVED, TITLED, policy=policy)
    assert sentence.startswith("`title` was removed. The exception for it ended on 2026-12-31. Code that")


def test_a_new_major_version_needs_a_migration_from_each_one_before() -> None:
    third = versioned("3.0.0", ID)
    assert findings(third, TITLED, migrations=[1, 2]) == []
    assert [sentence.partition(". ")[0] for _, sentence in findings(third, TITLED, migrations=[1])] == [
        "clip 3.0.0 has no migration from version 2"
    ]


def test_a_table_without_versions_has_findings_for_what_breaks_alone() -> None:
    before, after = versioned("", ID, TITLE), versioned("", ID, column("text", nullable=True))
    assert findings(after, before) == [
        ("COLUMN_SAME_NAME", "`title` was renamed to `text`. Code that was written for the version before may fail.")
    ]


def test_whoever_does_not_fill_lists_cannot_read_data_without_one() -> None:
    tags = column("tags", "list<string>")
    assert findings(versioned("1.1.0", ID, tags), FIRST) == []
    assert [rule for rule, _ in findings(versioned("1.1.0", ID, tags), FIRST, fills_lists=False)] == [
        "REQUIRED_COLUMN_NO_ADD",
        "VERSION_RAISED",
    ]


def test_keys_and_ranges_are_compared_with_baselines_that_state_them() -> None:
    ranged = column("ratio", "double", range=Range(ge=0, le=1))
    now = Definition(format=2, table="clip", version="1.0.0", key=("clip_id",), fields=(ID, ranged))
    old = versioned("1.0.0", ID, column("ratio", "double"))
    assert differences(old, now) == differences(now, old) == []
    assert [each.rule for each in differences(old.model_copy(update={"format": 2}), now)] == [
        "KEY_SAME",
        "RANGE_NO_NARROW",
    ]
