"""The Reddit on loopback is as strict as the real one, and can be run by itself."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.reddit_server import CLIENT, Limit, RedditServer, made_up
from tests.reddit_server.made_up import post_id

_AGENT = {"User-Agent": "blift tests on loopback"}


def bearer(address: str) -> dict[str, str]:
    answer = requests.post(
        f"{address}/api/v1/access_token",
        auth=CLIENT,
        data={"grant_type": "client_credentials"},
        headers=_AGENT,
        timeout=5,
    )
    return {**_AGENT, "Authorization": f"bearer {answer.json()['access_token']}"}


@pytest.mark.parametrize(
    ("method", "path", "changes", "status"),
    [
        ("GET", "/api/info?id=t3_a", {"User-Agent": "python-requests/2"}, 400),
        ("GET", "/api/info?id=t3_a", {"Authorization": "bearer made-up"}, 401),
        ("GET", "/api/info?id=" + ",".join(["t3_a"] * 101), {}, 400),
        ("POST", "/api/info?id=t3_a", {}, 405),
        ("GET", "/api/v1/access_token", {}, 405),
        ("GET", "/r/pics/new?limit=101", {}, 400),
        ("GET", "/r/pics/top?t=decade", {}, 400),
        ("GET", "/r/pics/search?q=a", {}, 400),
        ("GET", "/api/morechildren?link_id=t3_a&api_type=json&children=" + ",".join(["a"] * 101), {}, 400),
        ("GET", "/api/nothing", {}, 404),
    ],
)
def test_what_no_client_may_do_is_refused_and_noted(
    method: str, path: str, changes: dict[str, str], status: int
) -> None:
    with RedditServer(made_up(1)) as server:
        headers = bearer(server.address) | changes
        answer = requests.request(method, server.address + path, headers=headers, timeout=5)
        assert answer.status_code == status
        assert len(server.violations) == 1


@pytest.mark.parametrize("raw", [True, False])
def test_strings_are_escaped_unless_raw_json_is_asked_for(*, raw: bool) -> None:
    with RedditServer(made_up(1)) as server:
        params: dict[str, Any] = {"id": f"t3_{post_id(0)}"} | ({"raw_json": 1} if raw else {})
        answer = requests.get(f"{server.address}/api/info", params=params, headers=bearer(server.address), timeout=5)
    title = answer.json()["data"]["children"][0]["data"]["title"]
    assert title == ("Salt & pepper <0> at the market" if raw else "Salt &amp; pepper &lt;0&gt; at the market")


def test_a_limit_is_told_in_the_headers_and_kept() -> None:
    with RedditServer(made_up(1), limit=Limit(3, 60)) as server:
        headers = bearer(server.address)
        answers = [requests.get(f"{server.address}/r/pics/new", headers=headers, timeout=5) for _ in range(3)]
        told = [
            (answer.status_code, answer.headers["x-ratelimit-remaining"], answer.headers["x-ratelimit-used"])
            for answer in answers
        ]
        assert told == [(200, "1.0", "2"), (200, "0.0", "3"), (429, "0.0", "4")]
        assert 55 <= int(answers[-1].headers["retry-after"]) <= 60
        assert server.refused == 1


def test_the_server_runs_by_itself_and_leads_praw_to_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.reddit_server", "--posts", "3", "--ini-folder", str(tmp_path)]
    command += ["--media-base", "http://127.0.0.1:1/files"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert f"oauth_url={address}\n" in (tmp_path / "praw.ini").read_text()
        page = requests.get(f"{address}/r/pics/new", headers=bearer(address), timeout=5).json()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    same = made_up(3, media_base="http://127.0.0.1:1/files").submissions
    urls = [child["data"]["url"] for child in page["data"]["children"]]
    assert urls == [same[post_id(number)]["url"] for number in (2, 1, 0)]
    assert all(url.startswith("http://127.0.0.1:1/files/") for url in urls)
