"""Ids of videos out of what people have: ids and addresses, a line each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from blift.connectors.files import InputFile
from blift.connectors.lines import BadLine, read_lines

_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_HOSTS = ("youtube.com", "youtube-nocookie.com")
#: Parts of a path after which an id stands.
_BEFORE_ID = ("shorts", "embed", "live", "v")
_SHOWN = 5


@dataclass
class FoundVideos:
    """Ids, each once, in the order of the file, and sentences on lines that name none."""

    ids: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def video_id_in(text: str) -> str | None:
    """The id that a text names: itself, `youtu.be/<id>`, or an address of YouTube's; None where it names none."""
    text = text.strip()
    if _ID.fullmatch(text):
        return text
    try:
        address = urlsplit(text if "://" in text else f"https://{text}")
        host = (address.hostname or "").rstrip(".").lower()
    except ValueError:
        return None
    parts = [part for part in address.path.split("/") if part]
    candidate = ""
    if host in ("youtu.be", "www.youtu.be"):
        candidate = parts[0] if parts else ""
    elif any(host == known or host.endswith(f".{known}") for known in _HOSTS):
        candidate = parse_qs(address.query).get("v", [""])[0]
        if len(parts) > 1 and parts[0] in _BEFORE_ID:
            candidate = parts[1]
    return candidate if _ID.fullmatch(candidate) else None


def read_ids(file: InputFile) -> FoundVideos:
    """The ids that a text file names, a line each; empty lines, and those that begin with `# `, are nothing.

    Raises:
        InputError: the file cannot be read.
    """
    found: dict[str, None] = {}
    bad: list[str] = []
    for part in read_lines(file):
        if isinstance(part, BadLine):
            bad.append(f"{file.name}, line {part.number}: {part.problem}.")
            continue
        for number, line in enumerate(part.data.split(b"\n"), start=part.first):
            text = line.decode("utf-8", errors="replace").strip()
            if not text or text.startswith("# "):
                continue
            video_id = video_id_in(text)
            if video_id:
                found[video_id] = None
            else:
                bad.append(f"{file.name}, line {number}: {text[:200]!r} names no video of YouTube's.")
    more = [f"and {len(bad) - _SHOWN:,} more lines that name no video."] if len(bad) > _SHOWN else []
    return FoundVideos(list(found), [*bad[:_SHOWN], *more])
