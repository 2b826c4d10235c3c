"""One line of an archive as a typed record: the fields that are read, in every form that archives have had.

Pushshift's dumps, Arctic Shift's, and recorded answers of Reddit's API, 2005 to 2026. A field that is absent is None.
Numbers may stand as text (`"created_utc": "1388534400"`), as they do in some months. NaN, which pandas writes for null,
is null, but not in a field that every record has; infinities, and numbers beyond the largest float, are of no type.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, TypeVar

import msgspec

from blift.connectors.malformed import Malformed, loads
from blift.schemas.reasons import Reason

#: Seconds since 1970 of the year 10000, from which on neither Python nor Arrow's readers can show a time.
_END = 253_402_300_800
Moment = Annotated[float, msgspec.Meta(ge=0, lt=_END)]
Count = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Ratio = Annotated[float, msgspec.Meta(ge=0, le=1)]


#: What a nested field holds that the record does not have.
ABSENT = msgspec.Raw(b"null")


class Meta(msgspec.Struct, gc=False):
    """What Arctic Shift adds."""

    retrieved_2nd_on: Moment | None = None


class Observed(msgspec.Struct, gc=False, kw_only=True):
    """What submissions and comments have in common."""

    id: str
    author: str | None = None
    subreddit: str | None = None
    created_utc: Moment | None = None
    score: Count | None = None
    removed: bool | None = None
    banned_by: str | bool | None = None
    retrieved_on: Moment | None = None
    retrieved_utc: Moment | None = None
    updated_on: Moment | None = None
    meta: Meta | None = msgspec.field(name="_meta", default=None)
    recorded_at: str | None = msgspec.field(name="_recorded_at", default=None)

    def noted_at(self) -> float | None:
        """When the numbers were read, by what is not in all archives, in seconds since 1970."""
        if self.meta is None and self.recorded_at is None:
            return None
        second = self.meta.retrieved_2nd_on if self.meta else None
        return max(second or 0.0, _iso_seconds(self.recorded_at) if self.recorded_at else 0.0)


def _iso_seconds(text: str) -> float:
    """Seconds since 1970 of an ISO time (UTC where it names no zone) or of an HTTP date; 0 for what is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return 0.0
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return seconds if 0 <= seconds < _END else 0.0


class Submission(Observed, gc=False, kw_only=True):
    """A post. What is nested stays raw until somebody needs it; most posts need none of it."""

    title: str | None = None
    selftext: str | None = None
    permalink: str | None = None
    url: str | None = None
    url_overridden_by_dest: str | None = None
    upvote_ratio: Ratio | None = None
    num_comments: Count | None = None
    over_18: bool | None = None
    is_self: bool | None = None
    is_gallery: bool | None = None
    is_video: bool | None = None
    removed_by_category: str | None = None
    link_flair_text: str | None = None
    subreddit_subscribers: Count | None = None
    crosspost_parent: str | None = None
    crosspost_parent_list: msgspec.Raw = ABSENT
    media: msgspec.Raw = ABSENT
    preview: msgspec.Raw = ABSENT
    gallery_data: msgspec.Raw = ABSENT
    media_metadata: msgspec.Raw = ABSENT
    poll_data: msgspec.Raw = ABSENT


class Comment(Observed, gc=False, kw_only=True):
    """A comment."""

    link_id: str
    parent_id: str | int | None = None
    body: str | None = None
    score_hidden: bool | None = None
    is_submitter: bool | None = None


Kind = TypeVar("Kind", bound=Observed)

_DECODERS: dict[type[Observed], msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind, strict=False) for kind in (Submission, Comment)
}
_FIELDS = {kind: [field.encode_name for field in msgspec.structs.fields(kind)] for kind in _DECODERS}
#: Fields that every record has: a null there is damage.
_EVERYWHERE = frozenset({"id", "link_id", "author", "subreddit", "title", "body"})


def decode_lines(data: bytes, kind: type[Kind]) -> list[Kind] | None:
    """All lines as records, or None where one of them is none."""
    try:
        found: list[Kind] = _DECODERS[kind].decode_lines(data)
    except (ValueError, RecursionError):  # msgspec's errors and UnicodeDecodeError are ValueErrors
        return None
    return found


def decode_line(line: bytes, kind: type[Kind]) -> Kind:
    """One line as a record; what the fast decoder refuses and Python's does not (lone surrogates, NaN) is read slowly.

    Raises:
        Malformed: says what the line is instead.
    """
    decoder = _DECODERS[kind]
    try:
        found: Kind = decoder.decode(line)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (ValueError, RecursionError):
        try:
            found = decoder.decode(json.dumps(_plain(loads(line), kind)))
        except msgspec.ValidationError as error:
            raise _invalid(error) from error
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Malformed(Reason.NOT_JSON, str(error)) from error
    return found


def _plain(record: Any, kind: type[Observed]) -> Any:
    """Those fields of a record that are read, without numbers that are none.

    Raises:
        Malformed: such a number stands where it cannot mean null.
    """
    if not isinstance(record, dict):
        return _finite(record)
    fields = {name: record[name] for name in _FIELDS[kind] if name in record}
    meta = fields.get("_meta")
    for name, value in [*fields.items(), *(meta.items() if isinstance(meta, dict) else ())]:
        if isinstance(value, float) and (math.isinf(value) or (math.isnan(value) and name in _EVERYWHERE)):
            raise Malformed(Reason.WRONG_TYPE, f"{name} is {json.dumps(value)}, which is no value")
    return {name: _finite(value) for name, value in fields.items()}


def _finite(value: Any) -> Any:
    """The value; numbers in it that are none become null, as JSON has no word for them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return value


def _invalid(error: msgspec.ValidationError) -> Malformed:
    text = str(error)
    if "missing required field" in text:
        return Malformed(Reason.MISSING_FIELD, text)
    if text.startswith("Expected `object`") and " - at " not in text:
        return Malformed(Reason.NOT_AN_OBJECT, text)
    return Malformed(Reason.WRONG_TYPE, text)
