"""Comments as trees, as Reddit answers them: some are shown, stubs name the others."""

from __future__ import annotations

import heapq
from typing import Any

from tests.reddit_server.site import Data, Site

#: Levels that one answer shows; below them stands "continue this thread".
DEPTH = 10
#: Comments that one answer to `morechildren` shows.
MORE = 100


def thread(site: Site, parent: str, limit: int, depth: int, sort: str, root: Data | None = None) -> Data:
    """The listing of the comments below a submission, or of one comment with those below it."""
    shown = _chosen(site, [root] if root else site.replies(parent, sort), limit, depth, sort)
    return listing(_level(site, parent, [root] if root else site.replies(parent, sort), shown, 0, depth, sort))


def more_children(site: Site, ids: list[str], sort: str) -> list[Data]:
    """Comments by id with those below them, in one flat list, with stubs."""
    roots = [site.comments[one] for one in ids if one in site.comments]
    shown = _chosen(site, roots, MORE, DEPTH, sort)
    things: list[Data] = []
    for root in roots:
        level = site.depth(root)
        if root["id"] in shown:
            things += _flat(site, root, shown, level, sort)
        else:
            things.append(_stub(site, str(root["parent_id"]), [root], level))
    return things


def _chosen(site: Site, roots: list[Data], limit: int, depth: int, sort: str) -> set[str]:
    """The comments that are shown: level by level, the first ones by the sort; a reply never without its parent."""
    chosen: set[str] = set()
    heap = [(0, number, root) for number, root in enumerate(roots)]
    numbers = len(roots)
    while heap and len(chosen) < limit:
        level, _, data = heapq.heappop(heap)
        chosen.add(data["id"])
        if level + 1 < depth:
            for reply in site.replies(f"t1_{data['id']}", sort):
                heapq.heappush(heap, (level + 1, numbers, reply))
                numbers += 1
    return chosen


def _level(
    site: Site, parent: str, found: list[Data], shown: set[str], level: int, depth: int, sort: str
) -> list[Data]:
    things = []
    for data in found:
        if data["id"] in shown:
            below = site.replies(f"t1_{data['id']}", sort)
            replies: Any = ""
            if below and level + 1 < depth:
                replies = listing(_level(site, f"t1_{data['id']}", below, shown, level + 1, depth, sort))
            elif below:
                replies = listing([_continued(data, level + 1)])
            things.append({"kind": "t1", "data": {**data, "depth": level, "replies": replies}})
    hidden = [data for data in found if data["id"] not in shown]
    if hidden:
        things.append(_stub(site, parent, hidden, level))
    return things


def _flat(site: Site, data: Data, shown: set[str], level: int, sort: str) -> list[Data]:
    things = [{"kind": "t1", "data": {**data, "depth": level, "replies": ""}}]
    below = site.replies(f"t1_{data['id']}", sort)
    if below and level + 1 >= DEPTH:
        return [*things, _continued(data, level + 1)]
    for reply in below:
        if reply["id"] in shown:
            things += _flat(site, reply, shown, level + 1, sort)
    hidden = [reply for reply in below if reply["id"] not in shown]
    return [*things, _stub(site, f"t1_{data['id']}", hidden, level + 1)] if hidden else things


def _stub(site: Site, parent: str, hidden: list[Data], level: int) -> Data:
    first = hidden[0]["id"]
    count = sum(site.count(data) for data in hidden)
    fields = {"count": count, "name": f"t1_{first}", "id": first, "parent_id": parent, "depth": level}
    return {"kind": "more", "data": {**fields, "children": [data["id"] for data in hidden]}}


def _continued(data: Data, level: int) -> Data:
    """The stub that leads to a page of its own."""
    fields = {"count": 0, "name": "t1__", "id": "_", "parent_id": f"t1_{data['id']}", "depth": level}
    return {"kind": "more", "data": {**fields, "children": []}}


def listing(children: list[Data], after: str | None = None) -> Data:
    """A list as Reddit wraps it."""
    fields = {"after": after, "dist": len(children), "modhash": None, "geo_filter": None, "children": children}
    return {"kind": "Listing", "data": {**fields, "before": None}}
