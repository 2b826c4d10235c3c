"""What the nested parts of a submission say of its media: galleries, Reddit's own videos, crossposts, sizes.

These parts are Reddit's description of a post, not the post: one that is not as expected is left out, and the post
stays.
"""

from __future__ import annotations

import html
import re
from typing import Annotated, Any

import msgspec

from blift.connectors.reddit.records import ABSENT, Submission, Upstream

_Pixels = Annotated[int, msgspec.Meta(gt=0, lt=2**31)]
_EXTENSIONS = {"image/jpg": "jpg", "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}
_GALLERY_PAGE = re.compile(r"^(?:https?://(?:[\w-]+\.)*reddit\.com)?/+gallery/+[0-9a-z]+", re.IGNORECASE)
#: The path of an address of a picture, with its extension before a query or at its end.
_PICTURE = re.compile(r"^[^?#]*\.(?:jpe?g|png|gif|webp|bmp|avif)(?:[?#]|$)", re.IGNORECASE)
#: Who took a post back, by what stands in place of its text.
_BY_TEXT = {"[deleted]": Upstream.AUTHOR, "[removed]": Upstream.OTHERS}
_SAYS_NOTHING = (b"null", b"{}", b"[]", b"false", b'""')


class _Video(msgspec.Struct, gc=False):
    width: _Pixels | None = None
    height: _Pixels | None = None
    duration: Annotated[float, msgspec.Meta(ge=0, lt=2**31)] | None = None
    is_gif: bool | None = None


class _Hosted(msgspec.Struct, gc=False):
    reddit_video: _Video | None = None


class _Source(msgspec.Struct, gc=False):
    width: _Pixels
    height: _Pixels


class _Image(msgspec.Struct, gc=False):
    source: _Source


class _Preview(msgspec.Struct, gc=False):
    images: list[_Image] = []


class _Item(msgspec.Struct, gc=False):
    media_id: str


class _Gallery(msgspec.Struct, gc=False):
    items: list[_Item]


class _File(msgspec.Struct, gc=False):
    u: str | None = None
    gif: str | None = None
    mp4: str | None = None


class _Described(msgspec.Struct, gc=False):
    status: str = "valid"
    m: str | None = None
    s: _File | None = None


_HOSTED, _PREVIEW, _GALLERY, _METADATA = (
    msgspec.json.Decoder(kind) for kind in (_Hosted, _Preview, _Gallery, dict[str, _Described])
)
_PARENTS = msgspec.json.Decoder(list[Submission], strict=False)


class Media(msgspec.Struct, gc=False, frozen=True):
    """What is known of a post's media: address, pictures of a gallery, pixels, seconds, and what Reddit calls it.

    ``upstream`` and ``parent_nsfw`` are what a crosspost says of the post that it repeats.
    """

    url: str | None
    urls: tuple[str, ...] = ()
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    is_gallery: bool = False
    is_video: bool = False
    is_gif: bool = False
    upstream: Upstream = Upstream.NOBODY
    parent_nsfw: bool = False


def is_present(raw: msgspec.Raw) -> bool:
    """The field has a value that says something."""
    return raw is not ABSENT and bytes(raw) not in _SAYS_NOTHING


def media_of(post: Submission) -> Media:
    """The media of a post; a crosspost shows that of the post it repeats."""
    url = post.url_overridden_by_dest or post.url
    parents = _decoded(_PARENTS, post.crosspost_parent_list)
    if parents:
        parent, shown = parents[0], media_of(parents[0])
        return msgspec.structs.replace(
            shown,
            url=shown.url or url,
            upstream=shown.upstream
            | parent.upstream()
            | _BY_TEXT.get((parent.selftext or "").strip(), Upstream.NOBODY),
            parent_nsfw=shown.parent_nsfw or parent.over_18 is True,
        )
    is_picture = _PICTURE.search(url or "") is not None
    is_gallery = (post.is_gallery is True and not is_picture) or _GALLERY_PAGE.search(url or "") is not None
    hosted = _decoded(_HOSTED, post.media) or _decoded(_HOSTED, post.secure_media)
    video = hosted.reddit_video if hosted else None
    is_gif = post.is_video is True and video is not None and video.is_gif is True
    width, height = (video.width, video.height) if video else _size(post, url)
    return Media(
        url,
        _pictures(post) if is_gallery else (),
        width,
        height,
        (video.duration or None) if video else None,
        is_gallery=is_gallery,
        is_video=post.is_video is True and not is_gif,
        is_gif=is_gif,
    )


def _size(post: Submission, url: str | None) -> tuple[int | None, int | None]:
    """Pixels of the picture that the preview was made of, where it is the post's media: pages have thumbnails."""
    if post.post_hint != "image" and not _PICTURE.search(url or ""):
        return None, None
    preview = _decoded(_PREVIEW, post.preview)
    if not (preview and preview.images):
        return None, None
    return preview.images[0].source.width, preview.images[0].source.height


def _pictures(post: Submission) -> tuple[str, ...]:
    """Addresses of the pictures of a gallery that are still there, in its order."""
    described = _decoded(_METADATA, post.media_metadata) or {}
    gallery = _decoded(_GALLERY, post.gallery_data)
    names = [item.media_id for item in gallery.items] if gallery else list(described)
    found = (_address(name, described[name]) for name in names if name in described)
    return tuple(address for address in found if address)


def _address(name: str, described: _Described) -> str | None:
    """Where a picture lies. The signed preview that the record gives expires; the file's own address does not."""
    if described.status != "valid":
        return None
    file = described.s or _File()
    if described.m in _EXTENSIONS:
        return f"https://i.redd.it/{name}.{_EXTENSIONS[described.m]}"
    if file.gif or file.mp4:
        return f"https://i.redd.it/{name}.gif"
    return html.unescape(file.u) if file.u else None


def _decoded(decoder: msgspec.json.Decoder[Any], raw: msgspec.Raw) -> Any:
    if not is_present(raw):
        return None
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError):
        return None
