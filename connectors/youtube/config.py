"""What a recipe says of YouTube, as the fetcher takes it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from blift.schemas.errors import FetchError

_PROXY = re.compile(r"(?:https?|socks[45][ah]?)://[!-~]+")


@dataclass(frozen=True)
class FootageWanted:
    """Which files of videos are downloaded.

    Attributes:
        max_height: lines, at most.
        max_bytes: of a file, at most.
        max_duration_s: longer videos are left alone.
        store: path or address of the store.
        partial: folder, on this machine, of downloads that are under way.
    """

    max_height: int
    max_bytes: int
    max_duration_s: float
    store: str
    partial: str


@dataclass(frozen=True)
class YoutubeConfig:
    """What the recipe says.

    Attributes:
        comments: on a video itself, at most; 0 for none.
        comment_sort: `top` or `new`.
        subtitles: languages, ISO 639; empty for none.
        footage: which files are downloaded; None for none.
        per_list: videos of a channel, playlist or search, at most; None for all.
        posted_from: seconds since 1970; older videos of lists are left out, where the list says when they were posted.
        posted_before: seconds since 1970; videos of lists from then on are left out.
        cookies_file: in Netscape's format; it is read, and never written.
        proxy: address of a proxy.
        proxy_env: environment variable, on the workers, that holds one instead, with user name and password.
        requests_per_minute: of all workers together; None for no limit.
        base_address: another place than YouTube, to which all requests go: a recording or a mirror.
        allowed: `host:port` of servers that may be asked although they are not on the open net.
    """

    comments: int = 20
    comment_sort: str = "top"
    subtitles: tuple[str, ...] = ("en",)
    footage: FootageWanted | None = None
    per_list: int | None = None
    posted_from: float | None = None
    posted_before: float | None = None
    cookies_file: str | None = None
    proxy: str | None = None
    proxy_env: str | None = None
    requests_per_minute: float | None = 60.0
    base_address: str | None = None
    allowed: tuple[str, ...] = ()

    def proxy_address(self) -> str | None:
        """The address of the proxy, from the recipe or from the environment of this process; None for no proxy.

        Raises:
            FetchError: the variable is not set, or holds no address.
        """
        if self.proxy_env is None:
            return self.proxy
        address = os.environ.get(self.proxy_env, "").strip()
        if not address:
            raise FetchError(f"The environment variable {self.proxy_env}, which `proxy_env` names, is not set. Set it.")
        if not _PROXY.fullmatch(address):  # it holds a password: it is not shown
            raise FetchError(
                f"The environment variable {self.proxy_env} holds no address of a proxy. Write it such as "
                "http://user:password@host:3128."
            )
        return address
