"""What an address says: its one canonical form, and the media behind it (host, kind, identity)."""

from blift.transforms.urls.media import (
    canonical_url,
    media_host,
    media_key,
    media_kind,
    media_url,
    url_fields,
    url_table,
)

__all__ = ["canonical_url", "media_host", "media_key", "media_kind", "media_url", "url_fields", "url_table"]
