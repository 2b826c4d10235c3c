"""An instruction pair as the formats of trainers look at it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class ExportedPair:
    """A pair with the files of its media.

    Attributes:
        id: of the pair. ``split``: train, validation or test.
        system, assistant: what these turns say; ``system`` may be empty.
        before, after: what the user's turn says before and after the media.
        media: files in their order, and whether each is a video. Names are relative to where they lie now.
        frames: files of frames that stand for a video, and when each is shown, seconds.
    """

    id: str
    split: str
    system: str
    before: str
    after: str
    assistant: str
    media: tuple[tuple[str, bool], ...]
    frames: tuple[tuple[str, float], ...]

    @property
    def images(self) -> list[str]:
        """Files of images."""
        return [name for name, is_video in self.media if not is_video]

    @property
    def videos(self) -> list[str]:
        """Files of videos."""
        return [name for name, is_video in self.media if is_video]

    def placed(self, names: Mapping[str, str]) -> ExportedPair:
        """The same, with other names of its files."""
        return replace(
            self,
            media=tuple((names[name], is_video) for name, is_video in self.media),
            frames=tuple((names[name], time_s) for name, time_s in self.frames),
        )

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


def _text(parts: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(part["text"] for part in parts if part["type"] == "text" and part["text"])


def digest_of(name: str) -> str:
    """The sha256 of a file that is named by it."""
    return posixpath.basename(name).partition(".")[0]
