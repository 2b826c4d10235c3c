"""The server of `blift explore`: what the page asks for, and what is refused."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pyarrow as pa
import pytest

from blift.connectors.parquet import write_parquet
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.explore.api import Dataset, Explorer
from blift.pipelines.explore.kept_media import KeptMedia
from blift.pipelines.explore.listed_media import ListedMedia
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.server import ExploreServer
from blift.pipelines.explore.tables import QueryTable, tables_of
from blift.pipelines.report.funnel import funnel
from blift.schemas.errors import InputError


class Client:
    """Asks a server that runs in a thread."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        database = Database(tables_of(RunFolder(str(folder)), manifest))
        lists = [shard for shard in manifest.shards if shard.path.startswith("files/")]
        self._scratch = tempfile.TemporaryDirectory()
        media = KeptMedia(str(folder), ListedMedia(str(folder), lists, self._scratch.name))
        rows = funnel(manifest)
        self.folder = folder
        self.server = ExploreServer(Explorer(Dataset("demo", str(folder), database, rows, media)), media)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()
        self._scratch.cleanup()

    def get(
        self, path: str, *, token: str | None = None, method: str = "GET", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port)
        secret = self.server.token if token is None else token
        connection.request(
            method, f"/{secret}/{path}", headers={name.title(): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def ask(self, name: str, *filters: tuple[str, str, str], code: int = 200, **parameters: Any) -> Any:
        """The JSON of an answer."""
        pairs = [*parameters.items(), *(("filter", json.dumps(one)) for one in filters)]
        status, _, content = self.get(f"api/{name}?{urlencode(pairs)}")
        assert status == code, content
        return json.loads(content)


@pytest.fixture(scope="module")
def client(built: tuple[Path, Manifest]) -> Iterator[Client]:
    made = Client(*built)
    yield made
    made.close()


def column(answer: Any, name: str) -> list[Any]:
    place = answer["columns"].index(name)
    return [row["cells"][place] for row in answer["rows"]]


def test_what_was_merged_into_a_sample_comes_with_pictures_that_lie_outside_the_run_folder(client: Client) -> None:
    (wanted,) = client.ask("rows", where="media_key = 'reddit-image:034ddvwp8qpbn'")["rows"]
    found = client.ask("row", table="samples", file=wanted["place"][0], row=wanted["place"][1])
    members = found["merged"]["members"]
    assert [member["joined"]["by"] for member in members] == ["pictures", "pictures", "address"]
    for member in members:
        status, headers, content = client.get(f"media/{member['picture']}")
        assert (status, headers["Content-Type"]) == (200, "image/jpeg")
        assert hashlib.sha256(content).hexdigest() == member["sha256"]
    assert client.get("media/listed/../store/x.jpg")[0] == 404


def test_a_row_of_another_table_in_a_folder_of_that_name_is_shown_field_by_field(tmp_path: Path) -> None:
    rows = pa.table({"sample_id": [1, 2], "title": [["a"], []], "scenes": ["x", None]})
    shard = write_parquet(rows, str(tmp_path), "samples/samples-00000-of-00001.parquet")
    database = Database({"samples": QueryTable("samples", "sample", [shard], str(tmp_path))})
    found = Explorer(Dataset("x", "x", database)).row({"table": ["samples"], "row": ["1"]})
    assert (found["kind"], found["row"]) == ("", {"sample_id": 2, "title": [], "scenes": None})
    assert "pairs" not in found
    database.close()


def test_a_sample_without_the_newest_columns_has_no_values_there(tmp_path: Path) -> None:
    rows = pa.table({"sample_id": ["a"], "title": ["A film"]})
    shard = write_parquet(rows, str(tmp_path), "samples/samples-00000-of-00001.parquet")
    database = Database({"samples": QueryTable("samples", "sample", [shard], str(tmp_path))})
    found = Explorer(Dataset("x", "x", database)).row({"table": ["samples"]})
    assert (found["kind"], found["row"]["scenes"], found["row"]["score"]) == ("sample", [], None)
    assert (found["pairs"], found["merged"]) == ([], None)
    database.close()


def test_a_page_has_the_columns_that_are_asked_for_and_none_without_a_value(client: Client) -> None:
    page = client.ask("rows", ("width", ">", "0"), table="samples", order="sample_id")
    assert page["columns"][:3] == ["sample_id", "width", "title"]
    assert len(page["columns"]) == 8
    assert "detail" in client.ask("rows", table="rejects")["columns"]


def test_the_page_asks_for_the_tables_and_the_funnel(client: Client) -> None:
    about = client.ask("tables")
    assert about["name"] == "demo"
    assert {table["name"]: table["rows"] for table in about["tables"]}["rejects"] == 1068
    kinds = {one["name"]: (one["kind"], one["plain"]) for one in about["tables"][0]["columns"]}
    assert kinds["score"] == ("BIGINT", True)
    assert kinds["comments"][1] is False
    assert about["funnel"][0]["step"] == "read"


def test_rows_are_filtered_sorted_and_paged(client: Client) -> None:
    best = client.ask("rows", table="samples", order="score", descending=1, limit=5)
    assert best["total"] == 109
    assert column(best, "score") == sorted(column(best, "score"), reverse=True)
    after = client.ask("rows", table="samples", order="score", descending=1, limit=5, offset=5)
    assert column(best, "score")[-1] >= column(after, "score")[0]
    videos = client.ask("rows", ("media_kind", "=", "video"), ("views", ">=", "20000"), table="samples", limit=200)
    assert set(column(videos, "media_kind")) == {"video"}
    assert min(column(videos, "views")) >= 20_000


@pytest.mark.parametrize(
    ("one", "where"),
    [
        (("title", "contains", "KITE"), "title ILIKE '%kite%'"),
        (("comments", "contains", "footbridge' OR '1'='1"), "false"),
        (("replay", "empty", ""), "len(replay) = 0"),
        (("subreddit", "filled", ""), "subreddit IS NOT NULL"),
        (("subreddit", "!=", "pics"), "subreddit IS DISTINCT FROM 'pics'"),
        (("posted_at", "<", "2021-06-01"), "posted_at < '2021-06-01'"),
    ],
)
def test_a_filter_is_a_condition(client: Client, one: tuple[str, str, str], where: str) -> None:
    assert client.ask("rows", one)["total"] == client.ask("rows", where=where)["total"]


def test_a_search_looks_in_all_columns_of_text(client: Client) -> None:
    found = client.ask("rows", search="paper KITE", limit=200)
    assert 0 < found["total"] < 109
    assert all("paper kite" in json.dumps(row["cells"]).lower() for row in found["rows"])
    assert client.ask("rows", search="100% _'", limit=1)["total"] == 0


def test_all_that_is_chosen_holds_at_once(client: Client) -> None:
    both = client.ask("rows", ("media_kind", "=", "image"), search="the", where="score > 20 OR score < 5 -- these")
    assert both["total"] < client.ask("rows", ("media_kind", "=", "image"), search="the")["total"]


def test_a_random_sample_is_the_same_for_the_same_seed(client: Client) -> None:
    first = client.ask("rows", seed=5, limit=3)
    assert first == client.ask("rows", seed=5, limit=3)
    assert first["rows"] != client.ask("rows", seed=6, limit=3)["rows"]


def test_a_sample_comes_with_its_media_and_its_pairs(client: Client) -> None:
    (wanted,) = client.ask("rows", where="sample_id LIKE '651131fb%'")["rows"]
    found = client.ask("row", table="samples", file=wanted["place"][0], row=wanted["place"][1])
    assert found["kind"] == "sample"
    assert found["row"]["comments"][0]["text"]
    assert [one["kind"] for one in found["media"]] == ["video", "image", "image", "image", "image"]
    assert found["pairs"][0]["conversations"][0]["from"] == "human"
    status, headers, content = client.get(f"media/{found['media'][0]['path']}")
    assert (status, headers["Content-Type"]) == (200, "video/mp4")
    assert content == (client.folder / found["media"][0]["path"]).read_bytes()


def test_a_player_gets_the_part_that_it_asks_for(client: Client) -> None:
    path = next((client.folder / "store" / "videos").rglob("*.mp4"))
    name, whole = f"media/{path.relative_to(client.folder)}", path.read_bytes()
    for asked, expected in [("bytes=10-19", whole[10:20]), ("bytes=100-", whole[100:]), ("bytes=-7", whole[-7:])]:
        status, headers, content = client.get(name, range=asked)
        assert (status, content) == (206, expected)
        assert headers["Content-Range"].endswith(f"/{len(whole)}")
    assert client.get(name, range="bytes=0-")[2] == whole
    for asked in ("bytes=9999999-", "bytes=5-4", "bytes=-", "bytes=a-b", "bytes=-0", "bytes=0-1,3-4"):
        status, headers, content = client.get(name, range=asked)
        assert (status, content, headers["Content-Range"]) == (416, b"", f"bytes */{len(whole)}")
    status, headers, content = client.get(name, method="HEAD")
    assert (status, content, headers["Content-Length"]) == (200, b"", str(len(whole)))


def test_an_id_is_looked_for_in_all_tables(client: Client) -> None:
    found = client.ask("id", id="reddit:hv07r")
    assert [table["table"] for table in found["tables"]] == ["samples", "posts", "origins"]
    assert client.ask("id", id="reddit:hv07r_", code=400) == {
        "error": "No row has the id 'reddit:hv07r_', did you mean 'reddit:hv07r'?"
    }


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("rows", {"table": "sampels"}, "no table 'sampels', did you mean 'samples'?"),
        ("rows", {"where": "scor > 1"}, "samples has no column 'scor', did you mean 'score'?"),
        ("rows", {"where": "1 = 1) OR (1 = 1"}, "The condition cannot be used"),
        ("rows", {"where": "(SELECT count(*) FROM read_csv('/etc/passwd')) > 0"}, "Cannot access file"),
        ("rows", {"order": "scor"}, "samples has no column 'scor'"),
        ("rows", {"limit": "-1"}, "limit is '-1'; it must be a number of 0 or more."),
        ("rows", {"offset": "9" * 30}, "offset is '9999"),
        ("rows", {"filter": "score"}, "A filter is 'score'; it must be a list of column, operator and value."),
        ("rows", {"filter": '["scor", "=", "1"]'}, "There is no column 'scor', did you mean 'score'?"),
        ("rows", {"filter": '["score", "IN (1) OR", "1"]'}, "score cannot be filtered by 'IN (1) OR'."),
        ("rows", {"filter": '["comments", "=", "1"]'}, "comments cannot be filtered by '='."),
        ("rows", {"filter": '["score", "=", "abc"]'}, "Could not convert string 'abc'"),
        ("row", {"table": "samples", "file": 0, "row": 10**9}, "samples has no row 1000000000 in file 0."),
        ("row", {"table": "samples", "file": 99, "row": 0}, "samples has no row 0 in file 99."),
    ],
)
def test_a_wrong_request_is_a_sentence(client: Client, name: str, parameters: dict[str, Any], sentence: str) -> None:
    assert sentence in client.ask(name, code=400, **parameters)["error"]


def test_who_does_not_have_the_secret_gets_nothing(client: Client) -> None:
    for token in ("", "x", client.server.token[:-1], client.server.token + "x", quote("ü")):
        for path in ("", "api/tables", "media/store/x.jpg"):
            status, _, content = client.get(path, token=token)
            assert (status, content) == (403, b"Open the address that `blift explore` printed: it holds a secret.\n")
    assert len(client.server.token) >= 32


def test_another_host_name_is_refused(client: Client) -> None:
    for host in ("evil.example", f"evil.example:{client.server.server_port}", "127.0.0.1", ""):
        assert client.get("api/tables", host=host)[0] == 421
    assert client.get("api/tables", host=f"localhost:{client.server.server_port}")[0] == 200


def test_it_listens_on_this_machine_alone(client: Client) -> None:
    assert client.server.server_address[0] == "127.0.0.1"
    assert client.server.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_is_for_reading_alone(client: Client, method: str) -> None:
    assert client.get("api/rows", method=method)[0] == 501


def test_every_answer_keeps_other_pages_and_scripts_out(client: Client) -> None:
    for path in ("", "explore.js", "explore.css", "api/tables", "api/rows?table=x", "nothing", "media/x"):
        headers = client.get(path)[1]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "http" not in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Server"] == "blift"


@pytest.fixture
def own(built: tuple[Path, Manifest], tmp_path: Path) -> Iterator[Client]:
    """A server of a run folder that a test changes."""
    made = Client(Path(shutil.copytree(built[0], tmp_path / "run")), built[1])
    yield made
    made.close()


def test_media_are_files_of_the_store_and_none_besides(own: Client) -> None:
    images = own.folder / "store" / "images"
    secret = own.folder.parent / "secret.jpg"
    secret.write_bytes(b"secret")
    (images / "link.jpg").symlink_to(secret)
    (images / "behind").symlink_to(own.folder.parent)
    (images / "page.html").write_text("<script>alert(1)</script>")
    (images / "drawing.svg").write_text("<svg/>")
    (images / "folder.jpg").mkdir()
    for name in (
        "store/images/link.jpg",
        "store/images/behind/secret.jpg",
        "store/images/page.html",
        "store/images/drawing.svg",
        "store/images/folder.jpg",
        "store/images/not-there.jpg",
        "store/../../secret.jpg",
        "store/images/../../../secret.jpg",
        "../secret.jpg",
        str(secret),
        f"store/{secret}",
        "manifest.json",
        "samples/x.jpg",
        "store/images/\x00.jpg",
        "store\\images\\x.jpg",
        "s3://bucket/store/x.jpg",
        "",
    ):
        for written in {quote(name), quote(name, safe=""), quote(quote(name))}:
            status, _, content = own.get(f"media/{written}")
            assert (status, content) == (404, b"There is no such file of media.\n"), name


def test_a_port_in_use_is_a_sentence(client: Client, built: tuple[Path, Manifest]) -> None:
    port = client.server.server_port
    explorer = Explorer(Dataset("x", "x", Database(tables_of(RunFolder(str(built[0])), built[1]))))
    with pytest.raises(InputError, match=rf"Port {port} of 127\.0\.0\.1 is in use\. Choose another --port, or 0"):
        ExploreServer(explorer, port=port)
    with pytest.raises(InputError, match=r"--port is 70000; it must be 0 to 65,535"):
        ExploreServer(explorer, port=70_000)
