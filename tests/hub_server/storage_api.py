"""Contents: LFS objects as they are put and checked, and files as they are read."""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.hub_server.state import Blob, Refused

if TYPE_CHECKING:
    from tests.hub_server.server import _Handler

_SHA256 = re.compile(r"[0-9a-f]{64}")


def lfs_batch(http: _Handler, name: str) -> None:
    repo = http.hub.repo(http.token, name)
    asked = http.json_body()
    if asked["operation"] != "upload" or "basic" not in asked["transfers"] or len(asked["objects"]) > 256:
        raise Refused(422, "upload at most 256 objects by the basic transfer")
    objects: list[dict[str, Any]] = []
    for entry in asked["objects"]:
        oid, size = entry["oid"], entry["size"]
        if not _SHA256.fullmatch(oid) or not isinstance(size, int) or size < 1:
            raise Refused(422, f"Not an object: {oid}")
        actions = {
            "upload": {"href": f"{http.endpoint}/lfs/{oid}/{size}"},
            "verify": {"href": f"{http.endpoint}/lfs/{repo.name}/verify"},
        }
        objects.append({"oid": oid, "size": size, **({} if http.hub.has_object(oid, size) else {"actions": actions})})
    http.answer_json({"transfer": "basic", "objects": objects})


def put_object(http: _Handler, oid: str, size: str) -> None:
    """Storage checks what it is sent: an object is there only when it is whole and has its digest."""
    digest, length = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(dir=http.hub.folder, prefix=".part-")
    try:
        with open(handle, "wb") as part:
            for piece in http.pieces():
                part.write(piece)
                digest.update(piece)
                length += len(piece)
                time.sleep(http.hub.piece_s)
        if digest.hexdigest() != oid or length != int(size):
            raise Refused(400, "The content does not have the digest")
        Path(name).replace(http.hub.object_path(oid))
    finally:
        Path(name).unlink(missing_ok=True)
    with http.hub.lock:
        http.hub.counts["uploads"] += 1
    http.answer_json({}, headers={"ETag": f'"{oid}"'})


def verify_object(http: _Handler, name: str) -> None:
    http.hub.repo(http.token, name)
    asked = http.json_body()
    if not http.hub.has_object(asked["oid"], asked["size"]):
        raise Refused(404, "No such object")
    http.answer_json({})


def resolve(http: _Handler, name: str, revision: str, path: str) -> None:
    """A file's content, or a range of it, with the headers that the client's cache needs."""
    repo = http.hub.repo(http.token, name)
    http.hub.may_read_content(http.token, repo)
    commit = repo.resolve(revision)
    blob = commit.tree.get(path)
    if blob is None:
        raise Refused(404, f"{path} does not exist on {revision}", "EntryNotFound")
    headers = {
        "X-Repo-Commit": commit.oid,
        "ETag": f'"{blob.remote_oid}"',
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
    }
    if http.hub.xet and (digest := http.hub.xet.by_sha256.get(blob.sha256 or "")):
        headers["X-Xet-Hash"] = digest
        headers["X-Xet-Refresh-Route"] = f"{http.endpoint}/api/datasets/{name}/xet-read-token/{commit.oid}"
    status, start, stop = 200, 0, blob.size
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", http.headers.get("Range", ""))
    if wanted and http.command == "GET" and blob.size:
        start, stop = _range(wanted, blob.size)
        status, headers["Content-Range"] = 206, f"bytes {start}-{stop - 1}/{blob.size}"
    headers["Content-Length"] = str(stop - start)
    content = b"" if http.command == "HEAD" else _content(http, blob, start, stop)
    http.answer(status, content, headers)


def _range(wanted: re.Match[str], size: int) -> tuple[int, int]:
    if not wanted[1]:
        return max(0, size - int(wanted[2])), size
    start = int(wanted[1])
    if start >= size:
        raise Refused(416, "Range not satisfiable")
    return start, min(size, int(wanted[2]) + 1) if wanted[2] else size


def _content(http: _Handler, blob: Blob, start: int, stop: int) -> bytes:
    if blob.sha256 is None:
        return blob.content[start:stop]
    with http.hub.object_path(blob.sha256).open("rb") as stream:
        stream.seek(start)
        return stream.read(stop - start)


ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("POST", r"/datasets/(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch", lfs_batch),
    ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})/(?P<size>\d+)", put_object),
    ("POST", r"/lfs/(?P<name>[^/]+/[^/]+)/verify", verify_object),
    (
        "GET",
        r"/(?:datasets/|(?=spaces/))(?P<name>(?:spaces/)?[^/]+/[^/]+)/resolve/(?P<revision>refs/pr/\d+|[^/]+)/(?P<path>.+)",
        resolve,
    ),
    (
        "HEAD",
        r"/(?:datasets/|(?=spaces/))(?P<name>(?:spaces/)?[^/]+/[^/]+)/resolve/(?P<revision>refs/pr/\d+|[^/]+)/(?P<path>.+)",
        resolve,
    ),
]
