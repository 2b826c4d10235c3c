"""An instruction pair, and a preference, as the formats of trainers look at them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

_NO_FRAMES = "of videos without frames (set `instruct.frames`; a release has none)"


@dataclass(frozen=True, kw_only=True)
class WithFiles:
    """What shows media by their files.

    Attributes:
        media: files in their order, and whether each is a video. Names are relative to where they lie now.
        frames: files of frames that stand for videos, and what is known of each: when it is shown, seconds, first.
    """

    media: tuple[tuple[str, bool], ...]
    frames: tuple[tuple[Any, ...], ...]

    @property
    def images(self) -> list[str]:
        """Files of images."""
        return [name for name, is_video in self.media if not is_video]

    @property
    def videos(self) -> list[str]:
        """Files of videos."""
        return [name for name, is_video in self.media if is_video]

    def placed(self, names: Mapping[str, str]) -> Self:
        """The same, with other names of its files."""
        return replace(
            self,
            media=tuple((names[name], is_video) for name, is_video in self.media),
            frames=tuple((names[name], *known) for name, *known in self.frames),
        )


@dataclass(frozen=True, kw_only=True)
class ExportedPair(WithFiles):
    """A pair with the files of its media.

    Attributes:
        id: of the pair. ``split``: train, validation or test.
        system, assistant: what these turns say; ``system`` may be empty.
        before, after: what the user's turn says before and after the media.
        frames: when each is shown, seconds, is all that is known.
    """

    id: str
    split: str
    system: str
    before: str
    after: str
    assistant: str

    def lacks_frames(self) -> str | None:
        """Why frames cannot stand for its video; None where they can, and where it has none."""
        if self.videos and len(self.media) > 1:
            return "of galleries with a video"
        return _NO_FRAMES if self.videos and not self.frames else None

    def as_frames(self) -> ExportedPair:
        """The same, with frames as images in place of its video."""
        return replace(self, media=tuple((name, False) for name, _ in self.frames))

    def user(self, image: str, video: str) -> str:
        """The user's turn as text, with such tokens for images and videos, each on a line."""
        tokens = [video if is_video else image for _, is_video in self.media]
        return "\n".join(part for part in (self.before, *tokens, self.after) if part)

    def parts(self, *, paths: bool) -> list[dict[str, str]]:
        """The user's turn as parts of a chat message; media with their ``path``, or as bare placeholders."""
        media = [
            {"type": "video" if is_video else "image", **({"path": name} if paths else {})}
            for name, is_video in self.media
        ]
        texts = [[{"type": "text", "text": text}] if text else [] for text in (self.before, self.after)]
        return [*texts[0], *media, *texts[1]]

    def messages(self, user: Any, wrap: Any = str) -> list[dict[str, Any]]:
        """Messages of chat; ``user``: the content of the user's. ``wrap`` makes the content of the others of a text."""
        system = [{"role": "system", "content": wrap(self.system)}] if self.system else []
        return [
            *system,
            {"role": "user", "content": user},
            {"role": "assistant", "content": wrap(self.assistant)},
        ]


def pair_of(row: Mapping[str, Any]) -> ExportedPair:
    """The pair in a row of the table `chat`; it has no media where the row names no files."""
    turns = {message["role"]: message["content"] for message in row["messages"]}
    user = turns["user"]
    kinds = [part["type"] for part in user]
    first = next((place for place, kind in enumerate(kinds) if kind != "text"), len(kinds))
    files = {"image": iter(row["images"]), "video": iter(row["videos"])}
    shown = [kind for kind in kinds if kind != "text"] if row["images"] or row["videos"] else []
    media = tuple((next(files[kind]), kind == "video") for kind in shown)
    return ExportedPair(
        id=row["id"],
        split=row["split"],
        system=_text(turns.get("system", ())),
        before=_text(user[:first]),
        after=_text(user[first:]),
        assistant=_text(turns["assistant"]),
        media=media,
        frames=tuple((frame["image"], frame["time_s"]) for frame in row["frames"]),
    )


@dataclass(frozen=True, kw_only=True)
class ExportedPreference(WithFiles):
    """A preference with the files of its media.

    Attributes:
        row: of the table `preference`.
        prompt: parts of the user's message; media are placeholders, as many as ``media``, in their order.
        frames: behind the time, the place of its video among the videos.
    """

    row: Mapping[str, Any]
    prompt: tuple[Mapping[str, Any], ...]

    @property
    def split(self) -> str:
        """train, validation or test."""
        return str(self.row["split"])

    def lacks_frames(self) -> str | None:
        """Why frames cannot stand for its videos; None where they can, and where it has none."""
        shown = {video for _, _, video in self.frames}
        return _NO_FRAMES if len(shown) < len(self.videos) else None

    def as_frames(self) -> ExportedPreference:
        """The same, with frames as images in place of its videos."""
        prompt: list[Mapping[str, Any]] = []
        media: list[tuple[str, bool]] = []
        files, video = iter(self.media), 0
        for part in self.prompt:
            if part["type"] == "text":
                prompt.append(part)
                continue
            name, is_video = next(files)
            own = [frame for frame, _, of in self.frames if of == video] if is_video else [name]
            video += is_video
            prompt += [{"type": "image"}] * len(own)
            media += [(each, False) for each in own]
        return replace(self, prompt=tuple(prompt), media=tuple(media))

    def answer(self, column: str) -> list[dict[str, Any]]:
        """The message in a column, `chosen` or `rejected`, with its text as a part."""
        (message,) = self.row[column]
        return [{"role": "assistant", "content": [{"type": "text", "text": _text(message["content"])}]}]


def preference_of(row: Mapping[str, Any]) -> ExportedPreference:
    """The preference in a row of the table `preference`; it has no media where the row names no files."""
    (message,) = row["prompt"]
    files = {"image": iter(row["images"]), "video": iter(row["videos"])}
    shown = [part["type"] for part in message["content"] if part["type"] != "text"]
    if not row["images"] and not row["videos"]:
        shown = []
    return ExportedPreference(
        row=row,
        prompt=tuple(
            {"type": "text", "text": part["text"]} if part["type"] == "text" else {"type": part["type"]}
            for part in message["content"]
        ),
        media=tuple((next(files[kind]), kind == "video") for kind in shown),
        frames=tuple((frame["image"], frame["time_s"], frame["video"]) for frame in row["frames"]),
    )


def _text(parts: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(part["text"] for part in parts if part["type"] == "text" and part["text"])


def digest_of(name: str) -> str:
    """The sha256 of a file that is named by it."""
    return posixpath.basename(name).partition(".")[0]
