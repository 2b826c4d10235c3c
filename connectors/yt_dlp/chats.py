"""Messages that viewers wrote while a video played: a replayed live chat, or danmaku, by the second."""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
import msgspec
from defusedxml.common import DefusedXmlException

from blift.connectors.malformed import Malformed
from blift.connectors.yt_dlp.decode import LONGEST_S, kind
from blift.connectors.yt_dlp.timeline import Window
from blift.schemas.parts import ReactionSource
from blift.schemas.reasons import Reason

#: source, second and count of a blift.schemas.parts.Reaction.
ReactionTuple = tuple[str, int, int]
#: Is told of what cannot be read: why, the line where it stands, and as it is.
Reject = Callable[[Malformed, int | None, bytes], None]

#: The largest file of messages that is read, unpacked: some 80,000 messages of a live chat.
MAX_BYTES = 128 << 20
#: A longer line of a live chat is rejected: a message with all that YouTube adds has some 3 kB.
_MAX_LINE_BYTES = 1 << 20

#: What viewers write in a live chat. Notices of memberships, of moderators and of YouTube are no reactions.
_WRITTEN = ("liveChatTextMessageRenderer", "liveChatPaidMessageRenderer", "liveChatPaidStickerRenderer")
#: How a message is taken away again.
_TAKEN_AWAY = ("markChatItemAsDeletedAction", "removeChatItemAction")
#: Modes of danmaku that are text; 8 and 9 are programs.
_TEXT_MODES = frozenset({"1", "2", "3", "4", "5", "6", "7"})

#: Milliseconds, of 30 years at most.
_OFFSET = re.compile("-?[0-9]{1,12}")

_LINE = msgspec.json.Decoder(dict[str, Any])


def live_chat(data: bytes, reject: Reject) -> list[float]:
    """When each message of a replayed live chat was written, seconds from the start of the video.

    What was written before the stream began, and what was taken away again, is left out.

    Args:
        data: yt-dlp's `live_chat.json`: one JSON object per line.
        reject: is told of every line that cannot be read.
    """
    written: dict[str, float] = {}
    taken_away: set[str] = set()
    unnamed: list[float] = []
    for number, line in enumerate(io.BytesIO(data), start=1):
        if not line.strip():
            continue
        try:
            for name, second, is_there in _messages(line):
                if not is_there:
                    taken_away.add(name)
                elif name:
                    written.setdefault(name, second)
                else:
                    unnamed.append(second)
        except Malformed as problem:
            reject(problem, number, line)
    return [second for name, second in written.items() if name not in taken_away] + unnamed


def _messages(line: bytes) -> Iterator[tuple[str, float, bool]]:
    """Id, second and whether it is there, of the messages of a line; an id alone, of those that are taken away.

    Raises:
        Malformed: the line is no line of a live chat.
    """
    item, second = _item(line)
    actions = item.get("actions", [])
    if not isinstance(actions, list):
        raise Malformed(Reason.WRONG_TYPE, f"actions are {kind(actions)}, not a list")
    for action in actions:
        if not isinstance(action, dict):
            raise Malformed(Reason.WRONG_TYPE, f"an action is {kind(action)}, not an object")
        for name in _TAKEN_AWAY:
            gone = _member(action, name).get("targetItemId")
            if isinstance(gone, str):
                yield gone, 0.0, False
        added = _member(_member(action, "addChatItemAction"), "item")
        for message in (_member(added, name) for name in _WRITTEN):
            if message and second >= 0 and not _is_before(message):
                own = message.get("id")
                yield own if isinstance(own, str) else "", second, True


def _item(line: bytes) -> tuple[dict[str, Any], float]:
    """What a line shows, and when, seconds; nothing where it is of another kind.

    Raises:
        Malformed: it is no JSON object, or has no time.
    """
    if len(line) > _MAX_LINE_BYTES:
        raise Malformed(Reason.LINE_TOO_LONG, f"a line has more than {_MAX_LINE_BYTES:,} bytes")
    try:
        read = _LINE.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(Reason.NOT_JSON, f"no JSON object: {error}") from error
    item = _member(read, "replayChatItemAction")
    # A chat that was recorded while it ran has the time beside the action.
    return item, _offset(item.get("videoOffsetTimeMsec", read.get("videoOffsetTimeMsec"))) if item else 0.0


def _is_before(message: dict[str, Any]) -> bool:
    """Whether a message was written before the stream began: `-1:23`."""
    shown = _member(message, "timestampText").get("simpleText")
    return isinstance(shown, str) and shown.startswith("-")


def _member(given: dict[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name, {})
    if not isinstance(value, dict):
        raise Malformed(Reason.WRONG_TYPE, f"{name} is {kind(value)}, not an object")
    return value


def _offset(given: Any) -> float:
    """Milliseconds, which YouTube writes as a text, in seconds.

    Raises:
        Malformed: they are none.
    """
    if given is None:
        raise Malformed(Reason.MISSING_FIELD, "there is no videoOffsetTimeMsec")
    written = str(given) if type(given) in (int, str) else ""
    if not _OFFSET.fullmatch(written):
        raise Malformed(Reason.WRONG_TYPE, f"videoOffsetTimeMsec is {str(given)[:40]!r}, no number of milliseconds")
    return int(written) / 1000


def danmaku(data: bytes, reject: Reject) -> list[float]:
    """When in the video each comment of a danmaku file is shown, seconds from its start.

    Args:
        data: Bilibili's XML: `<i><d p="TIME,MODE,...">TEXT</d>...</i>`. A definition of a document type, and so every
            entity, is refused.
        reject: is told of every comment that cannot be read, and of a file that is not such XML.
    """
    found = _Danmaku(reject)
    try:
        # The tree is never built: a file of many empty elements would take a hundred times its size.
        parser = defusedxml.ElementTree.DefusedXMLParser(target=found, forbid_dtd=True)
        parser.feed(data)
        parser.close()
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        reject(Malformed(Reason.UNREADABLE_FILE, f"it is not XML that can be trusted: {error}"), None, data)
        return []
    if found.root != "i":
        reject(Malformed(Reason.UNREADABLE_FILE, f"its root is {(found.root or '')[:40]!r}, not 'i'"), None, data)
        return []
    return found.seconds


class _Target(Protocol):
    """What a parser of XML tells of a document."""

    def start(self, tag: str, attributes: dict[str, str], /) -> None: ...
    def end(self, tag: str, /) -> None: ...
    def data(self, text: str, /) -> None: ...
    def close(self) -> None: ...


@dataclass
class _Danmaku(_Target):
    """What is told of a file of danmaku."""

    reject: Reject
    root: str | None = None
    seconds: list[float] = field(default_factory=list)

    def start(self, tag: str, attributes: dict[str, str], /) -> None:
        if self.root is None:
            self.root = tag
        if tag != "d":
            return
        given = attributes.get("p", "")
        parts = given.split(",")
        if len(parts) > 1 and parts[1] not in _TEXT_MODES:
            return
        try:
            second = float(parts[0]) if len(parts) > 1 else math.nan
        except ValueError:
            second = math.nan
        if 0 <= second <= LONGEST_S:
            self.seconds.append(second)
        else:
            self.reject(Malformed(Reason.WRONG_TYPE, f"p is {given[:40]!r}: no time and mode"), None, given.encode())

    def end(self, tag: str, /) -> None: ...

    def data(self, text: str, /) -> None: ...

    def close(self) -> None: ...


#: Readers of such files by how their names end, and what they hold.
CHATS: dict[str, tuple[ReactionSource, Callable[[bytes, Reject], list[float]]]] = {
    "live_chat.json": (ReactionSource.LIVE_CHAT, live_chat),
    "danmaku.xml": (ReactionSource.DANMAKU, danmaku),
}


def by_second(source: ReactionSource, seconds: list[float], part: Window) -> list[ReactionTuple]:
    """How many messages there are in each second of a part of the video, from its start, in order.

    Those after the end, later than the timeline of such media may end, are left out.
    """
    inside = [second - part.start_s for second in seconds if part.start_s <= second <= part.last_s]
    return [(source.value, second, count) for second, count in sorted(Counter(map(int, inside)).items())]
