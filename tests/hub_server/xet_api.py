"""Xet's content-addressed storage, and the tokens by which the Hub opens it.

What a client sends is taken apart and put together again: a file is there when its chunks give its sha256. Grants to
put xorbs elsewhere are not given (404), upon which the client posts them here.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.hub_server.state import Refused
from tests.hub_server.xet_format import (
    Chunk,
    Malformed,
    ShardXorb,
    Term,
    XetFile,
    chunks_of,
    read_shard,
    shard_of,
    unpacked,
)

if TYPE_CHECKING:
    from tests.hub_server.server import _Handler


@dataclass
class XetStorage:
    """Xorbs in a folder, the files that they make, and who may read and write.

    Attributes:
        token_s: seconds that a token is good for.
        address: tell clients another address than one's own, such as one where nobody is.
    """

    folder: Path
    token_s: int = 3600
    address: str | None = None
    files: dict[str, XetFile] = field(default_factory=dict)
    by_sha256: dict[str, str] = field(default_factory=dict)
    known_chunks: dict[str, ShardXorb] = field(default_factory=dict)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def xorb_path(self, digest: str) -> Path:
        return self.folder / f"xorb-{digest}"

    def stored_bytes(self) -> int:
        """Bytes of all xorbs."""
        return sum(path.stat().st_size for path in self.folder.glob("xorb-*"))

    def may(self, scope: str, token: str | None) -> None:
        """Check that a token is known, good, and of the scope.

        Raises:
            Refused: it is not.
        """
        given, until = self.tokens.get(token or "", ("", 0.0))
        if until < time.time():
            raise Refused(401, "The Xet token is unknown or has expired")
        if scope == "write" and given != "write":
            raise Refused(403, "The Xet token may not write")

    def content(self, file: XetFile) -> bytes:
        """A file, put together from its chunks.

        Raises:
            Malformed: chunks are missing, or are not what the file says.
        """
        return b"".join(self._piece(term) for term in file.terms)

    def _piece(self, term: Term) -> bytes:
        xorb, chunks = _xorb(self.xorb_path(term.xorb))
        if not term.first < term.last <= len(chunks):
            raise Malformed("chunks that the xorb does not have")
        piece = b"".join(unpacked(xorb, chunk) for chunk in chunks[term.first : term.last])
        if len(piece) != term.size:
            raise Malformed("a piece is not as long as the shard says")
        return piece


@lru_cache(maxsize=4)
def _xorb(path: Path) -> tuple[bytes, list[Chunk]]:
    """A xorb and its chunks.

    Raises:
        Malformed: it was not uploaded.
    """
    if not path.exists():
        raise Malformed(f"{path.name} was not uploaded")
    content = path.read_bytes()
    return content, chunks_of(content)


def write_token(http: _Handler, name: str, revision: str) -> None:
    """For a proposal, whose branch is not there yet, whoever has an account gets one; the revision is "None" then."""
    proposed = "create_pr" in http.query
    repo = http.hub.repo(http.token, name, write=not proposed)
    if http.hub.who(http.token) is None:
        raise Refused(401, "Invalid username or password.")
    if not (proposed and revision == "None"):
        repo.resolve(revision)
    _answer_token(http, "write")


def read_token(http: _Handler, name: str, revision: str) -> None:
    repo = http.hub.repo(http.token, name)
    http.hub.may_read_content(http.token, repo)
    repo.resolve(revision)
    _answer_token(http, "read")


def _answer_token(http: _Handler, scope: str) -> None:
    xet = _storage(http)
    token = f"xet_{scope}_{secrets.token_hex(16)}"
    until = int(time.time()) + xet.token_s
    with xet.lock:
        xet.tokens[token] = (scope, until)
    address = xet.address or f"{http.endpoint}/cas"
    headers = {"X-Xet-Cas-Url": address, "X-Xet-Access-Token": token, "X-Xet-Token-Expiration": str(until)}
    http.answer_json({"casUrl": address, "accessToken": token, "exp": until}, headers=headers)


def put_xorb(http: _Handler, digest: str) -> None:
    xet = _storage(http)
    received = bytearray()
    for piece in http.pieces():
        received += piece
        time.sleep(http.hub.piece_s * len(piece) / (1 << 16))
    xet.may("write", http.token)
    try:
        chunks_of(bytes(received))
    except Malformed as error:
        raise Refused(400, f"Not a xorb: {error}") from error
    with xet.lock:
        inserted = not xet.xorb_path(digest).exists()
        if inserted:
            xet.xorb_path(digest).write_bytes(received)
    with http.hub.lock:
        http.hub.counts["xorbs"] += inserted
        http.hub.counts["xorb_bytes"] += len(received) * inserted
    http.answer_json({"was_inserted": inserted})


def put_shard(http: _Handler) -> None:
    """A shard makes files; each is put together and has its sha256, or the shard is refused."""
    xet = _storage(http)
    xet.may("write", http.token)
    try:
        files, xorbs = read_shard(http.body())
        for file in files:
            content = xet.content(file)
            if hashlib.sha256(content).hexdigest() != file.sha256:
                raise Malformed(f"the chunks of {file.digest} do not give {file.sha256}")
            http.hub.object_path(file.sha256).write_bytes(content)
    except Malformed as error:
        raise Refused(400, f"Not a shard: {error}") from error
    firsts = {(file.terms[0].xorb, file.terms[0].first) for file in files}
    with xet.lock, http.hub.lock:
        for file in files:
            http.hub.counts["uploads"] += file.sha256 not in xet.by_sha256
            xet.files[file.digest] = file
            xet.by_sha256[file.sha256] = file.digest
        for xorb in xorbs:
            for place, (chunk, for_everyone) in enumerate(xorb.chunks):
                if for_everyone or (xorb.xorb, place) in firsts or int(chunk[-16:], 16) % 1024 == 0:
                    xet.known_chunks[chunk] = xorb
    http.answer(200, json.dumps({"type": "result"}).encode() + b"\n", {"Content-Type": "application/x-ndjson"})


def find_chunk(http: _Handler, chunk: str) -> None:
    """Where a chunk lies already, for those chunks that all may ask for."""
    xet = _storage(http)
    xet.may("read", http.token)
    found = xet.known_chunks.get(chunk)
    if found is None:
        raise Refused(404, "No such chunk")
    http.answer(200, shard_of(found), {"Content-Type": "application/octet-stream"})


def reconstruction(http: _Handler, digest: str) -> None:
    """Of which chunks a file, or a range of it, is made, and where to fetch them."""
    xet = _storage(http)
    xet.may("read", http.token)
    file = xet.files.get(digest)
    if file is None:
        raise Refused(404, "No such file")
    start, stop = 0, file.size
    if asked := re.fullmatch(r"bytes=(\d+)-(\d+)", http.headers.get("Range", "")):
        start, stop = int(asked[1]), int(asked[2]) + 1
    if start >= file.size:
        raise Refused(416, "Range not satisfiable")
    terms: list[Term] = []
    offset, at = 0, 0
    for term in file.terms:
        if at < stop and at + term.size > start:
            offset = offset if terms else start - at
            terms.append(term)
        at += term.size
    xorbs: dict[str, list[dict[str, Any]]] = {}
    for first, last, xorb in sorted({(term.first, term.last, term.xorb) for term in terms}):
        _, chunks = _xorb(xet.xorb_path(xorb))
        place = {"start": chunks[first].start, "end": chunks[last - 1].stop - 1}
        fetched = {"chunks": {"start": first, "end": last}, "bytes": place}
        signed = f"{http.endpoint}/cas/signed/{xorb}/{place['start']}-{place['end']}"
        xorbs.setdefault(xorb, []).append({"url": signed, "ranges": [fetched]})
    told = [
        {"hash": term.xorb, "unpacked_length": term.size, "range": {"start": term.first, "end": term.last}}
        for term in terms
    ]
    http.answer_json({"offset_into_first_range": offset, "terms": told, "xorbs": xorbs})


def signed_bytes(http: _Handler, digest: str, start: str, end: str) -> None:
    """A range of a xorb: exactly the one that the address was signed for."""
    if http.headers.get("Range") != f"bytes={start}-{end}":
        raise Refused(403, "Not the range that was signed")
    content, _ = _xorb(_storage(http).xorb_path(digest))
    part = content[int(start) : int(end) + 1]
    with http.hub.lock:
        http.hub.counts["xorb_bytes_read"] += len(part)
    http.answer(206, part, {"Content-Range": f"bytes {start}-{end}/{len(content)}"})


def _storage(http: _Handler) -> XetStorage:
    xet = http.hub.xet
    if xet is None:
        raise Refused(404, "This Hub has no Xet storage")
    return xet


_TOKEN = r"/api/datasets/(?P<name>[^/]+/[^/]+)/xet-{}-token/(?P<revision>refs/pr/\d+|[^/]+)"  # noqa: S105 - a path
_DIGEST = "(?P<digest>[0-9a-f]{64})"
ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("GET", _TOKEN.format("write"), write_token),
    ("GET", _TOKEN.format("read"), read_token),
    ("POST", f"/cas/v1/xorbs/default/{_DIGEST}", put_xorb),
    ("POST", "/cas/v2/shards", put_shard),
    ("GET", "/cas/v1/chunks/default(?:-merkledb)?/(?P<chunk>[0-9a-f]{64})", find_chunk),
    ("GET", f"/cas/v2/reconstructions/{_DIGEST}", reconstruction),
    ("GET", rf"/cas/signed/{_DIGEST}/(?P<start>\d+)-(?P<end>\d+)", signed_bytes),
]
