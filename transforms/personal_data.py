"""What personal data in text looks like, by the name of a column, and what is put in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Pattern:
    """What to look for (a regular expression of Rust's `regex`), and what to put there.

    Attributes:
        needs: a faster expression, without which no text matches; where none is given, `regex` is fast enough.
    """

    kind: str
    regex: str
    put: str
    needs: str | None = None


_NAME = r"[\w.\-]*[\p{L}\d][\w.\-]*"
_SITES = r"(?:reddit\.com|youtube\.com|twitter\.com|x\.com|instagram\.com|facebook\.com|tiktok\.com|t\.me|threads\.net)"
#: Words after which a row of digits is a phone number, however it is written.
_CALL = r"phone|tel|telephone|cell|mobile|whatsapp|call me(?: at| on)?|text me(?: at| on)?"
_AFTER = r"($|[^\w.,/\-]|[.,]\s|[.,]$)"
_TEXT = (
    Pattern("email", r"(?i)[\p{L}\d][\p{L}\d._%+\-]*@[\p{L}\d](?:[\p{L}\d.\-]*[\p{L}\d])?\.\p{L}{2,}", "[email]"),
    Pattern(
        "email",
        r"(?i)[a-z\d][\w.+\-]*\s*[\[({<]\s*at\s*[\])}>]\s*[a-z\d][\w\-]*\s*(?:\.|[\[({<]\s*dot\s*[\])}>])\s*[a-z]{2,}",
        "[email]",
        needs=r"[\[({<]",
    ),
    Pattern("user", rf"(?i)\b({_SITES})/(?:user/|u/|@){_NAME}", "$1/user/[user]", needs="/[uU@]"),
    Pattern("user", r"(?i)\b(reddit\.com/r)/u_[\w\-]+", "$1/[user]"),
    Pattern(
        "user", r"(?i)\b((?:twitter|x|instagram|t)\.(?:com|me))/[\w.]+(\s|[)\]\"'<>,]|$)", "$1/[user]$2", needs="/"
    ),
    Pattern("user", r"(^|[^\w/\[])(/?[uU])/[A-Za-z0-9_\-]{2,}", "$1$2/[user]", needs="[uU]/"),
    Pattern("user", r"(^|[^\w/])(/?[rR])/u_[A-Za-z0-9_\-]+", "$1$2/[user]", needs="/u_"),
    Pattern("user", rf"(^|[^\w@/.])@{_NAME}", "$1@[user]"),
    Pattern("phone", r"(^|[^\w+])\+\d{1,3}[\s./\-]*(?:\(\d{1,4}\)[\s./\-]*)?\d(?:[\s./\-]*\d){6,12}\b", "$1[phone]"),
    Pattern("phone", r"(^|[^\w])00\d{1,3}[\s./\-](?:\d[\s./\-]*){6,12}\d\b", "$1[phone]"),
    Pattern(
        "phone",
        r"(^|[^\w.,/\-])(?:1[\s.\-])?(?:\([2-9]\d{2}\)\s?|[2-9]\d{2}[\s.\-])[2-9]\d{2}[\s.\-]\d{4}" + _AFTER,
        "$1[phone]$2",
    ),
    Pattern("phone", r"(^|[^\w.,/\-])0\d{2,4}[\s/\-]\d{3,4}[\s\-]?\d{3,4}" + _AFTER, "$1[phone]$2"),
    Pattern("phone", rf"(?i)\b({_CALL})(\s*(?:number|no\.?)?\s*[:=#]?\s*)\d(?:[\s.\-]?\d){{6,13}}\b", "$1$2[phone]"),
)
#: In addresses only what names a person is replaced, so that they still lead to the media.
_ADDRESS = (
    Pattern("user", r"(?i)\b(reddit\.com)/(?:user|u)/[\w\-]+", "$1/user/[user]"),
    Pattern("user", r"(?i)\b(reddit\.com)/r/u_[\w\-]+(/comments/)", "$1$2"),
    Pattern("user", r"(?i)\b(reddit\.com/r)/u_[\w\-]+", "$1/[user]"),
    Pattern("user", r"(?i)\b((?:twitter|x)\.com)/[\w]+/status/", "$1/i/status/"),
    Pattern("user", r"(?i)\b(tiktok\.com|youtube\.com|threads\.net)/@[\w.\-]+", "$1/@[user]"),
    Pattern("email", r"(?i)\bmailto:[^\s]+", "mailto:[email]"),
)
_SUBREDDIT = (Pattern("user", r"^[uU]_[\w\-]+$", "[user]"),)

#: Columns by name that hold ids, digests and closed lists. They are ours or the platform's, and stay as they are.
PLAIN = frozenset(
    {"id", "sample_id", "post_id", "comment_id", "native_id", "parent_id", "record_id", "channel_id", "crosspost_of"}
    | {
        "author",
        "distinguished",
        "sha256",
        "phash",
        "cluster",
        "platform",
        "kind",
        "media_kind",
        "media_host",
        "availability",
        "bot",
    }
    | {"stage", "rule", "reason", "record_table", "replay_absent", "language", "speech_source", "split", "role"}
    | {"template", "template_version", "type", "from", "tone", "foreground_colours", "background_colours"}
)
#: Columns that hold addresses.
ADDRESSES = frozenset(
    {"url", "canonical_url", "media_urls", "media_key", "media_file", "permalink", "source", "uri", "keyframe"}
    | {"image", "images", "video", "videos", "urls"}
)


def rules_of(column: str) -> tuple[Pattern, ...]:
    """The patterns for the texts of a column, by its name; a column that nobody has thought of is text."""
    if column in PLAIN:
        return ()
    if column in ADDRESSES:
        return _ADDRESS
    return _SUBREDDIT if column == "subreddit" else _TEXT


def kinds(found: Mapping[str, int]) -> dict[str, int]:
    """What was found of every kind, zero where nothing was, so that an account always has the same lines."""
    return {kind: found.get(kind, 0) for kind in sorted({rule.kind for rule in _TEXT})}
