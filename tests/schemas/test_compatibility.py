"""Every change of a table is seen, classed, and asks for a version; `check` fails where the version does not say so."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import Field, create_model

from blift.schemas.baseline import write_baseline
from blift.schemas.compatibility import Change, check, required_version, strays, too_low
from blift.schemas.definition import Column, Definition
from blift.schemas.level import Level
from blift.schemas.record import Record
from blift.schemas.records import RECORDS
from blift.schemas.rules import differences


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
    "other words": ([ID], [column("clip_id", description="Id.")], "PATCH", "`clip_id` is described in other words."),
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
    found = [Change(level, "`a` changed.") for level in levels]
    raised = tuple(int(part) for part in required_version("{}.{}.{}".format(*version), found).split("."))
    place = 2 - max(levels)
    assert raised == (*version[:place], version[place] + 1, *[0] * max(levels))


def test_no_change_asks_for_no_version() -> None:
    assert required_version("1.4.2", []) == "1.4.2"


class Clip(Record):
    table: ClassVar[str] = "clip"
    version: ClassVar[str] = "1.0.0"

    clip_id: str = Field(description="Its id.")


def changed(version: str, **fields: Any) -> type[Record]:
    """`Clip` in another version and with more fields."""
    record = create_model("Clip", __base__=Clip, __module__=__name__, **fields)
    record.version = version
    return record


def titled(version: str) -> type[Record]:
    return changed(version, title=(str | None, Field(description="Its title.")))


def lengthened(version: str) -> type[Record]:
    return changed(version, length_s=(float, Field(description="Seconds.")))


def reworded(version: str) -> type[Record]:
    return changed(version, clip_id=(str, Field(description="Its id, in other words.")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with `Clip` frozen at 1.0.0."""
    write_baseline(Clip, tmp_path)
    return tmp_path


def test_the_shipped_tables_are_as_they_were_frozen() -> None:
    assert [problem for record in RECORDS.values() for problem in check(record)] == []
    assert strays(RECORDS.values()) == []


def test_a_definition_as_it_was_frozen_has_no_problem(folder: Path) -> None:
    assert check(Clip, folder) == []


@pytest.mark.parametrize(
    ("record", "change", "needed"),
    [
        (titled("1.0.0"), "`title` was added, nullable (compatible).", "1.1.0"),
        (lengthened("1.0.0"), "`length_s` was added and is required (breaking).", "2.0.0"),
        (reworded("1.0.0"), "`clip_id` is described in other words (words only).", "1.0.1"),
    ],
    ids=["compatible", "breaking", "words"],
)
def test_a_definition_that_differs_from_its_frozen_version_is_a_problem(
    record: type[Record], change: str, needed: str, folder: Path
) -> None:
    advice = f"Raise the version to {needed} and run `blift schema write_baseline`, or undo the change."
    assert check(record, folder) == [f"clip 1.0.0 differs from its frozen version: {change} {advice}"]


def test_breaking_changes_are_told_first(folder: Path) -> None:
    both = changed("1.0.0", title=(str | None, Field()), length_s=(float, Field()))
    [problem] = check(both, folder)
    assert problem.index("`length_s`") < problem.index("`title`")
    assert "Raise the version to 2.0.0 " in problem


def test_a_version_that_is_not_frozen_is_a_problem(folder: Path) -> None:
    assert check(titled("1.1.0"), folder) == ["clip 1.1.0 has no frozen version. Run `blift schema write_baseline`."]
    write_baseline(titled("1.1.0"), folder)
    assert check(titled("1.1.0"), folder) == []


@pytest.mark.parametrize(
    ("record", "needed"),
    [
        (reworded("1.0.1"), None),
        (titled("1.1.0"), None),
        (lengthened("2.0.0"), None),
        (reworded("3.1.4"), None),
        (titled("1.0.1"), "1.1.0"),
        (lengthened("1.0.1"), "2.0.0"),
        (lengthened("1.7.0"), "2.0.0"),
    ],
)
def test_a_version_must_be_raised_as_much_as_the_changes_ask(
    record: type[Record], needed: str | None, folder: Path
) -> None:
    problems = too_low(record, folder)
    write_baseline(record, folder)
    assert check(record, folder) == problems
    if needed is None:
        assert problems == []
    else:
        assert len(problems) == 1
        assert problems[0].startswith(f"clip {record.version} is not raised enough since 1.0.0: `")
        assert problems[0].endswith(f"Raise the version to {needed}.")


def test_versions_are_compared_as_numbers(folder: Path) -> None:
    for version in ("1.9.0", "1.10.0"):
        write_baseline(titled(version), folder)
    both = changed("1.11.0", title=(str | None, Field(description="Its title.")), words=(list[str], Field()))
    assert too_low(both, folder) == []
    both.version = "1.10.1"
    [problem] = too_low(both, folder)
    assert problem.startswith("clip 1.10.1 is not raised enough since 1.10.0: `words` was added, a list (compatible).")
    assert problem.endswith("Raise the version to 1.11.0.")


def test_a_version_below_a_frozen_one_is_a_problem(folder: Path) -> None:
    write_baseline(titled("1.1.0"), folder)
    assert check(Clip, folder) == ["clip is at 1.0.0, and 1.1.0 is frozen. Raise the version above 1.1.0."]


def test_an_unreadable_frozen_file_is_told_once(folder: Path) -> None:
    (folder / "clip-1.0.0.json").write_text("<<<<<<< HEAD\n")
    [problem] = check(Clip, folder)
    assert problem.startswith("The frozen file clip-1.0.0.json is no definition of a table (the whole file: Invalid")
    (folder / "clip-draft.json").write_text("{}")
    assert len(check(Clip, folder)) == 2


def test_a_frozen_file_edited_by_hand_is_a_problem_even_where_it_means_the_same(folder: Path) -> None:
    path = folder / "clip-1.0.0.json"
    content = path.read_text()
    entry = content[content.index("    {") : content.index("\n  ],")]
    path.write_text(content.replace(entry, f"{entry},\n{entry}"))
    [problem] = check(Clip, folder)
    assert problem.startswith("clip 1.0.0 differs from its frozen version, whose file was edited by hand.")


def test_a_frozen_file_of_no_table_is_a_stray(folder: Path) -> None:
    (folder / "clap-1.0.0.json").write_text("{}")
    (folder / "notes.json").write_text("{}")
    assert check(Clip, folder) == []
    advice = "belongs to no table. Remove it, or add its record class to schemas/registry.py."
    assert strays([Clip], folder) == [
        f"The frozen file clap-1.0.0.json {advice}",
        f"The frozen file notes.json {advice}",
    ]
