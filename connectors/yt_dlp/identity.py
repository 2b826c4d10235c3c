"""Which video of which platform a record of yt-dlp is of, and where that video is."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from blift.connectors.malformed import Malformed
from blift.connectors.yt_dlp.decode import Fields, text
from blift.schemas.platform import Platform, platforms
from blift.schemas.reasons import Reason

#: yt-dlp's extractor for pages of no site that it knows; its ids are names of files.
_GENERIC = "generic"
_NO_NAME = re.compile(r"[^a-z0-9]+")
_NATIVE_ID = re.compile(r"[!-~\u00a1-\U0010ffff]{1,500}")


class Identity(NamedTuple):
    """A video: the value of the column `platform`, its native id, its address, and the row that describes it."""

    platform: str
    native_id: str
    address: str
    row: Platform

    @property
    def post_id(self) -> str:
        """Its id in our tables."""
        return f"{self.platform}:{self.native_id}"

    @property
    def is_of_own_row(self) -> bool:
        """The platform has a row of its own, which forms addresses, and whose ids are unique."""
        return self.row.extractor is not None

    @property
    def before_comments(self) -> str:
        """What stands before the ids of its comments: a site may number those of each video anew."""
        return "" if self.is_of_own_row else f"{self.native_id}/"


def identity(info: Fields, row: Platform) -> Identity:
    """The video that a record describes.

    Args:
        info: the record's fields.
        row: of the platform whose records are read; one that covers others takes those of every site.

    Raises:
        Malformed: it describes a playlist, a channel or another site's video, or has no id or address.
    """
    record = text(info, "_type") or "video"
    if record != "video":
        raise Malformed(Reason.WRONG_TYPE, f"_type is {record!r}: this is the info.json of no video")
    key = text(info, "extractor_key") or text(info, "extractor")
    known = _row_of(key) if key else None if row.covers_others else row
    if not row.covers_others and known is not row:
        raise Malformed(Reason.WRONG_TYPE, f"extractor_key is {key!r}: a video of another site than {row.title}")
    native_id = text(info, "id")
    if native_id is None:
        raise Malformed(Reason.MISSING_FIELD, "there is no id")
    if known is not None:
        if not known.is_id(native_id):
            raise Malformed(Reason.WRONG_TYPE, f"id is {native_id[:40]!r}, which is none of {known.title}'s")
        return Identity(known.name, native_id, known.address_of(native_id), known)
    if key is None:
        raise Malformed(Reason.MISSING_FIELD, "there is no extractor_key, which says whose video it is")
    return _of_site(info, key, native_id, row)


def _row_of(key: str) -> Platform | None:
    """The row of the platform that an extractor is for, where it has one of its own."""
    rows = platforms().values()
    return next((row for row in rows if row.extractor and key.lower().startswith(row.extractor)), None)


def _of_site(info: Fields, key: str, native_id: str, row: Platform) -> Identity:
    """A video of a site that has no row of its own: the extractor's key names it, and the record its address."""
    name = _NO_NAME.sub("-", key.lower()).strip("-")
    if name in platforms() or not name:
        raise Malformed(Reason.WRONG_TYPE, f"extractor_key is {key!r}: name its archives under `sources.{name}`")
    address = text(info, "webpage_url") or text(info, "original_url")
    if address is None:
        raise Malformed(Reason.MISSING_FIELD, "there is no webpage_url")
    if not _is_address(address):
        raise Malformed(Reason.WRONG_TYPE, f"webpage_url is {address[:80]!r}, no address of the web")
    if name == _GENERIC:
        native_id = address.partition("://")[2]
    if not _NATIVE_ID.fullmatch(native_id):
        raise Malformed(Reason.WRONG_TYPE, f"id is {native_id[:40]!r}: it has blanks, or is too long for an id")
    return Identity(name, native_id, address, row)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, text))
