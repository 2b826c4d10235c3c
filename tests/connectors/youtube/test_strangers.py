"""Addresses and answers that do harm: yt-dlp's requests pass the gate, and their answers have bounds."""

from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from blift.connectors.fetch.items import Done, Failed, GoesOn, Item, NotThere, Outcome
from blift.connectors.web import flow
from blift.connectors.web.manners import Manners
from blift.connectors.youtube import client
from blift.connectors.youtube.config import FootageWanted
from blift.connectors.youtube.kinds import YoutubeItem
from blift.connectors.youtube.live import YoutubeFetcher
from blift.schemas.reasons import Absent
from tests.connectors.youtube.conftest import ID, config_of
from tests.youtube_server.made_up import MadeUp, Video
from tests.youtube_server.server import Answer, Request, YoutubeServer

PATHS = ["/watch", "/youtubei/v1/player", "/youtubei/v1/next", "/api/timedtext", "/videoplayback", "/playlist"]
PRIVATE = [
    "http://127.0.0.1:{port}/secret",
    "http://localhost:{port}/secret",
    "http://[::ffff:127.0.0.1]:{port}/secret",
]
WHOLE = Video(ID, comments=["so nice"], captions=["en"], file=b"no film")


def moved(address: str, status: int = 302) -> Answer:
    return Answer("", status, (("Location", address),))


def wanted_in(folder: Path) -> FootageWanted:
    return FootageWanted(480, 1_000_000, 500.0, store=str(folder / "store"), partial=str(folder / "partial"))


def file_of(server: YoutubeServer, folder: Path) -> Outcome:
    config = config_of(server, footage=wanted_in(folder))
    with closing(YoutubeFetcher(config, Manners(str(folder / "manners")))) as fetcher:
        ((_, outcome),) = fetcher.fetch([Item(YoutubeItem.FOOTAGE, ID)])
    return outcome


def outcome_of(path: str, answer: Answer, folder: Path, **options: Any) -> Outcome:
    """What comes of a video, its file or a list, where requests for a path are answered so."""
    kind = {"/videoplayback": YoutubeItem.FOOTAGE, "/playlist": YoutubeItem.PLAYLIST}.get(path, YoutubeItem.VIDEO)
    key = "PLmadeup0000000000" if kind == YoutubeItem.PLAYLIST else ID
    site = MadeUp([WHOLE])

    def answered(request: Request) -> Answer | None:
        return answer if request.path == path else site(request)

    with YoutubeServer(answered) as server:
        config = config_of(server, comments=5, subtitles=("en",), footage=wanted_in(folder), **options)
        with closing(YoutubeFetcher(config, Manners(str(folder / "manners")))) as fetcher:
            ((_, outcome),) = fetcher.fetch([Item(kind, key)])
    return outcome


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("path", PATHS)
def test_a_redirect_into_a_private_network_is_not_followed(tmp_path: Path, path: str, address: str) -> None:
    with YoutubeServer(lambda _: Answer("a secret")) as secret:
        outcome = outcome_of(path, moved(address.format(port=secret.port)), tmp_path)
        assert secret.asked == []
    assert_unsafe(outcome, path)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://93.184.215.14/", "data:,x", "http://169.254.169.254/"]
)
def test_a_redirect_to_what_is_no_open_web_address_is_not_followed(tmp_path: Path, path: str, address: str) -> None:
    assert_unsafe(outcome_of(path, moved(address), tmp_path), path)


def assert_unsafe(outcome: Outcome, path: str) -> None:
    if path == "/api/timedtext":  # the record says that there are subtitles, and nobody serves them
        assert isinstance(outcome, Done), outcome
        assert len(outcome.records) == 1
        return
    assert isinstance(outcome, NotThere), outcome
    assert outcome.reason is Absent.UNSAFE_ADDRESS


def test_addresses_that_an_answer_names_are_looked_at(tmp_path: Path) -> None:
    site = MadeUp([WHOLE])

    def poisoned(request: Request) -> Answer | None:
        answer = site(request)
        if answer and isinstance(answer.body, dict) and request.path.endswith("/player"):
            for one in answer.body["streamingData"]["formats"]:
                one["url"] = f"http://127.0.0.1:{secret.port}/secret"
            tracks = answer.body["captions"]["playerCaptionsTracklistRenderer"]["captionTracks"]
            tracks[0]["baseUrl"] = f"http://127.0.0.1:{secret.port}/secret?v=1"
        return answer

    with YoutubeServer(lambda _: Answer("a secret")) as secret, YoutubeServer(poisoned) as server:
        config = config_of(server, subtitles=("en",))
        with closing(YoutubeFetcher(config, Manners(str(tmp_path / "manners")))) as fetcher:
            ((_, video),) = fetcher.fetch([Item(YoutubeItem.VIDEO, ID)])
        file = file_of(server, tmp_path)
        assert secret.asked == []
    assert_unsafe(video, "/api/timedtext")
    assert_unsafe(file, "/videoplayback")


def test_a_server_of_our_own_can_be_let_in(tmp_path: Path) -> None:
    site = MadeUp([WHOLE])
    with YoutubeServer(site) as elsewhere:
        address = f"{elsewhere.address}/watch?v={ID}"
        outcome = outcome_of("/watch", moved(address), tmp_path, allowed=(f"127.0.0.1:{elsewhere.port}",))
        assert [request.path for request in elsewhere.asked] == ["/watch"]
    assert isinstance(outcome, Done), outcome


@pytest.mark.parametrize("path", ["/watch", "/videoplayback"])
def test_redirects_come_to_an_end_and_each_takes_a_turn(tmp_path: Path, path: str) -> None:
    manners = Manners(str(tmp_path / "manners"))
    manners.begin()
    outcome = outcome_of(path, moved(f"{path}?v={ID}&id={ID}&itag=18&again"), tmp_path)
    assert isinstance(outcome, NotThere), outcome
    assert outcome.reason is Absent.TOO_MANY_REDIRECTS
    assert manners.spent()[0] >= 11


@pytest.mark.parametrize("path", ["/watch", "/youtubei/v1/player", "/youtubei/v1/next"])
@pytest.mark.parametrize("packed", [False, True], ids=["endless", "bomb"])
def test_answers_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, packed: bool) -> None:
    monkeypatch.setattr(client, "_MAX_ANSWER", 3_000_000)
    answer = Answer(b" " * 100_000, times=200)
    if packed:
        answer = Answer(gzip.compress(b" " * 20_000_000), headers=(("Content-Encoding", "gzip"),))
    outcome = outcome_of(path, answer, tmp_path)
    assert isinstance(outcome, NotThere), outcome
    assert outcome.reason is Absent.TOO_MANY_BYTES


@pytest.mark.parametrize("path", ["/watch", "/youtubei/v1/next", "/api/timedtext", "/videoplayback"])
def test_an_answer_that_drips_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(flow, "_DRIP_AFTER_S", 0.05)
    outcome = outcome_of(path, Answer(b"x", times=30, pause_s=0.05), tmp_path)
    assert isinstance(outcome, Failed | GoesOn), outcome
    if isinstance(outcome, Failed):
        assert "is too slow" in outcome.error


def test_ffmpeg_asks_for_nothing(tmp_path: Path) -> None:
    """Pieces that yt-dlp cannot join by itself it would hand to ffmpeg, which opens any address."""
    stream = '#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=64x48,CODECS="avc1.42001E,mp4a.40.2"'
    site = MadeUp([WHOLE])

    def answered(request: Request) -> Answer | None:
        if request.path.endswith("all.m3u8"):
            return Answer(f"#EXTM3U\n{stream}\n/itag/91/one.m3u8\n")
        if request.path.endswith("one.m3u8"):
            key = f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="{secret.address}/key"'
            return Answer(
                f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{key}\n#EXTINF:1,\n{secret.address}/1.ts\n#EXT-X-ENDLIST\n"
            )
        answer = site(request)
        if answer and isinstance(answer.body, dict) and request.path.endswith("/player"):
            manifest = "https://manifest.googlevideo.com/api/manifest/hls/all.m3u8"
            answer.body["streamingData"] = {"hlsManifestUrl": manifest}
        return answer

    with YoutubeServer(lambda _: Answer("a secret")) as secret, YoutubeServer(answered) as server:
        outcome = file_of(server, tmp_path)
        assert secret.asked == []
        assert server.asked[-1].path.endswith("one.m3u8")
    assert isinstance(outcome, Failed), outcome


def test_what_a_proxy_would_be_asked_for_is_looked_at(tmp_path: Path) -> None:
    """Which address a name has is known to the proxy alone; an address in numbers is known here."""
    with YoutubeServer(lambda _: moved("http://10.0.0.1/secret")) as proxy:
        outcome = outcome_of("/watch", Answer(""), tmp_path, proxy=proxy.address)
        assert [request.path for request in proxy.asked] == ["/watch"]
    assert isinstance(outcome, NotThere), outcome
    assert outcome.reason is Absent.UNSAFE_ADDRESS


def test_a_proxy_of_the_environment_does_not_look_names_up_in_our_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with YoutubeServer(lambda _: Answer("a secret")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.setenv("https_proxy", proxy.address)
        outcome_of("/watch", moved(f"http://localhost:{proxy.port}/secret"), tmp_path)
        assert proxy.asked == []
