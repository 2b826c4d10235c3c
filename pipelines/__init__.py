"""Recipes, one module a stage, and the `blift` command."""

from __future__ import annotations

import logging


def _is_for_us(record: logging.LogRecord) -> bool:
    """Beam warns at import that its optional client for BigQuery is not installed, which nothing here uses."""
    return "apitools not found" not in str(record.msg)


#: Before Beam is imported: by the command, and by worker processes.
logging.getLogger().addFilter(_is_for_us)
