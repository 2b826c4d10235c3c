"""Contents sent to Xet's storage by hf_xet itself: several small calls at a time, each kept as soon as it has arrived.

huggingface_hub sends by one session with hf_xet's own settings, which notes down only every 20 s what has arrived. The
session here notes it at once, so that whoever is killed sends only what was on its way again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus as codes  # noqa: N813 - as HTTP clients call them
from typing import Any

import httpx2
from huggingface_hub import get_session
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._xet import parse_xet_connection_info_from_headers

from blift.connectors.hub.xet_failures import xet_failure

#: hf_xet cuts what it sends into objects (xorbs) of that many bytes at most.
XORB_BYTES = 64 << 20
_KEEP_AT_ONCE = "data.session_xorb_metadata_flush_max_count"
_MOST_TRANSFERS, _FIRST_TRANSFERS = "client.ac_max_upload_concurrency", "client.ac_initial_upload_concurrency"
#: How often hf_xet tells how far a call is: so long, at most, a place to send stays empty.
_TOLD_MS = 20
#: A token is used for further calls while it is good for so long: more than most calls take.
_LEAST_LEFT_S = 120.0
#: hf_xet takes no token that ends within half a minute.
_OUT_OF_DATE_S = 31.0
_TOKEN_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class XetFile:
    """A file of this machine to send, and its sha256."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Transfers:
    """How many objects are on their way at a time, at most.

    Attributes:
        objects: so many.
        calls: calls at a time, where each makes one object. What calls ask then takes no place of an object. None where
            a call makes several: hf_xet counts then, which takes a request that ends a call for an object.
    """

    objects: int
    calls: int | None = None


@dataclass(frozen=True)
class _Pass:
    """What the Hub gives for the storage: its address, and a token until a moment (seconds since 1970)."""

    storage: str
    token: str = field(repr=False)
    until: float

    @property
    def left_s(self) -> float:
        return self.until - time.time()


class XetStorage:
    """Xet's storage of one dataset; any thread may send there.

    ``sent_bytes`` is what calls that have ended made travel: contents without what was there before.

    Args:
        token_address: where the Hub gives tokens for it.
        transfers: how many objects are on their way at a time; None for what hf_xet finds best.
    """

    def __init__(self, token_address: str, transfers: Transfers | None = None) -> None:
        import hf_xet  # noqa: PLC0415 - not there on every machine

        config = hf_xet.XetConfig().with_config(_KEEP_AT_ONCE, 1)
        if transfers is not None:
            most = min(transfers.calls or transfers.objects, config.get(_MOST_TRANSFERS))
            config = config.with_config(_MOST_TRANSFERS, most)
            if transfers.calls is not None:
                config = config.with_config(_FIRST_TRANSFERS, most)
        self._session = hf_xet.XetSession(config)
        self._token_address = token_address
        self._lock, self._pass_lock = threading.Lock(), threading.Lock()
        self._pass: _Pass | None = None
        self._places = threading.Semaphore(transfers.objects) if transfers and transfers.calls else None
        self.sent_bytes = 0

    def send(self, files: Sequence[XetFile]) -> None:
        """Send files; what the storage holds already does not travel. When this returns, they are there.

        Raises:
            OSError, RuntimeError: see `xet_failures`.
        """
        headers = build_hf_headers()
        given = self._good_pass(headers)
        if given is None:
            self._call(files, headers, self._by_address(headers))
            return
        by_pass = {"endpoint": given.storage, "token": given.token, "token_expiry_unix_secs": int(given.until)}
        try:
            self._call(files, headers, by_pass)
        except (OSError, RuntimeError) as error:
            failure = xet_failure(error)
            refused = failure is not None and failure.status == codes.UNAUTHORIZED
            if not refused and given.left_s > _OUT_OF_DATE_S:
                raise
            self._forget(given)
            self._call(files, headers, self._by_address(headers))

    def _call(self, files: Sequence[XetFile], headers: Mapping[str, str], access: Mapping[str, Any]) -> None:
        for_storage = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        place = _Place(self._places)
        call = self._session.new_upload_commit(
            custom_headers=for_storage, progress_callback=place.hear, progress_interval_ms=_TOLD_MS, **access
        )
        for file in files:
            call.start_upload_file(file.path, sha256=file.sha256)
        with place:  # until here it reads, cuts and asks
            travelled = int(call.wait_to_finish().dedup_metrics.new_bytes)
        with self._lock:
            self.sent_bytes += travelled

    def _by_address(self, headers: dict[str, str]) -> dict[str, Any]:
        """Access where hf_xet fetches tokens itself: one at least for each call, by an HTTP client made anew."""
        return {"token_refresh_url": self._token_address, "token_refresh_headers": headers}

    def _good_pass(self, headers: dict[str, str]) -> _Pass | None:
        """One token for many calls; None where the Hub gives none at once, or none that lasts."""
        with self._pass_lock:
            if self._pass is None or self._pass.left_s < _LEAST_LEFT_S:
                self._pass = self._new_pass(headers)
            return self._pass

    def _new_pass(self, headers: dict[str, str]) -> _Pass | None:
        try:
            answer = get_session().get(self._token_address, headers=headers, timeout=_TOKEN_TIMEOUT_S)
        except httpx2.HTTPError:
            return None  # hf_xet asks again, with patience, and says what is wrong
        found = parse_xet_connection_info_from_headers(answer.headers) if answer.is_success else None
        if found is None or found.expiration_unix_epoch < time.time() + _LEAST_LEFT_S:
            return None
        return _Pass(found.endpoint, found.access_token, found.expiration_unix_epoch)

    def _forget(self, given: _Pass) -> None:
        with self._pass_lock:
            if self._pass is given:
                self._pass = None

    def stop(self) -> None:
        """Let every call that is under way fail at once. Nothing can be sent from here any more."""
        self._session.sigint_abort()


class _Place:
    """The place of one call among those that send; free again when its object is there, or when the call ends.

    Args:
        places: those that are free; None where they are not counted.
    """

    def __init__(self, places: threading.Semaphore | None) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._taken = False

    def hear(self, group: Any, _: object) -> None:
        """Hear how far the call is. It tells of shards, what Xet calls lists of objects, when all objects are there."""
        if group.shard is not None and group.shard.total_shards:
            self._leave()

    def _leave(self) -> None:
        with self._lock:
            taken, self._taken = self._taken, False
        if taken and self._places is not None:
            self._places.release()

    def __enter__(self) -> None:
        if self._places is not None:
            self._places.acquire()
        self._taken = True

    def __exit__(self, *_: object) -> None:
        self._leave()
