"""A fetch folder that a stranger hands over: what is wrong with it is said, and nothing outside it is touched."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd

from blift.connectors.fetch.archives import FILES, PARTIAL, WITHDRAWN, read_files, read_withdrawn, write_archives
from blift.connectors.fetch.items import FILE, Done, Item, NotThere, RawRecord, StoredFile
from blift.connectors.fetch.state import FILE_NAME, State
from blift.connectors.reddit.kinds import RedditItem, RedditRecord
from blift.connectors.registry import kinds
from blift.connectors.web.file_store import FileStore
from blift.connectors.youtube.kinds import YoutubeItem, YoutubeRecord
from blift.schemas.errors import BliftError, InputError, OutputError
from blift.schemas.reasons import Absent

_VIDEO = "abcdefghijk"


@pytest.fixture
def own_files(tmp_path: Path) -> Iterator[Path]:
    """Files of a person, beside the fetch folder, with names that a careless command would take for its own."""
    folder = tmp_path / "Documents"
    folder.mkdir()
    names = ["thesis.txt", "submissions-00000-of-00001.ndjson.zst", f"{_VIDEO}.20210101T000000Z.info.json"]
    for name in names:
        (folder / name).write_text("thesis")
    yield folder
    assert {path.name: path.read_text() for path in folder.iterdir()} == dict.fromkeys(names, "thesis")


@pytest.fixture
def folder(own_files: Path) -> Path:
    """A fetch folder with a post, a video and a file."""
    path = own_files.parent / "fetched"
    state = State(str(path), kinds())
    items = [
        Item(RedditItem.SUBMISSION, "abc"),
        Item(YoutubeItem.VIDEO, _VIDEO),
        Item(FILE, "https://example.org/a.jpg"),
    ]
    state.add(items)
    records = [
        Done([RawRecord(RedditRecord.SUBMISSION, "abc", "abc", 10.0, b'{"id":"abc"}')]),
        Done([RawRecord(YoutubeRecord.VIDEO, _VIDEO, _VIDEO, 10.0, b'{"id":"abcdefghijk"}')]),
        Done(files=[StoredFile(items[2].key, "ab" * 32, f"files/ab/{'ab' * 32}.jpg", 3, "image/jpeg")]),
    ]
    state.take_in(list(zip(items, records, strict=True)))
    write_archives(state, str(path))
    state.close()
    return path


def changed(folder: Path, statement: str, *values: object) -> None:
    """Change the state of a fetch folder behind blift's back."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as base, base:
        base.execute(statement, values)


def use(folder: Path) -> None:
    """What `blift fetch status` and `blift fetch` do with the state of a folder."""
    state = State(str(folder), kinds())
    try:
        state.release()
        state.tallies()
        state.ended_since(0.0)
        state.counts()
        state.failures(5)
        state.notes()
        list(state.ended())
        state.due_in_s([kind.name for kind in kinds().items])
        state.claim([kind.name for kind in kinds().items], 9, 1)
        for name in state.drop_unshown():
            FileStore(str(folder)).drop(name)
        write_archives(state, str(folder))
    finally:
        state.close()


def test_the_folder_of_the_tests_is_in_order(folder: Path) -> None:
    use(folder)
    assert [file.name for file in read_files(str(folder))] == [f"files/ab/{'ab' * 32}.jpg"]
    assert read_withdrawn(str(folder)) == {}


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("UPDATE item SET kind = ?", b"\xff"),
        ("UPDATE record SET kind = ?", b"\xff"),
        ("UPDATE item SET state = ?", "else"),
        ("UPDATE item SET reason = ?", "else"),
        ("UPDATE item SET key = ?, state = 'pending' WHERE kind = 'video'", b"\xff"),
        ("UPDATE item SET detail = ?, state = 'pending'", b"\xff"),
        ("UPDATE item SET not_before = ?, state = 'pending'", b"soon"),
        ("UPDATE item SET message = ?", b"\xff"),
        ("UPDATE item SET message = cast(? AS TEXT)", b"\xff\xfe"),
        ("UPDATE record SET data = ?", b"no zstd"),
        ("UPDATE record SET data = ?", "a text"),
        ("UPDATE record SET data = ?", zstd.compress(b"{}" * 100)[:-3]),
        ("UPDATE record SET retrieved_at = ?", "yesterday"),
        ("UPDATE record SET retrieved_at = ?", 1e300),
        ("UPDATE record SET retrieved_at = ?", -1e300),
        ("UPDATE record SET post_id = ?", b"\xff"),
        ("UPDATE file SET size_bytes = ?", "large"),
        ("UPDATE file SET sha256 = ?", b"\xff"),
        ("INSERT INTO withdrawn VALUES ('reddit:x', ?, 0)", "else"),
        ("INSERT INTO withdrawn VALUES ('reddit:x', 'deleted', ?)", 1e300),
    ],
)
def test_a_value_of_another_type_in_the_state_is_damage(folder: Path, statement: str, value: object) -> None:
    changed(folder, statement, value)
    with pytest.raises(InputError, match=rf"{FILE_NAME} is damaged or none of blift's \(.*\)\. Choose another"):
        use(folder)


@pytest.mark.parametrize("table", ["item", "record"])
@pytest.mark.parametrize("kind", ["else", ""])
def test_a_kind_that_no_platform_has_is_told_before_anything_is_left_out(folder: Path, table: str, kind: str) -> None:
    changed(folder, f"UPDATE {table} SET kind = ? WHERE rowid = 1", kind)  # noqa: S608 - one of two
    said = rf"{FILE_NAME}: No platform here has the kind '{kind}': the fetch folder is damaged, or the package that"
    with pytest.raises(InputError, match=said):
        use(folder)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (x)",
        "CREATE VIEW more AS SELECT * FROM item",
        "CREATE TRIGGER more AFTER UPDATE ON item BEGIN DELETE FROM record; END",
        "DROP TABLE withdrawn",
        "ALTER TABLE item ADD COLUMN more",
        "DROP INDEX item_state",
    ],
)
def test_a_state_that_defines_anything_else_is_none_of_ours(folder: Path, statement: str) -> None:
    changed(folder, statement)
    with pytest.raises(InputError, match=rf"{FILE_NAME} is none of blift's: it has other tables\. Choose another"):
        State(str(folder), kinds())


def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as base, base:
        base.execute("CREATE TABLE bookmarks (url)")
    with pytest.raises(InputError, match="is none of blift's: it has other tables"):
        State(str(tmp_path), kinds())
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as base:
        assert base.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_a_state_behind_a_link_is_not_opened(folder: Path, own_files: Path, ending: str) -> None:
    path = folder / f"{FILE_NAME}{ending}"
    path.unlink(missing_ok=True)
    path.symlink_to(own_files / "thesis.txt")
    with pytest.raises(InputError, match=rf"{path.name} is a symbolic link\. blift did not write that: remove it"):
        State(str(folder), kinds())


def test_a_journal_that_would_delete_another_file_is_refused(folder: Path, own_files: Path) -> None:
    name = str(own_files / "thesis.txt").encode()
    tail = len(name).to_bytes(4, "big") + sum(name).to_bytes(4, "big") + bytes.fromhex("d9d505f920a163d7")
    (folder / f"{FILE_NAME}-journal").write_bytes(bytes(512) + b"\0\0\0\1" + name + tail)
    with pytest.raises(InputError, match=r"fetch\.sqlite-journal names another file"):
        State(str(folder), kinds())


@pytest.mark.parametrize("place", range(0, 4096, 97))
def test_a_flipped_bit_in_the_state_is_no_traceback(folder: Path, place: int) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as base:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        base.execute("PRAGMA journal_mode = DELETE")
    content = bytearray((folder / FILE_NAME).read_bytes())
    content[len(content) * place // 4096] ^= 1 << place % 8
    (folder / FILE_NAME).write_bytes(content)
    with suppress(BliftError):  # any other error fails the test
        use(folder)


def test_a_record_that_unpacks_to_something_else_is_damage(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as base, base:
        ((packed,),) = base.execute("SELECT data FROM record WHERE kind = 'video'").fetchall()
        spoiled = packed[:-1] + bytes([packed[-1] ^ 1])
        base.execute("UPDATE record SET data = ? WHERE kind = 'video'", (spoiled,))
    with pytest.raises(InputError, match="is damaged"):
        use(folder)


def test_a_file_elsewhere_that_no_post_shows_any_more_is_not_deleted(folder: Path, own_files: Path) -> None:
    changed(folder, "UPDATE file SET name = ?", f"files/../../{own_files.name}/thesis.txt")
    changed(folder, "INSERT INTO shows SELECT 'reddit:x', address FROM file")
    changed(folder, "INSERT INTO withdrawn VALUES ('reddit:x', 'deleted', 0)")
    with pytest.raises(InputError, match=r"names the file 'files/\.\./\.\./Documents/thesis\.txt', which leads out"):
        use(folder)


@pytest.mark.parametrize("name", ["youtube:../../../Documents/x", "youtube:/tmp/x", "youtube:a\nb", "youtube:.."])
def test_a_record_is_not_written_elsewhere(folder: Path, name: str) -> None:
    changed(folder, "UPDATE record SET post_id = ? WHERE kind = 'video'", name)
    with pytest.raises(InputError, match=r"names the file '.*blift did not write that"):
        use(folder)


@pytest.mark.parametrize("place", ["reddit", "youtube", PARTIAL])
def test_nothing_is_written_or_deleted_behind_a_link(folder: Path, own_files: Path, place: str) -> None:
    (folder / place).rename(folder / "away")
    (folder / place).symlink_to(own_files)
    with pytest.raises(OutputError, match=f"{place} is a symbolic link"):
        use(folder)


@pytest.mark.parametrize("kind", ["link", "second name"])
def test_what_is_not_whole_yet_is_not_written_to_anybody_else_s_file(folder: Path, own_files: Path, kind: str) -> None:
    path = folder / PARTIAL / "submissions-00000-of-00001.ndjson.zst"
    make: Callable[..., None] = os.symlink if kind == "link" else os.link
    make(own_files / "thesis.txt", path)
    with pytest.raises(OutputError, match=r"ndjson\.zst (is a symbolic link|has a second name)"):
        use(folder)


def test_files_that_blift_did_not_write_stay(folder: Path) -> None:
    others = ["reddit/submissions-mine.txt", "reddit/notes.md", "youtube/holiday.mp4", "youtube/0f/readme.txt"]
    for name in others:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine")
    (folder / "reddit" / "submissions-00003-of-00004.ndjson.zst").write_text("of an earlier number of files")
    state = State(str(folder), kinds())
    state.take_in([(Item(YoutubeItem.VIDEO, _VIDEO), NotThere(Absent.DELETED))])
    write_archives(state, str(folder))
    state.close()
    assert all((folder / name).read_text() == "mine" for name in others)
    written = "submissions-00000-of-00001.ndjson.zst"
    assert sorted(os.listdir(folder / "reddit")) == ["notes.md", written, "submissions-mine.txt"]
    assert not list((folder / "youtube").rglob("*.info.json"))


@pytest.mark.parametrize("name", ["../../Documents/thesis.txt", "/etc/hostname", "files/./a.jpg", "", "files/a\n.jpg"])
def test_a_list_of_files_that_names_one_elsewhere_is_refused(folder: Path, name: str) -> None:
    table = pq.read_table(folder / FILES)
    place = table.column_names.index("name")
    pq.write_table(table.set_column(place, "name", pa.array([name])), folder / FILES)
    with pytest.raises(InputError, match=r"fetched names the file .*blift did not write that"):
        read_files(str(folder))


def test_a_file_of_the_list_that_is_a_link_is_refused(folder: Path, own_files: Path) -> None:
    path = folder / "files" / "ab" / f"{'ab' * 32}.jpg"
    path.parent.mkdir(parents=True)
    path.symlink_to(own_files / "thesis.txt")
    with pytest.raises(InputError, match="which is a symbolic link"):
        read_files(str(folder))


@pytest.mark.parametrize(
    "damage", [b"", b"no Parquet", b"PAR1" * 9, "cut", "other columns", "other types", "link", "pipe"]
)
@pytest.mark.parametrize("name", [FILES, WITHDRAWN])
def test_a_list_that_cannot_be_read_is_told(folder: Path, own_files: Path, name: str, damage: bytes | str) -> None:
    path = folder / name
    content = path.read_bytes()
    match damage:
        case bytes():
            path.write_bytes(damage)
        case "cut":
            path.write_bytes(content[:-30])
        case "other columns":
            pq.write_table(pa.table({"x": [1]}), path)
        case "other types":
            pq.write_table(pa.table({column: [1] for column in pq.read_schema(path).names}), path)
        case "link":
            path.unlink()
            path.symlink_to(own_files / "thesis.txt")
        case _:
            path.unlink()
            os.mkfifo(path)
    read = read_files if name == FILES else read_withdrawn
    with pytest.raises(InputError, match=rf"{name} (is damaged|is none of blift's|is a symbolic link|is a named pipe)"):
        read(str(folder))


def test_a_reason_that_is_none_is_damage(folder: Path) -> None:
    rows = {"post_id": ["reddit:abc"], "reason": ["else"], "noted_at": pa.array([0], pa.timestamp("us", tz="UTC"))}
    pq.write_table(pa.table(rows), folder / WITHDRAWN)
    with pytest.raises(InputError, match=r"withdrawn\.parquet is damaged \('else' is not a valid Absent\)"):
        read_withdrawn(str(folder))
