"""Archives of videos as tables: yt-dlp's info.json files, with media, subtitles and messages of viewers beside them."""

from __future__ import annotations

import json
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from blift.connectors.connector import Records
from blift.connectors.files import Chunk, InputFile, most_unpacked, open_bytes
from blift.connectors.malformed import Malformed, RejectList, reject, reject_table
from blift.connectors.yt_dlp.beside import Track, chat_files, media_file, subtitle_files, tracks
from blift.connectors.yt_dlp.chats import CHATS, ReactionTuple, by_second
from blift.connectors.yt_dlp.chats import MAX_BYTES as MAX_CHAT_BYTES
from blift.connectors.yt_dlp.columns import COMMENT_COLUMNS, POST_COLUMNS, table_of
from blift.connectors.yt_dlp.comments import read_comments
from blift.connectors.yt_dlp.decode import decode, text
from blift.connectors.yt_dlp.identity import Identity, identity
from blift.connectors.yt_dlp.info import CAPTION_FIELDS, COMMENT_ORDER, POST_FIELDS, duration, post_values
from blift.connectors.yt_dlp.subtitles import BrokenSubtitles, SpeechTuple, parse_subtitles
from blift.connectors.yt_dlp.timeline import Window, cut_speech, window
from blift.schemas.errors import InputError
from blift.schemas.platform import Platform
from blift.schemas.reasons import Reason

#: The largest info.json that is read, unpacked: some 250,000 comments. Its values take five times that
#: in memory.
MAX_BYTES = 128 << 20
#: The largest subtitle file: days of speech.
MAX_SUBTITLE_BYTES = 16 << 20

#: A chunk ends with the video that reaches one of these.
VIDEOS_PER_CHUNK = 5_000
COMMENTS_PER_CHUNK = 50_000
_SPEECH_PER_CHUNK = 200_000
_BYTES_PER_CHUNK = 256 << 20
_REJECTS_PER_CHUNK = 500  # 32 MB of payload

_PIECE = 1 << 20


def read_videos(
    files: Sequence[InputFile],
    siblings: Mapping[str, Sequence[str]] | None = None,
    *,
    only: Platform,
    max_bytes: int = MAX_BYTES,
    videos_per_chunk: int = VIDEOS_PER_CHUNK,
    comments_per_chunk: int = COMMENTS_PER_CHUNK,
) -> Iterator[Records]:
    """Read info.json files one by one, plain or compressed, into chunks of bounded size.

    What cannot be read becomes a reject with its reason and never an error. Several records of one video
    are several rows. No chunk is given where there are no files.

    ``rows_in`` of ``posts`` counts info.json files, that of ``comments`` the items of the comment lists in
    those that became posts; each is the sum of the rows of its table and of its rejects. ``warnings`` say
    which parts of a post could not be read, such as broken subtitles; the post itself is there.

    Args:
        files: the info.json files.
        siblings: for the path of an info.json, the paths of the files beside it; see
            ``blift.connectors.yt_dlp.beside.group_siblings``.
        only: the platform whose videos are read; a row that covers others takes those of every site.
        max_bytes: the most that an info.json may hold, unpacked.
        videos_per_chunk: a chunk ends after so many files,
        comments_per_chunk: or with the file that brings it to so many comments.
    """
    gathered = _Gathered(only)
    for file in files:
        gathered.add(file, (siblings or {}).get(file.path, ()), max_bytes)
        if gathered.is_full(videos_per_chunk, comments_per_chunk):
            yield gathered.chunk()
            gathered = _Gathered(only)
    if gathered.files:
        yield gathered.chunk()


@dataclass
class _Gathered:
    """What was read since the last chunk."""

    only: Platform
    files: int = 0
    size_bytes: int = 0
    comments_in: int = 0
    speech: int = 0
    posts: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    post_rejects: list[dict[str, Any]] = field(default_factory=list)
    comment_rejects: list[dict[str, Any]] = field(default_factory=list)
    unlisted: Counter[Reason] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def add(self, file: InputFile, siblings: Sequence[str], max_bytes: int) -> None:
        """Read one file."""
        self.files += 1
        data, video = b"", None
        try:
            data = _read(file.path, min(max_bytes, most_unpacked(file.size_bytes, _PIECE)), file.size_bytes)
            self.size_bytes += len(data)
            subtitles = subtitle_files(file.path, siblings)
            info = decode(data, POST_FIELDS | CAPTION_FIELDS if subtitles else POST_FIELDS)
            video = identity(info, self.only)
            post, problems = post_values(info, video)
            container = text(info, "ext")
        except Malformed as problem:
            post_id = video and video.post_id
            self.post_rejects.append(reject(problem, "post", post_id, file.name, None, data))
            return
        media = media_file(file.path, siblings, container)
        part, no_part = window(info, duration(info))
        candidates, other_languages = tracks(subtitles, info, text(info, "language")) if no_part is None else ([], None)
        speech, speech_source, broken = _speech(candidates, part)
        broken += [other_languages] if other_languages else []
        self.warnings += [f"{file.name}: {problem}" for problem in problems + broken]
        self.speech += len(speech)
        reactions = self._reactions(file, siblings, part, video) if no_part is None else []
        self.posts.append(
            post
            | {
                "reactions": reactions,
                "media_file": media and posixpath.join(posixpath.dirname(file.name), media),
                "speech": speech,
                "speech_source": speech_source,
                "source": file.name,
            }
        )
        order = info.get(COMMENT_ORDER)
        self._add_comments(
            info.get("comments"), video, post["retrieved_at"], file, order if isinstance(order, str) else None
        )

    def _reactions(
        self, file: InputFile, siblings: Sequence[str], part: Window, video: Identity
    ) -> list[ReactionTuple]:
        """The messages of viewers beside a record, by the second; what cannot be read of them is rejected."""
        found: list[ReactionTuple] = []
        for path, ending in chat_files(file.path, siblings):
            source, read = CHATS[ending]
            name = posixpath.join(posixpath.dirname(file.name), posixpath.basename(path))
            rejects = RejectList(file.size_bytes)
            reject = partial(_add_message, rejects, video.post_id, name)
            try:
                found += by_second(source, read(_read(path, MAX_CHAT_BYTES), reject), part)
            except Malformed as problem:
                reject(problem, None, b"")
            self.comments_in += len(rejects.rows) + rejects.unlisted.total()
            self.comment_rejects += rejects.rows
            self.unlisted.update(rejects.unlisted)
        return sorted(found)

    def _add_comments(
        self, given: Any, video: Identity, retrieved_at: int | None, file: InputFile, order: str | None
    ) -> None:
        rejects = RejectList(file.size_bytes)

        def reject_item(problem: Malformed, item: Any) -> None:
            native_id = item.get("id") if isinstance(item, dict) else None
            comment_id = f"{video.platform}:{video.before_comments}{native_id}" if isinstance(native_id, str) else None
            rejects.add(problem, "comment", comment_id, file.name, None, _as_json(item))

        found = read_comments(given, video, retrieved_at, reject_item, order)
        self.comments_in += found.given
        for name, values in found.columns.items():
            self.comments[name] += values
        self.comments["source"] += [file.name] * found.rows
        self.comment_rejects += rejects.rows
        self.unlisted.update(rejects.unlisted)

    def is_full(self, videos: int, comments: int) -> bool:
        """Whether the next file belongs into another chunk."""
        return (
            self.files >= videos
            or self.size_bytes >= _BYTES_PER_CHUNK
            or self.comments_in >= comments
            or self.speech >= _SPEECH_PER_CHUNK
            or len(self.post_rejects) + len(self.comment_rejects) >= _REJECTS_PER_CHUNK
        )

    def chunk(self) -> Records:
        """All of it as tables."""
        posts = {name: [post[name] for post in self.posts] for name in (self.posts or [{}])[0]}
        post_table = table_of(posts, len(self.posts), POST_COLUMNS)
        comment_table = table_of(self.comments, len(self.comments["source"]), COMMENT_COLUMNS)
        return Records(
            posts=Chunk(self.files, post_table, reject_table(self.post_rejects)),
            comments=Chunk(self.comments_in, comment_table, reject_table(self.comment_rejects), {}, self.unlisted),
            warnings=self.warnings,
        )


def _read(path: str, max_bytes: int, size_bytes: int = 0) -> bytes:
    """The unpacked content of a file of ``size_bytes``; without that, the limit holds while it is read.

    Raises:
        Malformed: the file cannot be read or unpacked, or holds more than ``max_bytes``.
    """
    pieces: list[bytes] = []
    room = max_bytes
    try:
        if size_bytes <= max_bytes:
            with open_bytes(path) as stream:
                while room >= 0 and (piece := stream.read(min(_PIECE, room + 1))):
                    pieces.append(piece)
                    room -= len(piece)
    except EOFError as error:
        raise Malformed(Reason.TRUNCATED_FILE, str(error)) from error
    except (OSError, InputError) as error:
        raise Malformed(Reason.UNREADABLE_FILE, str(error)) from error
    if size_bytes > max_bytes or room < 0:
        raise Malformed(Reason.UNREADABLE_FILE, f"it holds more than the {max_bytes:,} bytes that are read")
    return b"".join(pieces)


def _speech(candidates: Sequence[Track], part: Window) -> tuple[list[SpeechTuple], str | None, list[str]]:
    """The speech of the first subtitle file that has any, its source, and what is wrong with those before."""
    problems = []
    for track in candidates:
        try:
            whole = parse_subtitles(_read(track.path, MAX_SUBTITLE_BYTES), track.format)
        except (Malformed, BrokenSubtitles) as problem:
            problems.append(f"cannot read the subtitles {posixpath.basename(track.path)}: {problem}")
            continue
        speech = cut_speech(whole, part)
        if len(speech) < len(whole) and not part.start_s:
            name, gone = posixpath.basename(track.path), len(whole) - len(speech)
            problems.append(f"{gone} lines of the subtitles {name} come after the end of the video")
        if speech:
            return speech, track.source, problems
    return [], None, problems


def _add_message(
    rejects: RejectList, post_id: str, source: str, problem: Malformed, line: int | None, payload: bytes
) -> None:
    """List a message of a viewer that cannot be read, as a comment on the video without an id."""
    said = Malformed(problem.reason, f"a message on {post_id}: {problem.detail}")
    rejects.add(said, "comment", None, source, line, payload)


def _as_json(item: Any) -> bytes:
    """The item as JSON again; nothing where it is nested almost too deeply to be read."""
    try:
        return json.dumps(item, ensure_ascii=False).encode()
    except RecursionError:
        return b""
