"""Platforms: one row of data each. Nothing outside its row and its folder in `connectors/` knows a platform's name.

A package that brings a platform of its own names its connector under the entry point `blift.platforms`; the row is the
connector's attribute ``platform``. See docs/platforms.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from blift.schemas.errors import InputError
from blift.schemas.urls import END, LEADS_TO, TARGET, Site, Urls

#: Entry point under which packages name their connectors.
ENTRY_POINT = "blift.platforms"


class CommentOrder(StrEnum):
    """What says which comments of an audience are the best."""

    SCORE = "score"  # the highest first
    RANK = "rank"  # the platform's own order


@dataclass(frozen=True, kw_only=True)
class Platform:
    """One platform.

    Attributes:
        name: in ids (`<name>:<native id>`), in the column `platform`, and of its sections in recipes.
        title: its name for people.
        posts: what people call its posts.
        states: columns of the post table that its records state and those of other platforms may not. They decide
            which rules apply to it, and which of its numbers a sample has.
        comment_order: what says which comments are the best.
        dates_comments: its records say when a comment was written, and not how long ago that was (`2 years ago`).
        native_id: pattern of the native id of a post.
        id_prefix: what its API writes before the native id of a post.
        post_address: address of a post, with `{post}` for its native id. Empty where only records state it.
        comment_address: address of a comment, with `{post}` and `{comment}` for native ids. Empty where comments have
            none: then that of the post stands for it.
        channel_id: pattern of the id of a channel.
        id_in_address: pattern that finds the native id of a post, its first group, in an address of the post.
        escapes: its records hold texts with `&`, `<` and `>` as entities.
        is_media: a post is the record of the media itself, as the page of a video is; elsewhere posts show media.
        extractor: how the extractor keys of yt-dlp begin that read it.
        covers_others: it stands for all platforms that have no row of their own; one row does.
        urls: shapes of its addresses.
        terms: the terms under which posts and comments are, for dataset cards.
    """

    name: str
    title: str
    posts: str = "posts"
    states: frozenset[str] = frozenset()
    comment_order: CommentOrder = CommentOrder.SCORE
    dates_comments: bool = True
    native_id: str = r".+"
    id_prefix: str = ""
    post_address: str = ""
    comment_address: str = ""
    channel_id: str = r".+"
    id_in_address: str | None = None
    escapes: bool = False
    is_media: bool = False
    extractor: str | None = None
    covers_others: bool = False
    urls: Urls = field(default_factory=Urls)
    terms: str = ""

    def is_id(self, native_id: str) -> bool:
        """Whether it has the form of a native id of a post."""
        return re.fullmatch(self.native_id, native_id) is not None

    def address_of(self, native_id: str) -> str:
        """The address of a post."""
        return self.post_address.format(post=native_id)


_REDDIT_POST = "https://www.reddit.com/comments/$1"

REDDIT = Platform(
    name="reddit",
    title="Reddit",
    states=frozenset(
        {"subreddit", "bot", "score", "upvote_ratio", "media_host"}
        | {"author_deleted", "is_robot_indexable", "promoted", "stickied"}
    ),
    native_id=r"[0-9a-z]{1,13}",
    id_prefix="t3_",
    post_address="https://www.reddit.com/comments/{post}/",
    comment_address="https://www.reddit.com/comments/{post}/_/{comment}",
    id_in_address=r"/comments/([0-9a-z]+)",
    escapes=True,
    terms="Reddit's User Agreement and Data API Terms",
    urls=Urls(
        sites=(
            Site(
                r"(?:i|preview)\.redd\.it",
                # Old names are an id; newer previews put the post's title before it: `some-title-v0-<id>.jpg`.
                (
                    (
                        r"^/+(?:[^/?#]*-v0-)?([A-Za-z0-9]+)\.([A-Za-z0-9]+)(?:[^A-Za-z0-9].*)?$",
                        "https://i.redd.it/$1.$2",
                    ),
                ),
                group="reddit",
            ),
            Site(
                r"v\.redd\.it|packaged-media\.redd\.it",
                ((rf"^/+([A-Za-z0-9]+){END}", "https://v.redd.it/$1"),),
                group="reddit",
            ),
            # Sizes are signed: what is left out of the query makes the address useless, so all of it stays.
            Site(r"i\.reddituploads\.com|external-preview\.redd\.it", group="reddit"),
            Site(r"redd\.it", ((rf"^/+([a-z0-9]+){END}", _REDDIT_POST),)),
            Site(
                r"(?:[\w-]+\.)*reddit\.com",
                (
                    (rf"^.*?[?&]url={TARGET}", rf"{LEADS_TO}$1"),
                    (
                        r"^/+(?:(?:r|u|user)/+[^/?#]+/+)?comments/+([a-z0-9]+)/[^/?#]*/+([a-z0-9]+)(?:[/?#].*)?$",
                        rf"{_REDDIT_POST}/_/$2",
                    ),
                    (rf"^/+(?:(?:r|u|user)/+[^/?#]+/+)?comments/+([a-z0-9]+){END}", _REDDIT_POST),
                    (rf"^/+(?:info/+|info/*\?(?:.*?&)?id=|tb/+|by_id/+t3_)([a-z0-9]+){END}", _REDDIT_POST),
                    (rf"^/+gallery/+([a-z0-9]+){END}", "https://www.reddit.com/gallery/$1"),
                    (rf"^/+(?:link/+[a-z0-9]+/+)?video/+([a-z0-9]+){END}", "https://v.redd.it/$1"),
                ),
            ),
        ),
        # Two letters are a language or a view: np, nr, de, pt-br ...
        skins=((r"^(?:(?:old|new|amp|pay|ssl|beta|i|[a-z]{2}(?:-[a-z]{2})?)\.)?reddit\.com$", "www.reddit.com"),),
        tracking={"reddit.com": ("context", "st", "sh", "rdt", "post_index")},
        kinds={
            "gallery": (r"www\.reddit\.com/gallery/",),
            "video": (r"v\.redd\.it/\w+$",),
            "image": (r"i\.reddituploads\.com/[0-9a-f]{32}",),
        },
        keys=(
            (r"^https://i\.redd\.it/([A-Za-z0-9]+)\.[A-Za-z0-9]+$", "reddit-image:$1"),
            (r"^https://i\.reddituploads\.com/([0-9a-f]{32})(?:[^0-9a-f].*)?$", "reddit-image:$1"),
            (r"^https://v\.redd\.it/([A-Za-z0-9]+)$", "reddit-video:$1"),
        ),
        hosted=(("https://www.reddit.com/gallery/", "reddit"),),
        quick=((r"^(https://i\.redd\.it/[A-Za-z0-9]+\.[A-Za-z0-9]+)$", "$1"),),
        relative=((r"^/((?:r|u|user)/[^/]+/comments/|comments/|gallery/)", "https://www.reddit.com/$1"),),
        bare_hosts=r"reddit\.com|redd\.it",
    ),
)

_YOUTUBE_VIDEO = "https://www.youtube.com/watch?v=$1"
_WATCH = r"(?:youtube\.com/watch\?v=|youtu\.be/)"
_YOUTUBE_NATIVE = r"([A-Za-z0-9_-]{11})"
_THUMBNAIL = r"(?:default|[mhs]qdefault|sddefault|maxresdefault|hq720|0)(?:_live|_[0-9]+)?\.(?:jpg|webp).*$"
_YOUTUBE_ID = rf"([A-Za-z0-9_-]{{11}}){END}"
# Delimiters of a query, as they are or percent-encoded, once or more often.
_MARK = r"(?:[?&;#!/]|%(?:25)*(?:3F|26|23|21|2F))"
_VIDEO_IS = rf"{_MARK}(?:v|vi|video_id|videoid)(?:=|%(?:25)*3D)"
#: Words with the eleven letters of an id that are none.
_YOUTUBE_WORD = (
    r"(?:videoseries|live_stream|subscribing|subscribers|description|recommended|suggestions|information|advertising"
    r"|advertisers|livestreams|unavailable|maintenance)$"
)
_FRONT_ENDS = (
    r"(?:[\w-]+\.)*(?:invidious|piped)\.(?:[\w-]+\.)*[\w-]+|hooktube\.com|invidio\.us|yewtu\.be|inv\.nadeko\.net"
    r"|inv\.(?:tux\.pizza|riverside\.rocks|vern\.cc|us\.projectsegfau\.lt|in\.projectsegfau\.lt|bp\.projectsegfau\.lt)"
    r"|iv\.(?:ggtyler\.dev|melmac\.space|datura\.network|nboeck\.de|nowaddict\.com)|invidio\.xamh\.de|vid\.puffyan\.us"
    r"|yt\.(?:artemislena\.eu|drgnz\.club|cdaut\.de|be)|ytprivate\.com|tube\.cadence\.moe|watch\.leptons\.xyz"
)

#: What records of videos state, whichever site they are of.
_OF_VIDEOS = frozenset(
    {"likes", "views", "replay", "channel_id", "categories", "live", "availability", "comments_disabled"}
)

YOUTUBE = Platform(
    name="youtube",
    title="YouTube",
    posts="videos",
    states=_OF_VIDEOS,
    comment_order=CommentOrder.RANK,
    dates_comments=False,
    native_id=r"[A-Za-z0-9_-]{11}",
    channel_id=r"UC[A-Za-z0-9_-]{22}",
    post_address="https://www.youtube.com/watch?v={post}",
    comment_address="https://www.youtube.com/watch?v={post}&lc={comment}",
    id_in_address=r"(?:v=|youtu\.be/|/shorts/|/embed/)([\w-]{11})",
    is_media=True,
    extractor="youtube",
    terms="YouTube's Terms of Service",
    # Facts follow the `_VALID_URL` of yt-dlp's extractors.
    urls=Urls(
        sites=(
            Site(
                r"(?:[\w-]+\.)*(?:youtube(?:-nocookie|kids)?\.[a-z]{2,3}(?:\.[a-z]{2})?|ytimg\.com)"
                rf"|youtube\.googleapis\.com|{_FRONT_ENDS}",
                (
                    # A thumbnail is a picture: one in all its sizes, others of moments in the video.
                    (rf"^/+(?:vi|vi_webp)/+{_YOUTUBE_NATIVE}/+{_THUMBNAIL}", "https://i.ytimg.com/vi/$1/hqdefault.jpg"),
                    (
                        rf"^/+(?:vi|vi_webp)/+{_YOUTUBE_NATIVE}/+(\w+)\.(?:jpg|webp).*$",
                        "https://i.ytimg.com/vi/$1/$2.jpg",
                    ),
                    (rf"^/+(an|an_webp|sb)/+{_YOUTUBE_NATIVE}/+([^?#]+).*$", "https://i.ytimg.com/$1/$2/$3"),
                    # `videoseries` and `live_stream` have the eleven letters of an id, and are none.
                    (r"^/+embed/+videoseries.*?[?&]list=([\w-]+).*$", "https://www.youtube.com/playlist?list=$1"),
                    (r"^/+embed/+live_stream.*?[?&]channel=([\w-]+).*$", "https://www.youtube.com/channel/$1/live"),
                    (r"^/+(?:embed|v|e)/+(?:videoseries|live_stream)(?:[^\w-].*)?$", "https://www.youtube.com/"),
                    (rf"^/+redirect/*\?(?:.*?&)?q={TARGET}", rf"{LEADS_TO}$1"),
                    (
                        rf"^/+(?:embed|v|e|shorts|live|watch|video|vi|vi_webp|an_webp|sb)/+{_YOUTUBE_ID}",
                        _YOUTUBE_VIDEO,
                    ),
                    (rf"^/.*?{_VIDEO_IS}{_YOUTUBE_ID}", _YOUTUBE_VIDEO),
                    (rf"^/.*?#[pg]/(?:[^/]+/)+{_YOUTUBE_ID}", _YOUTUBE_VIDEO),
                ),
                group="youtube",
            ),
            Site(
                r"youtu\.be|y2u\.be|vid\.plus",
                (
                    (rf"^/+(?:embed/+|v/+|shorts/+|live/+|watch/+)?{_YOUTUBE_ID}", _YOUTUBE_VIDEO),
                    (rf"^/.*?{_VIDEO_IS}{_YOUTUBE_ID}", _YOUTUBE_VIDEO),
                ),
                group="youtube",
            ),
        ),
        skins=((r"^(?:(?:gaming|music|[a-z]{2})\.)?youtube\.com$", "www.youtube.com"),),
        tracking={
            "youtube.com": (
                *("feature", "si", "pp", "app", "ab_channel", "attr_tag", "cbrd", "ucbcbs", "spfreload", "gl", "hl"),
            )
        },
        kinds={
            "page": (rf"www\.youtube\.com/watch\?v={_YOUTUBE_WORD}",),
            "video": (r"www\.youtube\.com/watch\?v=[\w-]{11}$",),
        },
        keys=(
            (r"^https://www\.youtube\.com/watch\?v=([\w-]{11})$", "youtube:$1"),
            (r"^https://i\.ytimg\.com/vi/([\w-]{11})/hqdefault\.jpg$", "youtube-thumbnail:$1"),
        ),
        quick=(
            (
                rf"^https?://(?:(?:www|m)\.)?{_WATCH}([A-Za-z0-9_-]{{11}})(?:&feature=[a-z_.]+)?$",
                _YOUTUBE_VIDEO,
            ),
        ),
        bare_hosts=r"youtube\.com|youtu\.be",
        archived_hosts=r"youtube\.com|youtu\.be|ytimg\.com",
    ),
)

YT_DLP = Platform(
    name="yt_dlp",
    title="yt-dlp",
    posts="videos",
    states=_OF_VIDEOS,
    dates_comments=False,
    is_media=True,
    covers_others=True,
    terms="the terms of the sites of videos",
)

_BLOB = r"(bafk[a-z0-9]+)"

BLUESKY = Platform(
    name="bluesky",
    title="Bluesky",
    states=frozenset({"likes", "media_host"}),
    # As the addresses of posts have it: the account, and the record's key.
    native_id=r"did:[a-z]+:[A-Za-z0-9._:%-]+/post/[A-Za-z0-9._:~-]+",
    post_address="https://bsky.app/profile/{post}",
    comment_address="https://bsky.app/profile/{comment}",
    terms="Bluesky's Terms of Service",
    urls=Urls(
        sites=(
            Site(
                r"cdn\.bsky\.app|video\.bsky\.app|video\.cdn\.bsky\.app",
                (
                    (
                        r"^/+img/+feed_(?:fullsize|thumbnail)/+plain/+([^/?#@]+)/+([^/?#@]+)(?:@.*)?$",
                        "https://cdn.bsky.app/img/feed_fullsize/plain/$1/$2",
                    ),
                ),
                group="bluesky",
            ),
        ),
        kinds={
            "image": (r"cdn\.bsky\.app/img/feed_fullsize/",),
            "video": (r"video\.(?:cdn\.)?bsky\.app/(?:watch|hls)/",),
        },
        # An id is the digest of the file: whoever posts the same file posts the same media.
        keys=(
            (rf"^https://cdn\.bsky\.app/img/feed_fullsize/plain/[^/]+/{_BLOB}$", "bluesky-image:$1"),
            (rf"^https://video\.(?:cdn\.)?bsky\.app/(?:watch|hls)/[^/]+/{_BLOB}(?:/.*)?$", "bluesky-video:$1"),
        ),
    ),
)

#: The rows that come with blift, in the order in which documentation and recipes name them.
BUILT_IN: tuple[Platform, ...] = (REDDIT, YOUTUBE, YT_DLP, BLUESKY)


@cache
def platforms() -> Mapping[str, Platform]:
    """Every platform by name: those of blift, then those of other packages, by name.

    Raises:
        InputError: the connector of a package cannot be loaded, or takes a name that is taken.
    """
    found = {row.name: row for row in BUILT_IN}
    for name, connector in plugins().items():
        if name in found:
            raise InputError(f"A package brings the platform {name!r}, which blift has itself. Remove the package.")
        found[name] = connector.platform
    return found


@cache
def plugins() -> Mapping[str, Any]:
    """The connectors of other packages, by the name of their platform, sorted.

    Raises:
        InputError: one cannot be loaded, or is no connector, or two are of one platform.
    """
    named = sorted(entry_points(group=ENTRY_POINT), key=lambda entry: entry.name)
    found: dict[str, Any] = {}
    for connector in map(_loaded, named):
        name = connector.platform.name
        if found.setdefault(name, connector) is not connector:
            raise InputError(f"Two packages bring the platform {name!r}. Remove one of them.")
    return found


def _loaded(entry: EntryPoint) -> Any:
    package = entry.dist.name if entry.dist else "a package"
    try:
        connector = entry.load()
    except Exception as error:
        raise InputError(
            f"The platform {entry.name!r} of {package} cannot be loaded ({type(error).__name__}: {error}). "
            "Update that package, or remove it."
        ) from error
    if not isinstance(getattr(connector, "platform", None), Platform):
        raise InputError(
            f"The platform {entry.name!r} of {package} is no connector. Update that package, or remove it."
        )
    return connector


def platform_of(name: str) -> Platform:
    """The row that a value of the column `platform` belongs to: its own, or the one that covers all others.

    Raises:
        InputError: there is none.
    """
    known = platforms()
    row = known.get(name) or next((row for row in known.values() if row.covers_others), None)
    if row is None:
        raise InputError(
            f"There is no platform {name!r}; known: {', '.join(known)}. Install the package that brings it."
        )
    return row
