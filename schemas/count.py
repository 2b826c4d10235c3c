"""A number of rows or bytes, as tables hold it: not negative, and within a signed integer of 64 bits."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

#: The type says it to decoders of files; nothing checks it where Python makes an object.
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
