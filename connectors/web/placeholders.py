"""What hosts send in place of a picture or a video that is gone, by address and by content."""

from __future__ import annotations

from urllib.parse import urlsplit

#: Addresses to which hosts redirect, as host and path.
_ADDRESSES = {("i.imgur.com", "/removed.png"), ("imgur.com", "/removed.png")}
#: sha256 of their files, as tools that download from them know them.
DIGESTS = frozenset(
    {
        # imgur: "The image you are requesting does not exist or is no longer available", 161 x 81
        "9b5936f4006146e4e1e9025b474c02863c0b5614132ad40db4b925a10e8bfbb9",
        # Reddit: "If you are looking for an image, it was probably deleted", 130 x 60
        "35a0932c61e09a8c1cad9eec75b67a03602056463ed210310d2a09cf0b002ed5",
    }
)


def is_placeholder_address(url: str) -> bool:
    """The address is that of a placeholder, whatever was asked for."""
    parts = urlsplit(url)
    return (parts.hostname, parts.path) in _ADDRESSES
