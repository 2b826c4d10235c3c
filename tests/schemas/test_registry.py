"""Tables are found by name, and a file is read only if its schema says that this code can."""

import pyarrow as pa
import pytest

from blift.schemas.arrow import TABLE_KEY, VERSION_KEY
from blift.schemas.comment import Comment
from blift.schemas.errors import SchemaError
from blift.schemas.records import RECORDS, record_of
from blift.schemas.registry import SCHEMAS, check_readable

_TABLES = (
    "Tables: post, comment, media, sample, annotation, instruction, chat, preference, blift, origin, reject, "
    "media_file, media_image, media_video, instruction_with_media, chat_with_media, preference_with_media."
)


def stamped(table: str, version: str) -> pa.Schema:
    return SCHEMAS["comment"].with_metadata({TABLE_KEY: table.encode(), VERSION_KEY: version.encode()})


def test_the_tables_are_these() -> None:
    names = ["post", "comment", "media", "sample", "annotation", "instruction", "chat", "preference", "blift"]
    names += ["origin", "reject", "media_file", "media_image", "media_video"]
    names += ["instruction_with_media", "chat_with_media", "preference_with_media"]
    assert list(RECORDS) == list(SCHEMAS) == names


def test_a_table_is_found_by_its_name() -> None:
    assert record_of("comment") is Comment


def test_a_misspelt_table_gets_a_suggestion() -> None:
    with pytest.raises(SchemaError) as caught:
        record_of("coment")
    assert str(caught.value) == f"There is no table 'coment', did you mean 'comment'? {_TABLES}"


def test_a_table_that_resembles_none_gets_a_list() -> None:
    with pytest.raises(SchemaError) as caught:
        record_of("xyz")
    assert str(caught.value) == f"There is no table 'xyz'. {_TABLES}"


def test_a_table_reads_its_own_schema() -> None:
    for table, schema in SCHEMAS.items():
        check_readable(schema, table, "a.parquet")


@pytest.mark.parametrize("version", ["0.9.0", "2.0.0", "1.2.0", "1.1.1"])
def test_another_major_version_and_a_newer_one_are_refused(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Comment, "version", "1.1.0")
    with pytest.raises(SchemaError, match=rf"a.parquet has schema comment {version}, and this blift reads 1.1.0"):
        check_readable(stamped("comment", version), "comment", "a.parquet")


def test_an_older_minor_version_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Comment, "version", "1.10.0")
    for version in ("1.0.0", "1.9.3", "1.10.0"):
        check_readable(stamped("comment", version), "comment", "a.parquet")


def test_another_table_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"a.parquet holds the table 'post', not 'comment'"):
        check_readable(stamped("post", "1.0.0"), "comment", "a.parquet")


def test_a_file_that_blift_did_not_write_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"a.parquet carries no blift schema version"):
        check_readable(SCHEMAS["comment"].remove_metadata(), "comment", "a.parquet")
