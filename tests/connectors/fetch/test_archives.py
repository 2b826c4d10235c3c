from __future__ import annotations

import json
from pathlib import Path

import pytest

from blift.connectors.fetch.archives import file_of_post, read_files, read_withdrawn, write_archives
from blift.connectors.fetch.items import FILE, Done, Item, NotThere, RawRecord, StoredFile
from blift.connectors.fetch.state import State
from blift.connectors.files import InputFile, open_bytes
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.connectors.reddit.kinds import RedditItem, RedditRecord
from blift.connectors.registry import kinds
from blift.connectors.youtube.kinds import YoutubeItem, YoutubeRecord
from blift.connectors.yt_dlp.archive import read_videos
from blift.connectors.yt_dlp.beside import group_siblings
from blift.schemas.errors import InputError
from blift.schemas.platform import YOUTUBE
from blift.schemas.reasons import Absent

VIDEO = "dQw4w9WgXcQ"
PHOTO = StoredFile("https://i.redd.it/a.jpg", "ab" * 32, f"files/ab/{'ab' * 32}.jpg", 3, "image/jpeg")


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def submission(at: int) -> RawRecord:
    return RawRecord(RedditRecord.SUBMISSION, "abc", "abc", at, line(id="abc", title="A cat", retrieved_on=at))


def comment(key: str) -> RawRecord:
    return RawRecord(RedditRecord.COMMENT, key, "abc", 5, line(id=key, link_id="t3_abc", body="so nice"))


INFO = line(id=VIDEO, title="Song", extractor="youtube", subtitles={"en": []})
SUBTITLES = b"WEBVTT\n\n00:00.000 --> 00:01.000\nnever\n"
OUTCOMES: list[tuple[Item, Done | NotThere]] = [
    (Item(RedditItem.SUBMISSION, "abc"), Done([submission(9), submission(5)])),
    (Item(RedditItem.COMMENTS, "abc"), Done([comment("c2"), comment("c1")])),
    (
        Item(YoutubeItem.VIDEO, VIDEO),
        Done(
            [
                RawRecord(YoutubeRecord.VIDEO, VIDEO, VIDEO, 7, INFO),
                RawRecord(YoutubeRecord.SUBTITLES, f"{VIDEO}.en.vtt", VIDEO, 7, SUBTITLES),
            ]
        ),
    ),
    (Item(FILE, PHOTO.address), Done(files=[PHOTO])),
    (Item(RedditItem.SUBMISSION, "gone"), NotThere(Absent.DELETED)),
]


def collected(folder: Path, *, reverse: bool = False) -> State:
    state = State(str(folder), kinds())
    ordered = OUTCOMES[::-1] if reverse else OUTCOMES
    state.add([item for item, _ in ordered])
    for outcome in ordered:
        state.take_in([outcome])
    return state


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(("fetch.sqlite", "withdrawn"))
    }


def test_the_archives_are_those_that_the_readers_read(tmp_path: Path) -> None:
    written = write_archives(collected(tmp_path), str(tmp_path))
    assert written.records == {
        RedditRecord.SUBMISSION: 2,
        RedditRecord.COMMENT: 2,
        YoutubeRecord.VIDEO: 1,
        YoutubeRecord.SUBTITLES: 1,
    }
    (submissions,) = (tmp_path / "reddit").glob("submissions-*")
    (comments,) = (tmp_path / "reddit").glob("comments-*")
    (chunk,) = read_submissions(InputFile(str(submissions), 0, submissions.name))
    assert chunk.table.column("title").to_pylist() == ["A cat", "A cat"]
    assert [at.timestamp() for at in chunk.table.column("retrieved_at").to_pylist()] == [5, 9]
    (chunk,) = read_comments(InputFile(str(comments), 0, comments.name))
    assert chunk.table.column("comment_id").to_pylist() == ["reddit:c1", "reddit:c2"]


def test_subtitles_lie_beside_their_video(tmp_path: Path) -> None:
    write_archives(collected(tmp_path), str(tmp_path))
    info = tmp_path / file_of_post("youtube", VIDEO, 7, "info.json")
    siblings = group_siblings([str(path) for path in info.parent.iterdir()])
    (chunk,) = read_videos(
        only=YOUTUBE, files=[InputFile(str(info), info.stat().st_size, info.name)], siblings=siblings
    )
    (post,) = chunk.posts.table.to_pylist()
    assert post["title"] == "Song"
    assert post["speech_source"] == "manual"
    assert [part["text"] for part in post["speech"]] == ["never"]


def test_the_archives_do_not_depend_on_the_order_of_outcomes(tmp_path: Path) -> None:
    for name, reverse in (("one", False), ("two", True)):
        write_archives(collected(tmp_path / name, reverse=reverse), str(tmp_path / name))
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_files_and_withdrawn_posts_are_listed(tmp_path: Path) -> None:
    write_archives(collected(tmp_path), str(tmp_path))
    assert read_files(str(tmp_path)) == [PHOTO]
    assert read_withdrawn(str(tmp_path)) == {"reddit:gone": "deleted"}


def test_what_was_taken_back_leaves_the_archives(tmp_path: Path) -> None:
    state = collected(tmp_path)
    write_archives(state, str(tmp_path))
    state.take_in(
        [
            (Item(YoutubeItem.VIDEO, VIDEO), NotThere(Absent.PRIVATE)),
            (Item(RedditItem.COMMENTS, "abc"), NotThere(Absent.DELETED)),
        ]
    )
    written = write_archives(state, str(tmp_path))
    assert written.withdrawn == 3
    assert sum(written.records.values()) == 0
    assert [name for name in tree(tmp_path) if name.startswith(("reddit", "youtube"))] == []


def test_nothing_is_left_half_written(tmp_path: Path) -> None:
    write_archives(collected(tmp_path), str(tmp_path))
    assert list((tmp_path / ".partial").iterdir()) == []


def test_a_collection_without_records_has_no_archives_and_two_empty_lists(tmp_path: Path) -> None:
    written = write_archives(State(str(tmp_path), kinds()), str(tmp_path))
    assert (written.files, written.withdrawn) == (0, 0)
    assert read_files(str(tmp_path)) == []
    assert read_withdrawn(str(tmp_path)) == {}
    assert not (tmp_path / "reddit").exists()


def test_a_folder_that_is_no_collection_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no fetch folder: it has no files\.parquet\. Fill it with `blift fetch`"):
        read_files(str(tmp_path))


def test_a_damaged_list_is_told(tmp_path: Path) -> None:
    (tmp_path / "withdrawn.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(InputError, match=r"withdrawn\.parquet is damaged"):
        read_withdrawn(str(tmp_path))


def test_archives_are_packed(tmp_path: Path) -> None:
    write_archives(collected(tmp_path), str(tmp_path))
    (path,) = (tmp_path / "reddit").glob("submissions-*")
    with open_bytes(str(path)) as stream:
        assert stream.read(9) == b'{"id": "a'
