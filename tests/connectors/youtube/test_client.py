"""yt-dlp tamed: its requests take turns, and it reads, runs and writes nothing that nobody asked for."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from yt_dlp import globals as yt_dlp_globals

from blift.connectors.fetch.items import Done, Failed, GoesOn, Item
from blift.connectors.web.manners import Budget, BudgetSpent, Manners, Stopped
from blift.connectors.youtube.config import YoutubeConfig
from blift.connectors.youtube.cookies import read_cookies
from blift.connectors.youtube.kinds import YoutubeItem
from blift.connectors.youtube.live import YoutubeFetcher
from blift.schemas.errors import FetchError
from tests.connectors.youtube.conftest import ID, Ask, config_of
from tests.youtube_server.made_up import MadeUp, Video
from tests.youtube_server.server import Answer, YoutubeServer

COOKIE = ".youtube.com\tTRUE\t/\tTRUE\t2000000000\tSID\tverysecret\n"


def test_every_request_takes_a_turn_and_counts(tmp_path: Path) -> None:
    manners = Manners(str(tmp_path))
    manners.begin()
    video = Video(ID, comments=["nice"] * 30, captions=["en"], file=b"a")
    with YoutubeServer(MadeUp([video])) as server:
        config = config_of(server, comments=30, subtitles=("en",))
        with closing(YoutubeFetcher(config, manners)) as fetcher:
            list(fetcher.fetch([Item(YoutubeItem.VIDEO, ID)]))
        assert [request.path for request in server.asked] == [
            "/watch",
            "/youtubei/v1/player",
            *["/youtubei/v1/next"] * 3,
            "/api/timedtext",
        ]
        requests, received = manners.spent()
        assert requests == len(server.asked)
        assert received > 1_000


@pytest.mark.parametrize("workers", [1, 3])
def test_the_rate_holds_for_all_workers_together(tmp_path: Path, workers: int) -> None:
    videos = [Video(f"madeup{number:05d}") for number in range(12)]
    with YoutubeServer(MadeUp(videos)) as server:
        config = config_of(server, requests_per_minute=60 * 20.0)

        def work(number: int) -> None:
            with closing(YoutubeFetcher(config, Manners(str(tmp_path)))) as fetcher:
                list(fetcher.fetch([Item(YoutubeItem.VIDEO, video.video_id) for video in videos[number::workers]]))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.asked) == 24
        assert time.monotonic() - began >= 23 / 20


@pytest.mark.parametrize("path", ["/watch", "/player", "/next", "/timedtext"])
def test_too_many_requests_make_everybody_wait(ask: Ask, tmp_path: Path, path: str) -> None:
    manners = Manners(str(tmp_path / "shared"))
    site = MadeUp([Video(ID, captions=["en"], comments=["nice"], file=b"a")], {})
    site.faults = {path: [Answer("", 429, (("Retry-After", "120"),))]}
    outcome = ask(site, manners=manners, subtitles=("en",), comments=5)
    if path == "/timedtext":  # the record is safe
        assert isinstance(outcome, GoesOn)
    else:
        assert isinstance(outcome, Failed)
        assert (outcome.wait_s, outcome.counts) == (120.0, False)
    assert manners.pace("youtube", None)._paused_until() > time.time() + 60


@pytest.mark.parametrize("requests", range(1, 5))
def test_the_budget_passes_through_the_library(ask: Ask, tmp_path: Path, requests: int) -> None:
    manners = Manners(str(tmp_path / "limited"), Budget(requests=requests))
    manners.begin()
    site = MadeUp([Video(ID, comments=["nice"] * 30, captions=["en"], file=b"a")])
    with pytest.raises(BudgetSpent):
        ask(site, manners=manners, comments=30, subtitles=("en",))
    assert manners.spent()[0] == requests


def test_a_stop_passes_through_the_library(ask: Ask, tmp_path: Path) -> None:
    stop = threading.Event()
    site = MadeUp([Video(ID)])

    def stopping(request: object) -> Answer | None:
        stop.set()
        return site(request)  # type: ignore[arg-type] # of the server

    with pytest.raises(Stopped):
        ask(stopping, manners=Manners(str(tmp_path / "stopped"), stop=stop))


def test_one_fetcher_asks_on_after_a_failure(tmp_path: Path) -> None:
    site = MadeUp([Video(ID)], {"/watch": [Answer("", 500)] * 2})
    with YoutubeServer(site) as server, closing(YoutubeFetcher(config_of(server), Manners(str(tmp_path)))) as fetcher:
        first, then = [outcome for _, outcome in fetcher.fetch([Item(YoutubeItem.VIDEO, ID)] * 2)]
    assert isinstance(first, Failed)
    assert isinstance(then, Done)


def test_cookies_are_read_and_never_written(ask: Ask, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text(f"# Netscape HTTP Cookie File\n\n#HttpOnly_{COOKIE}")
    cookies.chmod(0o400)
    before = cookies.stat()
    site = MadeUp([Video(ID)], {"/watch": [Answer("<html>", headers=(("Set-Cookie", "SID=another"),))]})
    assert isinstance(ask(site, cookies_file=str(cookies)), Done)
    assert cookies.read_text().endswith("verysecret\n")
    assert cookies.stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["cookies.txt"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"cookies": "verysecret"}', "Line 1 of .* is no cookie in Netscape's format"),
        (f"{COOKIE}.youtube.com\tverysecret\n", "Line 2 of .* is no cookie"),
        (COOKIE.replace("2000000000", "verysecret"), "Line 1 of .* is no cookie"),
    ],
)
def test_cookies_that_cannot_be_read_are_told_and_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: str, problem: str
) -> None:
    path = tmp_path / "cookies.txt"
    path.write_text(content)
    with pytest.raises(FetchError, match=problem) as raised:
        read_cookies(str(path))
    assert "verysecret" not in str(raised.value) + "".join(capfd.readouterr())


def test_cookies_that_are_not_there_are_told(ask: Ask, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"Cannot read the cookies in .*nowhere.txt: No such file"):
        ask(MadeUp([Video(ID)]), cookies_file=str(tmp_path / "nowhere.txt"))
    with pytest.raises(FetchError, match=r"Cannot read the cookies in .*: it is a folder"):
        ask(MadeUp([Video(ID)]), cookies_file=str(tmp_path))
    with pytest.raises(FetchError, match=r"Cannot read the cookies in /dev/zero: it is a device"):
        ask(MadeUp([Video(ID)]), cookies_file="/dev/zero")


def test_the_password_of_a_proxy_is_in_no_message(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_PROXY", "http://somebody:verysecret@127.0.0.1:9")
    outcome = ask(MadeUp([Video(ID)]), proxy_env="A_PROXY")
    assert isinstance(outcome, Failed), outcome
    assert "verysecret" not in outcome.error


def test_a_proxy_of_the_environment_that_cannot_be_used_is_told(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_PROXY", raising=False)
    with pytest.raises(FetchError, match=r"The environment variable A_PROXY, which `proxy_env` names, is not set\."):
        ask(MadeUp([Video(ID)]), proxy_env="A_PROXY")
    monkeypatch.setenv("A_PROXY", "verysecret")
    with pytest.raises(FetchError, match=r"A_PROXY holds no address of a proxy\.") as caught:
        ask(MadeUp([Video(ID)]), proxy_env="A_PROXY")
    assert "verysecret" not in str(caught.value)


def test_nothing_is_printed(ask: Ask, capfd: pytest.CaptureFixture[str]) -> None:
    ask(MadeUp([Video(ID)], {"/player": [Answer("", 500)] * 9}), comments=5)
    ask(MadeUp([Video(ID, comments=["nice"])]), comments=5)
    assert "".join(capfd.readouterr()) == ""


def test_no_program_of_a_users_folder_is_run(tmp_path: Path) -> None:
    """yt-dlp loads plugins out of many folders, and looks into a configuration."""
    for place in ("yt-dlp/plugins/mine", "yt-dlp-plugins/mine"):
        folder = tmp_path / place / "yt_dlp_plugins" / "extractor"
        folder.mkdir(parents=True)
        (folder / "evil.py").write_text("raise SystemExit('a plugin was loaded')\n")
    (tmp_path / "yt-dlp.conf").write_text("--exec evil\n")
    program = (
        "import sys, tempfile\n"
        "from blift.connectors.web.manners import Manners\n"
        "from blift.connectors.youtube.config import YoutubeConfig\n"
        "from blift.connectors.youtube.live import YoutubeFetcher\n"
        "YoutubeFetcher(YoutubeConfig(), Manners(sys.argv[1])).close()\n"
        "print([name for name in sys.modules if name.startswith('yt_dlp_plugins')])\n"
    )
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "manners")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr
    assert yt_dlp_globals.plugin_dirs.value == []


def test_other_sites_are_not_known(tmp_path: Path) -> None:
    with closing(YoutubeFetcher(YoutubeConfig(), Manners(str(tmp_path)))) as fetcher:
        names = set(fetcher._extractor._records._ies)
    assert {name for name in names if not name.startswith("Youtube")} == set()


def test_the_settings_can_be_sent_to_another_process() -> None:
    config = YoutubeConfig(subtitles=("en",), posted_from=1.0)
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - it was made here
