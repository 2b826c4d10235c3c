"""A platform of another package: fetched by a section of its own and built to samples. No file of blift names it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest

from tests.docs.test_commands import ROOT, blocks, commands
from tests.loopback import Handler, Loopback

_PAGE = ROOT / "docs" / "platforms.md"
_FILE = re.compile(r"# (\S+\.(?:yaml|py))\n")
_POSTS, _PER_PAGE = 5, 2


class _Answers(Handler):
    """Five posts of one community, two a page; two comments on each."""

    def serve(self) -> None:
        asked = urlsplit(self.path)
        self.server.site.asked[asked.path] += 1
        parts = asked.path.strip("/").split("/")
        if parts == ["posts"]:
            first = (int(parse_qs(asked.query)["page"][0]) - 1) * _PER_PAGE
            self._send([_post(number) for number in range(first, min(first + _PER_PAGE, _POSTS))])
        elif parts[1] in self.server.site.gone:
            self.send_error(404)
        elif len(parts) == 2:
            self._send(_post(int(parts[1])))
        else:
            self._send([_comment(int(parts[1]), number) for number in range(2)])

    def _send(self, said: object) -> None:
        data = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _Lemmy(Loopback):
    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.gone: set[str] = set()
        super().__init__(_Answers)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listener.server_address[1]}"


def _said(number: int) -> dict[str, object]:
    return {"id": number, "creator": "ann", "created": 1_714_550_000, "score": number}


def _post(number: int) -> dict[str, object]:
    return _said(number) | {"title": "A lighthouse by the sea", "url": f"https://pictures.example/{number}.jpg"}


def _comment(post: int, number: int) -> dict[str, object]:
    return _said(100 + 10 * post + number) | {"post": post, "text": f"what a lovely quiet harbour {post} {number}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the package of the page, as it is installed, and with the recipe of the page."""
    for text in [*blocks(_PAGE, "python"), *blocks(_PAGE, "yaml")]:
        if named := _FILE.match(text):
            (tmp_path / named[1]).parent.mkdir(exist_ok=True)
            (tmp_path / named[1]).write_text(text)
    (tmp_path / "blift_lemmy" / "__init__.py").write_text("")
    reader = Path(__file__).parent / "reader.py"
    (tmp_path / "blift_lemmy" / "connector.py").write_text(reader.read_text())
    facts = tmp_path / "blift_lemmy-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: blift-lemmy\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[blift.platforms]\nlemmy = blift_lemmy.connector:CONNECTOR\n")
    return tmp_path


@pytest.fixture
def lemmy(folder: Path) -> Iterator[_Lemmy]:
    with _Lemmy() as server:
        recipe = folder / "lemmy.yaml"
        said = recipe.read_text().replace("https://lemmy.example", f"http://{server.host}")
        recipe.write_text(said.replace("[lighthouses]}", "[lighthouses], requests_per_minute: 60000}"))
        yield server


def run(folder: Path, server: _Lemmy, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "blift.pipelines.cli", *command],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(folder), "BLIFT_ALLOW_ADDRESSES": server.host},
    )  # fmt: skip
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout + done.stderr


def test_the_commands_of_the_page_fetch_and_build_a_platform_that_blift_does_not_name(
    folder: Path, lemmy: _Lemmy
) -> None:
    check, fetch, status, build = (command[1:] for command in commands(_PAGE))
    run(folder, lemmy, *check)
    said = run(folder, lemmy, *fetch)
    assert "fetched holds records of 5 Lemmy posts, 10 Lemmy comments; 0 files; 0 taken back." in said
    assert lemmy.asked["/posts"] == 4  # three pages with posts, and the one that ends them
    shown = run(folder, lemmy, *status)
    assert [line.split()[:3] for line in shown.splitlines()[1:3]] == [
        ["communities", "1", "0"],
        ["Lemmy", "threads", "5"],
    ]
    run(folder, lemmy, *build)
    (samples,) = (folder / "run").glob("samples/*.parquet")
    rows = pq.read_table(samples).to_pylist()
    assert sorted(row["permalink"] for row in rows) == [f"https://lemmy.example/post/{n}" for n in range(_POSTS)]
    assert all(len(row["comments"]) == 2 for row in rows)


def test_a_second_run_asks_for_nothing_and_a_refresh_takes_back_what_is_gone(folder: Path, lemmy: _Lemmy) -> None:
    run(folder, lemmy, "fetch", "lemmy.yaml")
    archives = sorted(path.name for path in (folder / "fetched" / "lemmy").iterdir())
    assert archives == ["comments-00000-of-00001.ndjson.zst", "posts-00000-of-00001.ndjson.zst"]
    before = lemmy.asked.total()
    run(folder, lemmy, "fetch", "lemmy.yaml")
    assert lemmy.asked.total() == before
    lemmy.gone.add("3")
    said = run(folder, lemmy, "fetch", "lemmy.yaml", "--refresh", "0.1s")
    assert "11 items are asked for again." in said  # the community, five posts that it led to, and their threads
    assert "records of 12 Lemmy posts, 16 Lemmy comments; 0 files; 1 taken back." in said  # the list has posts, too


def test_the_package_does_what_every_connector_must_do(folder: Path) -> None:
    examples = {
        "posts": [json.dumps(_post(number) | {"fetched_at": 1}) for number in range(2)],
        "comments": [json.dumps(_comment(1, number) | {"fetched_at": 1}) for number in range(2)],
    }
    code = (
        "import tempfile; from pathlib import Path; from blift.connectors.conformance import Example, problems_of; "
        "from blift.connectors.registry import connectors; "
        f"examples = [Example(key, [line.encode() for line in lines]) for key, lines in {examples!r}.items()]; "
        "print(problems_of(connectors()['lemmy'], examples, Path(tempfile.mkdtemp(dir='.'))))"
    )
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_documentation_and_a_recipe_that_asks_nobody_know_the_platform(folder: Path, lemmy: _Lemmy) -> None:
    docs = run(folder, lemmy, "recipe", "docs")
    assert "### `fetch.lemmy`\n\nLemmy, through the API of a server.\n" in docs
    (folder / "nobody.yaml").write_text("name: nobody\nfetch: {}\nsources: {lemmy: {posts: [x]}}\n")
    with pytest.raises(AssertionError, match=r"asks neither Reddit nor YouTube nor Lemmy for anything\. Add `reddit`"):
        run(folder, lemmy, "fetch", "nobody.yaml")
