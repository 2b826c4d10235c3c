"""Whether the optional client of the Hub is installed."""

from __future__ import annotations

from importlib.util import find_spec

from blift.schemas.errors import PublishError


def require_hub() -> None:
    """Check that the extra `hub` is installed.

    Raises:
        PublishError: it is not.
    """
    if find_spec("huggingface_hub") is None:
        raise PublishError("The Hub needs huggingface_hub. Install it: pip install 'blift[hub]'.")
