"""Values of Reddit's records in the odd forms that archives have had: what pandas wrote back, old and new exports.

Only a record that the decoder of ``records`` refuses comes here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

#: Seconds since 1970 of the year 10000, from which on neither Python nor Arrow's readers can show a time.
END_OF_TIME_S = 253_402_300_800
#: No record is older: 2005. A time in thousandths of a second would lie after the year 10000.
_REDDIT_BEGAN_S = 1_104_537_600
_MOST = 2**63
_SCALES = (1_000, 1_000_000, 1_000_000_000)
_TRUE, _FALSE = frozenset({"true", "t", "yes", "1", "1.0"}), frozenset({"false", "f", "no", "0", "0.0"})
_NOTHING = frozenset({"", "null", "none", "nan", "<na>"})
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}(?:\.0*)?")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

_BOOLEANS = (
    *("removed", "spam", "mod_removed", "user_removed", "stickied", "over_18", "is_self", "is_gallery", "is_video"),
    *("is_robot_indexable", "promoted", "is_created_from_ads_ui", "score_hidden", "is_submitter"),
)
_COUNTS = (
    *("score", "num_comments", "num_crossposts", "subreddit_subscribers", "gilded", "total_awards_received"),
    *("controversiality", "depth"),
)
_TIMES = ("created_utc", "retrieved_on", "retrieved_utc", "updated_on")
_IDS = ("id", "link_id", "parent_id", "crosspost_parent")
#: Descriptions: one of another type is left out, and the record stays.
_DESCRIPTIONS = (
    *("permalink", "post_hint", "link_flair_text", "distinguished", "removal_reason", "removed_by_category"),
    *("_recorded_at", "author"),
)
#: Of these, a value that cannot be read costs itself alone: nobody's reception is told by it.
_DISPENSABLE = frozenset(
    {"stickied", "num_crossposts", "subreddit_subscribers", "gilded", "total_awards_received", "controversiality"}
    | {"depth", "edited", "is_robot_indexable", "promoted", "is_created_from_ads_ui", "is_submitter"}
)


def base36(number: int) -> str:
    """A number as Reddit writes ids; empty for what is below 0."""
    text = ""
    while number > 0:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text


def understood(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with every value in its usual form, where it can mean but one thing; others stay as they are."""
    found = {name: None if _is_nothing(value) else value for name, value in record.items()}
    for names, read in _READERS:
        for name in names:
            if found.get(name) is not None:
                found[name] = read(found[name])
    for name in _DISPENSABLE & found.keys():
        if not _is_sound(name, found[name]):
            found[name] = None
    meta = found.get("_meta")
    if meta is not None:
        found["_meta"] = _understood_meta(meta)
    return _with_ids(found)


def _is_nothing(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _boolean(value: Any) -> Any:
    if isinstance(value, str):
        word = value.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None if word in _NOTHING else value
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    return value


def _count(value: Any) -> Any:
    if isinstance(value, str):
        word = value.strip().replace(",", "")
        if word.lower() in _NOTHING:
            return None
        return int(word.partition(".")[0]) if _WHOLE.fullmatch(word) else value
    if isinstance(value, bool):
        return value
    return int(value) if isinstance(value, float) and math.isfinite(value) and value.is_integer() else value


def _time(value: Any) -> Any:
    """Seconds since 1970, out of seconds, thousandths and smaller parts of them, ISO times and HTTP dates."""
    if isinstance(value, str):
        word = value.strip()
        if word.lower() in _NOTHING:
            return None
        try:
            value = float(word)
        except ValueError:
            return seconds_of(word) or value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _MOST:
        return value
    if value < END_OF_TIME_S:
        return value
    return next((value / scale for scale in _SCALES if _REDDIT_BEGAN_S <= value / scale < END_OF_TIME_S), value)


def seconds_of(text: str) -> float:
    """Seconds since 1970 of an ISO time (UTC where it names no zone) or of an HTTP date; 0 for what is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return 0.0
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return seconds if 0 <= seconds < END_OF_TIME_S else 0.0


def _edited(value: Any) -> Any:
    if isinstance(value, str) and value.strip().lower() in _TRUE | _FALSE | _NOTHING:
        return _boolean(value)
    return _time(value)


def _id(value: Any) -> Any:
    """An id; a number is one to base 10, as some exports write them."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return base36(value)
    return value


def _description(value: Any) -> Any:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _is_sound(name: str, value: Any) -> bool:
    if value is None:
        return True
    if name == "edited":
        return isinstance(value, bool) or (isinstance(value, (int, float)) and 0 <= value < END_OF_TIME_S)
    if name in _BOOLEANS:
        return isinstance(value, bool)
    most = 1 if name == "controversiality" else _MOST - 1
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _understood_meta(meta: Any) -> dict[str, Any] | None:
    """Arctic Shift's part; one that is no object says nothing."""
    if not isinstance(meta, dict):
        return None
    found = {
        **{name: _boolean(meta.get(name)) for name in ("was_deleted_later", "was_initially_deleted", "is_edited")},
        "retrieved_2nd_on": _time(meta.get("retrieved_2nd_on")),
        "removal_type": _description(meta.get("removal_type")),
    }
    return {name: None if _is_nothing(value) else value for name, value in found.items()}


def _with_ids(record: dict[str, Any]) -> dict[str, Any]:
    """The record; an id that it lacks is that of its full name or its address."""
    name, address = record.get("name"), record.get("permalink")
    parts = [part for part in address.split("/") if part] if isinstance(address, str) else []
    place = parts.index("comments") + 1 if "comments" in parts else len(parts)
    post, comment = parts[place : place + 1], parts[place + 2 : place + 3]
    is_comment = "body" in record or "link_id" in record
    if record.get("id") is None:
        found = [name.partition("_")[2]] if isinstance(name, str) and "_" in name else comment if is_comment else post
        if found:
            record["id"] = found[0]
    if is_comment and post and record.get("link_id") is None:
        record["link_id"] = post[0]
    return record


_READERS: tuple[tuple[tuple[str, ...], Callable[[Any], Any]], ...] = (
    (_BOOLEANS, _boolean),
    (_COUNTS, _count),
    (_TIMES, _time),
    (("edited",), _edited),
    (_IDS, _id),
    (_DESCRIPTIONS, _description),
)
