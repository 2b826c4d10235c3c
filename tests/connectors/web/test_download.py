"""Hostile and broken hosts: each ends as an absence or a failure with its reason, and nothing leaves the store."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import os
import random
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.connectors.fetch.items import FILE, Done, Failed, Item, NotThere, Outcome
from blift.connectors.media.ffmpeg import program
from blift.connectors.web.client import WebConfig
from blift.connectors.web.download import FilesConfig, FilesFetcher, Partial, best_streams
from blift.connectors.web.manners import Manners
from blift.connectors.web.refusals import Refused
from blift.schemas.errors import OutputError
from blift.schemas.reasons import Absent
from tests.web_server import Reply, WebServer, picture

PHOTO = picture("photo")
Ask = Callable[..., Outcome]


class Place:
    """A folder with a store and what else a download could reach."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store, self.partial = folder / "store", folder / "partial"

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.store)): path.read_bytes() for path in self.store.rglob("*") if path.is_file()
        }

    def elsewhere(self) -> list[str]:
        inside = ("store", "partial", "manners")
        return [str(path) for path in self.folder.rglob("*") if path.relative_to(self.folder).parts[0] not in inside]

    def left(self) -> list[str]:
        return sorted(path.suffix for path in self.partial.iterdir())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "place")


@pytest.fixture
def ask(place: Place) -> Iterator[Ask]:
    """Asks a server for one path."""
    made: list[FilesFetcher] = []

    def of(server: WebServer, path: str = "/a.jpg", address: str | None = None, **options: object) -> Outcome:
        web = {
            "per_host_per_s": None,
            "allowed": (server.allowed,),
            "max_bytes": 1 << 20,
            "max_s": 20.0,
            "timeout_s": 1.0,
        }
        files = {name: options.pop(name) for name in ("robots", "no_ai", "max_height") if name in options}
        config = FilesConfig(str(place.store), str(place.partial), WebConfig(**{**web, **options}), **files)  # type: ignore[arg-type]
        made.append(FilesFetcher(config, Manners(str(place.folder / "manners"))))
        ((_, outcome),) = made[-1].fetch([Item(FILE, address or server.at(path))])
        return outcome

    yield of
    for one in made:
        one.close()


def test_a_picture_is_kept_by_its_content(ask: Ask, place: Place) -> None:
    with WebServer({"/a.jpg": Reply(PHOTO)}) as server:
        outcome = ask(server)
        assert isinstance(outcome, Done), outcome
        (file,) = outcome.files
    digest = hashlib.sha256(PHOTO).hexdigest()
    assert (file.address, file.sha256, file.size_bytes) == (server.at("/a.jpg"), digest, len(PHOTO))
    assert (file.name, file.content_type) == (f"files/{digest[:2]}/{digest}.jpg", "image/jpeg")
    assert place.files() == {file.name: PHOTO}
    assert place.left() == []


def test_one_content_is_one_file(ask: Ask, place: Place) -> None:
    with WebServer({"/a.jpg": Reply(PHOTO), "/b.png": Reply(PHOTO)}) as server:
        ask(server, "/a.jpg")
        ask(server, "/b.png")
    assert list(place.files().values()) == [PHOTO]


def endless() -> Iterator[bytes]:
    yield PHOTO
    yield from itertools.repeat(b"\0" * 65_536)


def drip() -> Iterator[bytes]:
    yield PHOTO[:600]
    yield from itertools.repeat(b"\0")


def bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(PHOTO + b"\0" * (64 << 20)) + packer.flush()


PAGE = b"<!DOCTYPE html><html><body>The image you are requesting does not exist</body></html>"


@pytest.mark.parametrize(
    ("reply", "reason", "said"),
    [
        (Reply(endless), Absent.TOO_MANY_BYTES, "it has more than 1,048,576 bytes"),
        (Reply(PHOTO, length=5 << 20), Absent.TOO_MANY_BYTES, "it has 5,242,880 bytes, and 1,048,576 are allowed"),
        (Reply(bomb(), headers={"Content-Encoding": "gzip"}), Absent.BOMB, "unpack to more than"),
        (
            Reply(
                gzip.compress(PHOTO + random.Random(1).randbytes(700_000) + b"\0" * 700_000, 1),
                headers={"Content-Encoding": "gzip"},
            ),
            Absent.TOO_MANY_BYTES,
            "bytes unpack to more than 1,048,576",
        ),
        (Reply(PAGE), Absent.NOT_MEDIA, "what came is a web page"),
        (Reply(PAGE, headers={"Content-Type": "image/jpeg"}), Absent.NOT_MEDIA, "what came is a web page"),
        (Reply(b"MZ" + b"\0" * 2_000), Absent.NOT_MEDIA, "what came is no image or video"),
        (Reply(b""), Absent.NOT_MEDIA, "what came is no image or video"),
        (Reply(status=404), Absent.NOT_FOUND, "HTTP 404"),
        (Reply(status=410), Absent.NOT_FOUND, "HTTP 410"),
        (Reply(status=403), Absent.PRIVATE, "HTTP 403"),
        (Reply(status=451), Absent.REGION_BLOCKED, "HTTP 451"),
        (Reply(PHOTO, headers={"X-Robots-Tag": "noindex, noai"}), Absent.NO_AI, "X-Robots-Tag says noai"),
        (Reply(PHOTO, headers={"X-Robots-Tag": "blift: noimageai"}), Absent.NO_AI, "X-Robots-Tag says noimageai"),
    ],
)
def test_what_is_absent_has_its_reason(ask: Ask, place: Place, reply: Reply, reason: Absent, said: str) -> None:
    with WebServer({"/a.jpg": reply}) as server:
        outcome = ask(server)
    assert isinstance(outcome, NotThere), outcome
    assert outcome.reason is reason
    assert said in outcome.detail
    assert place.files() == {}
    assert place.left() == []
    assert place.elsewhere() == []


@pytest.mark.parametrize(
    ("reply", "said", "wait_s", "counts"),
    [
        (Reply(status=500), "HTTP 500", None, True),
        (Reply(status=503, headers={"Retry-After": "0"}), "HTTP 503", 0.0, False),
        (Reply(status=429), "HTTP 429", None, True),
        (Reply(PHOTO, cut=1_000), "the answer broke off", None, True),
        (Reply(PHOTO, length=len(PHOTO) + 10, cut=len(PHOTO)), "the answer broke off", None, True),
        (Reply(PHOTO, headers={"Content-Encoding": "br"}), "it is packed as br, which was not asked for", None, True),
        (Reply(PHOTO, headers={"Content-Encoding": "gzip"}), "it cannot be unpacked", None, True),
    ],
)
def test_what_may_pass_is_a_failure(
    ask: Ask, place: Place, reply: Reply, said: str, wait_s: float | None, counts: bool
) -> None:
    with WebServer({"/a.jpg": reply}) as server:
        outcome = ask(server)
    assert isinstance(outcome, Failed), outcome
    assert said in outcome.error
    assert (outcome.wait_s, outcome.counts) == (wait_s, counts)
    assert place.files() == {}
    assert place.elsewhere() == []


def test_a_slow_drip_ends(ask: Ask, place: Place) -> None:
    with WebServer({"/a.jpg": Reply(drip, pause_s=0.05)}) as server:
        outcome = ask(server, max_s=1.5)
    assert isinstance(outcome, Failed), outcome
    assert outcome.error == "it took more than 1.5 s"
    assert place.files() == {}


def test_a_server_that_says_nothing_ends(ask: Ask) -> None:
    with WebServer({"/a.jpg": Reply(PHOTO)}, latency_s=3.0) as server:
        outcome = ask(server, timeout_s=0.5, robots=False)
    assert isinstance(outcome, Failed), outcome
    assert "does not answer" in outcome.error


def moved(to: str) -> Reply:
    return Reply(status=302, headers={"Location": to})


def test_redirects_are_followed(ask: Ask) -> None:
    with WebServer({"/a.jpg": moved("/b/../c.jpg?x=1"), "/c.jpg?x=1": Reply(PHOTO)}) as server:
        outcome = ask(server)
    assert isinstance(outcome, Done), outcome
    assert outcome.files[0].address == server.at("/a.jpg")


def test_ten_thousand_redirects_are_not_followed(ask: Ask) -> None:
    def onwards(path: str) -> Reply:
        return moved(f"/{int(path.strip('/').partition('.')[0] or 0) + 1}.jpg")

    with WebServer(otherwise=onwards) as server:
        outcome = ask(server, "/0.jpg")
        assert server.counts().total() == 11
    assert isinstance(outcome, NotThere)
    assert (outcome.reason, outcome.detail) == (Absent.TOO_MANY_REDIRECTS, "more than 10 redirects")


@pytest.mark.parametrize(
    "to",
    ["file:///etc/passwd", "http://127.0.0.1:1/x.jpg", "http://[::1]/x.jpg", "http://169.254.169.254/latest/meta-data",
     "ftp://example.com/x.jpg", "http://localhost:22/", "//10.0.0.1/x.jpg"],
)  # fmt: skip
def test_a_redirect_into_our_own_network_is_not_followed(ask: Ask, place: Place, to: str) -> None:
    with WebServer({"/a.jpg": moved(to)}) as server:
        outcome = ask(server)
    assert isinstance(outcome, NotThere), outcome
    assert outcome.reason is Absent.UNSAFE_ADDRESS
    assert place.files() == {}


@pytest.mark.parametrize(
    "path", ["/../../../../etc/cron.d/evil.jpg", "/%2e%2e/%2e%2e/evil.jpg", "/a/..%2f..%2fevil.jpg"]
)
def test_names_are_never_taken_from_the_other_side(ask: Ask, place: Place, path: str) -> None:
    headers = {"Content-Disposition": 'attachment; filename="../../../evil.sh"'}
    with WebServer(otherwise=lambda _: Reply(PHOTO, headers=headers)) as server:
        outcome = ask(server, path)
    assert isinstance(outcome, Done), outcome
    assert list(place.files()) == [outcome.files[0].name]
    assert place.elsewhere() == []


def test_robots_txt_is_honoured_by_default(ask: Ask) -> None:
    rules = Reply(b"User-agent: *\nDisallow: /private/\n")
    with WebServer({"/robots.txt": rules, "/private/a.jpg": Reply(PHOTO), "/a.jpg": Reply(PHOTO)}) as server:
        refused = ask(server, "/private/a.jpg")
        assert isinstance(refused, NotThere)
        assert refused.reason is Absent.ROBOTS
        assert server.counts().total() == 0
        assert isinstance(ask(server), Done)
        assert isinstance(ask(server, "/private/a.jpg", robots=False), Done)
        assert sum(asked.path == "/robots.txt" for asked in server.asked) == 1


def test_a_host_whose_rules_cannot_be_read_is_asked_later(ask: Ask) -> None:
    with WebServer({"/robots.txt": Reply(status=500), "/a.jpg": Reply(PHOTO)}) as server:
        outcome = ask(server)
        assert server.counts().total() == 0
    assert isinstance(outcome, Failed)
    assert "robots.txt" in outcome.error


def test_no_ai_may_be_turned_off(ask: Ask) -> None:
    with WebServer({"/a.jpg": Reply(PHOTO, headers={"X-Robots-Tag": "noai"})}) as server:
        assert isinstance(ask(server, no_ai=False), Done)


def test_a_host_that_is_busy_makes_everybody_wait(ask: Ask, place: Place) -> None:
    with WebServer({"/a.jpg": Reply(status=429, headers={"Retry-After": "120"})}) as server:
        outcome = ask(server)
        pace = Manners(str(place.folder / "manners")).pace(f"host 127.0.0.1:{server.port}", None)
        assert pace._reserve() - server.asked[-1].at > 100
    assert isinstance(outcome, Failed)
    assert (outcome.wait_s, outcome.counts) == (120.0, False)


def test_what_broke_off_goes_on_where_it_was(ask: Ask, place: Place) -> None:
    version = {"ETag": '"one"'}
    replies = [Reply(PHOTO, headers=version, cut=15_000), Reply(PHOTO, headers=version, ranges=True)]
    with WebServer({"/a.jpg": replies}) as server:
        assert isinstance(ask(server), Failed)
        assert place.left() == [".part", ".version"]
        assert isinstance(ask(server), Done)
        assert server.asked[-1].range.startswith("bytes=")
        assert int(server.asked[-1].range.removeprefix("bytes=").rstrip("-")) > 10_000
    assert list(place.files().values()) == [PHOTO]


def test_halves_of_two_versions_are_never_put_together(ask: Ask, place: Place) -> None:
    other = picture("another")
    replies = [
        Reply(PHOTO, headers={"ETag": '"one"'}, cut=15_000),
        Reply(other, headers={"ETag": '"two"'}, ranges=True),
    ]
    with WebServer({"/a.jpg": replies}) as server:
        assert isinstance(ask(server), Failed)
        assert isinstance(ask(server), Done)
    assert list(place.files().values()) == [other]


def test_a_server_that_sends_another_part_than_was_asked_for_starts_anew(ask: Ask, place: Place) -> None:
    version = {"ETag": '"one"'}
    wrong = Reply(PHOTO[5:], status=206, headers={**version, "Content-Range": f"bytes 5-{len(PHOTO) - 1}/{len(PHOTO)}"})
    replies = [Reply(PHOTO, headers=version, cut=15_000), wrong, Reply(PHOTO, headers=version)]
    with WebServer({"/a.jpg": replies}) as server:
        assert isinstance(ask(server), Failed)
        assert isinstance(ask(server), Done)
    assert list(place.files().values()) == [PHOTO]


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, len(PHOTO) - 1), max_size=4))
def test_wherever_it_broke_off_the_file_is_the_same(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]) -> None:
    place = Place(tmp_path_factory.mktemp("place"))
    version = {"ETag": '"one"'}
    replies = [Reply(PHOTO, headers=version, ranges=True, cut=cut) for cut in cuts]
    with WebServer({"/a.jpg": [*replies, Reply(PHOTO, headers=version, ranges=True)]}) as server:
        web = WebConfig(per_host_per_s=None, allowed=(server.allowed,))
        fetcher = FilesFetcher(FilesConfig(str(place.store), str(place.partial), web), Manners(str(place.folder / "m")))
        for _ in range(len(cuts) + 1):
            ((_, outcome),) = fetcher.fetch([Item(FILE, server.at("/a.jpg"))])
            if isinstance(outcome, Done):
                break
        fetcher.close()
    assert list(place.files().values()) == [PHOTO]


MANIFEST = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>
<AdaptationSet contentType="video"><Representation mimeType="video/mp4" height="480" bandwidth="900"><BaseURL>DASH_480.mp4</BaseURL></Representation>
<Representation mimeType="video/mp4" height="1080" bandwidth="4000"><BaseURL>DASH_1080.mp4</BaseURL></Representation></AdaptationSet>
<AdaptationSet contentType="audio"><Representation mimeType="audio/mp4" bandwidth="128"><BaseURL>DASH_AUDIO_128.mp4</BaseURL></Representation>
</AdaptationSet></Period></MPD>"""  # noqa: E501 - as Reddit writes it


def made(path: Path, *source: str) -> bytes:
    subprocess.run([program(), "-v", "error", "-y", *source, "-t", "1", str(path)], check=True)
    return path.read_bytes()


def test_pictures_and_sound_of_reddits_videos_are_joined(ask: Ask, place: Place, tmp_path: Path) -> None:
    video = made(tmp_path / "v.mp4", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10", "-pix_fmt", "yuv420p")
    sound = made(tmp_path / "a.mp4", "-f", "lavfi", "-i", "sine=frequency=440", "-c:a", "aac")
    replies: dict[str, Reply | list[Reply]] = {
        "/abc123/DASHPlaylist.mpd": Reply(MANIFEST.encode()),
        "/abc123/DASH_480.mp4": Reply(video),
        "/abc123/DASH_AUDIO_128.mp4": Reply(sound),
    }
    digests = []
    with WebServer(replies) as server:
        for _ in range(2):
            outcome = ask(server, address="https://v.redd.it/abc123", mirror=server.at("/"))
            assert isinstance(outcome, Done), outcome
            digests.append(outcome.files[0].sha256)
        assert {asked.host for asked in server.asked} == {"v.redd.it"}
    assert digests[0] == digests[1]
    (name,) = place.files()
    with av.open(str(place.store / name)) as joined:
        assert sorted(stream.type for stream in joined.streams) == ["audio", "video"]
    assert place.left() == []


@pytest.mark.parametrize(("height", "found"), [(720, "DASH_480.mp4"), (1080, "DASH_1080.mp4"), (240, "DASH_480.mp4")])
def test_the_best_pictures_within_the_height_are_taken(height: int, found: str) -> None:
    assert best_streams(MANIFEST, height) == (found, "DASH_AUDIO_128.mp4")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Absent.NOT_MEDIA),
        ("<html>", Absent.NOT_MEDIA),
        ('<!DOCTYPE x [<!ENTITY a "b">]><MPD>&a;</MPD>', Absent.NOT_MEDIA),
        ('<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>', Absent.NO_MEDIA),
    ],
)
def test_a_list_of_streams_that_is_none(text: str, reason: Absent) -> None:
    with pytest.raises(Refused) as refused:
        best_streams(text, 720)
    assert refused.value.reason is reason


@pytest.mark.parametrize("kind", ["link", "second name", "pipe"])
@pytest.mark.parametrize("ending", ["part", "version"])
def test_what_a_server_sends_is_not_written_to_anybody_else_s_file(
    ask: Ask, place: Place, kind: str, ending: str
) -> None:
    """Whoever can write to the folder of downloads knows the names of those that will come."""
    victim = place.folder.parent / "authorized_keys"
    victim.write_bytes(b"ssh-ed25519 mine\n")
    headers = {"etag": '"1"'}
    with WebServer({"/a.jpg": Reply(PHOTO, headers=headers)}) as server:
        place.partial.mkdir(parents=True)
        trap = place.partial / f"{hashlib.sha256(server.at('/a.jpg').encode()).hexdigest()}.{ending}"
        match kind:
            case "link":
                trap.symlink_to(victim)
            case "second name":
                os.link(victim, trap)
            case _:
                os.mkfifo(trap)
        outcome = ask(server)
    assert isinstance(outcome, Done), outcome
    assert victim.read_bytes() == b"ssh-ed25519 mine\n"


def test_a_part_of_a_file_is_not_appended_behind_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "authorized_keys"
    victim.write_bytes(b"ssh-ed25519 mine\n")
    partial = Partial(str(tmp_path), "https://example.org/a.jpg")
    os.symlink(victim, partial.path)
    assert partial.range_headers() == {}
    with pytest.raises(OutputError, match="is a symbolic link, and no file that blift writes to"):
        partial.receive(Sends(), media=False)  # type: ignore[arg-type]
    assert victim.read_bytes() == b"ssh-ed25519 mine\n"


class Sends:
    """An answer that brings some bytes."""

    def pieces(self) -> Iterator[bytes]:
        yield b"ssh-ed25519 of a stranger\n"


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_folder_of_downloads_that_is_a_link_is_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "photos").mkdir()
    if kind == "link":
        (tmp_path / "partial").symlink_to("photos")
    else:
        (tmp_path / "partial").write_text("")
    config = FilesConfig(str(tmp_path / "store"), str(tmp_path / "partial"), WebConfig())
    with pytest.raises(OutputError, match=r"partial is a .*, and no folder of blift's"):
        FilesFetcher(config, Manners(str(tmp_path / "manners")))


@pytest.mark.parametrize("name", ["spent", "pace"])
def test_turns_are_not_counted_in_anybody_else_s_file(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "thesis"
    victim.write_text("thesis")
    manners = Manners(str(tmp_path / "manners"))
    pace = manners.pace("reddit", 10.0)
    pace.turn()
    (path,) = (tmp_path / "manners").glob(f"{name}*")
    path.unlink()
    path.symlink_to(victim)
    with pytest.raises(OutputError, match=f"{path.name} is a symbolic link, and no file that blift writes to"):
        pace.turn()
    assert victim.read_text() == "thesis"
