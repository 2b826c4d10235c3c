"""Queries over a run folder: what a condition may say, and what it may not reach."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from blift.connectors.parquet import write_parquet
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.explore import connection
from blift.pipelines.explore.choice import Choice
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.tables import QueryTable, tables_of
from blift.schemas.errors import InputError


def count(database: Database, where: str, table: str = "samples") -> int:
    return database.find(table, Choice(where)).total


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("", 109),
        ("media_kind = 'video'", 27),
        ("score > 10 -- of Reddit alone", None),
        ("len(comments) > 3", None),
        ("score > (SELECT avg(score) FROM samples)", None),
        ("sample_id IN (SELECT sample_id FROM instructions)", None),
        ("list_contains(list_transform(comments, lambda c: c.platform), 'youtube')", None),
        ("posted_at >= '2021-06-01' AND posted_at < '2021-07-01'", None),
    ],
)
def test_a_condition_chooses_rows(database: Database, where: str, rows: int | None) -> None:
    found = count(database, where)
    assert found == rows if rows is not None else 0 < found < 109


def test_rejects_are_a_table_like_the_others(database: Database) -> None:
    assert count(database, "stage = 'curate' AND reason = 'near_duplicate'", "rejects") == 45


@pytest.mark.parametrize(
    "where",
    [
        "(SELECT count(*) FROM read_csv('/etc/passwd')) > 0",
        "(SELECT count(*) FROM read_text('/etc/passwd')) > 0",
        "(SELECT count(*) FROM read_blob('/etc/*')) > 0",
        "(SELECT count(*) FROM glob('/etc/*')) > 0",
        "(SELECT count(*) FROM sniff_csv('/etc/passwd')) > 0",
        "(SELECT count(*) FROM '/etc/passwd') > 0",
        "(SELECT count(*) FROM read_parquet('{folder}/files/*.parquet')) > 0",
        "(SELECT count(*) FROM parquet_metadata('{folder}/manifest.json')) > 0",
        "(SELECT count(*) FROM read_csv('http://127.0.0.1:9/x')) > 0",
        "(SELECT count(*) FROM sqlite_scan('{folder}/x.db', 'x')) > 0",
        "(SELECT count(*) FROM tables) > 0",
        "getenv('HOME') = 'x'",
    ],
)
def test_a_condition_reads_no_other_file_and_no_variable(
    database: Database, built: tuple[Path, Manifest], where: str
) -> None:
    tables = ["a variable of this program"]
    with pytest.raises(InputError, match="The condition cannot be used"):
        count(database, where.replace("{folder}", str(built[0])))
    assert tables


@pytest.mark.parametrize(
    "where",
    [
        "1 = 1; DROP VIEW samples",
        "1 = 1) OR (1 = 1",
        "1 = 1 UNION SELECT * FROM posts",
        "1 = 1 FROM read_csv('/etc/passwd')",
        "1 = 1 LIMIT 1",
        "score, title",
        "COPY samples TO '/tmp/blift-where.csv'",
        "ATTACH '/tmp/blift-where.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "EXPORT DATABASE '/tmp/blift-where'",
        "PRAGMA database_list",
        "(INSERT INTO samples VALUES (1))",
        "score > 'abc'",
        "sum(score) > 1",
        "regexp_matches(title, '(')",
        "title = '",
        "$1 = 1",
        "-- nothing",
    ],
)
def test_a_condition_is_one_expression(database: Database, where: str) -> None:
    with pytest.raises(InputError, match=r"The condition cannot be used: .*A condition is one SQL expression, such as"):
        count(database, where)
    assert not list(Path("/tmp").glob("blift-where*"))  # noqa: S108 - where the statements would write
    assert count(database, "") == 109


def test_a_wrong_column_has_a_hint(database: Database) -> None:
    with pytest.raises(
        InputError, match=r"samples has no column 'scor', did you mean 'score'\? Its columns: sample_id"
    ):
        count(database, "scor > 1")
    with pytest.raises(InputError, match=r"samples has no column 'titel', did you mean 'title'\?"):
        database.find("samples", Choice(order="titel"))


def test_rows_are_sorted_and_come_in_pages(database: Database) -> None:
    best = database.find("samples", Choice(order="score", descending=True, limit=3))
    second = database.find("samples", Choice(order="score", descending=True, limit=1, offset=1))
    scores = [row["score"] for row in database.rows("samples", best.places)]
    assert scores == sorted(scores, reverse=True)
    assert second.places == best.places[1:2]
    everything = database.find("samples", Choice(order="score", limit=1_000))
    values = [row["score"] for row in database.rows("samples", everything.places, ["score"])]
    assert len(set(everything.places)) == 109
    there = [value for value in values if value is not None]
    assert values == sorted(there) + [None] * (109 - len(there))
    assert None in values  # videos of YouTube have no score


def test_a_random_sample_is_the_same_for_the_same_seed(database: Database) -> None:
    for where in ("", "media_kind = 'image'"):
        first = database.find("samples", Choice(where, limit=5, seed=7))
        assert first == database.find("samples", Choice(where, limit=5, seed=7))
        assert first != database.find("samples", Choice(where, limit=5, seed=8))
        assert len(set(first.places)) == 5
    assert len(database.find("samples", Choice(limit=1_000, seed=0)).places) == 109


def test_rows_come_back_whole_in_the_order_of_their_places(database: Database) -> None:
    everything = database.find("samples", Choice(limit=1_000))
    rows = database.rows("samples", everything.places[::-1])
    assert [row["sample_id"] for row in rows] == [
        row["sample_id"] for row in database.rows("samples", everything.places)
    ][::-1]
    assert list(rows[0]) == [column.name for column in database.columns("samples")]
    assert rows[0]["comments"][0]["text"]


def test_a_slow_query_is_given_up(built: tuple[Path, Manifest]) -> None:
    folder, manifest = built
    impatient = Database(tables_of(RunFolder(str(folder)), manifest), longest_s=0.01)
    many = "(SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range = 7) > 1"
    with pytest.raises(InputError, match=r"The query took more than 0\.01 s and was given up\. Narrow it\."):
        count(impatient, many)
    impatient.close()


@pytest.mark.parametrize("name", ["[1]*?", 'it\'s "quoted"', "a\nb", "a;b -- c"])
def test_a_folder_may_have_any_name(built: tuple[Path, Manifest], tmp_path: Path, name: str) -> None:
    folder = RunFolder(str(shutil.copytree(built[0], tmp_path / name)))
    opened = Database(tables_of(folder, built[1]))
    assert count(opened, "score > 0") > 0
    opened.close()


def test_a_damaged_file_is_a_sentence(built: tuple[Path, Manifest], tmp_path: Path) -> None:
    folder = RunFolder(str(shutil.copytree(built[0], tmp_path / "run")))
    tables = tables_of(folder, built[1])
    Path(tables["samples"].paths()[0]).write_bytes(b"no parquet")
    with pytest.raises(InputError, match=r"A file of the dataset cannot be read: .*`blift verify` says which"):
        Database(tables)


def test_without_duckdb_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"needs duckdb\. Install it: pip install 'blift\[explore\]'"):
        Database({})


def test_files_of_different_versions_are_one_table(tmp_path: Path) -> None:
    columns = [{"sample_id": ["a"], "title": ["one"]}, {"sample_id": ["b"], "title": ["two"], "score": [3]}]
    shards = [
        write_parquet(pa.table(rows), str(tmp_path), f"samples/s-{number:05d}-of-00002.parquet")
        for number, rows in enumerate(columns)
    ]
    opened = Database({"samples": QueryTable("samples", "sample", shards, str(tmp_path))})
    found = opened.find("samples", Choice(order="score"))
    assert opened.rows("samples", found.places) == [
        {"sample_id": "b", "title": "two", "score": 3},
        {"sample_id": "a", "title": "one", "score": None},
    ]
    opened.close()


def test_closing_ends_the_queries_that_run(built: tuple[Path, Manifest]) -> None:
    opened = Database(tables_of(RunFolder(str(built[0])), built[1]))
    said: list[str] = []

    def ask() -> None:
        try:
            count(opened, "(SELECT count(*) FROM range(1000000000000) AS one(n) WHERE n % 7 = score) > 0")
        except InputError as error:
            said.append(str(error))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    opened.close()
    for thread in asking:
        thread.join()
    assert said == ["The dataset is no longer open."] * 3


def test_the_total_is_that_of_the_condition_however_often_it_is_asked(database: Database) -> None:
    for _ in range(2):
        for order in ("", "score"):
            found = database.find(
                "samples", Choice("media_kind = 'video'", filters="views > 30000", order=order, limit=3)
            )
            assert (len(found.places), found.total) == (3, count(database, "media_kind = 'video' AND views > 30000"))
    assert [count(database, f"score > {limit}") for limit in range(150)] == sorted(
        (count(database, f"score > {limit}") for limit in range(150)), reverse=True
    )


def test_rows_are_picked_by_values_of_a_column(database: Database) -> None:
    ids = [row["sample_id"] for row in database.rows("samples", database.find("samples", Choice(limit=3)).places)]
    picked = list(
        database.having("instructions_without_media", "sample_id", ids, ["sample_id", "id", "no_such_column"])
    )
    assert {row["sample_id"] for row in picked} <= set(ids)
    assert {row["no_such_column"] for row in picked} <= {None}
    assert list(database.having("no such table", "sample_id", ids, ["id"])) == []
    assert list(database.having("samples", "no_such_column", ids, ["id"])) == []
    assert list(database.having("samples", "sample_id", ["' OR true --"], ["sample_id"])) == []
