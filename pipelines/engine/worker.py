"""A worker process of the local runner: Beam's, whose log goes to the command and not to the terminal as well.

Started as `python -m blift.pipelines.engine.worker`.
"""

from __future__ import annotations

import logging
import runpy

if __name__ == "__main__":
    # Before Beam is imported: with a handler there, Beam's warnings at import do not make one that prints.
    logging.getLogger().addHandler(logging.NullHandler())
    runpy.run_module("apache_beam.runners.worker.sdk_worker_main", run_name="__main__", alter_sys=True)
