"""Contents sent to Xet's storage by hf_xet itself: several small calls at a time, each kept as soon as it has arrived.

huggingface_hub sends by one session with hf_xet's own settings, which notes down only every 20 s what has arrived. The
session here notes it at once, so that whoever is killed sends only what was on its way again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from huggingface_hub.utils._headers import build_hf_headers

#: hf_xet cuts what it sends into objects (xorbs) of that many bytes at most.
XORB_BYTES = 64 << 20
_KEEP_AT_ONCE = "data.session_xorb_metadata_flush_max_count"
_MOST_TRANSFERS = "client.ac_max_upload_concurrency"


@dataclass(frozen=True)
class XetFile:
    """A file of this machine to send, and its sha256."""

    path: str
    sha256: str


class XetStorage:
    """Xet's storage of one dataset; any thread may send there.

    ``sent_bytes`` is what calls that have ended made travel: contents without what was there before.

    Args:
        token_address: where the Hub gives tokens for it.
        transfers: objects on their way at a time, at most; None for what hf_xet finds best.
    """

    def __init__(self, token_address: str, transfers: int | None = None) -> None:
        import hf_xet  # noqa: PLC0415 - not there on every machine

        config = hf_xet.XetConfig().with_config(_KEEP_AT_ONCE, 1)
        if transfers is not None:
            config = config.with_config(_MOST_TRANSFERS, min(transfers, config.get(_MOST_TRANSFERS)))
        self._session = hf_xet.XetSession(config)
        self._token_address = token_address
        self._lock = threading.Lock()
        self.sent_bytes = 0

    def send(self, files: Sequence[XetFile]) -> None:
        """Send files; what the storage holds already does not travel. When this returns, they are there.

        Raises:
            OSError, RuntimeError: see `xet_failures`.
        """
        headers = build_hf_headers()
        for_storage = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        call = self._session.new_upload_commit(
            token_refresh_url=self._token_address, token_refresh_headers=headers, custom_headers=for_storage
        )
        for file in files:
            call.start_upload_file(file.path, sha256=file.sha256)
        travelled = int(call.wait_to_finish().dedup_metrics.new_bytes)
        with self._lock:
            self.sent_bytes += travelled

    def stop(self) -> None:
        """Let every call that is under way fail at once. Nothing can be sent from here any more."""
        self._session.sigint_abort()
