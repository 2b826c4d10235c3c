"""One line of an archive as a typed record: the fields that are read, in every form that archives have had.

Pushshift's dumps, Arctic Shift's, and recorded answers of Reddit's API, 2005 to 2026. A field that is absent is None.
Numbers may stand as text (`"created_utc": "1388534400"`), as they do in some months. NaN, which pandas writes for null,
is null, but not in a field that every record has; infinities, and numbers beyond the largest float, are of no type.
"""

from __future__ import annotations

import json
import math
import re
from enum import IntFlag
from typing import Annotated, Any, TypeVar

import msgspec

from blift.connectors.malformed import Malformed, loads
from blift.connectors.reddit.forms import END_OF_TIME_S, base36, seconds_of, understood
from blift.schemas.reasons import Reason

Moment = Annotated[float, msgspec.Meta(ge=0, lt=END_OF_TIME_S)]
Count = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
NotNegative = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Ratio = Annotated[float, msgspec.Meta(ge=0, le=1)]
_ID = re.compile(r"[0-9a-z]{1,13}")


#: What a nested field holds that the record does not have.
ABSENT = msgspec.Raw(b"null")


class Meta(msgspec.Struct, gc=False):
    """What Arctic Shift adds: when it looked again, 36 hours later, and what it saw then."""

    retrieved_2nd_on: Moment | None = None
    was_deleted_later: bool | None = None
    was_initially_deleted: bool | None = None
    removal_type: str | None = None
    is_edited: bool | None = None


class Upstream(IntFlag):
    """Who took a record back."""

    NOBODY = 0
    AUTHOR = 1
    OTHERS = 2


#: Who took a record back, where its author did; every other word names moderators or the platform.
_BY_AUTHOR = frozenset({"deleted", "author", "user", "deleted by user", "user_deleted"})
#: Words that say that nobody did.
_BY_NOBODY = frozenset({"", "none", "null", "nan", "false"})


def _by(word: str | None) -> Upstream:
    """Who it was, by the word of `removed_by_category` or of Arctic Shift's `removal_type`."""
    plain = word.strip().lower() if word else ""
    if plain in _BY_NOBODY:
        return Upstream.NOBODY
    return Upstream.AUTHOR if plain in _BY_AUTHOR else Upstream.OTHERS


class Observed(msgspec.Struct, gc=False, kw_only=True):
    """What submissions and comments have in common."""

    id: str
    author: str | msgspec.UnsetType | None = msgspec.UNSET
    subreddit: str | None = None
    permalink: str | None = None
    created_utc: Moment | None = None
    score: Count | None = None
    removed: bool | None = None
    spam: bool | None = None
    mod_removed: bool | None = None
    user_removed: bool | None = None
    removal_reason: str | None = None
    banned_by: str | bool | None = None
    edited: bool | Moment | None = None
    distinguished: str | None = None
    stickied: bool | None = None
    gilded: NotNegative | None = None
    total_awards_received: NotNegative | None = None
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
        return max(second or 0.0, seconds_of(self.recorded_at) if self.recorded_at else 0.0)

    def upstream(self) -> Upstream:
        """Who took it back, by fields that say nothing else."""
        found = Upstream.NOBODY
        if self.user_removed:
            found |= Upstream.AUTHOR
        if self.removed or self.spam or self.mod_removed or self.banned_by or _by(self.removal_reason):
            found |= Upstream.OTHERS
        if self.meta is not None:
            found |= _seen_later(self.meta)
        return found

    def edits(self) -> tuple[bool | None, float | None]:
        """Whether its author changed it, and when, in seconds since 1970; old records say only that."""
        edited = self.edited
        if isinstance(edited, bool) or edited is None:
            return (True if edited or (self.meta and self.meta.is_edited) else edited), None
        return edited > 0, edited if 0 < edited < END_OF_TIME_S else None

    def awards(self) -> int | None:
        """Awards of all kinds; before there were several, gold."""
        return self.gilded if self.total_awards_received is None else self.total_awards_received


def _seen_later(meta: Meta) -> Upstream:
    """What Arctic Shift saw at its second look."""
    found = _by(meta.removal_type)
    if not found and (meta.was_deleted_later or meta.was_initially_deleted):
        return Upstream.AUTHOR
    return found


class Submission(Observed, gc=False, kw_only=True):
    """A post. What is nested stays raw until somebody needs it; most posts need none of it."""

    title: str | None = None
    selftext: str | None = None
    url: str | None = None
    url_overridden_by_dest: str | None = None
    post_hint: str | None = None
    upvote_ratio: Ratio | None = None
    num_comments: Count | None = None
    num_crossposts: NotNegative | None = None
    over_18: bool | None = None
    is_self: bool | None = None
    is_gallery: bool | None = None
    is_video: bool | None = None
    is_robot_indexable: bool | None = None
    promoted: bool | None = None
    is_created_from_ads_ui: bool | None = None
    removed_by_category: str | msgspec.UnsetType | None = msgspec.UNSET
    link_flair_text: str | None = None
    subreddit_subscribers: Count | None = None
    crosspost_parent: str | None = None
    crosspost_parent_list: msgspec.Raw = ABSENT
    media: msgspec.Raw = ABSENT
    secure_media: msgspec.Raw = ABSENT
    preview: msgspec.Raw = ABSENT
    gallery_data: msgspec.Raw = ABSENT
    media_metadata: msgspec.Raw = ABSENT
    poll_data: msgspec.Raw = ABSENT
    link_id: msgspec.Raw = ABSENT
    body: msgspec.Raw = ABSENT

    def upstream(self) -> Upstream:
        """Who took it back, by fields that say nothing else."""
        found = super().upstream()
        category = self.removed_by_category
        return found if category is None or category is msgspec.UNSET else found | _by(category)

    def tells_deletion(self) -> bool:
        """The record has a field that would say so if the author had deleted the post.

        Archives before 2018 have none: there the account alone is gone, or the post with it.
        """
        return self.removed_by_category is not msgspec.UNSET or self.is_robot_indexable is True

    def is_comment(self) -> bool:
        """It is a comment that stands among submissions."""
        return self.link_id is not ABSENT and self.body is not ABSENT and self.title is None


class Comment(Observed, gc=False, kw_only=True):
    """A comment."""

    link_id: str
    parent_id: str | int | None = None
    body: str | None = None
    score_hidden: bool | None = None
    is_submitter: bool | None = None
    controversiality: Annotated[int, msgspec.Meta(ge=0, le=1)] | None = None
    depth: NotNegative | None = None

    def parent(self) -> str | None:
        """Id of the comment that it answers; None where it answers the post, and for what is no id.

        Archives have it as `t1_<id>`, without the prefix, and as a number to base 10. What it has in common with the
        post's id is that of the post.
        """
        given = self.parent_id
        if given is None:
            return None
        text = base36(given) if isinstance(given, int) else given.strip().lower()
        if text.startswith("t3_") or text == self.link_id.removeprefix("t3_"):
            return None
        found = _ID.fullmatch(text.removeprefix("t1_"))
        return found[0] if found else None


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
    if kind is Submission and any(record.is_comment() for record in found):  # type: ignore[attr-defined]
        return None
    return found


def decode_line(line: bytes, kind: type[Kind]) -> Kind:
    """One line as a record; what the fast decoder refuses is read slowly: odd forms, lone surrogates, NaN.

    Raises:
        Malformed: says what the line is instead.
    """
    decoder = _DECODERS[kind]
    try:
        found: Kind = decoder.decode(line)
    except (ValueError, RecursionError):  # msgspec's errors and UnicodeDecodeError are ValueErrors
        found = _read_slowly(loads(line), kind)
    if isinstance(found, Submission) and found.is_comment():
        raise Malformed(Reason.WRONG_TYPE, "it is a comment (it has link_id and body): name its file under `comments`")
    return found


def _read_slowly(record: Any, kind: type[Kind]) -> Kind:
    """A record out of JSON as Python reads it.

    Raises:
        Malformed: says what it is instead.
    """
    try:
        found: Kind = _DECODERS[kind].decode(json.dumps(_plain(record, kind)))
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
    inner = record.get("data")
    if "id" not in record and isinstance(inner, dict):  # as the API gives it, with its kind
        return _plain(inner, kind)
    if kind is Comment and "link_id" not in record and "title" in record:
        raise Malformed(
            Reason.MISSING_FIELD,
            "it is a submission (it has a title and no link_id): name its file under `submissions`",
        )
    fields = {name: record[name] for name in (*_FIELDS[kind], "name") if name in record}
    meta = fields.get("_meta")
    for name, value in [*fields.items(), *(meta.items() if isinstance(meta, dict) else ())]:
        if isinstance(value, float) and (math.isinf(value) or (math.isnan(value) and name in _EVERYWHERE)):
            raise Malformed(Reason.WRONG_TYPE, f"{name} is {json.dumps(value)}, which is no value")
    return understood({name: _finite(value) for name, value in fields.items()})


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
