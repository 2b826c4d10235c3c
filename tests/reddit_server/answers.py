"""What Reddit's API answers to each question that is asked of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.reddit_server.site import Data, Site
from tests.reddit_server.trees import DEPTH, listing, more_children, thread

_MOST = 100
#: Comments that one answer shows at most, and those where the question does not say.
_THREAD, _THREAD_UNASKED = 500, 200
_SORTS = {"new", "hot", "rising", "top", "controversial", "best"}
_WINDOWS = {"hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_678_400, "year": 31_622_400, "all": None}
_COMMENT_SORTS = {"confidence", "top", "new", "controversial", "old", "random", "qa", "live"}


class Refusal(Exception):
    """An answer other than 200.

    Args:
        status: of HTTP.
        reason: Reddit's word.
        headers: of the answer.
        violates: what no client may do, where it did so.
    """

    def __init__(
        self, status: int, reason: str | None = None, headers: dict[str, str] | None = None, violates: str | None = None
    ) -> None:
        super().__init__(status, violates)
        self.status, self.headers, self.violates = status, headers or {}, violates
        self.body: Data = {"message": violates or "Refused", "error": status} | ({"reason": reason} if reason else {})


def _info(site: Site, fields: dict[str, str]) -> Data:
    names = fields.get("id", "").split(",")
    if len(names) > _MOST:
        raise Refusal(400, violates=f"{len(names)} ids in one question")
    found = [site.submissions[name[3:]] for name in names if name.startswith("t3_") and name[3:] in site.submissions]
    return listing([_post(data) for data in found if site.reason(data) not in ("private", "banned")])


def _listing(site: Site, fields: dict[str, str], subreddit: str, sort: str) -> Data:
    if sort not in _SORTS:
        raise Refusal(404, violates=f"no sort {sort}")
    _open(site, subreddit)
    seconds = _window(fields) if sort in ("top", "controversial") else None
    return _paged(list(site.listed(subreddit.lower(), sort, _since(seconds))), fields)


def _search(site: Site, fields: dict[str, str], subreddit: str) -> Data:
    if fields.get("restrict_sr") not in ("1", "on", "true") or not fields.get("q"):
        raise Refusal(400, violates="a search without words, or in all of Reddit")
    _open(site, subreddit)
    words, since = fields["q"].lower().split(), _since(_window(fields))

    def has_words(data: Data) -> bool:
        return all(word in str(data.get("title", "")).lower() for word in words) and since(data)

    return _paged(list(site.listed(subreddit.lower(), fields.get("sort", "top"), has_words)), fields)


def _window(fields: dict[str, str]) -> float | None:
    name = fields.get("t", "all")
    if name not in _WINDOWS:
        raise Refusal(400, violates=f"no window {name}")
    return _WINDOWS[name]


def _since(seconds: float | None) -> Callable[[Data], bool]:
    return lambda data: seconds is None or float(data.get("created_utc") or 0) >= time.time() - seconds


def _paged(found: list[Data], fields: dict[str, str]) -> Data:
    limit = int(fields.get("limit", "25"))
    if not 1 <= limit <= _MOST:
        raise Refusal(400, violates=f"{limit} of a list in one question")
    first = 0
    if "after" in fields:
        names = [f"t3_{data['id']}" for data in found]
        first = names.index(fields["after"]) + 1 if fields["after"] in names else len(found)
    page = found[first : first + limit]
    goes_on = first + limit < len(found)
    return listing([_post(data) for data in page], f"t3_{page[-1]['id']}" if page and goes_on else None)


def _open(site: Site, subreddit: str) -> None:
    reason = site.closed.get(subreddit.lower())
    if reason:
        raise Refusal(404 if reason == "banned" else 403, reason)
    if subreddit.lower() not in site.subreddits():
        raise Refusal(302, headers={"location": f"/subreddits/search?q={subreddit}"})


def _comments(site: Site, fields: dict[str, str], post: str, comment: str | None = None) -> list[Data]:
    data = site.submissions.get(post)
    if data is None or (comment is not None and comment not in site.comments):
        raise Refusal(404)
    reason = site.reason(data)
    if reason:
        raise Refusal(404 if reason == "banned" else 403, reason)
    sort = fields.get("sort", "confidence")
    if sort not in _COMMENT_SORTS:
        raise Refusal(400, violates=f"no sort {sort}")
    limit = min(_THREAD, int(fields.get("limit", _THREAD_UNASKED)))
    depth = min(DEPTH, int(fields.get("depth", DEPTH)))
    root = site.comments[comment] if comment else None
    return [listing([_post(data)]), thread(site, f"t3_{post}", limit, depth, sort, root)]


def _more(site: Site, fields: dict[str, str]) -> Data:
    ids = fields.get("children", "").split(",")
    if len(ids) > _MOST or fields.get("api_type") != "json" or not fields.get("link_id", "").startswith("t3_"):
        raise Refusal(400, violates=f"{len(ids)} comments in one question, or no post named")
    return {"json": {"errors": [], "data": {"things": more_children(site, ids, fields.get("sort", "confidence"))}}}


def _post(data: Data) -> Data:
    return {"kind": "t3", "data": data}


#: Methods, path, and what answers.
ROUTES: list[tuple[set[str], str, Callable[..., Any]]] = [
    ({"GET"}, r"/api/info/?", _info),
    ({"GET", "POST"}, r"/api/morechildren/?", _more),
    ({"GET"}, r"/comments/(?P<post>[0-9a-z]+)/?", _comments),
    ({"GET"}, r"/comments/(?P<post>[0-9a-z]+)/_/(?P<comment>[0-9a-z]+)/?", _comments),
    ({"GET"}, r"/r/(?P<subreddit>\w+)/search/?", _search),
    ({"GET"}, r"/r/(?P<subreddit>\w+)/(?P<sort>\w+)/?", _listing),
]
