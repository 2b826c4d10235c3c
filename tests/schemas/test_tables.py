"""The frozen tables that cards are made of say what the record classes say."""

import pytest

from blift.schemas.freeze import definition, frozen_path
from blift.schemas.record import Record
from blift.schemas.registry import RECORDS
from blift.schemas.tables import columns_markdown, frozen_table, item_type, newest_versions

EVERY_TABLE = pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)


def test_the_newest_frozen_versions_are_those_of_the_record_classes() -> None:
    assert newest_versions() == {name: record.version for name, record in RECORDS.items()}


@EVERY_TABLE
def test_a_frozen_table_has_the_columns_and_the_text_of_its_definition(record: type[Record]) -> None:
    found, wanted = frozen_table(record.table), definition(record)
    assert (found.name, found.version, found.path) == (wanted.table, wanted.version, frozen_path(record))
    assert found.text.encode() == found.path.read_bytes()
    assert columns_markdown(found.fields) == columns_markdown(wanted.fields)
    assert [repr(column).replace("FrozenColumn", "Column") for column in found.fields] == [
        repr(column) for column in wanted.fields
    ]


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("list<string>", "string"),
        ("list<string or null>", "string"),
        ("list<list<struct> or null>", "list<struct>"),
        ("struct", None),
        ("timestamp[us, tz=UTC]", None),
    ],
)
def test_the_type_of_a_lists_items(kind: str, item: str | None) -> None:
    assert item_type(kind) == item
