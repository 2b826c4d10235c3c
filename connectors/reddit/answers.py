"""Answers of Reddit's API: checked for their shape, and their objects as lines of an archive."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from blift.connectors.fetch.items import RawRecord
from blift.connectors.reddit.kinds import RedditRecord
from blift.connectors.reddit.refusals import NotAnswered

POST, COMMENT, MORE = "t3", "t1", "more"
_ID = re.compile(r"[0-9a-z]{1,13}")
#: As Reddit escapes the strings of its answers, unless it is asked for ``raw_json``: archives hold this form.
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


class Thing(NamedTuple):
    """An object of Reddit's: what it is (``t3`` for a submission, ``t1`` for a comment, ``more``), and its fields."""

    kind: str
    data: dict[str, Any]


class Page(NamedTuple):
    """A part of a list, and what to ask for the next part with; None at its end."""

    things: list[Thing]
    after: str | None


def page_of(answer: object) -> Page:
    """A listing.

    Raises:
        NotAnswered: the answer is none.
    """
    listing = _thing(answer)
    if listing.kind != "Listing":
        raise unlike("a listing")
    after = listing.data.get("after")
    if after is not None and not isinstance(after, str):
        raise unlike("a listing")
    return Page(things_of(listing.data.get("children")), after)


def things_of(found: object) -> list[Thing]:
    """A list of objects; submissions and comments among them have an id.

    Raises:
        NotAnswered: it is none.
    """
    if not isinstance(found, list):
        raise unlike("a list of objects")
    things = [_thing(one) for one in found]
    if any(thing.kind in (POST, COMMENT) and not is_id(thing.data.get("id")) for thing in things):
        raise unlike("a list of objects with ids")
    return things


def _thing(found: object) -> Thing:
    if isinstance(found, dict) and isinstance(found.get("kind"), str) and isinstance(found.get("data"), dict):
        return Thing(found["kind"], found["data"])
    raise unlike("an object")


def unlike(expected: str) -> NotAnswered:
    """What is raised for an answer in another shape."""
    return NotAnswered(f"Reddit's answer is not {expected} as its API describes it.")


def is_id(value: object) -> bool:
    """It is an id as Reddit writes them, base 36, without the prefix that names its kind."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def submission_record(data: Mapping[str, Any]) -> RawRecord:
    """A submission for the archive, read now."""
    return _record(RedditRecord.SUBMISSION, data, data["id"])


def comment_record(data: Mapping[str, Any], post_id: str) -> RawRecord:
    """A comment for the archive, read now; its replies are records of their own."""
    return _record(RedditRecord.COMMENT, {**data, "replies": ""}, post_id)


def _record(kind: RedditRecord, data: Mapping[str, Any], post_id: str) -> RawRecord:
    now = time.time()
    return RawRecord(kind, data["id"], post_id, now, archived({**data, "retrieved_on": int(now)}))


def archived(data: Mapping[str, Any]) -> bytes:
    """One object as a line of an archive: fields in the server's order, strings escaped as Reddit escapes them.

    Outside its strings JSON has none of the characters that are escaped, so the text is escaped as a whole.

    Raises:
        NotAnswered: it is nested too deeply.
    """
    try:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise unlike("an object") from None
    for plain, entity in _ENTITIES:
        text = text.replace(plain, entity)
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can hold
        return text.encode("utf-8", "backslashreplace")
