"""The stores that everything is tried on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.stores.azure import azure_server
from tests.stores.gcs import gcs_server
from tests.stores.hdfs import hdfs_server
from tests.stores.s3 import s3_server
from tests.stores.store import Store

#: By scheme of an address, what starts the store.
STORES: dict[str, Callable[[], AbstractContextManager[Store]]] = {
    "s3": s3_server,
    "gs": gcs_server,
    "azfs": azure_server,
    "hdfs": hdfs_server,
}
